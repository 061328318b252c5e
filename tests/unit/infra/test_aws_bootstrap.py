"""The helpers for an AWS account, against AWS as moto simulates it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from infra.bootstrap.aws import __main__ as command
from infra.bootstrap.aws import preflight as preflight_module
from infra.bootstrap.aws import quotas
from infra.bootstrap.aws.finding import Finding
from infra.bootstrap.aws.preflight import preflight
from infra.bootstrap.aws.session import Clients, clients
from infra.bootstrap.aws.smoke import smoke
from infra.bootstrap.aws.state import ALIAS, ensure
from infra.catalog.aws import CATALOG
from infra.config.reading import load
from infra.config.stack import StackConfig
from infra.place import Place, places

ACCOUNT = "123456789012"  # moto's own


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


def stack(**values: Any) -> StackConfig:
    given = {"environment": "staging", "cells": [{"platform": "aws", "region": "us-west-2"}], **values}
    return load({f"costate:{key}": value for key, value in given.items()})


def place(given: StackConfig) -> Place:
    return places(given, "staging")[0]


class TestState:
    def test_the_bucket_is_private_versioned_and_encrypted_with_a_key_that_rotates(self) -> None:
        made = ensure(clients(), "eu-west-1")
        s3, kms = boto3.client("s3", "eu-west-1"), boto3.client("kms", "eu-west-1")
        assert made.bucket == f"costate-state-{ACCOUNT}-eu-west-1"
        block = s3.get_public_access_block(Bucket=made.bucket)["PublicAccessBlockConfiguration"]
        assert all(block.values())
        assert len(block) == 4
        assert s3.get_bucket_versioning(Bucket=made.bucket)["Status"] == "Enabled"
        (rule,) = s3.get_bucket_encryption(Bucket=made.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == made.key
        assert kms.get_key_rotation_status(KeyId=made.key)["KeyRotationEnabled"]
        policy = json.loads(s3.get_bucket_policy(Bucket=made.bucket)["Policy"])
        assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert s3.get_bucket_location(Bucket=made.bucket)["LocationConstraint"] == "eu-west-1"

    @pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
    def test_it_can_be_repeated(self, region: str) -> None:
        first = ensure(clients(), region)
        assert ensure(clients(), region) == first
        aliases = boto3.client("kms", region).list_aliases()["Aliases"]
        assert [alias["AliasName"] for alias in aliases].count(ALIAS) == 1

    def test_a_bucket_that_somebody_opened_is_closed_again(self) -> None:
        made = ensure(clients(), "us-east-1")
        s3 = boto3.client("s3", "us-east-1")
        s3.delete_public_access_block(Bucket=made.bucket)
        s3.put_bucket_versioning(Bucket=made.bucket, VersioningConfiguration={"Status": "Suspended"})
        ensure(clients(), "us-east-1")
        assert s3.get_public_access_block(Bucket=made.bucket)["PublicAccessBlockConfiguration"]
        assert s3.get_bucket_versioning(Bucket=made.bucket)["Status"] == "Enabled"

    def test_pulumi_is_told_where_it_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["state", "--region", "us-west-2"]) == 0
        told = capsys.readouterr().out
        assert f"PULUMI_BACKEND_URL='s3://costate-state-{ACCOUNT}-us-west-2?region=us-west-2" in told
        assert "awskms://alias/costate-state?region=us-west-2" in told


class Stubbed:
    """moto's clients, but for what moto does not answer: quotas, add-ons, releases of images, database classes."""

    def __init__(
        self,
        version: str = "1.36",
        quota: float = 1000,
        image: str = "",
        lacking: str = "",
        postgres: str = "17.6",
    ) -> None:
        self._version, self._quota, self._lacking, self._postgres = version, quota, lacking, postgres
        self._image = image or CATALOG.kubernetes[f"{version}/node-image"]

    def __call__(self, service: str, region: str) -> Any:
        client = boto3.client(service, region)
        answers = {
            "service-quotas": self._quotas,
            "eks": self._addons,
            "ssm": self._images,
            "rds": self._classes,
        }
        if service in answers:
            stubber = Stubber(client)
            answers[service](stubber)
            stubber.activate()
        return client

    def _quotas(self, stubber: Stubber) -> None:
        for _ in range(10):
            stubber.add_response("get_service_quota", {"Quota": {"Value": self._quota}})

    def _addons(self, stubber: Stubber) -> None:
        for addon in preflight_module.ADDONS:
            pinned = CATALOG.kubernetes[f"{self._version}/{addon}"]
            version = "v0.0.1-eksbuild.1" if addon == self._lacking else pinned
            stubber.add_response(
                "describe_addon_versions",
                {"addons": [{"addonVersions": [{"addonVersion": version}]}]},
                {"kubernetesVersion": self._version, "addonName": addon},
            )

    def _classes(self, stubber: Stubber) -> None:
        option = {"EngineVersion": self._postgres, "StorageType": "gp3", "MultiAZCapable": False}
        stubber.add_response(
            "describe_orderable_db_instance_options",
            {"OrderableDBInstanceOptions": [option]},
            {"Engine": "postgres", "DBInstanceClass": "db.t4g.medium", "Vpc": True},
        )

    def _images(self, stubber: Stubber) -> None:
        name = preflight_module.IMAGE.format(version=self._version)
        stubber.add_response("get_parameter", {"Parameter": {"Value": self._image}}, {"Name": name})


def errors(findings: list[Finding]) -> list[str]:
    return [finding.subject for finding in findings if finding.level == "error"]


class TestPreflight:
    def looked(self, given: StackConfig, made: Clients | None = None) -> list[Finding]:
        return preflight(made or Stubbed(), given, place(given))

    def test_an_account_with_room_is_ready(self) -> None:
        found = self.looked(stack(gpu={"accelerator": "l4", "fallbacks": ["t4"], "max": 4, "spot": True}))
        assert {finding.level for finding in found} == {"ok"}
        assert {"machine g6.xlarge", "machine g4dn.xlarge", "add-on vpc-cni"} <= {f.subject for f in found}

    def test_credentials_of_another_account_are_told(self) -> None:
        cell = {"platform": "aws", "region": "us-west-2", "account": "111111111111"}
        assert errors(self.looked(stack(cells=[cell]))) == ["account"]

    def test_too_small_a_quota_is_told_with_what_is_needed(self) -> None:
        found = self.looked(stack(gpu={"accelerator": "h100", "max": 4}), Stubbed(quota=30))
        told = {finding.subject: finding for finding in found}
        assert errors(found) == ["cores, p"]
        assert told["cores, p"].told == "64 needed at most, 30 allowed"
        assert "ec2/L-417A185B" in told["cores, p"].remedy

    def test_what_others_use_counts_and_what_the_cell_has_does_not_count_twice(self) -> None:
        given = stack()
        ec2 = boto3.client("ec2", "us-west-2")
        before = next(f for f in self.looked(given) if f.subject == "VPCs").told
        tags = [{"Key": "cell", "Value": place(given).name}]
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
        assert next(f for f in self.looked(given) if f.subject == "VPCs").told == before
        ec2.create_vpc(CidrBlock="10.1.0.0/16")
        assert next(f for f in self.looked(given) if f.subject == "VPCs").told != before

    def test_a_release_that_is_no_more_is_told_with_what_there_is(self) -> None:
        found = self.looked(stack(), Stubbed(lacking="coredns"))
        assert errors(found) == ["add-on coredns"]
        (told,) = [finding for finding in found if finding.subject == "add-on coredns"]
        assert "v0.0.1-eksbuild.1" in told.remedy

    def test_a_database_that_is_not_offered_is_told(self) -> None:
        assert errors(self.looked(stack(), Stubbed(postgres="16.9"))) == ["database db.t4g.medium"]
        standby = stack(database={"highly_available": True})
        assert errors(self.looked(standby)) == ["database db.t4g.medium"]

    def test_a_newer_image_is_a_warning(self) -> None:
        (told,) = [f for f in self.looked(stack(), Stubbed(image="1.36.9-20270101")) if f.level != "ok"]
        assert (told.level, told.subject) == ("warning", "node image")

    def test_a_machine_that_is_not_offered_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(preflight_module, "wanted", lambda stack, place: {"x9.huge": ["usw2-az1"]})
        assert errors(self.looked(stack())) == ["machine x9.huge"]

    def test_cores_are_those_of_the_largest_the_pools_may_become(self) -> None:
        given = stack(
            nodes={"size": "medium", "max": 10, "spot": True},
            gpu={"accelerator": "l4", "fallbacks": ["t4"], "max": 3, "per_worker": 4},
        )
        needed = {need.name: need.amount for need in quotas.needs(given, place(given))}
        assert needed["cores, standard"] == 3 * 2
        assert needed["cores, standard, spot"] == 10 * 8
        assert needed["cores, g"] == 3 * 48 + 3 * 48
        assert needed["elastic addresses"] == 3 + 1


class Cell:
    """A cell as `up` would leave it, as far as moto can have one."""

    def __init__(self, given: StackConfig) -> None:
        here = place(given)
        self.name, region = here.name, here.region
        tag = {"Key": "cell", "Value": self.name}
        self.eks = boto3.client("eks", region)
        role = f"arn:aws:iam::{ACCOUNT}:role/node"
        self.eks.create_cluster(
            name=self.name,
            version=given.cluster.version,
            roleArn=role,
            resourcesVpcConfig={"subnetIds": [], "endpointPublicAccess": False},
            encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": "arn"}}],
        )
        self.eks.create_nodegroup(
            clusterName=self.name, nodegroupName="system", subnets=["subnet-1"], nodeRole=role
        )
        self.rds = boto3.client("rds", region)
        self.rds.create_db_instance(
            DBInstanceIdentifier=self.name,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=50,
            MasterUsername="costate",
            ManageMasterUserPassword=True,
            StorageEncrypted=True,
            PubliclyAccessible=False,
            BackupRetentionPeriod=given.database.backup_days,
        )
        self.cache = boto3.client("elasticache", region)
        self.cache.create_replication_group(
            ReplicationGroupId=self.name,
            ReplicationGroupDescription="cache",
            Engine="valkey",
            CacheNodeType="cache.t4g.small",
            TransitEncryptionEnabled=True,
            AtRestEncryptionEnabled=True,
        )
        self.s3, self.bucket = boto3.client("s3", region), f"{self.name}-results-1234567"
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": region})
        closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self.s3.put_public_access_block(
            Bucket=self.bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True)
        )
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        encryption = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        self.s3.put_bucket_encryption(
            Bucket=self.bucket, ServerSideEncryptionConfiguration={"Rules": [encryption]}
        )
        self.s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": [tag]})
        boto3.client("ecr", region).create_repository(
            repositoryName=f"costate/{here.stack}",
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
        )


class TestSmoke:
    def looked(self, given: StackConfig) -> list[Finding]:
        return smoke(clients(), given, place(given))

    def test_a_cell_as_it_should_be_has_no_fault(self) -> None:
        given = stack()
        Cell(given)
        found = self.looked(given)
        assert errors(found) == [], [str(finding) for finding in found]
        assert {"cluster", "node group system", "database", "cache", "registry"} < {f.subject for f in found}

    def test_what_is_not_there_is_told(self) -> None:
        assert errors(self.looked(stack())) == ["cluster", "database", "cache", "buckets", "registry"]

    def test_a_database_that_was_opened_is_told(self) -> None:
        given = stack()
        Cell(given).rds.modify_db_instance(
            DBInstanceIdentifier=place(given).name, PubliclyAccessible=True, BackupRetentionPeriod=1
        )
        (told,) = [finding for finding in self.looked(given) if finding.level == "error"]
        assert told.subject == "database"
        assert told.told == "can be reached from outside, keeps too few backups"

    def test_a_bucket_that_was_opened_is_told(self) -> None:
        given = stack()
        cell = Cell(given)
        cell.s3.put_public_access_block(
            Bucket=cell.bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": False}
        )
        cell.s3.put_bucket_versioning(Bucket=cell.bucket, VersioningConfiguration={"Status": "Suspended"})
        (told,) = [finding for finding in self.looked(given) if finding.level == "error"]
        assert told.subject == f"bucket {cell.bucket}"
        assert told.told == "public access is not blocked, keeps no versions"

    def test_another_version_of_kubernetes_is_told(self) -> None:
        Cell(stack())
        (told,) = [f for f in self.looked(stack(cluster={"version": "1.35"})) if f.level == "error"]
        assert told.told == "runs 1.36"

    def test_the_command_prints_policies(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["permissions", "--stack", "dev"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["state"]["Version"] == "2012-10-17"

    def test_the_command_fails_where_something_is_wrong(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["smoke", "--stack", "staging"]) == 1
        told = capsys.readouterr().out
        assert told.startswith("staging-aws-us-east-1\n")
        assert "error   cluster" in told

    def test_a_stack_that_is_not_there_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(["smoke", "--stack", "nowhere"]) == 1
        assert "Pulumi.nowhere.yaml" in capsys.readouterr().err
        assert command.main(["smoke", "--stack", "local"]) == 1
