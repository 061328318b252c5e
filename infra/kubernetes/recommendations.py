"""What pods should request, found out from what they use: told, never applied."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import apiextensions, meta


def recommend(
    name: str, *, deployment: str, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> None:
    """A VerticalPodAutoscaler that only recommends: the autoscalers of replicas look at the same figures."""
    apiextensions.CustomResource(
        name,
        api_version="autoscaling.k8s.io/v1",
        kind="VerticalPodAutoscaler",
        metadata=meta.v1.ObjectMetaArgs(name=deployment, namespace=namespace),
        spec={
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
            "updatePolicy": {"updateMode": "Off"},
        },
        opts=opts,
    )
