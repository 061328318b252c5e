"""The product on every cloud's cluster: objects that Kubernetes takes, confined, tied to the cell's facts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from acceptance import accepted
from estates import CLOUDS, CLUSTERS, PLACES, Estate, recorded

from infra.cell import Cell
from infra.cloud import CloudPlatform
from infra.config.reading import load
from infra.layers import SHAPES, Shape, shape
from infra.place import places
from infra.recorder import Recording, Resource, record
from infra.recorder import run as recorder
from infra.recorder.values import Secret

ESTATES = [
    pytest.param(Estate(cloud, environment, gpu=True, layer="all"), id=f"{cloud}-{environment}",
                 marks=pytest.mark.xdist_group(cloud))
    for cloud in CLUSTERS
    for environment in ("development", "production-gpu")
]  # fmt: skip
EVERY = pytest.mark.parametrize("estate", ESTATES)


def objects(recording: Recording) -> list[Resource]:
    return [one for one in recording.resources if one.custom and one.type.startswith("kubernetes:")]


def of_kind(recording: Recording, kind: str) -> dict[str, dict[str, Any]]:
    found = [one for one in objects(recording) if one.type.endswith(f":{kind}")]
    return {short(one.name): one.plain for one in found}


def short(name: str) -> str:
    """Without the cell in front."""
    return re.sub(r"^.*?-(?:us-east-1|us-west-2|us-central1|us-east1|eastus|westus2|home)-", "", name)


def pods(recording: Recording) -> dict[str, dict[str, Any]]:
    """Pod specifications by name of what makes them."""
    kinds = ("Deployment", "Job", "StatefulSet")
    made = {name: one for kind in kinds for name, one in of_kind(recording, kind).items()}
    found = {name: one["spec"]["template"]["spec"] for name, one in made.items()}
    jobs = of_kind(recording, "CronJob")
    return found | {
        name: one["spec"]["jobTemplate"]["spec"]["template"]["spec"] for name, one in jobs.items()
    }


def of_product(recording: Recording) -> list[Resource]:
    """Objects of the product and of what it stands on, without those of the platform below."""
    return [
        one for one in objects(recording) if not any(":existing:" in kind for kind in above(recording, one))
    ]


def above(recording: Recording, resource: Resource) -> list[str]:
    """Types of the components that it is in."""
    parent = recording.by_urn.get(resource.parent)
    return [parent.type, *above(recording, parent)] if parent else []


@EVERY
def test_every_object_is_valid_in_every_supported_version(estate: Estate) -> None:
    found = [one for one in objects(recorded(estate)) if "apiVersion" in one.plain]
    assert len(found) > 20
    custom = (
        "keda.sh",
        "gateway.",
        "cert-manager.io",
        "external-secrets.io",
        "monitoring.coreos.com",
        "cnpg.io",
    )
    for one in found:
        if not any(group in one.plain["apiVersion"] for group in custom):
            accepted(one.plain)


@EVERY
def test_every_container_is_confined(estate: Estate) -> None:
    for name, pod in pods(recorded(estate)).items():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
        assert pod["automountServiceAccountToken"] is False, name
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"], name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"]["drop"] == ["ALL"], name
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), name


@EVERY
def test_only_gpu_workers_tolerate_and_choose_gpu_nodes(estate: Estate) -> None:
    for name, pod in pods(recorded(estate)).items():
        wants = "nvidia.com/gpu" in pod["containers"][0]["resources"].get("limits", {})
        assert wants is (name == "worker-gpu")
        assert bool(pod.get("tolerations")) is wants
        assert (pod.get("nodeSelector") == {"costate.dev/pool": "gpu"}) is wants


@EVERY
def test_replicas_are_only_a_first_number_where_an_autoscaler_owns_them(estate: Estate) -> None:
    recording = recorded(estate)
    scaled = {one["spec"]["scaleTargetRef"]["name"] for kind in ("HorizontalPodAutoscaler", "ScaledObject")
              for one in of_kind(recording, kind).values()}  # fmt: skip
    for one in objects(recording):
        if one.type.endswith(":Deployment"):
            assert ("spec.replicas" in one.ignore_changes) is (short(one.name) in scaled)


@EVERY
def test_a_worker_may_finish_what_it_runs(estate: Estate) -> None:
    for name, pod in pods(recorded(estate)).items():
        if name.startswith("worker"):
            given = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
            assert pod["terminationGracePeriodSeconds"] >= int(given["COSTATE_WORKER_GRACE_S"]) >= 3600


@EVERY
def test_no_password_stands_in_any_object(estate: Estate) -> None:
    recording = recorded(estate)
    for name, pod in pods(recording).items():
        for variable in pod["containers"][0].get("env", []):
            if variable["name"].endswith("_PASSWORD_FILE"):
                assert variable["value"].startswith("/etc/costate/"), name
            else:
                assert "password" not in variable["name"].lower(), name
            place = str(variable.get("value", "")).partition("://")[2]
            assert ":" not in place.partition("@")[0] or "@" not in place, f"{name}: {variable['name']}"
    for one in objects(recording):
        if one.type.endswith(":Secret"):
            assert isinstance(one.inputs["stringData"], Secret), one.name
            assert estate.cloud == "existing", "a cloud has a store or identities for it"


@EVERY
def test_processes_start_after_the_schema_is_up_to_date(estate: Estate) -> None:
    recording = recorded(estate)
    job = next(one.urn for one in objects(recording) if one.type.endswith(":Job"))
    deployments = [one for one in objects(recording) if one.type.endswith(":Deployment")]
    assert len(deployments) == 3
    assert all(job in one.dependencies for one in deployments)


@EVERY
def test_objects_of_an_add_on_wait_for_it(estate: Estate) -> None:
    recording = recorded(estate)
    releases = {one.urn for one in of_product(recording) if one.type.endswith(":Release")}
    for one in of_product(recording):
        if one.urn not in releases:
            assert releases <= set(one.dependencies), one.name


@EVERY
def test_the_provider_of_kubernetes_knows_its_cluster_by_identifier(estate: Estate) -> None:
    found = [one for one in recorded(estate).resources if one.type == "pulumi:providers:kubernetes"]
    assert len(found) == 1
    assert found[0].plain["clusterIdentifier"]
    assert {one.provider for one in objects(recorded(estate))} == {found[0].urn}


@pytest.mark.parametrize("cloud", [pytest.param(c, marks=pytest.mark.xdist_group(c)) for c in CLOUDS])
def test_a_stack_split_in_two_makes_the_same_objects_as_a_whole_one(cloud: str) -> None:
    whole = recorded(Estate(cloud, "development", gpu=True, layer="all"))
    half = recorded(Estate(cloud, "development", gpu=True, layer="workload"))
    assert {(one.type, one.name) for one in objects(whole)} == {(one.type, one.name) for one in objects(half)}
    managed = [one for one in half.resources if one.type.split(":")[0] in ("aws", "gcp", "azure-native")]
    assert not managed


@pytest.mark.parametrize("cloud", [pytest.param(c, marks=pytest.mark.xdist_group(c)) for c in CLOUDS])
def test_the_lower_half_exports_what_the_upper_one_reads(cloud: str) -> None:
    lower = recorded(Estate(cloud, "development", gpu=True, layer="platform"))
    facts = lower.outputs["facts"]
    assert {
        "cluster",
        "identity",
        "secret_store",
        "database",
        "cache",
        "store",
        "registry",
        "edge",
    } == facts.keys()
    assert not [one for one in lower.resources if one.type.startswith("kubernetes:")]


@pytest.mark.parametrize("cloud", [pytest.param(c, marks=pytest.mark.xdist_group(c)) for c in CLOUDS])
def test_what_is_plain_of_a_clouds_facts_is_as_the_table_says(cloud: str) -> None:
    found: list[Shape] = []

    def program() -> None:
        estate = Estate(cloud, "development", gpu=True)
        stack = load(estate.values())
        cell = Cell("cell", stack=stack, place=places(stack, estate.name)[0])
        assert isinstance(cell.platform, CloudPlatform)
        assert cell.platform.facts is not None
        found.append(shape(cell.platform.facts))

    recorder.recorded(program, "dev")
    assert found == [SHAPES[cloud]]


def test_a_standby_holds_data_only_until_it_is_made_a_primary() -> None:
    recording = recorded(Estate("aws", "production", standby=True, layer="all"))
    cells = {recording.cell(one) for one in objects(recording)}
    assert cells == {"prod-aws-us-east-1"}


@pytest.mark.xdist_group("aws")
def test_a_stack_split_in_two_leaves_its_standby_to_the_lower_half() -> None:
    whole = recorded(Estate("aws", "production", standby=True, layer="all"))
    half = recorded(Estate("aws", "production", standby=True, layer="workload"))
    assert {(one.type, one.name) for one in objects(whole)} == {(one.type, one.name) for one in objects(half)}
    assert {half.cell(one) for one in objects(half)} == {"prod-aws-us-east-1"}


def test_cells_of_one_stack_do_not_share_names() -> None:
    values = {
        "costate:environment": "production",
        "costate:cells": [PLACES["aws"], PLACES["gcp"], PLACES["azure"]],
        "costate:domain": "api.example.org",
        "costate:budget": {"alert_emails": ["operations@example.org"]},
    }
    assert not record(values, "prod").faults
