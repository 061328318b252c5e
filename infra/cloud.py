"""A cell on a cloud: which parts make it, in which layer; the same for every cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.config.stack import StackConfig
from infra.contracts import CellFacts, Endpoint, Parts, WorkloadFacts
from infra.layers import SHAPES, exported, imported, output_prefix
from infra.place import Place


class CloudPlatform:
    """Implements `contracts.Platform` over a cloud's parts.

    The managed platform is declared from the parts; the workload, which is the same on every cloud, is bound
    to their facts.
    """

    def __init__(self, stack: StackConfig, place: Place, parts: Parts, parent: pulumi.Resource) -> None:
        self._stack, self._place, self.parts, self._parent = stack, place, parts, parent
        self.facts: CellFacts | None = None

    def build(self) -> WorkloadFacts | None:
        """Declare the managed platform, and the workload on it unless a stack of its own does.

        A standby holds data only: the workload comes to it when it is made a primary.
        """
        self.facts = self._platform()
        if self._stack.layer == "platform" or self._place.standby:
            return None
        from infra.workload import run  # the SDK of Kubernetes is large, and a local stack has no use for it

        return run(self._stack, self._place, self.facts, self._parent)

    def endpoint(self) -> Endpoint:
        """The cell as the global routing sees it."""
        return Endpoint(
            cell=self._place.name,
            region=self._place.region,
            platform=self._place.platform,
            role=self._place.role,
            address=self.parts.edge.facts.address,
            records=self.parts.edge.facts.records,
        )

    def outputs(self) -> dict[str, pulumi.Input[Any]]:
        """What an operator asks for first, and what a stack of layer `workload` reads."""
        if self.facts is None:
            return {}
        facts = self.facts
        return {
            "kubeconfig": pulumi.Output.secret(facts.cluster.kubeconfig),
            "registry": facts.registry.repository,
            "store": facts.store.url,
            "database": facts.database.host,
            "cache": facts.cache.host,
            **({"facts": exported(facts)} if self._stack.layer == "platform" else {}),
        }

    def _platform(self) -> CellFacts:
        """All managed parts; each declares what it needs before itself."""
        parts = self.parts
        facts = CellFacts(
            cluster=parts.cluster.facts,
            identity=parts.identity.facts,
            database=parts.database.facts,
            cache=parts.cache.facts,
            store=parts.storage.facts,
            registry=parts.registry.facts,
            edge=parts.edge.facts,
        )
        parts.backup()
        parts.governance()
        return facts


class ReferredPlatform:
    """Implements `contracts.Platform` where another stack has declared the managed half (`layer: workload`)."""

    def __init__(self, stack: StackConfig, place: Place, parent: pulumi.Resource) -> None:
        self._stack, self._place, self._parent = stack, place, parent

    def build(self) -> WorkloadFacts | None:
        """Declare the workload on the cell that the other stack exports."""
        if self._place.standby:
            return None
        other = pulumi.StackReference(
            f"{self._place.name}-platform",
            stack_name=self._stack.platform_stack,
            opts=pulumi.ResourceOptions(parent=self._parent),
        )
        prefix = output_prefix(self._stack, self._place.platform, self._place.region)
        given: pulumi.Output[Mapping[str, Any]] = other.require_output(f"{prefix}facts")
        # By itself, because it is a secret: within the facts it would make one of all of them.
        kubeconfig: pulumi.Output[str] = other.require_output(f"{prefix}kubeconfig")
        facts = imported(given, kubeconfig, SHAPES[self._place.platform], self._stack)
        from infra.workload import run  # as above

        return run(self._stack, self._place, facts, self._parent)

    def outputs(self) -> dict[str, pulumi.Input[Any]]:
        """None: the other stack has them."""
        return {}
