"""Further services of a stack: valid, confined, reached and reaching as the configuration says."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from acceptance import accepted
from estates import TODAY, Estate
from test_workload import objects, of_kind, pods

from infra.recorder import Recording, record

SERVICES = {
    "reports": {
        "image": "registry.example.org/reports:1.4.0",
        "port": 9000,
        "ready": "/ready",
        "startup_s": 120,
        "replicas": {"min": 2, "max": 6},
        "cpu": [200, 800],
        "bindings": ["database", "bucket"],
        "environment": {"THEME": "dark"},
        "scratch": ["/var/lib/reports"],
        "path": "/reports",
        "reaches": ["api", "fonts"],
    },
    "fonts": {"image": "registry.example.org/fonts@sha256:" + "0" * 64, "command": ["fonts", "serve"]},
    "mailer": {"image": "registry.example.org/mailer:2", "bindings": ["cache"], "internet": True},
}
CLOUDS = [pytest.param(cloud, marks=pytest.mark.xdist_group(cloud)) for cloud in ("aws", "azure", "gcp")]
EVERY = pytest.mark.parametrize("cloud", CLOUDS)


@cache
def recorded(cloud: str) -> Recording:
    given = {"costate:services": SERVICES, "costate:image_pull": "Always"}
    values = Estate(cloud, "development", layer="all").values() | given
    return record(values, "dev", today=TODAY)


def made(cloud: str, kind: str) -> dict[str, dict[str, Any]]:
    """Objects of the services, by the name that Kubernetes knows."""
    found = of_kind(recorded(cloud), kind).values()
    return {one["metadata"]["name"]: one for one in found}


def variables(cloud: str, name: str) -> dict[str, Any]:
    [container] = made(cloud, "Deployment")[name]["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one.get("value") for one in container["env"]}


@EVERY
def test_a_configuration_with_services_is_one_that_can_be_made(cloud: str) -> None:
    assert not recorded(cloud).faults


@EVERY
def test_every_object_of_a_service_is_valid(cloud: str) -> None:
    found = [one for one in objects(recorded(cloud)) if "-services-" in one.name]
    kinds = {one.plain["kind"] for one in found}
    assert kinds == {
        "Deployment",
        "Service",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
        "ServiceAccount",
    }
    for one in found:
        accepted(one.plain)


@EVERY
def test_a_service_is_confined_like_the_product(cloud: str) -> None:
    specs = pods(recorded(cloud))
    for name in SERVICES:
        [key] = [key for key in specs if key.endswith(f"services-{name}")]
        pod = specs[key]
        [container] = pod["containers"]
        assert container["imagePullPolicy"] == "Always"
        assert pod["securityContext"]["runAsUser"] == 1000
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
        assert pod["terminationGracePeriodSeconds"] > 30
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        assert "tolerations" not in pod
        assert made(cloud, "PodDisruptionBudget")[name]["spec"]["maxUnavailable"] == 1


@EVERY
def test_a_service_is_as_configured(cloud: str) -> None:
    [container] = made(cloud, "Deployment")["reports"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == SERVICES["reports"]["image"]
    assert container["ports"][0]["containerPort"] == 9000
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"] == 120
    assert {"name": "scratch-0", "mountPath": "/var/lib/reports"} in container["volumeMounts"]
    assert variables(cloud, "reports")["THEME"] == "dark"
    scaler = made(cloud, "HorizontalPodAutoscaler")["reports"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 6)
    assert set(made(cloud, "HorizontalPodAutoscaler")) & SERVICES.keys() == {"reports"}
    [container] = made(cloud, "Deployment")["fonts"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["fonts", "serve"]


@EVERY
def test_a_service_is_given_what_it_is_bound_to_and_nothing_else(cloud: str) -> None:
    places = {"DATABASE_URL", "REDIS_URL", "BUCKET_URL"}
    for name, bound in (
        ("reports", {"DATABASE_URL", "BUCKET_URL"}),
        ("fonts", set()),
        ("mailer", {"REDIS_URL"}),
    ):
        assert variables(cloud, name).keys() & places == bound
        pod = made(cloud, "Deployment")[name]["spec"]["template"]["spec"]
        assert pod["serviceAccountName"] == ("worker" if bound else name)
    assert variables(cloud, "reports")["DATABASE_URL"].startswith("postgresql://")
    files = {one["secret"]["secretName"] for one in pod_volumes(cloud, "reports") if "secret" in one}
    assert files == ({"database-worker"} if cloud == "aws" else set())
    assert ("DATABASE_PASSWORD_FILE" in variables(cloud, "reports")) is (cloud == "aws")


def pod_volumes(cloud: str, name: str) -> list[dict[str, Any]]:
    return list(made(cloud, "Deployment")[name]["spec"]["template"]["spec"]["volumes"])


def ends(rules: list[dict[str, Any]], side: str) -> set[tuple[str, int]]:
    """Who stands at the other end of rules, and at which port."""
    found = set()
    for rule in rules:
        for peer in rule.get(side, []):
            pod = peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name")
            space = (
                peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
            )
            who = peer.get("ipBlock", {}).get("cidr") or pod or space
            found |= {(who, port["port"]) for port in rule["ports"]}
    return found


@EVERY
def test_flows_are_those_of_the_bindings_and_of_who_may_ask_whom(cloud: str) -> None:
    policies = {name: one["spec"] for name, one in made(cloud, "NetworkPolicy").items()}
    entry = {("envoy-gateway-system", 9000), ("monitoring", 9000)}
    assert ends(policies["reports"]["ingress"], "from") == entry
    assert ends(policies["fonts"]["ingress"], "from") == {("monitoring", 8080), ("reports", 8080)}
    assert ("reports", 8000) in ends(policies["api"]["ingress"], "from")
    assert ends(policies["fonts"]["egress"], "to") == {("kube-system", 53)}
    reports, mailer = (ends(policies[name]["egress"], "to") for name in ("reports", "mailer"))
    cache = 10000 if cloud == "azure" else 6379
    assert {port for _, port in reports} >= {53, 443, 5432, 8000, 8080}
    assert cache not in {port for _, port in reports}
    assert cache in {port for _, port in mailer}
    assert 5432 not in {port for _, port in mailer}


@EVERY
def test_a_service_is_told_where_traces_go_where_they_are_collected(cloud: str) -> None:
    fonts = {**SERVICES["fonts"], "environment": {"OTEL_SERVICE_NAME": "typefaces"}}
    given = {"costate:services": {**SERVICES, "fonts": fonts}, "costate:traces": {"endpoint": "tempo:4317"}}
    traced = record(Estate(cloud, "development", layer="all").values() | given, "dev", today=TODAY)
    deployed = {one["metadata"]["name"]: one["spec"] for one in of_kind(traced, "Deployment").values()}
    flows = {one["metadata"]["name"]: one["spec"] for one in of_kind(traced, "NetworkPolicy").values()}
    for name, called in (("reports", "reports"), ("fonts", "typefaces"), ("mailer", "mailer")):
        [container] = deployed[name]["template"]["spec"]["containers"]
        found = {one["name"]: one.get("value") for one in container["env"]}
        assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://opentelemetry-collector.opentelemetry:4318"
        assert found["OTEL_SERVICE_NAME"] == called
        assert ("opentelemetry", 4318) in ends(flows[name]["egress"], "to")
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in variables(cloud, name)


@EVERY
def test_pods_may_ask_for_tokens_of_their_identity(cloud: str) -> None:
    asked = {
        "aws": {("169.254.170.23/32", 80)},
        "gcp": {("169.254.169.254/32", 80), ("169.254.169.252/32", 988)},
        "azure": {("0.0.0.0/0", 443)},
    }[cloud]
    policies = made(cloud, "NetworkPolicy")
    for name in ("api", "worker", "migrations", "reports"):
        assert asked <= ends(policies[name]["spec"]["egress"], "to"), name


@EVERY
def test_the_path_of_a_service_leads_to_it_and_all_else_to_the_api(cloud: str) -> None:
    rules = made(cloud, "HTTPRoute")["costate"]["spec"]["rules"]
    leads = {one["matches"][0]["path"]["value"]: one["backendRefs"][0]["name"] for one in rules}
    assert leads == {"/reports": "reports", "/": "api"}


@EVERY
def test_the_quota_has_room_for_the_services(cloud: str) -> None:
    with_services = made(cloud, "ResourceQuota")["all"]["spec"]["hard"]
    without = of_kind(
        record(Estate(cloud, "development", layer="all").values(), "dev", today=TODAY), "ResourceQuota"
    )
    [plain] = [one["spec"]["hard"] for one in without.values() if one["metadata"]["name"] == "all"]
    assert int(with_services["pods"]) - int(plain["pods"]) == 7 + 2 + 2
