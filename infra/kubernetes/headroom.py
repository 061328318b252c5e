"""Room for one worker more, kept warm: pods that do nothing, and give way to everything."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import apps, meta

from infra.kubernetes.pod import container, pod, template
from infra.kubernetes.process import Process


def headroom(
    name: str, *, process: Process, replicas: int, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> None:
    """Placeholders of the size of `process`, on the nodes where it would run.

    They have its image too, so that it is on the node already when a worker takes their place; the node that
    they then ask for is made while that worker is at work.
    """
    spec = pod(process, container(process))
    spec.termination_grace_period_seconds = 0
    apps.v1.Deployment(
        name,
        metadata=meta.v1.ObjectMetaArgs(
            name=process.name,
            namespace=namespace,
            labels=process.selector,
            # They wait for a place whenever a worker has taken theirs, and nobody waits for them.
            annotations={"pulumi.com/skipAwait": "true"},
        ),
        spec=apps.v1.DeploymentSpecArgs(
            replicas=replicas,
            selector=meta.v1.LabelSelectorArgs(match_labels=process.selector),
            template=template(process, spec),
        ),
        opts=opts,
    )
