"""What a real node runs: containerd, kubelet and kube-proxy on the machine, CoreDNS and metrics-server in pods."""

from __future__ import annotations

from infra.gotools import Module, Tool
from tools.control_plane import FLAGS, MODULES, VERSION

CONTAINERD = Tool(
    name="containerd",
    version="2.4.2",
    modules=(
        Module(
            MODULES / "containerd",
            {
                "containerd": "github.com/containerd/containerd/v2/cmd/containerd",
                "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
                "ctr": "github.com/containerd/containerd/v2/cmd/ctr",
            },
            "2 minutes",
            "-X github.com/containerd/containerd/v2/version.Version=v2.4.2",
            # Snapshotters that need headers of C libraries, and that nothing here uses.
            tags=("no_btrfs", "no_devmapper", "no_zfs"),
        ),
    ),
)

KUBELET = Tool(
    name="kubelet",
    version=VERSION,
    modules=(
        Module(
            MODULES / "kubernetes",
            {
                "kubelet": "k8s.io/kubernetes/cmd/kubelet",
                "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
            },
            "4 minutes",
            FLAGS,
        ),
    ),
)

COREDNS = Tool(
    name="coredns",
    version="1.15.0",
    modules=(Module(MODULES / "coredns", {"coredns": "github.com/coredns/coredns"}, "3 minutes"),),
)

METRICS_SERVER = Tool(
    name="metrics-server",
    version="0.9.0",
    modules=(
        Module(
            MODULES / "metrics-server",
            {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
            "2 minutes",
        ),
    ),
)
