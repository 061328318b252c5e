"""What is wrong with the further services of a configuration when they are seen together."""

from __future__ import annotations

from collections.abc import Iterator

from infra.config.service import Service
from infra.config.stack import StackConfig
from infra.errors import ConfigFault

TAKEN = ("api", "worker", "worker-gpu", "migrations", "release", "backup", "costate", "database", "cache")
"""Names of what the product itself has in the namespace."""

OWN_PATHS = ("/api", "/docs", "/health", "/metrics", "/openapi.json", "/ready", "/static")
"""Where the API answers; `/` is its page."""

GIVEN = ("COSTATE_", "DATABASE_", "REDIS_", "BUCKET_", "PORT")
"""How variables begin that the platform sets."""


def service_faults(config: StackConfig) -> list[ConfigFault]:
    """Every fault, with its key."""
    faults = [fault for name, service in config.services.items() for fault in _one(config, name, service)]
    owners: dict[str, str] = {}
    for name, service in config.services.items():
        path = service.path.rstrip("/")
        if path and owners.setdefault(path, name) != name:
            faults.append(
                ConfigFault(
                    f"costate:services.{name}.path",
                    f"is also that of {owners[path]}",
                    service.path,
                    "another",
                )
            )
    return faults


def _one(config: StackConfig, name: str, service: Service) -> Iterator[ConfigFault]:
    key = f"costate:services.{name}"
    if name in TAKEN:
        yield ConfigFault(key, "is the name of a part of the product", name, "another name")
    if service.replicas.min < 1:
        remedy = "at least 1: nothing would wake it"
        yield ConfigFault(f"{key}.replicas.min", "a service does not scale to zero", 0, remedy)
    for quantity in ("cpu", "memory"):
        asked, limit = getattr(service, quantity)
        if asked > limit:
            yield ConfigFault(f"{key}.{quantity}", "request above limit", [asked, limit], "[request, limit]")
    yield from _path(config, key, service)
    known = {*config.services, "api"} - {name}
    for other in service.reaches:
        if other not in known:
            remedy = f"one of {', '.join(sorted(known))}"
            yield ConfigFault(f"{key}.reaches", "is no service it could ask", other, remedy)
    for variable in service.environment:
        if variable.startswith(GIVEN):
            remedy = f"a name that does not begin with {', '.join(GIVEN)}"
            yield ConfigFault(f"{key}.environment.{variable}", "is set by the platform", variable, remedy)
    if len(set(service.scratch)) < len(service.scratch) or "/tmp" in service.scratch:  # noqa: S108 - a mount path
        yield ConfigFault(
            f"{key}.scratch", "a folder stands twice", list(service.scratch), "each once; /tmp is there"
        )


def _path(config: StackConfig, key: str, service: Service) -> Iterator[ConfigFault]:
    path = service.path.rstrip("/")
    if not service.path:
        return
    if not config.domain:
        yield ConfigFault(
            f"{key}.path", "has no entry to hang from", service.path, "with costate:domain only"
        )
    if not path or any(path == own or path.startswith(f"{own}/") for own in OWN_PATHS):
        remedy = f"any but / and {', '.join(OWN_PATHS)}"
        yield ConfigFault(f"{key}.path", "is where the API answers", service.path, remedy)
