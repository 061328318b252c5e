"""The upper half of a cell: add-ons and the product on its cluster, the same on every cloud."""

from __future__ import annotations

from importlib.metadata import version

import pulumi
import pulumi_kubernetes as kubernetes

# The SDK imports these when they are first asked for; asked by several threads at once, it fails.
import pulumi_kubernetes.scheduling.v1alpha3.outputs

from infra.addons import Addons
from infra.config import StackConfig
from infra.contracts import CellFacts, WorkloadFacts
from infra.kubernetes.foundation import Foundation
from infra.kubernetes.ordering import after
from infra.kubernetes.product import Product
from infra.place import Place


def run(stack: StackConfig, place: Place, facts: CellFacts, parent: pulumi.Resource) -> WorkloadFacts:
    """Declare add-ons and product on the cluster that the facts tell of."""
    provider = kubernetes.Provider(
        f"{place.name}-kubernetes",
        kubeconfig=facts.cluster.kubeconfig,
        # Without it a renewed token or address in the kubeconfig would look like another cluster.
        cluster_identifier=facts.cluster.identifier,
        enable_server_side_apply=True,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    opts = pulumi.ResourceOptions(parent=parent, providers=[provider])
    addons = Addons(
        f"{place.name}-addons",
        stack=stack,
        platform=place.platform,
        identities=facts.identity.accounts,
        opts=opts,
    )
    ready = pulumi.ResourceOptions.merge(opts, after(*addons.releases.values()))
    foundation = Foundation(
        f"{place.name}-foundation",
        edge=facts.edge,
        secret_store=facts.identity.secret_store,
        contact=next(iter(stack.budget.alert_emails), ""),
        opts=ready,
    )
    Product(
        place.name,
        stack=stack,
        facts=facts,
        image=stack.image or pulumi.Output.concat(facts.registry.repository, f":{version('costate')}"),
        identity=place.platform,
        data_ranges=place.network.data,
        opts=pulumi.ResourceOptions.merge(ready, after(foundation)),
    )
    host = stack.domain or facts.edge.address
    return WorkloadFacts(url=pulumi.Output.concat("https://", host))
