"""`pulumi up` of the workload: the checkout's own program and the real engine against the real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api import Api
from crds import define
from estates import Estate, recorded
from installation import NAMESPACE, pods, scale, settled
from kubernetes_plugin.install import install
from live import eventually
from nodes import join, usual
from plane import ControlPlane
from stacks_under_test import Stack

from infra.gotools import NoGoError

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]
LOWER = """
import json, pathlib, pulumi
pulumi.export("facts", json.loads(pathlib.Path("facts.json").read_text()))
pulumi.export("kubeconfig", pulumi.Output.secret(pathlib.Path("kubeconfig.yaml").read_text()))
"""
ESTATE = Estate("aws", "production-gpu", gpu=True, layer="workload")
UNITS = ("api", "worker", "worker-gpu")
Changes = dict[str, set[str]]


class Cluster:
    """A control plane of its own, and the two halves of a stack: what a platform would export, and the workload."""

    def __init__(self, api: Api, kubeconfig: Path, folder: Path) -> None:
        self.api = api
        home, state, below = folder / "pulumi", folder / "state", folder / "below"
        for one in (state, below):
            one.mkdir()
        install(home)
        variables = {"PULUMI_HOME": str(home)}
        facts = dict(recorded(replace(ESTATE, layer="platform")).outputs or {})["facts"]
        facts["cluster"]["identifier"] = "of-these-tests"
        (below / "kubeconfig.yaml").write_text(kubeconfig.read_text())
        (below / "facts.json").write_text(json.dumps(facts))
        (below / "__main__.py").write_text(LOWER)
        (below / "Pulumi.yaml").write_text("name: costate\nruntime: python\n")
        lower = Stack(state, {}, project=below, variables=variables)
        lower.up()
        values = {key.removeprefix("costate:"): value for key, value in ESTATE.values().items()}
        values |= {"platform_stack": f"organization/costate/{lower.name}", "image": "costate:0.1.0"}
        self.stack = Stack(state, values, variables=variables)

    def up(self, **changes: Any) -> Changes:
        """Bring the stack up with a changed configuration: short names of what was done, by what it was."""
        self.stack.write({**self.stack.config, **changes})
        cell = "aws-us-east-1"
        return {
            what: {name.split(f"{cell}-", 1)[-1] for name in names}
            for what, names in self.stack.up().items()
            if what not in ("same", "read")
        }

    def uids(self) -> dict[str, str]:
        """Identity of every object that the stack has made, by kind and name."""
        found = {}
        for resource in self.stack.state()["deployment"]["resources"]:
            outputs = resource.get("outputs") or {}
            if resource["type"].startswith("kubernetes:") and "uid" in outputs.get("metadata", {}):
                meta = outputs["metadata"]
                live = self.api.get(
                    outputs["apiVersion"], outputs["kind"], meta["name"], meta.get("namespace")
                )
                found[f"{outputs['kind']}/{meta['name']}"] = live["metadata"]["uid"]
        return found


@pytest.fixture(scope="module")
def cluster(place: Path, owner: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    try:
        plane = ControlPlane(place / "stack", owner)
    except NoGoError as error:
        pytest.skip(f"NO CONTROL PLANE: there is no Go. {error}")
    with plane.address.api() as api:
        define(api)
        join(api, usual())
        yield Cluster(api, Path(plane.address.kubeconfig), tmp_path_factory.mktemp("stack"))
    plane.stop()


def test_the_workload_comes_up_changes_and_goes(cluster: Cluster) -> None:
    api = cluster.api
    made = cluster.up()
    assert set(made) == {"create"}
    for unit in UNITS:
        assert settled(api, unit)
    before = cluster.uids()
    assert {"Deployment/api", "ValidatingAdmissionPolicy/costate-images", "Gateway/costate"} <= before.keys()
    assert cluster.up() == {}, "a second `up` has nothing to do"

    # Another image: the processes are rolled, after a migration of its own.
    changed = cluster.up(image="costate:0.2.0")
    assert changed.pop("update") == set(UNITS)
    assert {name for names in changed.values() for name in names} == {"migrations"}
    for unit in UNITS:
        assert {one["spec"]["containers"][0]["image"] for one in pods(api, unit)} == {"costate:0.2.0"}

    # Another number of replicas: the autoscaler's limits and the quota, and no pod is touched.
    running = {one["metadata"]["uid"] for unit in UNITS for one in pods(api, unit)}
    changed = cluster.up(api={"replicas": {"min": 2, "max": 12}})
    assert changed == {"update": {"api", "namespace"}}
    assert api.get("autoscaling/v2", "HorizontalPodAutoscaler", "api", NAMESPACE)["spec"]["maxReplicas"] == 12
    assert {one["metadata"]["uid"] for unit in UNITS for one in pods(api, unit)} == running

    # What an autoscaler has set meanwhile stays when the processes are told something else.
    scale(api, "api", 5)
    eventually(lambda: settled(api, "api"), seconds=60, what="five replicas")
    changed = cluster.up(log_level="info")
    assert changed.pop("update") == set(UNITS)
    assert {name for names in changed.values() for name in names} == {"migrations"}
    assert api.get("apps/v1", "Deployment", "api", NAMESPACE)["spec"]["replicas"] == 5
    assert not running & {one["metadata"]["uid"] for unit in UNITS for one in pods(api, unit)}

    # All that was changed is still the same object; all goes with the stack.
    after = cluster.uids()
    assert {name: uid for name, uid in after.items() if not name.startswith("Job/")} == {
        name: uid for name, uid in before.items() if not name.startswith("Job/")
    }
    cluster.stack.pulumi("destroy", "--yes", "--skip-preview")
    assert api.find("v1", "Namespace", NAMESPACE) is None
    assert not api.list("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")


def test_up_fails_when_the_rollout_does(cluster: Cluster) -> None:
    """What the server refuses, and what never becomes ready, is told by the engine and not passed over."""
    cluster.stack.write({**cluster.stack.config, "image": "costate:latest"})
    told = cluster.stack.pulumi("up", "--yes", "--skip-preview", check=False)
    assert told.returncode != 0
    assert "costate-images" in told.stdout + told.stderr
