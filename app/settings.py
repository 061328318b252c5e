"""Settings of the processes, from the environment (prefix `COSTATE_`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import CostateError

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class SettingsError(CostateError):
    """The environment does not describe a process that can run."""


def _address(*schemes: str) -> AfterValidator:
    def check(given: str | SecretStr | None) -> str | SecretStr | None:
        text = given.get_secret_value() if isinstance(given, SecretStr) else given
        if text is not None and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return given

    return AfterValidator(check)


class Settings(BaseSettings):
    """What every process of the service is told; each reads what concerns it."""

    model_config = SettingsConfigDict(env_prefix="COSTATE_", frozen=True)

    environment: str = "local"
    host: str = "127.0.0.1"
    port: Port = 8000
    worker_port: Port = 8001
    worker_slots: Annotated[int, Field(ge=1, le=64)] = 1

    database_url: Annotated[SecretStr, _address("postgresql")]
    redis_url: Annotated[SecretStr, _address("redis", "rediss")]
    storage_url: Annotated[str, _address("file", "s3", "gs", "az", "https")]
    identity: Literal["none", "aws", "gcp", "azure"] = Field(
        "none", description="Whose workload identity logs in where an address holds no password."
    )
    database_password_file: Path | None = Field(
        None, description="Holds the database's password; read at every connection."
    )
    redis_password_file: Path | None = Field(None, description="Holds Redis' password; read as well.")
    database_writers: tuple[str, ...] = Field(
        (),
        description="Roles that `costate migrate` lets change the tables, and makes where the cloud has it so.",
    )
    database_readers: tuple[str, ...] = Field((), description="Roles that it lets read them.")
    cache_dir: Path
    warm_templates: bool = Field(
        True, description="Compile the templates' programs into the cache while nothing else is to be done."
    )

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    otlp_endpoint: Annotated[str | None, _address("http", "https")] = Field(
        None,
        # The name that everybody knows; a path is put behind it for each kind of data.
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="Of a collector that takes traces by OTLP over HTTP; none are made without.",
    )

    max_pending: Annotated[int, Field(ge=1)] = Field(
        10_000, description="Jobs waiting before new ones are refused."
    )
    max_body_bytes: Annotated[int, Field(ge=1_000)] = Field(2_000_000, description="Largest request body.")
    lease_s: Seconds = Field(
        15.0, description="A running job whose worker is silent so long is given to another."
    )
    sweep_s: Seconds = Field(2.0, description="Between two looks at what was lost.")
    worker_grace_s: Seconds = Field(10.0, description="Given to running jobs when a worker is asked to stop.")
    solver_memory_mb: Annotated[int, Field(ge=256)] = Field(
        6_000, description="A larger solver process is replaced."
    )
    compile_grace_s: Seconds = Field(
        60.0, description="Beyond a request's own time limit, which is for the solve; then it is killed."
    )
    max_waits: Annotated[int, Field(ge=1)] = Field(
        2_000, description="Requests of one API process that may wait for a job at a time."
    )
    inline_result_bytes: Annotated[int, Field(ge=0)] = Field(
        200_000, description="Larger results go to storage."
    )


@cache
def settings() -> Settings:
    """The settings of this process; SettingsError names every variable at fault."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"  {_variable('_'.join(map(str, fault['loc'])))}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        raise SettingsError("\n".join(["The environment is not complete:", *lines])) from None


def _variable(name: str) -> str:
    """The variable that a setting is read from; some go by a name of their own."""
    return name if name.isupper() else f"COSTATE_{name.upper()}"
