"""What may go in and out of the network: nothing, but what stands here."""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute

from infra.place import Place
from infra.platforms.gcp.private_access import GOOGLE_APIS

LAST = 65534
"""Just before the rules that every network has and that allow all egress."""


class Firewall(pulumi.ComponentResource):
    """Denies both ways and logs it; allows out the network itself, Google's APIs and HTTPS.

    Kubernetes Engine adds its own rules for nodes and pods; the edge adds the load balancer's.
    """

    def __init__(
        self, name: str, *, place: Place, network: compute.Network, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("costate:gcp:Firewall", name, None, opts)
        self._place, self._network = place, network
        plan = place.network
        self._allow_out("inside", [plan.cidr, plan.pods], "all", None)
        self._allow_out("google", [GOOGLE_APIS], "tcp", ["443"])
        # ACME, registries of other people's images and webhooks have no fixed addresses; flow logs tell
        # who was called, and network policies narrow it down by workload.
        self._allow_out("https", ["0.0.0.0/0"], "tcp", ["443"])
        for direction in ("EGRESS", "INGRESS"):
            self._deny(direction)
        self.register_outputs({})

    def _allow_out(self, kind: str, ranges: list[str], protocol: str, ports: list[str] | None) -> None:
        compute.Firewall(
            f"{self._place.name}-out-{kind}",
            network=self._network.id,
            direction="EGRESS",
            priority=1000,
            destination_ranges=ranges,
            allows=[compute.FirewallAllowArgs(protocol=protocol, ports=ports)],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _deny(self, direction: str) -> None:
        everywhere = ["0.0.0.0/0"]
        inwards = direction == "INGRESS"
        compute.Firewall(
            f"{self._place.name}-deny-{direction.lower()}",
            network=self._network.id,
            direction=direction,
            priority=LAST,
            source_ranges=everywhere if inwards else None,
            destination_ranges=None if inwards else everywhere,
            denies=[compute.FirewallDenyArgs(protocol="all")],
            log_config=compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA"),
            opts=pulumi.ResourceOptions(parent=self),
        )
