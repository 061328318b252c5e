"""Kubernetes' own control plane, and kwok, which plays its nodes. Run by itself, it builds what is not there."""

from __future__ import annotations

import sys
from pathlib import Path

from infra.gotools import Files, Module, NoGoError, Tool, programs

MODULES = Path(__file__).parent / "modules"
VERSION = "1.36.3"

COMPONENT = "k8s.io/component-base/version"
FLAGS = " ".join(
    f"-X {COMPONENT}.{name}={value}"
    for name, value in (
        ("gitVersion", f"v{VERSION}"),
        ("gitMajor", "1"),
        ("gitMinor", "36"),
        ("gitTreeState", "clean"),
    )
)
"""What the programs answer when asked for their version: clients go by it."""

KUBERNETES = Tool(
    name="kubernetes",
    version=VERSION,
    modules=(
        Module(
            MODULES / "kubernetes",
            {
                "etcd": "go.etcd.io/etcd/server/v3",
                "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
                "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
                "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
            },
            "8 minutes",
            FLAGS,
        ),
    ),
)

KWOK = Tool(
    name="kwok",
    version="0.8.0",
    modules=(
        Module(
            MODULES / "kwok",
            {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
            "2 minutes",
            "-X sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0",
        ),
    ),
    files=(
        Files(
            "sigs.k8s.io/kwok",
            {
                "kustomize/stage/node/fast": "stages/node",
                "kustomize/stage/pod/fast": "stages/pod",
            },
            wrapper=MODULES / "kwok",
        ),
    ),
)


if __name__ == "__main__":
    try:
        sys.stdout.write("".join(f"{programs(tool)}\n" for tool in (KUBERNETES, KWOK)))
    except NoGoError as error:
        sys.stderr.write(f"NO CONTROL PLANE, NOTHING OF KUBERNETES WILL BE TESTED: {error}\n")
