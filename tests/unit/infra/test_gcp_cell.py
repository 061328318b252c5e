"""What a cell on Google Cloud decides for itself, beyond the promises that every cloud keeps."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from infra.errors import InfraError
from infra.platforms.gcp import maintenance
from infra.platforms.gcp.agents import project_number
from infra.platforms.gcp.identity import NAMESPACES
from infra.recorder import Recording, Resource, record

HERE = {
    "platform": "gcp",
    "region": "us-central1",
    "project": "a-project",
    "billing_account": "012345-6789AB-CDEF01",
}
THERE = HERE | {"region": "us-east4", "role": "standby"}
DOMAIN = "api.example.org"


@cache
def _recorded(given: str) -> Recording:
    return record(json.loads(given), "prod")


def built(environment: str = "production", *cells: dict[str, str], **values: Any) -> Recording:
    """A stack of these cells, with a domain unless said otherwise."""
    given = {
        "domain": DOMAIN,
        "layer": "platform",
        **values,
        "environment": environment,
        "cells": cells or (HERE,),
    }
    return _recorded(json.dumps({f"costate:{key}": value for key, value in given.items()}))


def one(recording: Recording, kind: str, name: str = "") -> Resource:
    found = [r for r in recording.managed if r.type.endswith(f":{kind}") and name in r.name]
    assert len(found) == 1, [r.name for r in found]
    return found[0]


@pytest.mark.parametrize("text", ["", "me@a-project.iam.gserviceaccount.com", "service-12a@x"])
def test_a_number_is_taken_from_the_address_of_a_service_agent_only(text: str) -> None:
    assert project_number("service-123456@gcp-sa-x.iam.gserviceaccount.com") == "123456"
    with pytest.raises(InfraError, match="service-NUMBER@"):
        project_number(text)


@pytest.mark.parametrize(
    ("window", "begins", "ends", "day"),
    [
        ("sun 03:00", "2026-01-04T03:00:00Z", "2026-01-04T15:00:00Z", "SU"),
        ("sat 20:30", "2026-01-10T20:30:00Z", "2026-01-11T08:30:00Z", "SA"),
        ("mon 12:00", "2026-01-05T12:00:00Z", "2026-01-06T00:00:00Z", "MO"),
    ],
)
def test_a_maintenance_window_is_long_enough_for_kubernetes_engine(
    window: str, begins: str, ends: str, day: str
) -> None:
    recurring: Any = maintenance.policy(window).recurring_window
    assert (recurring.start_time, recurring.end_time) == (begins, ends)
    assert recurring.recurrence == f"FREQ=WEEKLY;BYDAY={day}"


def test_apis_are_enabled_before_anything_that_uses_them() -> None:
    recording = built()
    provider = next(r for r in recording.resources if r.is_provider and not r.name.endswith("-services"))
    apis = {r.urn for r in recording.managed if r.type == "gcp:projects/service:Service"}
    assert apis <= set(provider.dependencies)
    others = {r.provider for r in recording.managed if r.urn not in apis}
    assert others == {provider.urn}


def test_a_key_is_used_only_after_its_service_agent_may_use_it() -> None:
    recording = built()
    for kind, agent in (
        ("DatabaseInstance", "data-database"),
        ("Instance", "data-cache"),
        ("Repository", "data-registry"),
        ("Cluster", "cluster-disks"),
        ("BackupPlan", "vault-backup"),
    ):
        grant = one(recording, "CryptoKeyIAMMember", agent)
        assert grant.urn in one(recording, kind).dependencies


class TestNodePools:
    def test_each_accelerator_has_a_pool_in_the_zones_that_have_it(self) -> None:
        gpu = {"accelerator": "l4", "fallbacks": ["h100"], "min": 1, "max": 4, "spot": True}
        recording = built("production", HERE | {"region": "us-east4"}, gpu=gpu)
        first, second = one(recording, "NodePool", "gpu-l4"), one(recording, "NodePool", "gpu-h100")
        assert first.plain["nodeLocations"] == ["us-east4-a", "us-east4-c"]
        assert second.plain["nodeLocations"] == ["us-east4-a", "us-east4-b"]
        assert first.plain["autoscaling"]["totalMinNodeCount"] == 1
        assert second.plain["autoscaling"]["totalMinNodeCount"] == 0
        assert second.plain["nodeConfig"]["spot"] is True
        assert "flexStart" not in second.plain["nodeConfig"]

    def test_what_is_not_sold_on_demand_is_asked_for_by_flex_start(self) -> None:
        recording = built("production", gpu={"accelerator": "h100", "max": 4, "spot": False})
        pool = one(recording, "NodePool", "gpu").plain
        assert pool["nodeConfig"]["machineType"] == "a3-highgpu-1g"
        assert pool["nodeConfig"]["flexStart"] is True
        assert pool["nodeConfig"]["reservationAffinity"] == {"consumeReservationType": "NO_RESERVATION"}
        assert pool["management"]["autoRepair"] is False

    def test_a_worker_that_asks_for_several_gets_a_machine_that_has_them(self) -> None:
        gpu = {"accelerator": "l4", "max": 4, "per_worker": 3}
        pool = one(built("production", gpu=gpu), "NodePool", "gpu").plain
        assert pool["nodeConfig"]["machineType"] == "g2-standard-48"

    def test_names_leave_room_in_forty_characters_and_tell_replaced_pools_apart(self) -> None:
        names = {
            spot: one(
                built("production", gpu={"accelerator": "a100", "max": 1, "spot": spot}), "NodePool", "gpu"
            ).plain["name"]
            for spot in (True, False)
        }
        assert names[True] != names[False]
        assert all(len(name) <= 40 for name in names.values())

    def test_a_pool_of_few_nodes_does_not_begin_with_more(self) -> None:
        pool = one(built("development", nodes={"min": 1, "max": 2}), "NodePool", "cpu").plain
        assert len(pool["nodeLocations"]) * pool["initialNodeCount"] <= 2


class TestControlPlane:
    def test_it_has_no_address_unless_ranges_are_given(self) -> None:
        cluster = one(built(), "Cluster").plain
        assert cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"]["enabled"] is False
        assert "masterAuthorizedNetworksConfig" not in cluster

    def test_given_ranges_and_nobody_else_reach_its_address(self) -> None:
        cluster = one(built(cluster={"public_access": ["192.0.2.0/24"]}), "Cluster").plain
        assert cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"]["enabled"] is True
        assert cluster["masterAuthorizedNetworksConfig"] == {
            "cidrBlocks": [{"cidrBlock": "192.0.2.0/24"}],
            "gcpPublicCidrsAccessEnabled": False,
        }


class TestIdentity:
    def test_each_account_acts_as_its_own_from_its_own_namespace(self) -> None:
        recording = built()
        bound = {r.plain["member"] for r in recording.of("gcp:serviceaccount/iAMMember:IAMMember")}
        assert bound == {
            f"serviceAccount:a-project.svc.id.goog[{namespace}/{account}]"
            for account, namespace in NAMESPACES.items()
        }

    def test_the_api_logs_in_to_the_database_of_its_cell_only(self) -> None:
        recording = built()
        login = one(recording, "IAMMember", "api-login").plain
        instance = one(recording, "DatabaseInstance").outputs["name"]
        assert f"'projects/a-project/instances/{instance}'" in login["condition"]["expression"]


class TestStandby:
    def test_its_database_is_a_replica_under_a_key_of_its_own_region(self) -> None:
        recording = built("production", HERE, THERE)
        primary, replica = (one(recording, "DatabaseInstance", r) for r in ("us-central1", "us-east4"))
        assert replica.plain["masterInstanceName"] == primary.outputs["name"]
        assert replica.plain["encryptionKeyName"] != primary.plain["encryptionKeyName"]
        assert "backupConfiguration" not in replica.plain["settings"]

    def test_its_users_are_made_where_they_can_be_written(self) -> None:
        recording = built("production", HERE, THERE)
        primary = one(recording, "DatabaseInstance", "us-central1").outputs["name"]
        users = [r for r in recording.of("gcp:sql/user:User") if "us-east4" in r.name]
        assert users
        assert {user.plain["instance"] for user in users} == {primary}

    def test_it_fetches_images_and_results_from_its_primary(self) -> None:
        recording = built("production", HERE, THERE)
        upstream = one(recording, "Repository", "us-east4").plain["remoteRepositoryConfig"]
        assert upstream["commonRepository"]["uri"] == one(recording, "Repository", "central1").id
        job = one(recording, "TransferJob", "us-east4-copy").plain["transferSpec"]
        assert job["gcsDataSource"]["bucketName"] == one(recording, "Bucket", "central1-results").id
        assert job["gcsDataSink"]["bucketName"] == one(recording, "Bucket", "east4-results").id

    def test_it_has_no_vault_and_no_second_trail_of_the_project(self) -> None:
        recording = built("production", HERE, THERE)
        mine = {recording.layer(r) for r in recording.managed if recording.cell(r).endswith("us-east4")}
        assert "Backup" not in mine
        assert not [r for r in recording.of("gcp:projects/iAMAuditConfig:") if "us-east4" in r.name]


class TestEdge:
    def test_without_a_domain_nothing_is_public(self) -> None:
        recording = built("development", domain="")
        assert one(recording, "Address", "entry").plain["addressType"] == "INTERNAL"
        assert not recording.of("gcp:compute/globalForwardingRule:", "gcp:compute/globalAddress:")

    def test_groups_are_such_that_kubernetes_takes_them_over(self) -> None:
        recording = built()
        groups = recording.of("gcp:compute/networkEndpointGroup:")
        assert {group.plain["zone"] for group in groups} == {f"us-central1-{zone}" for zone in "abc"}
        assert {group.plain["name"] for group in groups} == {"prod-gcp-us-central1-gateway"}
        # The controller refuses an empty description, and one that is another Service's: those are JSON.
        for group in groups:
            assert group.plain["description"]
            with pytest.raises(json.JSONDecodeError):
                json.loads(group.plain["description"])

    def test_every_backend_is_behind_the_firewall_and_only_static_files_are_cached(self) -> None:
        recording = built()
        policy = one(recording, "SecurityPolicy").id
        services = {r.name.rsplit("-", 1)[-1]: r.plain for r in recording.of("gcp:compute/backendService:")}
        assert {name: plain["enableCdn"] for name, plain in services.items()} == {
            "api": False,
            "static": True,
        }
        assert {plain["securityPolicy"] for plain in services.values()} == {policy}

    def test_every_host_is_answered_so_that_other_clouds_can_ask_for_the_cell_by_its_name(self) -> None:
        paths = one(built(), "URLMap", "-https").plain
        assert paths["hostRules"] == [{"hosts": ["*"], "pathMatcher": "service"}]
        assert "defaultUrlRedirect" not in paths

    def test_behind_another_clouds_front_callers_are_told_apart_by_what_it_says_of_them(self) -> None:
        aws = {"platform": "aws", "region": "us-east-1"}
        for cells, key in (((HERE,), "IP"), ((aws, HERE), "XFF_IP")):
            rules = one(built("production", *cells), "SecurityPolicy").plain["rules"]
            (limit,) = [rule["rateLimitOptions"] for rule in rules if "rateLimitOptions" in rule]
            assert limit["enforceOnKey"] == key

    def test_expressions_of_a_problem_are_not_taken_for_an_attack(self) -> None:
        rules = one(built(), "SecurityPolicy").plain["rules"]
        for rule in rules:
            if rule.get("description", "").startswith(("sqli", "xss", "rce")):
                (exclusion,) = rule["preconfiguredWafConfig"]["exclusions"]
                assert exclusion["requestBodies"] == [{"operator": "EQUALS_ANY"}]


class TestRouting:
    def test_a_standby_is_kept_back(self) -> None:
        recording = built("production", HERE, THERE)
        policy = one(recording, "RecordSet", "central1-domain").plain["routingPolicy"]
        entries = {r.name: r.outputs["address"] for r in recording.of("gcp:compute/globalAddress:")}
        assert policy["primaryBackup"]["primary"]["externalEndpoints"] == [
            entries["prod-gcp-us-central1-entry"]
        ]
        (backup,) = policy["primaryBackup"]["backupGeos"]
        assert backup["location"] == "us-east4"
        assert backup["healthCheckedTargets"]["externalEndpoints"] == [entries["prod-gcp-us-east4-entry"]]

    def test_of_several_primaries_the_nearest_healthy_one_answers(self) -> None:
        recording = built("production", HERE, HERE | {"region": "europe-west4"})
        policy = one(recording, "RecordSet", "central1-domain").plain["routingPolicy"]
        assert [geo["location"] for geo in policy["geos"]] == ["us-central1", "europe-west4"]
        assert policy["healthCheck"]
        # Both prove the domain by the record of their project.
        assert one(recording, "RecordSet", "proof")

    def test_each_cell_has_a_name_of_its_own(self) -> None:
        record = one(built(), "RecordSet", "central1-origin").plain
        assert (record["name"], record["type"]) == ("prod-gcp-us-central1.origin.api.example.org.", "A")

    def test_a_cell_of_another_cloud_is_named_but_not_answered_with(self) -> None:
        recording = built("production", HERE, {"platform": "aws", "region": "us-east-1"})
        record = one(recording, "RecordSet", "us-east-1-origin").plain
        assert record["type"] == "CNAME"
        assert record["rrdatas"][0].endswith(".")
        geos = one(recording, "RecordSet", "central1-domain").plain["routingPolicy"]["geos"]
        assert [geo["location"] for geo in geos] == ["us-central1"]

    def test_what_proves_the_domain_is_written_into_its_zone(self) -> None:
        recording = built()
        assert one(recording, "RecordSet", "proof-0").plain["type"] == "CNAME"

    def test_the_zone_is_signed(self) -> None:
        assert one(built(), "ManagedZone", "-domain").plain["dnssecConfig"]["state"] == "on"


class TestGovernance:
    def test_a_cell_without_a_billing_account_is_told_that_it_has_no_budget(self) -> None:
        recording = built("development", {key: HERE[key] for key in ("platform", "region", "project")})
        assert not recording.of("gcp:billing/budget:Budget")
        assert any("billing_account" in warning for warning in recording.warnings)

    def test_the_budget_counts_the_cell_and_not_the_project(self) -> None:
        budget = one(built(), "Budget").plain
        assert budget["budgetFilter"]["labels"] == {"cell": "prod-gcp-us-central1"}

    def test_a_cell_that_sleeps_wakes_as_large_as_it_is_configured(self) -> None:
        recording = built("development", shutdown={"stop": "20:00", "start": "07:15"})
        jobs = {r.name.rsplit("-", 1)[-1]: r.plain for r in recording.of("gcp:cloudscheduler/job:Job")}
        assert jobs["stop"]["schedule"] == "0 20 * * *"
        assert jobs["start"]["schedule"] == "15 7 * * 1-5"
        steps = json.loads(one(recording, "Workflow", "shutdown").plain["sourceContents"])
        (pools,) = [
            step["pools"]["assign"][0]["pools"] for step in steps["nodes"]["steps"] if "pools" in step
        ]
        assert [pool["autoscaling"]["totalMaxNodeCount"] for pool in pools] == [4, 3]

    def test_steps_of_a_workflow_have_names_of_their_own(self) -> None:
        recording = built("development", shutdown={"stop": "20:00", "start": "07:15"})
        for workflow in recording.of("gcp:workflows/workflow:Workflow"):
            for part in json.loads(workflow.plain["sourceContents"]).values():
                names = list(_names(part["steps"]))
                assert len(names) == len(set(names))


def _names(steps: list[dict[str, Any]]) -> list[str]:
    found = []
    for step in steps:
        for name, body in step.items():
            found.append(name)
            inner = [*body.get("switch", []), *([body["for"]] if "for" in body else []), body]
            found += [deep for part in inner for deep in _names(part.get("steps", []))]
    return found


def test_a_longest_cell_has_names_that_google_takes() -> None:
    """Compute, DNS and storage allow 63 characters, of which Pulumi takes eight."""
    recording = built(
        "production", HERE | {"region": "asia-northeast1"}, THERE | {"region": "asia-southeast1"}
    )
    room = 32 - len(
        "prod-gcp-asia-northeast1"
    )  # a cell's name has 32 at most: the cluster's limit, less a suffix
    named = ("gcp:compute/", "gcp:dns/managedZone:", "gcp:storage/bucket:", "gcp:kms/", "gcp:workflows/")
    too_long = [r.name for r in recording.of(*named) if len(r.name) + room + 8 > 63]
    assert not too_long
