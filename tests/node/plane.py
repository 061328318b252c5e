"""The control plane of a real node: reached by pods, trusted by the kubelet, and with an aggregated API."""

from __future__ import annotations

import json
from typing import ClassVar

from certificates import Aggregation, Authority
from plane import IDENTITIES, Address, ControlPlane, flags

from node.place import FOLDER, NAME, NODE

KUBELET, PROXY = f"system:node:{NAME}", "system:kube-proxy"


def address() -> Address:
    """Of the cluster that runs from this checkout; FileNotFoundError where none is ready."""
    return Address(**json.loads((FOLDER / "ready").read_text()))


class NodePlane(ControlPlane):
    """No simulated nodes; HPA looks as often as metrics-server measures."""

    host = NODE
    identities: ClassVar = {**IDENTITIES, KUBELET: "system:nodes", PROXY: ""}

    def kubeconfig(self, identity: str) -> str:
        """Path of the file that makes its reader that identity."""
        return str(self._place / f"{identity.replace(':', '-')}.kubeconfig")

    def stop(self) -> None:
        """Nothing: all ends with the namespaces that it is in."""

    def _write(self) -> None:
        super()._write()
        self.authority = Authority(self._place / "authority")
        self._to_kubelet = self.authority.client("to-kubelet", "/O=system:masters/CN=apiserver")
        self._aggregation = Aggregation(self.authority)

    def _start_nodes(self) -> None:
        """The real one joins later."""

    def _api_flags(self) -> list[str]:
        return [
            *super()._api_flags(),
            *flags(
                {
                    "kubelet-preferred-address-types": "InternalIP",
                    "kubelet-client-certificate": self._to_kubelet.certificate,
                    "kubelet-client-key": self._to_kubelet.key,
                    **self._aggregation.flags(),
                }
            ),
        ]

    def _controller_flags(self) -> list[str]:
        return [*super()._controller_flags(), "--horizontal-pod-autoscaler-sync-period=10s"]
