"""Faults of a configuration that show only against the platforms and their catalogues; pure, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from infra import cidr, naming
from infra.addons import there
from infra.capabilities import CAPABILITIES, beyond
from infra.catalog import CATALOGS
from infra.catalog.model import ACCELERATORS, Catalog, Machine
from infra.config.cells import Cell
from infra.config.stack import StackConfig
from infra.config.workload import Release
from infra.errors import ConfigError, ConfigFault
from infra.place import cell_name
from infra.versions import KUBERNETES

SLOW_FP64 = 1 / 8
"""Below this ratio of float64 to float32 a GPU is no help to a float64 solver."""


def check(stack: StackConfig, stack_name: str, today: date) -> list[str]:
    """Warnings; ConfigError, before any resource, where a cell asks for what its platform has not."""
    found = [
        fault for index, cell in enumerate(stack.cells) for fault in _cell(stack, stack_name, index, cell)
    ]
    found += [
        ConfigFault(f"costate:cells.{index}.cidr", why, stack.cells[index].cidr, "or leave it out")
        for index, why in cidr.faults([cell.cidr for cell in stack.cells])
    ]
    found += _followers(stack)
    found += _dates(stack, today)
    if found:
        raise ConfigError(list(dict.fromkeys(found)))
    return _warnings(stack)


def _cell(stack: StackConfig, stack_name: str, index: int, cell: Cell) -> Iterator[ConfigFault]:
    for key, remedy in beyond(stack, CAPABILITIES[cell.platform]):
        yield ConfigFault(key, f"is beyond the platform {cell.platform!r}", None, f"allowed: {remedy}")
    yield from _release(stack, cell)
    if cell.role == "standby" and not CAPABILITIES[cell.platform].standby:
        yield ConfigFault(
            f"costate:cells.{index}.role", f"{cell.platform!r} has no standby", cell.role, "allowed: primary"
        )
    if cell.platform == "existing":
        yield from _existing(stack, index, cell)
    if cell.platform not in CATALOGS:
        return
    for key in OWN:
        if getattr(cell, key):
            yield ConfigFault(
                f"costate:cells.{index}.{key}",
                f"has no meaning on {cell.platform}",
                getattr(cell, key),
                "leave it out, or platform: existing",
            )
    catalog = CATALOGS[cell.platform]
    if cell.region not in catalog.regions:
        known = ", ".join(catalog.regions)
        yield ConfigFault(
            f"costate:cells.{index}.region", f"is unknown on {cell.platform}", cell.region, f"one of: {known}"
        )
        return
    yield from _accelerators(stack, catalog, cell)
    if stack.shutdown is not None and stack.cluster.node_autoscaler == "karpenter":
        yield ConfigFault(
            "costate:shutdown",
            "does not stop the nodes that Karpenter made",
            None,
            "cluster.node_autoscaler: cluster-autoscaler",
        )
    yield from _availability(stack, catalog, cell)
    yield from _names(stack_name, index, cell)


def _release(stack: StackConfig, cell: Cell) -> Iterator[ConfigFault]:
    """Steps need who takes them, and who measures."""
    strategy, key = stack.release.strategy, "costate:release.strategy"
    present = there(stack, cell.platform) if cell.platform != "local" else frozenset()
    if strategy == "rolling":
        return
    if "argo-rollouts" not in present:
        remedy = "allowed: rolling, or a cluster with the add-on argo-rollouts"
        yield ConfigFault(key, "needs Argo Rollouts", strategy, remedy)
    if "monitoring" not in present and stack.release.prometheus == Release().prometheus:
        remedy = (
            "allowed: rolling, the add-on monitoring, or the address of another in costate:release.prometheus"
        )
        yield ConfigFault(key, "needs a Prometheus", strategy, remedy)


FOREIGN = ("account", "project", "billing_account", "subscription", "cidr")
OWN = ("context", "kubeconfig", "address", "node_port")
"""Keys of a cell that only clouds, and only existing clusters have a use for."""


def _existing(stack: StackConfig, index: int, cell: Cell) -> Iterator[ConfigFault]:
    for key in FOREIGN:
        if getattr(cell, key):
            yield ConfigFault(
                f"costate:cells.{index}.{key}",
                "has no meaning for an existing cluster",
                getattr(cell, key),
                "leave it out",
            )
    if not stack.image:
        remedy = "an image that the nodes can pull or were given, with its tag"
        yield ConfigFault(
            "costate:image", "is missing: an existing cluster has no registry of ours", None, remedy
        )
    missing = [name for name in ("gateway", "cert-manager") if name not in there(stack, "existing")]
    if stack.domain and missing:
        yield ConfigFault(
            "costate:domain", f"needs the add-on {missing[0]}", stack.domain, f"addons.{missing[0]}: present"
        )
    if stack.cache.highly_available:
        yield ConfigFault(
            "costate:cache.highly_available",
            "Valkey in a cluster is one server",
            True,
            "false: it carries hints only",
        )
    plain = stack.existing.database == "plain"
    if plain and stack.database.highly_available:
        yield ConfigFault(
            "costate:database.highly_available",
            "a plain server has no standby",
            True,
            "existing.database: operator",
        )
    if plain and stack.existing.snapshot_class:
        yield ConfigFault(
            "costate:existing.snapshot_class",
            "is for CloudNativePG's volumes",
            stack.existing.snapshot_class,
            "existing.database: operator",
        )


def _accelerators(stack: StackConfig, catalog: Catalog, cell: Cell) -> Iterator[ConfigFault]:
    if stack.gpu is None:
        return
    offered = [name for name, machines in catalog.accelerators.items() if _in(machines, cell.region)]
    asked = {"accelerator": stack.gpu.accelerator} | {
        f"fallbacks.{place}": name for place, name in enumerate(stack.gpu.fallbacks)
    }
    for key, name in asked.items():
        machines = _in(catalog.accelerators.get(name, ()), cell.region)
        allowed = f"there: {', '.join(offered) or 'none'}"
        if not machines:
            yield ConfigFault(
                f"costate:gpu.{key}", f"is not offered on {cell.platform} in {cell.region}", name, allowed
            )
        elif all(machine.accelerators < stack.gpu.per_worker for machine in machines):
            most = max(machine.accelerators for machine in machines)
            yield ConfigFault(
                "costate:gpu.per_worker",
                f"no machine of {cell.platform} in {cell.region} has so many {name}",
                stack.gpu.per_worker,
                f"at most {most}",
            )


def _in(machines: tuple[Machine, ...], region: str) -> tuple[Machine, ...]:
    return tuple(machine for machine in machines if not machine.regions or region in machine.regions)


def _availability(stack: StackConfig, catalog: Catalog, cell: Cell) -> Iterator[ConfigFault]:
    """High availability on a size that has none."""
    for key, asked, tiers in (
        ("database", stack.database, catalog.databases),
        ("cache", stack.cache, catalog.caches),
    ):
        if asked.highly_available and not tiers[asked.size].highly_available:
            able = ", ".join(size for size, tier in tiers.items() if tier.highly_available)
            yield ConfigFault(
                f"costate:{key}.highly_available",
                f"the size {asked.size!r} has no standby on {cell.platform}",
                True,
                f"{key}.size: {able}",
            )


def _names(stack_name: str, index: int, cell: Cell) -> Iterator[ConfigFault]:
    """Names beyond a limit of the cloud, all with room for Pulumi's suffix."""
    kinds = [
        kind
        for kind, rule in naming.RULES.items()
        if kind.startswith(f"{cell.platform}:") and not rule.compact
    ]
    for kind in kinds:
        if why := naming.fault(kind, cell_name(stack_name, cell), naming.AUTO_SUFFIX):
            yield ConfigFault(f"costate:cells.{index}", why, None, "a shorter name of the stack")


OWNERS: Mapping[str, str] = {"aws": "account", "azure": "subscription"}
"""Key of a cell that says whose resources are made (GCP's is checked by `config`)."""


def _followers(stack: StackConfig) -> Iterator[ConfigFault]:
    """Standbys that cannot follow: outside their primary's account, or with a database that has no replica."""
    for index, cell in enumerate(stack.cells):
        if cell.role != "standby" or cell.platform not in CATALOGS:
            continue
        primary = next(c for c in stack.cells if c.role == "primary" and c.platform == cell.platform)
        key = OWNERS.get(cell.platform)
        if key is not None and getattr(cell, key) != (owner := getattr(primary, key)):
            yield ConfigFault(
                f"costate:cells.{index}.{key}",
                "is not that of the primary",
                getattr(cell, key),
                f"the primary's: {owner or 'that of the credentials'}",
            )
        tiers = CATALOGS[cell.platform].databases
        if not tiers[stack.database.size].replicated:
            yield ConfigFault(
                "costate:database.size",
                f"has no replica for a standby on {cell.platform}",
                stack.database.size,
                ", ".join(size for size, tier in tiers.items() if tier.replicated),
            )


def _dates(stack: StackConfig, today: date) -> Iterator[ConfigFault]:
    """What was right once and is over."""
    if KUBERNETES[stack.cluster.version] < today:
        supported = ", ".join(version for version, end in KUBERNETES.items() if end >= today)
        yield ConfigFault(
            "costate:cluster.version",
            f"is out of support since {KUBERNETES[stack.cluster.version]}",
            stack.cluster.version,
            f"supported: {supported or 'none known to this release of Costate'}",
        )
    for index, exception in enumerate(stack.policy_exceptions):
        if exception.until < today:
            yield ConfigFault(
                f"costate:policy_exceptions.{index}.until",
                "is over",
                str(exception.until),
                "mend it or renew",
            )


def _warnings(stack: StackConfig) -> list[str]:
    if stack.gpu is None or stack.gpu.precision != "float64":
        return []
    slow = [name for name in stack.gpu.kept if ACCELERATORS[name].fp64_ratio < SLOW_FP64]
    return [
        f"costate:gpu: {name} computes float64 at 1/{1 / ACCELERATORS[name].fp64_ratio:.0f} of float32; "
        "h100, h200 and a100 at 1/2"
        for name in slow
    ]
