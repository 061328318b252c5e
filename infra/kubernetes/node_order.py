"""The order in which the cluster-autoscaler tries the pools of accelerators."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes import core, meta

NAME, NAMESPACE = "cluster-autoscaler-priority-expander", "kube-system"
"""The autoscaler reads this ConfigMap and no other."""

FIRST, STEP, REST = 100, 10, 1


def node_order(name: str, *, accelerators: Sequence[str], opts: pulumi.ResourceOptions) -> None:
    """Pools of the first accelerator before those of the next; all other pools last.

    Clouds write a pool's name into the name of its group, with or without hyphens.
    """
    lines = [
        f"{FIRST - STEP * place}:\n  - .*gpu-?{accelerator}.*\n"
        for place, accelerator in enumerate(accelerators)
    ]
    core.v1.ConfigMap(
        name,
        metadata=meta.v1.ObjectMetaArgs(name=NAME, namespace=NAMESPACE),
        data={"priorities": "".join([*lines, f"{REST}:\n  - .*\n"])},
        opts=opts,
    )
