"""The product on a cluster: migrations first, then API and workers, each bound to the cell's data stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import cast

import pulumi
from pulumi_kubernetes import batch, meta

from infra.config.stack import StackConfig
from infra.config.workload import Replicas
from infra.contracts import Account, CellFacts, SharedVolume
from infra.kubernetes import flows
from infra.kubernetes.accounts import PRODUCT, Accounts
from infra.kubernetes.analysis import Analysis, analysis_flows
from infra.kubernetes.autoscaling import by_load, by_queue
from infra.kubernetes.bindings import Bindings, authorities, bind, claim, roles, volume
from infra.kubernetes.edge import Edge
from infra.kubernetes.flows import Flow
from infra.kubernetes.headroom import headroom
from infra.kubernetes.namespace import Namespace
from infra.kubernetes.ordering import after
from infra.kubernetes.pod import container, pod, template
from infra.kubernetes.priorities import PRIORITIES, Priorities
from infra.kubernetes.processes import CACHE, P, Processes
from infra.kubernetes.quota import quota
from infra.kubernetes.recommendations import recommend
from infra.kubernetes.schedules import BACKUP, DRILL, Schedules
from infra.kubernetes.services import ACCOUNT, Services, service_flows
from infra.kubernetes.unit import Unit
from infra.kubernetes.workload import Workload
from infra.operations import COLLECTOR_PORT, TRACES
from infra.versions import AddonName

WAITED_S = 60
"""Age of the oldest waiting job at which another worker is worth its start."""

ANYWHERE = ("0.0.0.0/0",)
"""Object storage and the cloud's own interfaces have addresses that change; over HTTPS only."""


class Product(pulumi.ComponentResource):
    """Costate in a namespace of its own."""

    def __init__(
        self,
        name: str,
        *,
        stack: StackConfig,
        facts: CellFacts,
        image: pulumi.Input[str],
        there: Set[AddonName],
        identity: str,
        data_ranges: tuple[str, ...],
        issuers: Mapping[int, Sequence[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`there` are the cluster's add-ons, without which nothing of their kind is asked for.

        `identity` names the cloud's kind of token, and `issuers` by port where it is asked for;
        `data_ranges` are the subnets of the data stores.
        """
        super().__init__("costate:kubernetes:Product", name, None, opts)
        self._name, self._stack, self._facts = name, stack, facts
        self._image, self._identity, self._there = image, identity, there
        collected = "opentelemetry-collector" in there
        self._traces: Mapping[str, str] = TRACES if collected else {}
        self._collector: int | None = COLLECTOR_PORT if collected else None
        self._processes = Processes(
            stack=stack, image=image, accounts=facts.identity.accounts, traces=self._traces
        )
        self._bindings: dict[Account, Bindings] = {}
        self._child = pulumi.ResourceOptions(parent=self)
        room = quota(stack)
        self._namespace = Namespace(
            f"{name}-namespace",
            namespace=PRODUCT,
            pods=room.pods,
            cpu=room.cpu,
            memory_gib=room.memory_gib,
            node_ports=1 if facts.edge.plain_port else 0,
            opts=self._child,
        ).name
        Priorities(f"{name}-priorities", priorities=PRIORITIES, opts=self._child)
        Accounts(
            f"{name}-accounts",
            namespace=self._namespace,
            identities=facts.identity.accounts,
            opts=self._child,
        )
        authorities(name, facts=facts, namespace=self._namespace, opts=self._child)
        volume(name, facts=facts, namespace=self._namespace, protect=stack.protected, opts=self._child)
        migrated = self._migrations()
        ready = pulumi.ResourceOptions.merge(self._child, after(migrated))
        api, workers = self._api(), self._workers()
        analysis = self._analysis()
        served = self._run(
            api, pulumi.ResourceOptions.merge(ready, after(analysis)) if analysis is not None else ready
        )
        # A new build that is judged solves jobs only when it has passed.
        passed = ready
        if analysis is not None:
            taken_over = analysis.taken_over(pulumi.ResourceOptions(parent=self, depends_on=[served.pods]))
            passed = pulumi.ResourceOptions.merge(ready, after(taken_over))
        working = [self._run(worker, passed) for worker in workers]
        if analysis is not None:
            analysis.verified(
                pulumi.ResourceOptions(
                    parent=self, depends_on=[served.pods, *(worker.pods for worker in working)]
                )
            )
        self._scale(api, workers)
        self._headroom(workers)
        self._recommend(api, *workers)
        services = self._services()
        listening = {unit.name: unit.port for unit in (api, *workers)}
        own = flows.matrix(
            listening,
            data={
                store.port: flows.data_store(store.pods, data_ranges)
                for store in (facts.database, facts.cache)
            },
            issuers=issuers,
            outside={} if facts.store.volume else {facts.store.port: ANYWHERE},
            entry=api.port if facts.edge.plain_port else None,
            traces=self._collector,
            **self._schedules(),
        )
        flows.NetworkPolicies(
            f"{name}-flows",
            namespace=self._namespace,
            flows=(
                *own,
                *self._service_flows(listening, own),
                *(analysis_flows(api.name, api.port) if analysis is not None else ()),
            ),
            opts=self._child,
        )
        if stack.domain:
            Edge(
                f"{name}-edge",
                namespace=self._namespace,
                host=stack.domain,
                service=served.service,
                routes=services.routes if services else {},
                issuer="letsencrypt",
                opts=self._child,
            )
        self.register_outputs({})

    def _schedules(self) -> dict[str, tuple[str, ...]]:
        """Backups where nobody else makes them; the names of what runs, by what it may reach (`flows.matrix`)."""
        pods = self._facts.database.pods
        if pods is None:
            return {"tasks": ("migrations",)}
        Schedules(
            f"{self._name}-schedules",
            process=self._told(self._processes.backup()),
            tools=pods.tools,
            # A dump is compressed, and what is restored from it has no dead rows: both fit.
            work_gib=2 * pods.disk_gib,
            days=self._stack.database.backup_days,
            namespace=self._namespace,
            opts=self._child,
        )
        return {"tasks": ("migrations", BACKUP), "drills": (DRILL,)}

    def _headroom(self, workers: list[Unit]) -> None:
        """Room for more workers with accelerators, where it is asked for."""
        gpu = self._stack.gpu
        if gpu is None or not gpu.headroom:
            return
        for worker in (worker for worker in workers if worker.accelerators):
            headroom(
                f"{self._name}-headroom",
                process=self._processes.placeholder(worker),
                replicas=gpu.headroom,
                namespace=self._namespace,
                opts=self._child,
            )

    def _recommend(self, *units: Unit) -> None:
        """What each would need, where there is who finds out."""
        if "vpa" not in self._there:
            return
        for unit in (unit for unit in units if unit.rolled):
            recommend(
                f"{self._name}-{unit.name}",
                deployment=unit.name,
                namespace=self._namespace,
                opts=self._child,
            )

    def _compiled(self) -> dict[str, str]:
        """The claim on a volume for compiled programs, by folder; none where each worker has its own."""
        given = self._stack.workers.compile_cache
        if given is None:
            return {}
        claim(
            f"{self._name}-compiled",
            called="compiled",
            shared=SharedVolume(CACHE, given.size_gib, "ReadWriteMany", given.storage_class),
            namespace=self._namespace,
            protect=False,  # what is lost is compiled again
            opts=self._child,
        )
        return {"compiled": CACHE}

    def _run(self, unit: Unit, opts: pulumi.ResourceOptions) -> Workload:
        return Workload(f"{self._name}-{unit.name}", unit=unit, namespace=self._namespace, opts=opts)

    def _owned(self, replicas: Replicas, fixed: int, scaler: AddonName) -> Replicas:
        """As asked where there is who scales, else a number that stays."""
        return replicas if scaler in self._there else Replicas(min=max(1, fixed), max=max(1, fixed))

    def _analysis(self) -> Analysis | None:
        """What judges a new build of the API, where one takes over in steps."""
        if self._stack.release.strategy == "rolling":
            return None
        return Analysis(
            f"{self._name}-analysis",
            unit="api",
            release=self._stack.release,
            image=self._image,
            cpu=self._stack.workers.cpu,
            memory=self._stack.workers.memory,
            cache=CACHE,
            namespace=self._namespace,
            opts=self._child,
        )

    def _services(self) -> Services | None:
        """The stack's further services, where it has any."""
        if not self._stack.services:
            return None
        return Services(
            f"{self._name}-services",
            services={
                key: service.model_copy(
                    update={"replicas": self._owned(service.replicas, service.replicas.min, "metrics-server")}
                )
                for key, service in self._stack.services.items()
            },
            namespace=self._namespace,
            bindings=self._bound(ACCOUNT),
            identity=self._facts.identity.accounts[ACCOUNT].labels,
            pull=self._stack.image_pull,
            traces=self._traces,
            opts=self._child,
        )

    def _service_flows(self, listening: Mapping[str, int], own: Sequence[Flow]) -> tuple[Flow, ...]:
        """A service reaches its data stores as the process does whose account it has."""
        stores = {"database": self._facts.database.port, "cache": self._facts.cache.port}
        as_account = [flow for flow in own if flow.source == flows.pods(ACCOUNT)]
        return tuple(
            service_flows(
                self._stack.services,
                listening=listening,
                stores={
                    binding: [flow for flow in as_account if flow.port == port]
                    for binding, port in stores.items()
                },
                shared=[
                    flow
                    for flow in as_account
                    if flow.port not in (flows.DNS, self._collector, *stores.values())
                ],
                traces=self._collector,
            )
        )

    def _told(self, process: P) -> P:
        """The process with all that its account is given."""
        account = cast("Account", process.account)  # processes of the product have no other
        return self._processes.told(process, self._bound(account))

    def _bound(self, account: Account) -> Bindings:
        """What processes of an account are given; they may be several."""
        if account not in self._bindings:
            self._bindings[account] = bind(
                self._name,
                facts=self._facts,
                account=account,
                identity=self._identity,
                namespace=self._namespace,
                opts=self._child,
            )
        return self._bindings[account]

    def _api(self) -> Unit:
        replicas = self._owned(self._stack.api.replicas, self._stack.api.initial, "metrics-server")
        return self._told(self._processes.api(replicas, self._facts.edge.plain_port))

    def _workers(self) -> list[Unit]:
        asked = self._stack.workers.replicas
        units = self._processes.workers(self._owned(asked, asked.min, "keda"), self._compiled())
        return [self._told(unit) for unit in units]

    def _scale(self, api: Unit, workers: list[Unit]) -> None:
        if api.scaled:
            by_load(
                f"{self._name}-api",
                unit=api,
                namespace=self._namespace,
                cpu_target=self._stack.api.cpu_target,
                opts=self._child,
            )
        for worker in workers:
            if worker.scaled:
                by_queue(
                    f"{self._name}-{worker.name}",
                    unit=worker,
                    namespace=self._namespace,
                    metrics=pulumi.Output.concat("http://api.", self._namespace, "/metrics"),
                    slots=self._stack.workers.slots,
                    oldest_s=WAITED_S,
                    opts=self._child,
                )

    def _migrations(self) -> batch.v1.Job:
        """The schema is brought up to date before any new process starts; a new image makes a new Job."""
        process = self._told(self._processes.migrations())
        process = replace(process, environment={**process.environment, **roles(self._facts)})
        spec = pod(process, container(process))
        spec.restart_policy = "Never"
        return batch.v1.Job(
            f"{self._name}-migrations",
            metadata=meta.v1.ObjectMetaArgs(namespace=self._namespace, labels=process.selector),
            spec=batch.v1.JobSpecArgs(
                backoff_limit=4, active_deadline_seconds=900, template=template(process, spec)
            ),
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["spec"], delete_before_replace=True),
        )
