"""What is particular to a cell on AWS; what every cloud promises is in tests/contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import pulumi
import pytest

from infra.catalog.aws import CATALOG, COPIES, REGIONS, nearest
from infra.config.reading import load
from infra.contracts import Endpoint
from infra.place import places
from infra.platforms.aws.logs import RETENTIONS, retention
from infra.recorder import Recording, Resource, record
from infra.recorder.run import recorded

EAST, WEST = "prod-aws-us-east-1", "prod-aws-us-west-2"
STACKS: dict[str, dict[str, Any]] = {
    "pair": {
        "environment": "production",
        "domain": "api.example.org",
        "cells": [
            {"platform": "aws", "region": "us-east-1"},
            {"platform": "aws", "region": "us-west-2", "role": "standby"},
        ],
        "cluster": {"public_access": ["192.0.2.0/24"]},
    },
    "gpu": {
        "environment": "staging",
        "cells": [{"platform": "aws", "region": "ap-northeast-1"}],
        "shutdown": {"stop": "19:05", "start": "07:30", "timezone": "Europe/Berlin"},
        "gpu": {"accelerator": "a10g", "fallbacks": ["l4", "a10g"], "min": 1, "max": 4, "spot": True},
    },
    "karpenter": {
        "environment": "development",
        "cells": [{"platform": "aws", "region": "eu-west-1"}],
        "cluster": {"node_autoscaler": "karpenter"},
        "gpu": {"accelerator": "t4"},
    },
}


@cache
def made(name: str) -> Recording:
    """The recording of a stack; kept, because it takes seconds."""
    values = {f"costate:{key}": value for key, value in STACKS[name].items()}
    return record({**values, "costate:layer": "platform"}, "prod", today=date(2026, 12, 1))


def one(recording: Recording, token: str, *parts: str) -> Resource:
    """The one resource of a type whose name has all the parts."""
    (found,) = [r for r in recording.of(token) if all(part in r.name for part in parts)]
    return found


def before(recording: Recording, resource: Resource) -> set[str]:
    """Names of all that has to be there first, and goes last."""
    seen: set[str] = set()
    waiting = [resource.urn]
    while waiting:
        for urn in recording.by_urn[waiting.pop()].dependencies:
            if urn not in seen:
                seen.add(urn)
                waiting.append(urn)
    return {f"{recording.by_urn[urn].type.split(':')[-1]} {recording.by_urn[urn].name}" for urn in seen}


def statements(recording: Recording, role: str) -> list[dict[str, Any]]:
    (policy,) = [r for r in recording.of("aws:iam/rolePolicy:RolePolicy") if r.name == role]
    found: list[dict[str, Any]] = json.loads(policy.plain["policy"])["Statement"]
    return found


class TestOrder:
    def test_nodes_come_after_the_addons_without_which_they_are_never_ready(self) -> None:
        pair = made("pair")
        first = before(pair, one(pair, "aws:eks/nodeGroup:NodeGroup", EAST, "cpu"))
        for addon in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent"):
            assert f"Addon {EAST}-cluster-addons-{addon}" in first

    @pytest.mark.parametrize("addon", ["coredns", "aws-ebs-csi-driver"])
    def test_addons_that_need_nodes_come_after_them(self, addon: str) -> None:
        pair = made("pair")
        first = before(pair, one(pair, "aws:eks/addon:Addon", EAST, addon))
        assert f"NodeGroup {EAST}-cluster-pools-system" in first

    @pytest.mark.parametrize("token", ["aws:lb/loadBalancer:LoadBalancer", "aws:eks/nodeGroup:NodeGroup"])
    def test_gateways_are_there_before_what_sends_through_them_and_go_after_it(self, token: str) -> None:
        pair = made("pair")
        found = pair.of(token)
        assert found
        for resource in found:
            first, cell = before(pair, resource), pair.cell(resource)
            assert f"InternetGateway {cell}-network-internet" in first
            assert any(name.startswith(f"NatGateway {cell}") for name in first)

    def test_log_groups_are_there_before_aws_would_make_them_itself(self) -> None:
        pair = made("pair")
        cluster = before(pair, one(pair, "aws:eks/cluster:Cluster", EAST))
        database = before(pair, one(pair, "aws:rds/instance:Instance", EAST))
        assert f"LogGroup {EAST}-cluster-logs" in cluster
        assert {f"LogGroup {EAST}-database-{kind}" for kind in ("postgresql", "upgrade")} < database

    def test_a_role_has_its_rights_before_it_is_used_and_until_nothing_uses_it(self) -> None:
        pair = made("pair")
        cluster = before(pair, one(pair, "aws:eks/cluster:Cluster", EAST))
        nodes = before(pair, one(pair, "aws:eks/nodeGroup:NodeGroup", EAST, "system"))
        assert f"RolePolicyAttachment {EAST}-cluster-role-AmazonEKSClusterPolicy" in cluster
        assert f"RolePolicyAttachment {EAST}-node-AmazonEKSWorkerNodePolicy" in nodes

    def test_what_is_encrypted_waits_for_the_policy_of_its_key(self) -> None:
        pair = made("pair")
        for token in ("aws:rds/instance:Instance", "aws:eks/nodeGroup:NodeGroup"):
            for resource in pair.of(token):
                cell = pair.cell(resource)
                assert f"KeyPolicy {cell}-keys-data-policy" in before(pair, resource)


class TestNetwork:
    @pytest.mark.parametrize(("stack", "count"), [("pair", 6), ("gpu", 1)])
    def test_production_has_a_way_out_in_every_zone(self, stack: str, count: int) -> None:
        assert len(made(stack).of("aws:ec2/natGateway:NatGateway")) == count

    def test_data_subnets_have_no_way_out(self) -> None:
        pair = made("pair")
        tables = {r.id for r in pair.of("aws:ec2/routeTable:RouteTable") if r.name.endswith("-data")}
        assert len(tables) == 2
        assert not [r for r in pair.of("aws:ec2/route:Route") if r.plain["routeTableId"] in tables]

    def test_a_zone_is_the_same_building_in_every_account(self) -> None:
        for subnet in made("pair").of("aws:ec2/subnet:Subnet"):
            assert "availabilityZone" not in subnet.plain
            assert "-az" in subnet.plain["availabilityZoneId"]


class TestCluster:
    def test_the_control_plane_is_open_to_the_given_ranges_only(self) -> None:
        given = one(made("pair"), "aws:eks/cluster:Cluster", EAST).plain["vpcConfig"]
        closed = one(made("gpu"), "aws:eks/cluster:Cluster").plain["vpcConfig"]
        assert (given["endpointPublicAccess"], given["publicAccessCidrs"]) == (True, ["192.0.2.0/24"])
        assert closed["endpointPublicAccess"] is False
        assert closed["endpointPrivateAccess"] is True

    def test_who_creates_the_cluster_is_nobody_in_it(self) -> None:
        pair = made("pair")
        access = one(pair, "aws:eks/cluster:Cluster", EAST).plain["accessConfig"]
        assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
        entry = one(pair, "aws:eks/accessEntry:AccessEntry", EAST)
        assert f"Role {EAST}-cluster-admin" in before(pair, entry)

    def test_a_pool_is_in_the_zones_that_have_its_machine(self) -> None:
        gpu = made("gpu")
        subnets = {r.id: r.plain["availabilityZoneId"] for r in gpu.of("aws:ec2/subnet:Subnet")}
        zones = {
            group.name.split("pools-")[-1]: {subnets[subnet] for subnet in group.plain["subnetIds"]}
            for group in gpu.of("aws:eks/nodeGroup:NodeGroup")
        }
        assert zones["cpu"] == set(REGIONS["ap-northeast-1"])
        assert zones["gpu-a10g"] == zones["gpu-l4"] == {"apne1-az1", "apne1-az4"}

    def test_there_is_one_pool_an_accelerator_and_fallbacks_keep_no_nodes(self) -> None:
        groups = made("gpu").of("aws:eks/nodeGroup:NodeGroup")
        least = {g.name.split("pools-")[-1]: g.plain["scalingConfig"]["minSize"] for g in groups}
        assert least == {"system": 2, "cpu": 2, "gpu-a10g": 1, "gpu-l4": 0}

    def test_the_autoscaler_knows_a_pool_without_nodes(self) -> None:
        tags = [r.plain["tag"] for r in made("gpu").of("aws:autoscaling/tag:Tag") if "gpu-l4" in r.name]
        start = "k8s.io/cluster-autoscaler/node-template"
        assert {tag["key"]: tag["value"] for tag in tags} == {
            f"{start}/label/costate.dev/pool": "gpu",
            f"{start}/label/costate.dev/accelerator": "l4",
            f"{start}/taint/nvidia.com/gpu": "present:NoSchedule",
            f"{start}/resources/nvidia.com/gpu": "1",
        }

    def test_the_number_of_nodes_is_left_to_the_autoscaler(self) -> None:
        for group in made("gpu").of("aws:eks/nodeGroup:NodeGroup"):
            assert group.ignore_changes == ("scalingConfig.desiredSize",)

    def test_images_and_addons_are_pinned(self) -> None:
        for group in made("gpu").of("aws:eks/nodeGroup:NodeGroup"):
            assert group.plain["releaseVersion"] == CATALOG.kubernetes["1.36/node-image"]
        for addon in made("gpu").of("aws:eks/addon:Addon"):
            name = addon.plain["addonName"]
            assert addon.plain["addonVersion"] == CATALOG.kubernetes[f"1.36/{name}"]

    def test_karpenter_makes_all_nodes_but_the_systems(self) -> None:
        found = made("karpenter")
        (group,) = found.of("aws:eks/nodeGroup:NodeGroup")
        assert group.name.endswith("system")
        rules = found.of("aws:cloudwatch/eventRule:EventRule")
        kinds = {json.loads(rule.plain["eventPattern"])["detail-type"][0] for rule in rules}
        assert "EC2 Spot Instance Interruption Warning" in kinds
        assert len(found.of("aws:cloudwatch/eventTarget:EventTarget")) == len(rules) == 4
        assert not [r for r in made("gpu").resources if "karpenter" in r.name]


class TestStandby:
    def test_the_database_follows_the_primarys_under_a_key_of_its_own_region(self) -> None:
        pair = made("pair")
        primary = one(pair, "aws:rds/instance:Instance", EAST)
        standby = one(pair, "aws:rds/instance:Instance", WEST)
        assert standby.plain["replicateSourceDb"] == primary.outputs["arn"]
        assert standby.plain["kmsKeyId"] != primary.plain["kmsKeyId"]
        assert not {"username", "manageMasterUserPassword", "engine"} & standby.plain.keys()

    def test_results_and_images_are_copied_from_the_primarys_region(self) -> None:
        pair = made("pair")
        copying = one(pair, "aws:s3/bucketReplicationConfig:BucketReplicationConfig")
        mirror = one(pair, "aws:ecr/replicationConfiguration:ReplicationConfiguration")
        source = one(pair, "aws:s3/bucket:Bucket", f"{EAST}-results")
        assert copying.plain["region"] == mirror.plain["region"] == "us-east-1"
        assert copying.plain["bucket"] == source.outputs["bucket"]
        names = {repository.plain["name"] for repository in pair.of("aws:ecr/repository:Repository")}
        assert names == {"costate/prod"}

    def test_the_replica_is_backed_up_where_it_comes_from(self) -> None:
        pair = made("pair")
        database = one(pair, "aws:rds/instance:Instance", WEST).outputs["arn"]
        assert database not in one(pair, "aws:backup/selection:Selection", WEST).plain["resources"]

    def test_copies_of_backups_are_in_another_region(self) -> None:
        assert all(region != other and other in REGIONS for region, other in COPIES.items())
        assert COPIES.keys() == REGIONS.keys()
        vault = one(made("pair"), "aws:backup/vault:Vault", f"{EAST}-copy")
        assert vault.plain["region"] == "us-west-2"


class TestRights:
    def test_the_service_does_not_see_dumps_and_the_backup_does_not_see_results(self) -> None:
        for role, folder in (("-worker", "results"), ("-api", "results"), ("-backup", "backups")):
            granted = [
                s
                for s in statements(made("gpu"), f"prod-aws-ap-northeast-1{role}")
                if "s3" in str(s["Action"])
            ]
            resources = [s["Resource"] for s in granted if "s3:GetObject" in s["Action"]]
            assert [resource.split("/")[-2] for resource in resources] == [folder]

    def test_the_api_writes_no_objects(self) -> None:
        actions = {
            action for s in statements(made("gpu"), "prod-aws-ap-northeast-1-api") for action in s["Action"]
        }
        assert "s3:PutObject" not in actions

    def test_records_are_changed_only_below_the_domain(self) -> None:
        for role in ("cert-manager", "external-dns"):
            (change,) = [
                s
                for s in statements(made("pair"), f"{EAST}-{role}")
                if "route53:ChangeResourceRecordSets" in s["Action"]
            ]
            key = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
            names = change["Condition"]["ForAllValues:StringLike"][key]
            assert all(name.endswith(".api.example.org") for name in names)

    def test_without_a_domain_nobody_changes_records(self) -> None:
        assert not [
            policy
            for policy in made("gpu").of("aws:iam/rolePolicy:RolePolicy")
            if "route53:ChangeResourceRecordSets" in policy.plain["policy"]
        ]


class TestEntry:
    def test_with_a_domain_only_cloudfront_and_health_checks_come_in(self) -> None:
        rules = [
            r.plain
            for r in made("pair").of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
            if "edge" in r.name and r.plain["fromPort"] == 443
        ]
        assert len(rules) == 4
        assert all("prefixListId" in rule and "cidrIpv4" not in rule for rule in rules)

    def test_without_a_domain_everybody_comes_in(self) -> None:
        rule = one(
            made("gpu"), "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "edge-internet"
        ).plain
        assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("0.0.0.0/0", 443, 443)

    def test_the_distribution_has_the_domain_and_a_firewall(self) -> None:
        pair = made("pair")
        front = one(pair, "aws:cloudfront/distribution:Distribution").plain
        assert front["aliases"] == ["api.example.org"]
        assert front["webAclId"] == one(pair, "aws:wafv2/webAcl:WebAcl").outputs["arn"]
        assert front["defaultCacheBehavior"]["viewerProtocolPolicy"] == "redirect-to-https"
        assert front["orderedCacheBehaviors"][0]["pathPattern"] == "/static/*"


def routed(*cells: tuple[str, str, str, str]) -> dict[tuple[str, str | None], dict[str, Any]]:
    """Records by name and identifier, of cells given as name, platform, region and address."""
    from infra.platforms.aws.parts import AwsParts

    stack = load(
        {"costate:environment": "staging", "costate:cells": [{"platform": "aws", "region": "us-east-1"}]}
    )

    class Cell(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("costate:index:Cell", "cell")
            endpoints = [
                Endpoint(
                    cell=name,
                    region=region,
                    platform=platform,
                    role="standby" if "standby" in name else "primary",
                    address=pulumi.Output.from_input(address),
                )
                for name, platform, region, address in cells
            ]
            AwsParts(stack, places(stack, "s")[0], self).routing("a.org", endpoints)

    recording = recorded(lambda: (Cell(), None)[1], "s")
    found = [record.plain for record in recording.of("aws:route53/record:Record")]
    return {(record["name"], record.get("setIdentifier")): record for record in found}


class TestRouting:
    def test_an_address_is_a_host_name_or_a_number(self) -> None:
        found = routed(("one", "aws", "us-east-1", "x.elb.aws"), ("two", "gcp", "us-central1", "192.0.2.7"))
        assert found["one.origin.a.org", None]["type"] == "CNAME"
        assert found["two.origin.a.org", None]["type"] == "A"

    def test_cells_near_the_same_region_share_its_requests(self) -> None:
        found = routed(("one", "aws", "us-east-1", "x"), ("two", "azure", "eastus", "y"))
        shared = [record for (name, _), record in found.items() if name == "us-east-1.primary.origin.a.org"]
        assert [record["weightedRoutingPolicies"] for record in shared] == [[{"weight": 100}]] * 2
        assert all(record["healthCheckId"] for record in shared)
        by_latency = [record for (name, _), record in found.items() if name == "primary.origin.a.org"]
        assert [record["latencyRoutingPolicies"] for record in by_latency] == [[{"region": "us-east-1"}]]

    def test_standbys_are_asked_when_no_primary_is_well(self) -> None:
        found = routed(("one", "aws", "us-east-1", "x"), ("standby", "aws", "us-west-2", "y"))
        policies = {
            identifier: record["failoverRoutingPolicies"][0]["type"]
            for (name, identifier), record in found.items()
            if name == "origin.a.org"
        }
        assert policies == {"primary": "PRIMARY", "standby": "SECONDARY"}

    def test_primaries_alone_need_no_failover(self) -> None:
        origin = routed(("one", "aws", "us-east-1", "x"))["origin.a.org", None]
        assert "failoverRoutingPolicies" not in origin
        assert origin["aliases"][0]["evaluateTargetHealth"] is True

    def test_every_alias_leads_to_a_record_that_is_there(self) -> None:
        found = routed(
            ("one", "aws", "us-east-1", "x"),
            ("two", "gcp", "europe-west4", "192.0.2.7"),
            ("standby", "aws", "us-west-2", "y"),
        )
        names = {name for name, _ in found}
        inside = [record for record in found.values() if record["type"] == "CNAME" and record.get("aliases")]
        assert inside
        assert {alias["aliases"][0]["name"] for alias in inside} <= names

    def test_other_clouds_regions_are_near_one_of_aws(self) -> None:
        from infra.catalog import CATALOGS

        for cloud in ("gcp", "azure"):
            assert {nearest(cloud, region) for region in CATALOGS[cloud].regions} <= REGIONS.keys()
        assert nearest("azure", "westeurope") == "eu-central-1"
        assert nearest("gcp", "us-west1") == "us-west-2"


class TestSleep:
    def schedules(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for schedule in made("gpu").of("aws:scheduler/schedule:Schedule"):
            target = schedule.plain["target"]
            yield schedule.plain["scheduleExpression"], target["arn"], json.loads(target["input"])

    def test_nodes_and_database_stop_every_day_and_start_on_working_days(self) -> None:
        found = {(when, arn.split(":")[-1]) for when, arn, _ in self.schedules()}
        assert found == {
            ("cron(5 19 ? * * *)", "stopDBInstance"),
            ("cron(30 7 ? * MON-FRI *)", "startDBInstance"),
            ("cron(5 19 ? * * *)", "updateNodegroupConfig"),
            ("cron(30 7 ? * MON-FRI *)", "updateNodegroupConfig"),
        }

    def test_groups_go_to_nothing_and_come_back_as_they_were(self) -> None:
        groups = {
            group.outputs["nodeGroupName"]: group.plain["scalingConfig"]
            for group in made("gpu").of("aws:eks/nodeGroup:NodeGroup")
        }
        calls = [given for _, arn, given in self.schedules() if "Nodegroup" in arn]
        for name, had in groups.items():
            given = [call["ScalingConfig"] for call in calls if call["NodegroupName"] == name]
            woken = {"MinSize": had["minSize"], "DesiredSize": had["minSize"], "MaxSize": had["maxSize"]}
            asleep = {**woken, "MinSize": 0, "DesiredSize": 0}
            assert sorted(given, key=str) == sorted([asleep, woken], key=str)


@pytest.mark.parametrize("days", [7, 8, 30, 61, 365, 366, 400])
def test_logs_are_kept_no_shorter_than_asked(days: int) -> None:
    assert retention(days) >= days
    assert retention(days) in RETENTIONS
    assert not [allowed for allowed in RETENTIONS if days <= allowed < retention(days)]
