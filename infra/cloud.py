"""A cell on a cloud: which parts make it, in which layer; the same for every cloud."""

from __future__ import annotations

import pulumi

from infra.config import StackConfig
from infra.contracts import CellFacts, Endpoint, Parts, WorkloadFacts
from infra.place import Place


class CloudPlatform:
    """Implements `contracts.Platform` over a cloud's parts.

    The managed platform is declared from the parts; the workload, which is the same on every cloud, is bound
    to their facts.
    """

    def __init__(self, stack: StackConfig, place: Place, parts: Parts) -> None:
        self._stack, self._place, self.parts = stack, place, parts
        self._facts: CellFacts | None = None

    def build(self) -> WorkloadFacts | None:
        """Declare the managed platform."""
        self._facts = self._platform()
        return WorkloadFacts(url=self._facts.edge.address.apply(lambda address: f"https://{address}"))

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

    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """What an operator asks for first, and what a stack of layer `workload` reads."""
        if self._facts is None:
            return {}
        facts = self._facts
        return {
            "kubeconfig": pulumi.Output.secret(facts.cluster.kubeconfig),
            "registry": facts.registry.repository,
            "store": facts.store.url,
            "database": facts.database.host,
            "cache": facts.cache.host,
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
