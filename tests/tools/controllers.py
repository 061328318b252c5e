"""Controllers of add-ons, of the releases that the pinned charts install, with the rights that they ask for.

Run by itself, it builds what is not there.
"""

from __future__ import annotations

import sys

from infra.gotools import Files, Module, NoGoError, Tool, programs
from tools.control_plane import MODULES

RIGHTS = "rights"
"""Folder of roles and bindings."""

KEDA = Tool(
    name="keda",
    version="2.21.0",
    modules=(
        Module(
            MODULES / "keda",
            {
                "keda-operator": "github.com/kedacore/keda/v2/cmd/operator",
                "keda-adapter": "github.com/kedacore/keda/v2/cmd/adapter",
            },
            "6 minutes",
        ),
    ),
    files=(
        Files(
            "github.com/kedacore/keda/v2",
            {
                "config/rbac/role.yaml": f"{RIGHTS}/operator-role.yaml",
                "config/rbac/role_binding.yaml": f"{RIGHTS}/operator-role-binding.yaml",
                "config/metrics-server/role.yaml": f"{RIGHTS}/adapter-role.yaml",
                "config/metrics-server/role_binding.yaml": f"{RIGHTS}/adapter-role-binding.yaml",
            },
            MODULES / "keda",
        ),
    ),
)

ROLLOUTS = Tool(
    name="argo-rollouts",
    version="1.9.0",
    modules=(
        Module(
            MODULES / "argo-rollouts",
            {"rollouts-controller": "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"},
            "3 minutes",
        ),
    ),
    files=(
        Files(
            "github.com/argoproj/argo-rollouts",
            {
                "manifests/role/argo-rollouts-clusterrole.yaml": f"{RIGHTS}/role.yaml",
                "manifests/cluster-install/argo-rollouts-clusterrolebinding.yaml": f"{RIGHTS}/role-binding.yaml",
            },
            MODULES / "argo-rollouts",
        ),
    ),
)


if __name__ == "__main__":
    try:
        sys.stdout.write("".join(f"{programs(tool)}\n" for tool in (KEDA, ROLLOUTS)))
    except NoGoError as error:
        sys.stderr.write(f"NO CONTROLLER WILL BE TESTED: {error}\n")
