"""Where the pods of each cloud ask for tokens of their identity: addresses of the node's own, by port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ISSUERS: Mapping[str, Mapping[int, Sequence[str]]] = {
    # The agent of EKS Pod Identity.
    "aws": {80: ("169.254.170.23/32",)},
    # GKE's metadata server: with Dataplane V2 at the first, behind kube-proxy at the second.
    "gcp": {80: ("169.254.169.254/32",), 988: ("169.254.169.252/32",)},
    # Entra is asked over HTTPS, like anybody.
    "azure": {},
    "existing": {},
}
