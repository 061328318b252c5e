"""The upper half of a cell: add-ons and the product on its cluster, the same on every cloud."""

from __future__ import annotations

from importlib.metadata import version

import pulumi
import pulumi_kubernetes as kubernetes

# The SDK imports these when they are first asked for; asked by several threads at once, it fails.
import pulumi_kubernetes.scheduling.v1alpha3.outputs

from infra.addons import there
from infra.config.stack import StackConfig
from infra.contracts import CellFacts, WorkloadFacts
from infra.issuers import ISSUERS
from infra.kubernetes.foundation import Foundation
from infra.kubernetes.monitoring import Monitoring
from infra.kubernetes.ordering import after
from infra.kubernetes.product import Product
from infra.kubernetes.releases import Addons
from infra.place import Place


def run(stack: StackConfig, place: Place, facts: CellFacts, parent: pulumi.Resource) -> WorkloadFacts:
    """Declare add-ons and product on the cluster that the facts tell of."""
    kubeconfig: pulumi.Output[str] = pulumi.Output.secret(facts.cluster.kubeconfig)
    provider = facts.cluster.provider or kubernetes.Provider(
        f"{place.name}-kubernetes",
        kubeconfig=kubeconfig,
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
        cell=place.name,
        identities=facts.identity.accounts,
        node_maker=facts.cluster.node_maker,
        opts=opts,
    )
    ready = pulumi.ResourceOptions.merge(opts, after(*addons.releases.values()))
    present = there(stack, place.platform)
    foundation = Foundation(
        f"{place.name}-foundation",
        there=present,
        accelerators=tuple(stack.gpu.kept) if stack.gpu else (),
        objects=facts.cluster.node_maker.objects if facts.cluster.node_maker else (),
        edge=facts.edge,
        secret_store=facts.identity.secret_store,
        contact=next(iter(stack.budget.alert_emails), ""),
        opts=ready,
    )
    if "monitoring" in present:
        Monitoring(
            f"{place.name}-monitoring",
            stack=stack,
            cell=place.name,
            there=present,
            opts=pulumi.ResourceOptions.merge(ready, after(foundation)),
        )
    Product(
        place.name,
        stack=stack,
        facts=facts,
        image=stack.image or pulumi.Output.concat(facts.registry.repository, f":{version('costate')}"),
        there=present,
        identity=place.platform,
        data_ranges=place.network.data,
        issuers=ISSUERS[place.platform],
        opts=pulumi.ResourceOptions.merge(ready, after(foundation)),
    )
    return WorkloadFacts(url=_url(stack, facts))


def _url(stack: StackConfig, facts: CellFacts) -> pulumi.Output[str]:
    if stack.domain:
        return pulumi.Output.from_input(f"https://{stack.domain}")
    port = f":{facts.edge.plain_port}" if facts.edge.plain_port else ""
    return pulumi.Output.concat("https://" if facts.edge.tls else "http://", facts.edge.address, port)
