"""A unit whose new revision takes over in steps, held against the old one: an Argo Rollout, no Deployment."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes import apiextensions, core, meta

from infra.kubernetes.unit import Unit

API = "argoproj.io/v1alpha1"
STEPS = (10, 25, 50)
"""Percent of the pods that are new, one after the other; then all are."""

NUMERICAL, ERRORS, LATENCY = "numerical", "errors", "latency"
"""Analyses (`analysis.py`)."""

STAYS_S = 300
"""After a change of colours the old pods stay so long: going back is a change of colours too."""

TIMEOUTS = pulumi.CustomTimeouts(create="90m", update="90m")
"""All steps with their analyses, and room."""


def rollout(
    name: str,
    *,
    unit: Unit,
    namespace: pulumi.Input[str],
    template: core.v1.PodTemplateSpecArgs,
    opts: pulumi.ResourceOptions,
) -> apiextensions.CustomResource:
    """The object; `up` goes on when it is healthy, and fails when it is not in time."""
    spec = {
        "replicas": unit.initial if unit.scaled else unit.replicas.max,
        "selector": {"matchLabels": unit.selector},
        "minReadySeconds": 5,
        "progressDeadlineSeconds": 600,
        "progressDeadlineAbort": True,
        "revisionHistoryLimit": 5,
        "template": template,
        "strategy": strategy(unit),
    }
    return apiextensions.CustomResource(
        name,
        api_version=API,
        kind="Rollout",
        metadata=meta.v1.ObjectMetaArgs(
            name=unit.name,
            namespace=namespace,
            labels=unit.selector,
            annotations={"pulumi.com/waitFor": "jsonpath={.status.phase}=Healthy"},
        ),
        spec=spec,
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                custom_timeouts=TIMEOUTS, ignore_changes=["spec.replicas"] if unit.scaled else None
            ),
        ),
    )


def strategy(unit: Unit) -> dict[str, Any]:
    """How the new revision takes over; an analysis that fails takes it back at once."""
    if unit.release.strategy == "blue-green":
        return {
            "blueGreen": {
                "activeService": unit.name,
                "autoPromotionEnabled": True,
                "scaleDownDelaySeconds": STAYS_S,
                "prePromotionAnalysis": _analysis(NUMERICAL),
                "postPromotionAnalysis": _analysis(ERRORS, LATENCY),
            }
        }
    return {"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": _steps(unit.release.pause_s)}}


def _steps(pause_s: int) -> list[dict[str, Any]]:
    """The numbers are compared before anybody is served by the new revision, what people see at each step."""
    steps: list[dict[str, Any]] = [{"analysis": _analysis(NUMERICAL)}]
    for weight in STEPS:
        steps += [
            {"setWeight": weight},
            {"pause": {"duration": f"{pause_s}s"}},
            {"analysis": _analysis(ERRORS, LATENCY)},
        ]
    return steps


def _analysis(*templates: str) -> dict[str, Any]:
    """A run of templates on the pods of the new revision."""
    return {
        "templates": [{"templateName": name} for name in templates],
        "args": [{"name": "revision", "valueFrom": {"podTemplateHashValue": "Latest"}}],
    }
