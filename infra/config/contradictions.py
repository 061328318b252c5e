"""Faults that only show when several keys are seen together."""

from __future__ import annotations

import re

from infra.config.cells import Cell, Local
from infra.config.service_faults import service_faults
from infra.config.stack import StackConfig
from infra.errors import ConfigFault


def contradictions(config: StackConfig) -> list[ConfigFault]:
    """Faults that only show when several keys are seen together."""
    faults = _replica_faults(config) + _resource_faults(config)
    if config.layer == "workload" and not config.platform_stack:
        wanted = "the stack of layer `platform`, as organisation/costate/name"
        faults.append(ConfigFault("costate:platform_stack", "is missing", None, wanted))
    faults += _cell_faults(config) + _monitoring_faults(config)
    return faults + _port_faults(config.local) + service_faults(config)


def _replica_faults(config: StackConfig) -> list[ConfigFault]:
    scaled = {
        "api.replicas": config.api.replicas,
        "workers.replicas": config.workers.replicas,
        "gpu": config.gpu,
        **{f"services.{name}.replicas": service.replicas for name, service in config.services.items()},
    }
    faults = [
        ConfigFault(f"costate:{key}.min", "is above max", bounds.min, f"at most {bounds.max}")
        for key, bounds in scaled.items()
        if bounds is not None and bounds.min > bounds.max
    ]
    if config.api.replicas.min < 1:
        faults.append(
            ConfigFault("costate:api.replicas.min", "the API does not scale to zero", 0, "at least 1")
        )
    return faults


def _resource_faults(config: StackConfig) -> list[ConfigFault]:
    asked = {
        "api.cpu": config.api.cpu,
        "api.memory": config.api.memory,
        "workers.cpu": config.workers.cpu,
        "workers.memory": config.workers.memory,
    }
    return [
        ConfigFault(f"costate:{key}", "request above limit", list(both), "[request, limit]")
        for key, both in asked.items()
        if both[0] > both[1]
    ]


def _cell_faults(config: StackConfig) -> list[ConfigFault]:
    faults: list[ConfigFault] = []
    platforms = {cell.platform for cell in config.cells}
    seen: dict[tuple[str, str, str], int] = {}
    for index, cell in enumerate(config.cells):
        key = f"costate:cells.{index}"
        if cell.platform == "local":
            if cell.region:
                faults.append(
                    ConfigFault(f"{key}.region", "a local cell has no region", cell.region, "leave it out")
                )
        elif cell.platform == "existing":
            faults += _existing_faults(key, cell)
        elif not cell.region:
            faults.append(
                ConfigFault(f"{key}.region", "is missing", None, "the platform's region, such as us-east-1")
            )
        if cell.platform == "gcp" and not cell.project:
            faults.append(ConfigFault(f"{key}.project", "is missing", None, "the GCP project of the cell"))
        twin = seen.setdefault((cell.platform, cell.region, cell.project), index)
        if twin != index:
            faults.append(
                ConfigFault(key, f"is the same place as cells.{twin}", None, "one cell a region and project")
            )
        if cell.role == "standby":
            faults += _standby_faults(config, key, cell)
    if "local" in platforms and len(config.cells) > 1:
        faults.append(
            ConfigFault("costate:cells", "a local cell stands alone", len(config.cells), "one cell")
        )
    if ("local" in platforms) != (config.environment == "local"):
        faults.append(
            ConfigFault(
                "costate:environment",
                "`local` and local cells belong together",
                config.environment,
                "both or neither",
            )
        )
    if "local" not in platforms and config.database.backup_days < 7:
        faults.append(
            ConfigFault("costate:database.backup_days", "too few", config.database.backup_days, "7 to 35")
        )
    return faults


def _existing_faults(key: str, cell: Cell) -> list[ConfigFault]:
    """An existing cluster is never whichever the kubeconfig happens to point at."""
    faults: list[ConfigFault] = []
    if not cell.context:
        remedy = "as `kubectl config get-contexts` lists it, such as kind-costate"
        faults.append(ConfigFault(f"{key}.context", "is missing", None, remedy))
    if cell.region and not re.fullmatch(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?", cell.region):
        remedy = "lower-case letters, digits and hyphens"
        faults.append(ConfigFault(f"{key}.region", "is no name", cell.region, remedy))
    return faults


def _standby_faults(config: StackConfig, key: str, cell: Cell) -> list[ConfigFault]:
    """A standby follows the first primary on its platform."""
    primaries = [c for c in config.cells if c.role == "primary" and c.platform == cell.platform]
    if not primaries:
        remedy = f"a primary cell on {cell.platform}"
        return [ConfigFault(f"{key}.role", "a standby without a primary", "standby", remedy)]
    if cell.platform == "gcp" and cell.project != primaries[0].project:
        why = "Cloud SQL replicates inside one project only"
        return [ConfigFault(f"{key}.project", why, cell.project, f"its primary's: {primaries[0].project}")]
    return []


def _monitoring_faults(config: StackConfig) -> list[ConfigFault]:
    """Receivers of alerts without what they need."""
    given, faults = config.monitoring, []
    if given.emails and given.smtp is None:
        remedy = "the server that sends: {host, sender}"
        faults.append(ConfigFault("costate:monitoring.smtp", "is missing for `emails`", None, remedy))
    clouds = [cell.platform for cell in config.cells if cell.platform in ("aws", "gcp", "azure")]
    if given.keys and not given.secret and clouds:
        remedy = f"an entry of the cell's secret store with {', '.join(given.keys)}"
        faults.append(ConfigFault("costate:monitoring.secret", "is missing", None, remedy))
    return faults


def _port_faults(local: Local) -> list[ConfigFault]:
    owners: dict[int, str] = {}
    faults: list[ConfigFault] = []
    for name, port in local.model_dump().items():
        other = owners.setdefault(port, name)
        if other != name:
            faults.append(
                ConfigFault(
                    f"costate:local.{name}", f"the port is also local.{other}", port, "a port of its own"
                )
            )
    return faults
