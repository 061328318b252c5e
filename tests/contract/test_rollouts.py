"""New builds that take over in steps: what is declared, in which order, and what may stop it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from acceptance import accepted
from estates import TODAY, Estate
from test_services import ends
from test_workload import objects, of_kind

from app.observability.metrics import CATALOGUE
from infra.errors import ConfigError
from infra.recorder import Recording, Resource, record

pytestmark = pytest.mark.xdist_group("aws")
STEPPED = pytest.mark.parametrize("strategy", ["canary", "blue-green"])


@cache
def recorded(strategy: str) -> Recording:
    release = {"strategy": strategy, "pause_s": 120}
    values = Estate("aws", "production", layer="all").values() | {"costate:release": release}
    return record(values, "prod", today=TODAY)


def one(strategy: str, kind: str, name: str) -> dict[str, Any]:
    [found] = [
        made for made in of_kind(recorded(strategy), kind).values() if made["metadata"]["name"] == name
    ]
    return found


def resource(strategy: str, kind: str, name: str) -> Resource:
    [found] = [
        made
        for made in objects(recorded(strategy))
        if made.type.endswith(f":{kind}") and made.name.endswith(name)
    ]
    return found


@STEPPED
def test_the_api_is_a_rollout_and_workers_are_replaced_one_by_one_after_it(strategy: str) -> None:
    recording = recorded(strategy)
    assert not recording.faults
    api, alone = resource(strategy, "Rollout", "-api"), resource(strategy, "Job", "-takeover")
    command = alone.plain["spec"]["template"]["spec"]["containers"][0]["command"]
    assert command[:5] == ["costate", "release", "await", "--url", "http://api.costate"]
    # The Rollout is `Healthy` as before until its controller has seen the change; the Job waits for the build.
    assert api.urn in alone.dependencies
    patience_s, pauses_s = int(command[-1]), 3 * 120
    assert pauses_s < patience_s < alone.plain["spec"]["activeDeadlineSeconds"]
    deployments = [made for made in objects(recording) if made.type.endswith(":Deployment")]
    assert deployments
    for made in deployments:
        assert alone.urn in made.dependencies
        assert made.plain["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    annotations = api.plain["metadata"]["annotations"]
    assert annotations["pulumi.com/waitFor"] == "jsonpath={.status.phase}=Healthy"


@STEPPED
def test_the_pods_of_a_rollout_are_those_that_a_deployment_would_have(strategy: str) -> None:
    rolled = record(Estate("aws", "production", layer="all").values(), "prod", today=TODAY)
    [plain] = [made for made in of_kind(rolled, "Deployment").values() if made["metadata"]["name"] == "api"]
    stepped = one(strategy, "Rollout", "api")["spec"]["template"]
    for constraint in stepped["spec"]["topologySpreadConstraints"]:
        assert constraint.pop("matchLabelKeys") == ["rollouts-pod-template-hash"]
    for constraint in plain["spec"]["template"]["spec"]["topologySpreadConstraints"]:
        assert constraint.pop("matchLabelKeys") == ["pod-template-hash"]
    assert stepped == plain["spec"]["template"]


@STEPPED
def test_the_autoscaler_scales_the_rollout(strategy: str) -> None:
    target = one(strategy, "HorizontalPodAutoscaler", "api")["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "api"}


def test_a_canary_is_compared_before_anybody_is_served_and_judged_at_each_step() -> None:
    canary = one("canary", "Rollout", "api")["spec"]["strategy"]["canary"]
    assert (canary["maxSurge"], canary["maxUnavailable"]) == (1, 0)
    said = [
        (kind, [one["templateName"] for one in what["templates"]] if kind == "analysis" else what)
        for step in canary["steps"]
        for kind, what in step.items()
    ]
    judged = [("pause", {"duration": "120s"}), ("analysis", ["errors", "latency"])]
    assert said == [
        ("analysis", ["numerical"]), ("setWeight", 10), *judged, ("setWeight", 25), *judged,
        ("setWeight", 50), *judged,
    ]  # fmt: skip


def test_colours_change_after_the_numbers_are_compared_and_back_when_errors_show() -> None:
    colours = one("blue-green", "Rollout", "api")["spec"]["strategy"]["blueGreen"]
    assert colours["activeService"] == "api"
    assert [one["templateName"] for one in colours["prePromotionAnalysis"]["templates"]] == ["numerical"]
    after = [one["templateName"] for one in colours["postPromotionAnalysis"]["templates"]]
    assert after == ["errors", "latency"]


@STEPPED
def test_the_new_image_solves_the_fixed_problems_in_a_pod_as_confined_as_any(strategy: str) -> None:
    [metric] = one(strategy, "AnalysisTemplate", "numerical")["spec"]["metrics"]
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "numerical"},
        "spec": metric["provider"]["job"]["spec"],
    }
    accepted(job)
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    api = one(strategy, "Rollout", "api")["spec"]["template"]["spec"]
    assert container["image"] == api["containers"][0]["image"]
    assert container["command"] == ["costate", "release", "compare", "--old", "http://api.costate"]
    assert container["securityContext"] == api["containers"][0]["securityContext"]
    assert pod["securityContext"] == api["securityContext"]
    assert pod["serviceAccountName"] == "release"
    assert job["spec"]["backoffLimit"] == 0


@STEPPED
def test_the_last_word_has_a_look_at_what_serves(strategy: str) -> None:
    job = resource(strategy, "Job", "-verification")
    command = job.plain["spec"]["template"]["spec"]["containers"][0]["command"]
    assert command[:5] == ["costate", "release", "verify", "--url", "http://api.costate"]
    waited = {
        made.urn for made in objects(recorded(strategy)) if made.type.endswith((":Rollout", ":Deployment"))
    }
    assert waited <= set(job.dependencies)


@STEPPED
def test_templates_are_there_before_the_rollout_that_names_them(strategy: str) -> None:
    templates = {made.urn for made in objects(recorded(strategy)) if made.type.endswith(":AnalysisTemplate")}
    assert len(templates) == 3
    assert templates <= set(resource(strategy, "Rollout", "-api").dependencies)


@pytest.mark.parametrize("name", ["errors", "latency"])
def test_queries_ask_the_new_pods_for_metrics_of_the_catalogue(name: str) -> None:
    [metric] = one("canary", "AnalysisTemplate", name)["spec"]["metrics"]
    query = metric["provider"]["prometheus"]["query"]
    known = {one.name for one in CATALOGUE}
    asked = {found.removesuffix("_bucket") for found in re.findall(r"costate_\w+", query)}
    assert asked
    assert asked <= known
    assert query.count('pod=~"api-{{args.revision}}-.+"') == query.count("rate(")


def test_pods_of_an_analysis_ask_the_api_and_nobody_else() -> None:
    policies = {
        one["metadata"]["name"]: one["spec"] for one in of_kind(recorded("canary"), "NetworkPolicy").values()
    }
    assert ends(policies["release"]["egress"], "to") == {("kube-system", 53), ("api", 8000)}
    assert ("release", 8000) in ends(policies["api"]["ingress"], "from")


def test_steps_without_argo_rollouts_are_refused() -> None:
    values = Estate("existing", "development", layer="all").values()
    with pytest.raises(ConfigError, match=r"release\.strategy"):
        record(values | {"costate:release": {"strategy": "canary"}}, "dev", today=TODAY)
    local = {"costate:environment": "local", "costate:release": {"strategy": "canary"}}
    with pytest.raises(ConfigError, match=r"release\.strategy"):
        record(local, "local", today=TODAY)
