"""Further services of the stack: made of the same parts as the product's own processes, and as confined."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pulumi
from pulumi_kubernetes import core, meta

from infra.config.service import Service
from infra.contracts import Account
from infra.kubernetes import flows
from infra.kubernetes.autoscaling import by_load
from infra.kubernetes.bindings import CACHE, DATABASE, Bindings
from infra.kubernetes.flows import Flow, Peer
from infra.kubernetes.unit import Probe, Unit
from infra.kubernetes.workload import Workload

ACCOUNT: Account = "worker"
"""Whom a service acts as that is bound to a data store: who writes results, and asks for nothing else."""

PROBE_S = 5
DRAIN_S = 10
HTTPS = 443

VARIABLES: Mapping[str, Mapping[str, str]] = {
    "database": {
        "DATABASE_URL": "COSTATE_DATABASE_URL",
        "DATABASE_PASSWORD_FILE": "COSTATE_DATABASE_PASSWORD_FILE",
    },
    "cache": {"REDIS_URL": "COSTATE_REDIS_URL", "REDIS_PASSWORD_FILE": "COSTATE_REDIS_PASSWORD_FILE"},
    "bucket": {"BUCKET_URL": "COSTATE_STORAGE_URL"},
}
"""By binding, what it is given under which name, and what the product's own processes call it."""

FILES: Mapping[str, str] = {"database": DATABASE, "cache": CACHE}
"""By binding, the folder of its password."""


class Services(pulumi.ComponentResource):
    """One workload a service; `routes` are the paths that lead to them from outside."""

    def __init__(
        self,
        name: str,
        *,
        services: Mapping[str, Service],
        namespace: pulumi.Input[str],
        bindings: Bindings,
        identity: pulumi.Input[Mapping[str, str]],
        pull: str,
        traces: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`bindings` and `identity` are those of ACCOUNT; `pull` says when a registry is asked for the image;
        `traces` are variables that tell where traces go, where somebody collects them."""
        super().__init__("costate:kubernetes:Services", name, None, opts)
        self._bindings, self._identity, self._pull, self._traces = bindings, identity, pull, traces
        child = pulumi.ResourceOptions(parent=self)
        self.routes: dict[str, core.v1.Service] = {}
        self.units = [self._unit(key, service) for key, service in services.items()]
        for unit in self.units:
            service = services[unit.name]
            if not service.bindings:
                core.v1.ServiceAccount(
                    f"{name}-{unit.name}",
                    metadata=meta.v1.ObjectMetaArgs(name=unit.name, namespace=namespace),
                    automount_service_account_token=False,
                    opts=child,
                )
            made = Workload(f"{name}-{unit.name}", unit=unit, namespace=namespace, opts=child)
            if unit.scaled:
                by_load(
                    f"{name}-{unit.name}",
                    unit=unit,
                    namespace=namespace,
                    cpu_target=service.cpu_target,
                    opts=child,
                )
            if service.path:
                self.routes[service.path] = made.service
        self.register_outputs({})

    def _unit(self, name: str, service: Service) -> Unit:
        bound = bool(service.bindings)
        return Unit(
            name=name,
            image=service.image,
            pull=self._pull,
            command=service.command,
            port=service.port,
            cpu=service.cpu,
            memory=service.memory,
            replicas=service.replicas,
            initial=service.replicas.min,
            startup=Probe(service.health, PROBE_S, math.ceil(service.startup_s / PROBE_S)),
            liveness=Probe(service.health, 10, 3),
            readiness=Probe(service.ready or service.health, PROBE_S, 2),
            grace_s=service.grace_s,
            drain_s=DRAIN_S,
            account=ACCOUNT if bound else name,
            environment=self._environment(name, service),
            mounts=self._bindings.mounts if bound else {},
            files={
                secret: folder
                for secret, folder in self._bindings.files.items()
                if any(FILES.get(binding) == folder for binding in service.bindings)
            },
            secrets=self._bindings.secrets if "bucket" in service.bindings else (),
            volumes=self._bindings.volumes if "bucket" in service.bindings else {},
            identity=self._identity if bound else {},
            priority="costate-serving",
            scratch={f"scratch-{index}": path for index, path in enumerate(service.scratch)},
        )

    def _environment(self, name: str, service: Service) -> dict[str, pulumi.Input[str]]:
        """Its own variables, its port, where what it is bound to is, and, unless it says otherwise, traces go."""
        given = self._bindings.environment
        known = {name: ours for binding in service.bindings for name, ours in VARIABLES[binding].items()}
        told = {name: given[ours] for name, ours in known.items() if ours in given}
        if "bucket" in service.bindings:  # how the store is reached, as its clients' own libraries read it
            told |= {name: value for name, value in given.items() if not name.startswith("COSTATE_")}
        traces = {"OTEL_SERVICE_NAME": name, **self._traces} if self._traces else {}
        return {**traces, **service.environment, "PORT": str(service.port), **told}


def service_flows(
    services: Mapping[str, Service],
    *,
    listening: Mapping[str, int],
    stores: Mapping[str, Sequence[Flow]],
    shared: Sequence[Flow],
    traces: int | None,
) -> Iterator[Flow]:
    """Who may talk to the services, and whom they may ask.

    `listening` gives the ports of the product's processes. `stores` says by binding, and `shared` for all, where
    processes of ACCOUNT go: services that are bound go there too. `traces` is the port of the collector of traces,
    where there is one.
    """
    ports = {**listening, **{name: service.port for name, service in services.items()}}
    for name, service in services.items():
        own = flows.pods(name)
        if service.path:
            yield Flow(flows.GATEWAY, own, service.port)
        yield Flow(flows.MONITORING, own, service.port)
        for protocol in ("UDP", "TCP"):
            yield Flow(own, flows.CLUSTER_DNS, flows.DNS, protocol)
        if traces is not None:
            yield Flow(own, flows.COLLECTOR, traces)
        for other in service.reaches:
            yield Flow(own, flows.pods(other), ports[other])
        given = [flow for binding in service.bindings for flow in stores.get(binding, ())]
        for flow in (*given, *(shared if service.bindings else ())):
            yield Flow(own, flow.target, flow.port)
        if service.internet:
            yield Flow(own, Peer(ranges=("0.0.0.0/0",)), HTTPS)
