"""What is measured, logged and traced, and who is told."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.config.model import Email, Model


class Mail(Model):
    """The server that sends mail on alerts; it must offer TLS."""

    host: str = Field(pattern=r"^[^:\s]+:\d+$", description="With its port, such as `smtp.example.org:587`.")
    sender: Email
    user: str = Field(
        "", description="Who logs in, with the password of `monitoring.secret`; none unless said."
    )


class Cooldown(Model):
    """Minutes until an alert that goes on is told again."""

    critical: int = Field(60, ge=5, le=10080)
    warning: int = Field(720, ge=5, le=10080)
    info: int = Field(1440, ge=5, le=10080)


class Monitoring(Model):
    """Prometheus, Alertmanager and Grafana (add-on `monitoring`), and who is told of alerts."""

    retention_days: int = Field(
        35, ge=31, le=400, description="Days that measurements are kept; objectives look back over 30."
    )
    storage_gib: int = Field(50, ge=5, le=10_000, description="Volume of each Prometheus.")
    runbooks: str = Field(
        "docs/runbooks", min_length=1, description="Address below which alerts find their pages."
    )
    pagerduty: bool = Field(False, description="Whether critical alerts call somebody.")
    slack_channel: str = Field(
        "", pattern=r"^(#\S{1,80})?$", description="Where critical alerts and warnings are told."
    )
    emails: tuple[Email, ...] = Field((), description="Who gets mail; of warnings where there is no channel.")
    smtp: Mail | None = None
    secret: str = Field(
        "",
        description="Entry of the cell's secret store with `pagerduty_routing_key`, `slack_webhook_url` and "
        "`smtp_password` as JSON; `{cell}` stands for the cell's name. On an existing cluster the Secret "
        "`alertmanager-receivers` is made by hand.",
    )
    cooldown: Cooldown = Cooldown()

    @property
    def keys(self) -> tuple[str, ...]:
        """What the secret has to hold."""
        needed = {
            "pagerduty_routing_key": self.pagerduty,
            "slack_webhook_url": bool(self.slack_channel),
            "smtp_password": self.smtp is not None and bool(self.smtp.user),
        }
        return tuple(key for key, wanted in needed.items() if wanted)


class Logs(Model):
    """Where Fluent Bit sends the logs of all containers."""

    sink: Literal["loki", "elasticsearch"] = "loki"
    endpoint: str = Field(
        "", pattern=r"^(https?://[^/\s]+)?$", description="Of the sink; the add-on `loki` unless said."
    )


class Traces(Model):
    """Where the OpenTelemetry Collector sends the traces of API, workers and services."""

    endpoint: str = Field(
        "",
        pattern=r"^([^/:\s]+:\d+)?$",
        description="Of Tempo or Jaeger, OTLP over gRPC, with its port; the add-on `tempo` unless said.",
    )
    tls: bool = False
