"""Add-ons: one table with exact versions, what a cell has of it, and objects of ours that follow from it."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from estates import CLUSTERS, LOWER, TODAY, Estate, recorded
from test_workload import of_kind, pods

from infra.addons import ADDONS, state, there
from infra.capabilities import CAPABILITIES
from infra.config.reading import load
from infra.recorder import Recording, record
from infra.versions import CHARTS, AddonName

OPTIONAL = {
    "external-dns", "loki", "tempo", "velero", "vpa", "opencost", "chaos-mesh",
    "istio-base", "istiod", "istio-cni", "ztunnel",
}  # fmt: skip
LEFT_OUT = ("bitnami", "minio", "ingress-nginx", "prometheus-adapter", "flagger")


def home(**parts: Any) -> Recording:
    """The whole stack of an existing cluster, with further configuration."""
    values = Estate("existing", "production", gpu=True, layer="all").values()
    return record(values | {f"costate:{key}": value for key, value in parts.items()}, "prod", today=TODAY)


def values(recording: Recording, addon: str) -> dict[str, Any]:
    """What a chart is told."""
    found = next(one for one in of_kind(recording, "Release").values() if one["name"] == addon)
    return dict(found["values"])


def test_every_add_on_has_one_exact_dated_version() -> None:
    names = [addon.name for addon in ADDONS]
    assert len(set(names)) == len(names)
    assert set(names) == set(CHARTS) == set(get_args(AddonName))
    for chart in CHARTS.values():
        assert re.fullmatch(r"v?\d+\.\d+\.\d+", chart.version)
        assert "2025-01" <= chart.released <= TODAY.isoformat()


def test_no_chart_is_one_that_is_left_out_on_purpose() -> None:
    for addon in ADDONS:
        assert not any(bad in f"{addon.chart} {addon.repository}" for bad in LEFT_OUT), addon.name


def test_what_an_add_on_needs_is_in_the_table_and_comes_before_it() -> None:
    done: set[str] = set()
    waiting = list(ADDONS)
    while waiting:
        ready = [addon for addon in waiting if set(addon.needs) <= done]
        assert ready, f"need each other: {[addon.name for addon in waiting]}"
        done |= {addon.name for addon in ready}
        waiting = [addon for addon in waiting if addon.name not in done]


@pytest.mark.parametrize("platform", CLUSTERS)
def test_optional_add_ons_are_there_only_where_they_are_asked_for(platform: str) -> None:
    stack = load(Estate(platform, "production", layer="all").values())
    assert not OPTIONAL & there(stack, platform)
    assert {"keda", "metrics-server", "gateway", "cert-manager"} <= there(stack, platform)


def test_platforms_that_bring_an_add_on_are_platforms() -> None:
    for addon in ADDONS:
        assert set(addon.built_in) <= CAPABILITIES.keys()


def test_a_name_is_stronger_than_the_default_and_both_than_the_table() -> None:
    given = {"costate:addons": {"default": "absent", "keda": "present"}}
    stack = load(Estate("existing", "production", layer="all").values() | given)
    assert {addon.name for addon in ADDONS if state(addon, stack, "existing") != "absent"} == {"keda"}


def test_every_optional_add_on_can_be_installed() -> None:
    recording = home(addons=dict.fromkeys(sorted(OPTIONAL), "install"))
    assert not recording.faults
    releases = {one["name"]: one for one in of_kind(recording, "Release").values()}
    assert releases.keys() >= OPTIONAL | {"fluent-bit", "opentelemetry-collector"}
    for name in OPTIONAL:
        assert releases[name]["version"] == CHARTS[name].version  # type: ignore[index] - names of the table
        assert releases[name]["atomic"]


@pytest.mark.parametrize(
    ("logs", "lines"),
    [
        ({"endpoint": "http://loki.home:3100"}, ["Name loki", "Host loki.home", "Port 3100", "tls off"]),
        (
            {"sink": "elasticsearch", "endpoint": "https://logs.home"},
            ["Name es", "Host logs.home", "Port 443", "tls on"],
        ),
    ],
)
def test_logs_go_where_the_configuration_says(logs: dict[str, str], lines: list[str]) -> None:
    given = values(home(logs=logs), "fluent-bit")["config"]
    found = [line.strip() for line in given["outputs"].splitlines()]
    assert set(lines) <= set(found)
    assert "Merge_Log On" in given["filters"], "logs are JSON, and are taken apart"


def test_without_a_place_for_logs_and_traces_nothing_is_sent() -> None:
    releases = {one["name"] for one in of_kind(home(), "Release").values()}
    assert not releases & {"fluent-bit", "opentelemetry-collector"}


def test_traces_go_to_whatever_speaks_otlp() -> None:
    given = values(home(traces={"endpoint": "jaeger.home:4317", "tls": True}), "opentelemetry-collector")
    assert given["config"]["exporters"]["otlp"] == {
        "endpoint": "jaeger.home:4317", "tls": {"insecure": False},
    }  # fmt: skip


def test_the_product_sends_its_traces_to_the_collector_where_there_is_one() -> None:
    recording = home(addons={"tempo": "install"})
    address = "http://opentelemetry-collector.opentelemetry:4318"
    sending = {
        name
        for name, pod in pods(recording).items()
        if {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": address} in pod["containers"][0].get("env", [])
    }
    assert sending == {"api", "worker", "worker-gpu"}
    let_out = {
        name.removeprefix("flows-")
        for name, policy in of_kind(recording, "NetworkPolicy").items()
        if {"port": 4318, "protocol": "TCP"}
        in [port for rule in policy["spec"].get("egress", []) for port in rule["ports"]]
    }
    assert let_out == sending
    [release] = [
        one for one in of_kind(recording, "Release").values() if one["name"] == "opentelemetry-collector"
    ]
    assert address == f"http://{release['name']}.{release['namespace']}:4318"
    protocols = release["values"]["config"]["receivers"]["otlp"]["protocols"]
    assert protocols["http"]["endpoint"] == "0.0.0.0:4318"


def test_without_a_collector_the_product_is_told_of_none() -> None:
    recording = home()
    assert "OTEL_" not in str([pod["containers"][0].get("env") for pod in pods(recording).values()])
    assert "4318" not in str(of_kind(recording, "NetworkPolicy"))


def test_values_of_the_configuration_are_laid_over_ours() -> None:
    given = {"keda": {"prometheus": {"metricServer": {"enabled": True}}, "replicas": 3}}
    told = values(home(addon_values=given), "keda")
    assert told["replicas"] == 3
    assert told["prometheus"]["metricServer"] == {"enabled": True}
    assert told["prometheus"]["operator"] == {"enabled": True}, "what is not named stays"


@pytest.mark.xdist_group("aws")
def test_the_autoscaler_of_nodes_is_told_the_order_of_accelerators() -> None:
    ordinary = recorded(Estate("aws", "production-gpu", gpu=True, layer="all"))
    assert values(ordinary, "cluster-autoscaler")["extraArgs"]["expander"] == "least-waste"
    assert "foundation-order" not in of_kind(ordinary, "ConfigMap")
    given = Estate("aws", "production-gpu", gpu=True, layer="all").values()
    given["costate:gpu"] |= {"accelerator": "l4", "fallbacks": ["t4"]}
    recording = record(given, "prod", today=TODAY)
    told = values(recording, "cluster-autoscaler")
    assert told["extraArgs"]["expander"] == "priority"
    assert told["autoDiscovery"]["clusterName"] == "prod-aws-us-east-1"
    order = of_kind(recording, "ConfigMap")["foundation-order"]
    assert order["metadata"] == {"name": "cluster-autoscaler-priority-expander", "namespace": "kube-system"}
    lines = order["data"]["priorities"].split()
    assert lines == ["100:", "-", ".*gpu-?l4.*", "90:", "-", ".*gpu-?t4.*", "1:", "-", ".*"]


def test_room_for_workers_with_accelerators_is_kept_warm_where_asked_for() -> None:
    assert "headroom" not in of_kind(home(), "Deployment")
    recording = home(gpu={"accelerator": "t4", "precision": "float32", "per_worker": 2, "headroom": 3})
    made = of_kind(recording, "Deployment")["headroom"]
    pod = made["spec"]["template"]["spec"]
    assert made["spec"]["replicas"] == 3
    assert pod["priorityClassName"] == "costate-headroom"
    assert pod["nodeSelector"] == {"costate.dev/pool": "gpu"}
    assert pod["terminationGracePeriodSeconds"] == 0
    worker = pods(recording)["worker-gpu"]
    asked = [one["containers"][0]["resources"]["requests"] for one in (pod, worker)]
    assert asked[0] == asked[1], "what a worker then takes"
    assert pod["containers"][0]["image"] == worker["containers"][0]["image"]
    quota = of_kind(recording, "ResourceQuota")["namespace"]["spec"]["hard"]
    before = of_kind(home(), "ResourceQuota")["namespace"]["spec"]["hard"]
    assert int(quota["pods"]) == int(before["pods"]) + 3


def test_compiled_programs_are_on_a_shared_volume_where_asked_for() -> None:
    given = home(workers={"compile_cache": {"storage_class": "shared"}})
    claim = of_kind(given, "PersistentVolumeClaim")["compiled"]["spec"]
    assert (claim["accessModes"], claim["storageClassName"]) == (["ReadWriteMany"], "shared")
    for recording, source in ((given, "compiled"), (home(), "cache")):
        container = pods(recording)["worker"]["containers"][0]
        folder = {one["name"]: one["value"] for one in container["env"]}["COSTATE_CACHE_DIR"]
        assert {one["mountPath"]: one["name"] for one in container["volumeMounts"]}[folder] == source


def test_recommendations_are_told_and_never_applied() -> None:
    found = of_kind(home(addons={"vpa": "install"}), "VerticalPodAutoscaler")
    assert found.keys() == {"api", "worker", "worker-gpu"}
    assert all(one["spec"]["updatePolicy"] == {"updateMode": "Off"} for one in found.values())
    assert not of_kind(home(), "VerticalPodAutoscaler")


@pytest.mark.xdist_group("aws")
def test_karpenter_is_told_the_pools_that_node_groups_would_be() -> None:
    given = Estate("aws", "production-gpu", gpu=True, spot=True, layer="all").values()
    given["costate:gpu"] |= {"accelerator": "l4", "fallbacks": ["t4"], "max": 3}
    given["costate:cluster"] = {"node_autoscaler": "karpenter"}
    recording = record(given, "prod", today=TODAY)
    assert not recording.faults
    releases = {one["name"] for one in of_kind(recording, "Release").values()}
    assert "karpenter" in releases
    assert "cluster-autoscaler" not in releases
    queue = next(
        one for one in recording.resources if one.type == "aws:sqs/queue:Queue" and "karpenter" in one.name
    )
    assert values(recording, "karpenter")["settings"] == {
        "clusterName": "prod-aws-us-east-1", "interruptionQueue": queue.outputs["name"],
    }  # fmt: skip
    machine = next(iter(of_kind(recording, "EC2NodeClass").values()))["spec"]
    assert machine["metadataOptions"]["httpTokens"] == "required"
    assert machine["blockDeviceMappings"][0]["ebs"]["encrypted"]
    assert machine["blockDeviceMappings"][0]["ebs"]["kmsKeyID"]
    assert re.fullmatch(r"al2023@v\d{8}", machine["amiSelectorTerms"][0]["alias"])
    pools = {one["metadata"]["name"]: one["spec"] for one in of_kind(recording, "NodePool").values()}
    assert sorted(pools, key=lambda name: -pools[name]["weight"]) == ["cpu", "gpu-l4", "gpu-t4"]
    for name, pool in pools.items():
        taints = pool["template"]["spec"].get("taints", [])
        expected = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
        assert taints == (expected if name.startswith("gpu") else [])
        asked = {one["key"]: one["values"] for one in pool["template"]["spec"]["requirements"]}
        assert asked["karpenter.sh/capacity-type"] == ["spot"]
    assert pools["gpu-l4"]["limits"] == {"nvidia.com/gpu": "3"}
    assert pools["gpu-l4"]["template"]["metadata"]["labels"]["costate.dev/pool"] == "gpu"


@pytest.mark.xdist_group("aws")
def test_karpenter_is_told_the_same_by_a_stack_split_in_two() -> None:
    told = []
    for layer in ("all", "workload"):
        estate = Estate("aws", "production-gpu", gpu=True, layer=layer)
        karpenter = {"costate:cluster": {"node_autoscaler": "karpenter"}}
        others = {}
        if layer == "workload":
            lower = Estate("aws", "production-gpu", gpu=True, layer="platform").values()
            others[LOWER] = record(lower | karpenter, "prod", today=TODAY).outputs
        recording = record(estate.values() | karpenter, "prod", today=TODAY, others=others)
        kinds = ("EC2NodeClass", "NodePool")
        objects = {name: one["spec"] for kind in kinds for name, one in of_kind(recording, kind).items()}
        assert len(objects) == 3
        told.append((objects, values(recording, "karpenter")))
    assert told[0] == told[1]
