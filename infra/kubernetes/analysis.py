"""What decides whether a new revision takes over: its numbers, its errors, its speed; and the look at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import apiextensions, batch, core, meta

from app.observability.metrics import HTTP_DURATION, HTTP_REQUESTS
from infra.config.model import Range
from infra.config.workload import Release
from infra.kubernetes import flows
from infra.kubernetes.accounts import PRODUCT
from infra.kubernetes.flows import Flow
from infra.kubernetes.pod import container, pod, template
from infra.kubernetes.process import Process
from infra.kubernetes.rollout import API, ERRORS, LATENCY, NUMERICAL, STEPS
from infra.monitoring.slo import PROBES, UNTIMED

NAME = "release"
"""Of the account, the pods and the Job."""

MOST_ERRORS = 0.05
"""Share of answers that are errors of ours, as in the alert."""

SLOWEST_S = 2.0
"""The slowest that 95 of 100 answers may be, seconds, as in the alert."""

INTERVAL_S, TIMES = 60, 3
"""Errors and speed are looked at so often, so many times; one time may be bad."""

LIMIT_S = 1800
"""For solving the fixed problems."""

TAKES_OVER_S = 1800
"""How long the last pods may take to be replaced once the rollout is done."""

ROOM_S = 600
"""For a Job's pod to find a node, which may have to be made."""


class Analysis(pulumi.ComponentResource):
    """Templates that a Rollout of the unit `unit` runs, and whom their pods act as: nobody."""

    def __init__(
        self,
        name: str,
        *,
        unit: str,
        release: Release,
        image: pulumi.Input[str],
        cpu: Range,
        memory: Range,
        cache: str,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """The fixed problems are solved in the pod, by the new image: so `cpu` and `memory` are a worker's.

        `cache` is the folder for compiled programs.
        """
        super().__init__("costate:kubernetes:Analysis", name, None, opts)
        self._name, self._namespace = name, namespace
        self._child = pulumi.ResourceOptions(parent=self)
        self._image, self._cpu, self._memory, self._cache = image, cpu, memory, cache
        self._url = f"http://{unit}.{PRODUCT}"
        self._judged_s = LIMIT_S + len(STEPS) * (release.pause_s + INTERVAL_S * TIMES)
        core.v1.ServiceAccount(
            name,
            metadata=meta.v1.ObjectMetaArgs(name=NAME, namespace=namespace),
            automount_service_account_token=False,
            opts=self._child,
        )
        self._template(NUMERICAL, {"provider": {"job": {"spec": self._job("compare", "--old", self._url)}}})
        for key, query, most in (
            (ERRORS, error_ratio(unit), MOST_ERRORS),
            (LATENCY, slowest(unit), SLOWEST_S),
        ):
            self._template(
                key,
                {
                    "interval": f"{INTERVAL_S}s",
                    "count": TIMES,
                    "failureLimit": 1,
                    # Without requests there is nothing to say against it.
                    "successCondition": f"len(result) == 0 || isNaN(result[0]) || result[0] <= {most}",
                    "provider": {"prometheus": {"address": release.prometheus, "query": query}},
                },
            )
        self.register_outputs({})

    def taken_over(self, opts: pulumi.ResourceOptions) -> batch.v1.Job:
        """Waits until the new build alone serves: what follows it depends on this, and not on the Rollout alone.

        A Rollout that is updated is `Healthy`, as it was before, until its controller has seen the change, and
        Pulumi does not ask of which generation a status is.
        """
        return self._last("takeover", opts, "await", self._judged_s + TAKES_OVER_S)

    def verified(self, opts: pulumi.ResourceOptions) -> batch.v1.Job:
        """A look at what serves in the end: `up` fails where it does not solve as is known."""
        return self._last("verification", opts, "verify", TAKES_OVER_S)

    def _last(self, name: str, opts: pulumi.ResourceOptions, word: str, patience_s: int) -> batch.v1.Job:
        """A Job of this image, made anew for each. No child of this component, for which the Rollout waits."""
        seconds = patience_s + LIMIT_S
        return batch.v1.Job(
            f"{self._name}-{name}",
            metadata=meta.v1.ObjectMetaArgs(namespace=self._namespace, labels=self._process().selector),
            spec=self._job(word, "--url", self._url, "--patience-s", str(patience_s), seconds=seconds),
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(
                    replace_on_changes=["spec"],
                    delete_before_replace=True,
                    custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds + ROOM_S}s"),
                ),
                opts,
            ),
        )

    def _process(self, *words: str) -> Process:
        return Process(
            name=NAME,
            image=self._image,
            command=("costate", "release", *words),
            cpu=self._cpu,
            memory=self._memory,
            account=NAME,
            environment={"COSTATE_CACHE_DIR": self._cache},
            scratch={"cache": self._cache},
        )

    def _job(self, *words: str, seconds: int = LIMIT_S + ROOM_S) -> batch.v1.JobSpecArgs:
        process = self._process(*words)
        spec = pod(process, container(process))
        spec.restart_policy = "Never"
        return batch.v1.JobSpecArgs(
            backoff_limit=0,
            active_deadline_seconds=seconds,
            template=template(process, spec),
        )

    def _template(self, name: str, metric: Mapping[str, Any]) -> None:
        apiextensions.CustomResource(
            f"{self._name}-{name}",
            api_version=API,
            kind="AnalysisTemplate",
            metadata=meta.v1.ObjectMetaArgs(name=name, namespace=self._namespace),
            spec={"args": [{"name": "revision"}], "metrics": [{"name": name, **metric}]},
            opts=self._child,
        )


def error_ratio(unit: str) -> str:
    """Share of the new revision's answers that are errors of ours."""
    asked = f'pod=~"{unit}-{{{{args.revision}}}}-.+", route!~"{PROBES}"'
    bad = f'sum(rate({HTTP_REQUESTS.name}{{{asked}, status=~"5.."}}[2m])) or vector(0)'
    return f"({bad}) / sum(rate({HTTP_REQUESTS.name}{{{asked}}}[2m]))"


def slowest(unit: str) -> str:
    """Seconds within which 95 of 100 answers of the new revision come."""
    asked = f'pod=~"{unit}-{{{{args.revision}}}}-.+", route!~"{UNTIMED}"'
    return f"histogram_quantile(0.95, sum by (le) (rate({HTTP_DURATION.name}_bucket{{{asked}}}[2m])))"


def analysis_flows(unit: str, port: int) -> tuple[Flow, ...]:
    """The pods of an analysis ask the unit, and nobody else."""
    own = flows.pods(NAME)
    names = tuple(Flow(own, flows.CLUSTER_DNS, flows.DNS, protocol) for protocol in ("UDP", "TCP"))
    return (*names, Flow(own, flows.pods(unit), port))
