"""Each admission policy lets in what it should and refuses what it should, told in its own words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from api import Api, Object, RefusedError
from installation import NAMESPACE, Installation
from live import eventually
from manifests import pod

from infra.kubernetes.admission import RULES

GPU = "nvidia.com/gpu"
ELSEWHERE = "registry.example.org:5000/team/costate"
Change = Callable[[Any], None]


def container(**values: Any) -> Change:
    """A change of the first container."""
    return lambda spec: spec["containers"][0].update(values)


def image(name: str) -> Change:
    return container(image=name)


def beside(**values: Any) -> Change:
    """Another container, which runs first."""

    def change(spec: Any) -> None:
        first = copy.deepcopy(spec["containers"][0])
        for serving in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe", "ports"):
            del first[serving]
        spec["initContainers"] = [{**first, "name": "first", **values}]

    return change


def resources(**values: Any) -> Change:
    def change(spec: Any) -> None:
        spec["containers"][0]["resources"] = values

    return change


def context(**values: Any) -> Change:
    return lambda spec: spec["containers"][0]["securityContext"].update(values)


def specification(**values: Any) -> Change:
    return lambda spec: spec.update(values)


def mounting(**source: Any) -> Change:
    return lambda spec: spec["volumes"].append({"name": "more", **source})


ENOUGH = {"cpu": "100m", "memory": "64Mi"}
ACCEPTED: list[tuple[str, Change]] = [
    ("images", image(f"{ELSEWHERE}@sha256:{'0a' * 32}")),
    ("images", image(f"{ELSEWHERE}:1.2.3-rc.1")),
    ("images", beside(image="costate:0.1.0")),
    ("confinement", context(readOnlyRootFilesystem=True)),
    ("limits", resources(requests=ENOUGH, limits={"memory": "64Mi"})),
    ("accelerators", lambda spec: (
        specification(tolerations=[{"key": GPU, "operator": "Exists"}])(spec),
        resources(requests=ENOUGH, limits={"memory": "64Mi", GPU: "1"})(spec),
    )),
    ("accelerators", specification(tolerations=[{"key": "spot", "operator": "Exists"}])),
    ("hosts", mounting(emptyDir={})),
    ("hosts", specification(hostNetwork=False)),
]  # fmt: skip
REFUSED: list[tuple[str, Change, str]] = [
    ("images", image(ELSEWHERE), "digest or an exact version"),
    ("images", image(f"{ELSEWHERE}:latest"), "digest or an exact version"),
    ("images", image(f"{ELSEWHERE}@sha256:abc"), "digest or an exact version"),
    ("images", beside(image="costate:latest"), "digest or an exact version"),
    ("confinement", context(readOnlyRootFilesystem=False), "read-only"),
    ("confinement", container(securityContext={}), "read-only"),
    ("confinement", context(privileged=True, allowPrivilegeEscalation=True), "privileged"),
    ("limits", resources(limits={"memory": "64Mi"}, requests={"memory": "64Mi"}), "requests cpu and memory"),
    ("limits", resources(requests=ENOUGH), "memory is limited"),
    ("limits", beside(resources={}), "requests cpu and memory"),
    ("accelerators", specification(tolerations=[{"key": GPU, "operator": "Exists"}]), "tolerates the taint"),
    ("accelerators", specification(tolerations=[{"operator": "Exists"}]), "tolerates the taint"),
    ("hosts", mounting(hostPath={"path": "/etc"}), "no folder of a node"),
    ("hosts", specification(hostNetwork=True), "shares a node's"),
    ("hosts", specification(hostPID=True), "shares a node's"),
    ("hosts", specification(hostIPC=True), "shares a node's"),
]


def deployment(product: Installation, change: Change) -> Object:
    """A Deployment like the API's, changed."""
    made = copy.deepcopy(product.manifest("Deployment", "api"))
    made["metadata"]["name"] = "tried"
    change(made["spec"]["template"]["spec"])
    return made


@pytest.fixture(autouse=True)
def in_force(api: Api, product: Installation) -> None:
    """The server takes a moment to act by a policy that is new."""

    def refused() -> bool:
        try:
            for _, change, _ in REFUSED[::3]:
                api.create(deployment(product, change), dry=True)
        except RefusedError:
            return True
        return False

    eventually(refused, seconds=30, what="policies are in force")


def test_every_policy_has_cases_of_both_kinds() -> None:
    of_pods = {rule.name for rule in RULES} - {"gateways", "routes"}
    assert {name for name, _ in ACCEPTED} == {name for name, *_ in REFUSED} == of_pods


@pytest.mark.parametrize(("rule", "change"), ACCEPTED)
def test_what_keeps_the_rules_is_let_in(api: Api, product: Installation, rule: str, change: Change) -> None:
    api.create(deployment(product, change), dry=True)


@pytest.mark.parametrize(("rule", "change", "words"), REFUSED)
def test_what_breaks_a_rule_is_refused_where_it_is_made(
    api: Api, product: Installation, rule: str, change: Change, words: str
) -> None:
    with pytest.raises(RefusedError, match=f"'costate-{rule}'.*{words}") as caught:
        api.create(deployment(product, change), dry=True)
    assert caught.value.code == 403


@pytest.mark.parametrize("kind", ["Pod", "Job", "CronJob", "StatefulSet", "DaemonSet"])
def test_a_policy_holds_for_whatever_makes_pods(api: Api, product: Installation, kind: str) -> None:
    made = of_kind(kind, deployment(product, image("costate:0.1.0")))
    api.create(made, dry=True)
    with pytest.raises(RefusedError, match="'costate-images'"):
        api.create(of_kind(kind, deployment(product, image("costate:latest"))), dry=True)


def of_kind(kind: str, given: Object) -> Object:
    """What makes the same pod in another way."""
    template, selector = given["spec"]["template"], given["spec"]["selector"]
    once = {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}
    made: dict[str, tuple[str, Object]] = {
        "Job": ("batch/v1", {"template": once}),
        "CronJob": ("batch/v1", {"schedule": "@daily", "jobTemplate": {"spec": {"template": once}}}),
        "StatefulSet": ("apps/v1", {"selector": selector, "serviceName": "api", "template": template}),
        "DaemonSet": ("apps/v1", {"selector": selector, "template": template}),
    }
    if kind == "Pod":
        return pod("tried", template, NAMESPACE)
    version, spec = made[kind]
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "tried", "namespace": NAMESPACE},
        "spec": spec,
    }


HTTPS = {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "tls"}]}}
HTTP = {"name": "http", "port": 80, "protocol": "HTTP"}
REDIRECT = {
    "filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]
}
SERVE = {"backendRefs": [{"name": "api", "port": 80}]}


def gateway(*listeners: Object) -> Object:
    return at_the_edge("Gateway", {"gatewayClassName": "costate", "listeners": list(listeners)})


def route(rule: Object, *sections: str) -> Object:
    parents = [{"name": "costate", "sectionName": one} for one in sections] or [{"name": "costate"}]
    return at_the_edge("HTTPRoute", {"parentRefs": parents, "rules": [rule]})


def at_the_edge(kind: str, spec: Object) -> Object:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": "tried", "namespace": NAMESPACE},
        "spec": spec,
    }


@pytest.mark.parametrize(
    "given", [gateway(HTTPS), gateway(HTTP, HTTPS), route(REDIRECT, "http"), route(SERVE, "https")]
)
def test_what_is_reached_by_tls_is_let_in(api: Api, given: Object) -> None:
    api.create(given, dry=True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (gateway(HTTP), "has a listener with TLS"),
        (gateway(HTTPS, {**HTTP, "protocol": "TCP"}), "speaks TLS"),
        (gateway(HTTPS, {**HTTPS, "name": "bare", "port": 8443, "tls": None}), "speaks TLS"),
        (route(SERVE, "http"), "redirect to https"),
        (route(SERVE, "https", "http"), "redirect to https"),
        (route(SERVE), "redirect to https"),
    ],
)
def test_what_could_be_reached_without_tls_is_refused(api: Api, given: Object, words: str) -> None:
    with pytest.raises(RefusedError, match=f"'costate-(gateways|routes)'.*{words}"):
        api.create(given, dry=True)


def test_policies_hold_in_the_products_namespace_alone(
    api: Api, product: Installation, namespace: str
) -> None:
    given = deployment(product, image("costate:latest"))
    given["metadata"]["namespace"] = namespace
    api.create(given, dry=True)


def test_expressions_are_free_of_faults_of_type(api: Api, product: Installation) -> None:
    for name in product.names("ValidatingAdmissionPolicy"):
        path = ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", name)

        def judged(path: tuple[str, str, str] = path) -> Object | None:
            status = api.get(*path).get("status", {})
            return status if "typeChecking" in status else None

        status = eventually(judged, seconds=60, what=f"{name} is judged")
        assert not status["typeChecking"].get("expressionWarnings"), name
