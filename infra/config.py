"""A stack's configuration as frozen typed models; pure; every fault is reported at once, with its key."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from infra.catalog.model import AcceleratorName, Size
from infra.environments import DEFAULTS, Environment
from infra.errors import ConfigError, ConfigFault
from infra.service_faults import service_faults
from infra.versions import VALKEY_IMAGE, AddonName, Kubernetes

NAMESPACE = "costate:"
Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$")]
Port = Annotated[int, Field(ge=1024, le=65535)]
UrlPath = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/-]{0,200}$")]
PATH_OR_NONE = r"^(/[A-Za-z0-9._~/-]{0,200})?$"
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
Cidr = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$")]
Role = Literal["primary", "standby"]
PlatformName = Literal["local", "aws", "gcp", "azure", "existing"]
Range = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]


class Model(BaseModel):
    """Base of the models: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(Model):
    """One platform in one region, with the workload on it."""

    platform: PlatformName = Field(description="Where the cell runs.")
    region: str = Field(
        "", description="The platform's own region name; none for `local`, a name of yours for `existing`."
    )
    role: Role = Field("primary", description="A standby follows its primary.")
    account: str = Field("", pattern=r"^(\d{12})?$", description="AWS account that must be the one used.")
    project: str = Field("", description="GCP project.")
    billing_account: str = Field(
        "",
        pattern=r"^([0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6})?$",
        description="GCP billing account of the project, which the budget is kept in; without it there is none.",
    )
    subscription: str = Field("", description="Azure subscription.")
    cidr: str = Field("", description="Address range of the cell's network; planned where not given.")
    context: str = Field("", description="`existing`: the context of the kubeconfig, always said.")
    kubeconfig: str = Field(
        "",
        pattern=r"^([~/].*)?$",
        description="`existing`: path of the kubeconfig, absolute or from `~`; as kubectl finds it unless said.",
    )
    address: str = Field(
        "", pattern=r"^[A-Za-z0-9.:-]*$", description="`existing`: name or address that reaches the nodes."
    )
    node_port: int | None = Field(
        None,
        ge=30000,
        le=32767,
        description="`existing`: port of every node that leads in; without it a load balancer, or none.",
    )


class Replicas(Model):
    """How many at least and at most; equal numbers mean no autoscaler."""

    min: int = Field(1, ge=0, le=1000)
    max: int = Field(1, ge=1, le=1000)


class Api(Model):
    """The HTTP API."""

    replicas: Replicas = Replicas()
    initial: int = Field(1, ge=1, le=1000, description="Replicas before the autoscaler's first decision.")
    cpu_target: int = Field(70, ge=10, le=95, description="CPU utilisation the autoscaler aims at, percent.")
    cpu: Range = Field((250, 500), description="CPU requested and limit, thousandths of a core.")
    memory: Range = Field((512, 1024), description="Memory requested and limit, MiB.")


class CompileCache(Model):
    """A volume that all workers share for compiled programs, so that a new one compiles nothing anew."""

    storage_class: str = Field(description="One that can `ReadWriteMany`.")
    size_gib: int = Field(10, ge=1, le=1024)


class Workers(Model):
    """The solver processes."""

    replicas: Replicas = Replicas()
    slots: int = Field(1, ge=1, le=64, description="Solver processes in one worker.")
    cpu: Range = Field((1000, 2000), description="CPU requested and limit, thousandths of a core.")
    memory: Range = Field((2048, 4096), description="Memory requested and limit, MiB.")
    compile_cache: CompileCache | None = None


class Gpu(Model):
    """Worker nodes with accelerators."""

    accelerator: AcceleratorName = Field(description="By intent, not by SKU.")
    fallbacks: tuple[AcceleratorName, ...] = Field(
        (), description="Accelerators to take where the first cannot be had, in order."
    )
    precision: Literal["float32", "float64"] = Field(
        "float64", description="What the solvers compute in; float64 is slow on T4, L4 and A10G."
    )
    min: int = Field(0, ge=0, le=1000, description="Nodes kept; 0 scales from zero.")
    max: int = Field(1, ge=1, le=1000, description="Nodes at most.")
    per_worker: int = Field(1, ge=1, le=8, description="Accelerators one worker asks for.")
    spot: bool = Field(False, description="Whether interruptible nodes may be used.")
    headroom: int = Field(
        0, ge=0, le=100, description="Workers for which room is kept warm, nodes and image included."
    )

    @property
    def kept(self) -> dict[AcceleratorName, int]:
        """Accelerators in the order they are tried, each with the nodes kept: only the first keeps any."""
        names = dict.fromkeys((self.accelerator, *self.fallbacks))
        return {name: self.min if name == self.accelerator else 0 for name in names}


class Nodes(Model):
    """Worker nodes without accelerators; the API runs on them too."""

    size: Size = "small"
    min: int = Field(1, ge=0, le=1000, description="Nodes kept.")
    max: int = Field(3, ge=1, le=1000, description="Nodes at most.")
    spot: bool = Field(False, description="Whether interruptible nodes may be used.")


class Cluster(Model):
    """Managed Kubernetes."""

    version: Kubernetes = "1.36"
    public_access: tuple[Cidr, ...] = Field(
        (), description="Ranges that may reach the control plane from outside; none keeps it private."
    )
    maintenance: str = Field(
        "sun 03:00",
        pattern=r"^(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):[0-5]\d$",
        description="When upgrades may begin, in UTC; the window has four hours.",
    )
    node_autoscaler: Literal["cluster-autoscaler", "karpenter"] = Field(
        "cluster-autoscaler", description="`karpenter` is for AWS."
    )


class Shutdown(Model):
    """When a development cell sleeps: its nodes and database are stopped."""

    stop: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Time of day.")
    start: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Time of day, Monday to Friday.")
    timezone: str = Field("UTC", description="IANA name of the time zone.")


class Budget(Model):
    """What a cell may cost before somebody is told."""

    monthly_usd: int = Field(1000, ge=1, le=10_000_000)
    alert_emails: tuple[Email, ...] = Field(
        (), description="Who is told at 50, 80 and 100 percent, and of a forecast above."
    )


class PolicyException(Model):
    """A rule of `infra/policy` that a resource may break, for a reason and for a time."""

    rule: str = Field(description="Id of the rule.")
    resource: str = Field(description="Name or URN suffix of the resource.")
    reason: str = Field(min_length=10)
    until: date = Field(description="Last day; from the next on the rule holds again.")


class Database(Model):
    """PostgreSQL."""

    size: Size = "small"
    version: Literal["17", "18"] = Field(
        "17", description="Major version; `local` runs 18 whatever is asked."
    )
    highly_available: bool = False
    backup_days: int = Field(7, ge=0, le=35, description="Days of point-in-time recovery; 0 on `local` only.")


class Cache(Model):
    """Valkey or Redis."""

    size: Size = "small"
    highly_available: bool = False


class Service(Model):
    """A further containerised service on the same platform, treated as the product's own processes are."""

    image: str = Field(min_length=1, description="Image with tag or digest; it runs as user 1000.")
    command: tuple[str, ...] = Field((), description="Instead of the image's own.")
    port: Annotated[int, Field(ge=1024, le=65535)] = Field(8080, description="Where it listens, over HTTP.")
    health: UrlPath = Field("/health", description="Path that answers 200 while it lives.")
    ready: str = Field(
        "",
        pattern=PATH_OR_NONE,
        description="Path that answers 200 when it may be asked; unless said, `health`.",
    )
    metrics: str = Field(
        "", pattern=PATH_OR_NONE, description="Path of its metrics in Prometheus' format; none unless said."
    )
    startup_s: int = Field(60, ge=1, le=3600, description="How long it may take until it first answers.")
    grace_s: int = Field(30, ge=1, le=3600, description="How long it may take to end what it has begun.")
    replicas: Replicas = Replicas()
    cpu_target: int = Field(70, ge=10, le=95, description="CPU utilisation the autoscaler aims at, percent.")
    cpu: Range = Field((100, 500), description="CPU requested and limit, thousandths of a core.")
    memory: Range = Field((128, 512), description="Memory requested and limit, MiB.")
    bindings: tuple[Literal["database", "cache", "bucket"], ...] = Field(
        (), description="Data stores of the cell that it is given, as variables."
    )
    environment: dict[Variable, str] = Field({}, description="Variables of its own; no secret belongs here.")
    scratch: tuple[UrlPath, ...] = Field(
        (), description="Folders it may write to beside /tmp; all else is read-only."
    )
    path: str = Field(
        "",
        pattern=PATH_OR_NONE,
        description="Paths of the stack's domain that begin so are its; without, it is asked from inside only.",
    )
    reaches: tuple[Name, ...] = Field((), description="Other services, or `api`, that it may ask.")
    internet: bool = Field(False, description="Whether it may ask anybody over HTTPS.")


class Release(Model):
    """How a new build of the API takes over; workers are always replaced one by one, and after it."""

    strategy: Literal["rolling", "blue-green", "canary"] = Field(
        "rolling",
        description="The last two need the add-on argo-rollouts, and compare the builds' answers first.",
    )
    pause_s: int = Field(
        300,
        ge=0,
        le=86_400,
        description="How long a canary stays at 10, 25 and 50 percent, before it is judged.",
    )
    prometheus: str = Field(
        "http://prometheus-operated.monitoring:9090",
        pattern=r"^https?://.+$",
        description="Where errors and speed of the new pods are asked for.",
    )


class Volume(Model):
    """A volume of an existing cluster."""

    storage_class: str = Field("", description="The cluster's default class unless said.")
    size_gib: int = Field(20, ge=1, le=65536)
    access: Literal["ReadWriteOnce", "ReadWriteMany"] = Field(
        "ReadWriteMany", description="`ReadWriteOnce` where all pods are on one node."
    )


class S3(Model):
    """A store that speaks S3."""

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    endpoint: str = Field(pattern=r"^https?://.+$", description="Address of the store; `http` is for tests.")
    region: str = "us-east-1"
    access_key: str = Field(min_length=1)
    secret_key: SecretStr = Field(
        min_length=1,
        description="Set with `pulumi config set --secret --path costate:existing.s3.secret_key`.",
    )


class Existing(Model):
    """Clusters that are there already: what stands in them where a cloud has managed services."""

    database: Literal["operator", "plain"] = Field(
        "operator", description="By CloudNativePG, or a plain StatefulSet of one server."
    )
    storage_class: str = Field("", description="Of the database's volumes; the default class unless said.")
    snapshot_class: str = Field(
        "", description="VolumeSnapshotClass of nightly snapshots, with `operator`; dumps are made anyway."
    )
    postgres_image: str = Field(
        "", description="PostgreSQL's server and tools, run as user 999; the official image unless said."
    )
    valkey_image: str = Field(VALKEY_IMAGE, description="Valkey or Redis with TLS, run as user 999.")
    results: Volume = Field(Volume(), description="Where results and dumps are kept unless `s3` is given.")
    s3: S3 | None = Field(None, description="Where results and dumps are kept instead of on a volume.")


AddonState = Literal["install", "present", "absent"]


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
    """Where the OpenTelemetry Collector sends traces."""

    endpoint: str = Field(
        "",
        pattern=r"^([^/:\s]+:\d+)?$",
        description="Of Tempo or Jaeger, OTLP over gRPC, with its port; the add-on `tempo` unless said.",
    )
    tls: bool = False


class Local(Model):
    """The stack on this machine: ports of its processes, on loopback."""

    api_port: Port = 8000
    worker_port: Port = 8001
    postgres_port: Port = 55432
    redis_port: Port = 56379


class StackConfig(Model):
    """Everything that can be configured, by key below `costate:`."""

    environment: Environment = Field(description="Chooses the defaults of all that follows.")
    cells: tuple[Cell, ...] = Field((Cell(platform="local"),), min_length=1)
    domain: str = Field("", description="Public name of the service; none on `local`.")
    layer: Literal["all", "platform", "workload"] = Field("all", description="Half of a stack split in two.")
    platform_stack: str = Field(
        "",
        description="Stack of layer `platform` below one of layer `workload` (`organisation/costate/name`).",
    )
    owner: str = Field(
        "costate",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
        description="Team that answers for the stack.",
    )
    protect: bool | None = Field(
        None, description="Whether data stores, keys and clusters refuse deletion; in production unless said."
    )
    image: str = Field(
        "", description="Image with tag or digest; unless said, this version's in the cell's registry."
    )
    image_pull: Literal["IfNotPresent", "Always", "Never"] = Field(
        "IfNotPresent", description="`Never` takes only images that were loaded into the nodes."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_days: int = Field(30, ge=7, le=400, description="Days that logs of the cloud are kept.")
    api: Api = Api()
    workers: Workers = Workers()
    release: Release = Release()
    gpu: Gpu | None = None
    nodes: Nodes = Nodes()
    cluster: Cluster = Cluster()
    database: Database = Database()
    cache: Cache = Cache()
    services: dict[Name, Service] = Field({}, description="Further services, by name.")
    budget: Budget = Budget()
    shutdown: Shutdown | None = None
    addons: dict[AddonName | Literal["default"], AddonState] = Field(
        {},
        description="By name what is done about an add-on: made by the stack, there already, or done without; "
        "`default` is for those not named.",
    )
    monitoring: Monitoring = Monitoring()
    addon_values: dict[AddonName, dict[str, Any]] = Field(
        {}, description="Values of charts, laid over ours, by add-on."
    )
    logs: Logs = Logs()
    traces: Traces = Traces()
    policy_exceptions: tuple[PolicyException, ...] = Field((), description="Each with a reason and an end.")
    local: Local = Local()
    existing: Existing = Existing()

    @property
    def production(self) -> bool:
        """Whether people depend on the stack."""
        return self.environment.startswith("production")

    @property
    def protected(self) -> bool:
        """Whether data stores, keys and clusters refuse deletion."""
        return self.production if self.protect is None else self.protect


def load(values: Mapping[str, Any]) -> StackConfig:
    """The configuration from `costate:` keys; ConfigError carries every fault.

    Values are as Pulumi gives them: JSON text for structured ones, else plain text. Keys of other namespaces
    are left alone. The environment's defaults stand below what is given.
    """
    given = {
        key.removeprefix(NAMESPACE): _decoded(value)
        for key, value in values.items()
        if key.startswith(NAMESPACE)
    }
    environment = given.get("environment")
    defaults = DEFAULTS.get(cast("Environment", environment), {}) if isinstance(environment, str) else {}
    try:
        config = StackConfig.model_validate(_merged(defaults, given))
    except ValidationError as error:
        raise ConfigError([_fault(detail) for detail in error.errors(include_url=False)]) from None
    if faults := _contradictions(config):
        raise ConfigError(faults)
    return config


def _decoded(value: Any) -> Any:
    """Pulumi hands lists and objects over as JSON text; numbers and booleans too."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value[:1] in "[{" else value
    except (json.JSONDecodeError, RecursionError):
        return value


def _merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


def _fault(detail: Any) -> ConfigFault:
    """One fault of pydantic's as ours."""
    path = [str(part) for part in detail["loc"]]
    key = NAMESPACE + ".".join(path)
    if detail["type"] == "extra_forbidden":
        known = _known(path[:-1])
        near = difflib.get_close_matches(path[-1], known, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return ConfigFault(key, "unknown key", _short(detail["input"]), remedy)
    if detail["type"] == "missing":
        return ConfigFault(key, "is missing", None, "it has no default")
    return ConfigFault(key, detail["msg"].lower(), _short(detail["input"]))


def _short(given: Any) -> Any:
    text = repr(given)
    return given if len(text) <= 80 else f"{text[:77]}..."


def _known(path: list[str]) -> list[str]:
    """The keys allowed at a path of the configuration."""
    model: Any = StackConfig
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation)
    return sorted(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _model_in(annotation: Any) -> Any:
    """The model inside `Model | None`, `tuple[Model, ...]` or `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_model_in(part) for part in getattr(annotation, "__args__", ())]
    return next((model for model in found if model is not None), None)


def _contradictions(config: StackConfig) -> list[ConfigFault]:
    """Faults that only show when several keys are seen together."""
    faults: list[ConfigFault] = []
    scaled = {
        "api.replicas": config.api.replicas,
        "workers.replicas": config.workers.replicas,
        "gpu": config.gpu,
    }
    scaled |= {f"services.{name}.replicas": service.replicas for name, service in config.services.items()}
    for key, bounds in scaled.items():
        if bounds is not None and bounds.min > bounds.max:
            faults.append(
                ConfigFault(f"costate:{key}.min", "is above max", bounds.min, f"at most {bounds.max}")
            )
    if config.api.replicas.min < 1:
        faults.append(
            ConfigFault("costate:api.replicas.min", "the API does not scale to zero", 0, "at least 1")
        )
    for part in ("api", "workers"):
        for quantity in ("cpu", "memory"):
            asked, limit = getattr(getattr(config, part), quantity)
            if asked > limit:
                faults.append(
                    ConfigFault(
                        f"costate:{part}.{quantity}",
                        "request above limit",
                        [asked, limit],
                        "[request, limit]",
                    )
                )
    if config.layer == "workload" and not config.platform_stack:
        wanted = "the stack of layer `platform`, as organisation/costate/name"
        faults.append(ConfigFault("costate:platform_stack", "is missing", None, wanted))
    faults += _cell_faults(config) + _monitoring_faults(config)
    return faults + _port_faults(config.local) + service_faults(config)


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
