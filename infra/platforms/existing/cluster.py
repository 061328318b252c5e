"""The cluster, reached by a context of a kubeconfig; nothing of the kubeconfig but its path is in the state."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from infra.config.cells import Cell
from infra.contracts import ClusterFacts
from infra.place import Place


class Cluster:
    """Was there before, and stays."""

    def __init__(self, name: str, *, place: Place, cell: Cell, opts: pulumi.ResourceOptions) -> None:
        self.provider = kubernetes.Provider(
            f"{name}-kubernetes",
            # A path, or nothing: then KUBECONFIG or ~/.kube/config, as for kubectl.
            kubeconfig=cell.kubeconfig or None,
            context=cell.context,
            cluster_identifier=f"{place.name}/{cell.context}",
            enable_server_side_apply=True,
            opts=opts,
        )
        self.facts = ClusterFacts(
            name=pulumi.Output.from_input(cell.context),
            endpoint=pulumi.Output.from_input(cell.address),
            identifier=pulumi.Output.from_input(f"{place.name}/{cell.context}"),
            kubeconfig=pulumi.Output.from_input(cell.kubeconfig),
            provider=self.provider,
        )
