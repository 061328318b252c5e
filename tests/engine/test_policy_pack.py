"""The policy pack, judging for the engine, and asked by itself over the engine's own protocol."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN
from simulated import Project, Simulated

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".tools" / "policy" / "bin" / "python"
URN = "urn:pulumi:prod::costate::aws:ec2/subnet:Subnet::public-a"
PROGRAM = """
import pulumi
import pulumi_aws as aws

on = pulumi.ResourceOptions(provider=aws.Provider("cloud", region="eu-west-1"))
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=on)
aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24", map_public_ip_on_launch=True, opts=on)
"""
EXCEPTION = {
    "rule": "aws-subnet-addresses",
    "resource": "::excused",
    "reason": "a bastion for the move",
    "until": "2999-12-31",
}


@pytest.fixture(scope="module")
def pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    environment = {**os.environ, "COSTATE_POLICY_EXCEPTIONS": json.dumps([EXCEPTION])}
    process = subprocess.Popen(
        [str(PYTHON), "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."],
        cwd=ROOT / "infra" / "policy",
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    assert port.isdecimal(), f"the pack said {port!r} instead of its port"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield analyzer_pb2_grpc.AnalyzerStub(channel)
    process.terminate()
    process.wait(timeout=30)


def findings(pack: analyzer_pb2_grpc.AnalyzerStub, urn: str, **inputs: Any) -> dict[str, Any]:
    properties = json_format.ParseDict(inputs, struct_pb2.Struct())
    name, token = urn.rsplit("::", 1)[1], urn.split("::")[2]
    answer = pack.Analyze(analyzer_pb2.AnalyzeRequest(type=token, properties=properties, urn=urn, name=name))
    return {one.policyName: one for one in answer.diagnostics}


def test_the_pack_offers_every_rule(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "costate"
    assert {"aws-subnet-addresses", "gcp-sql-tls", "azure-aks-secrets"} <= {one.name for one in info.policies}


def test_what_breaks_a_rule_is_stopped_with_the_remedy(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    found = findings(pack, URN, vpcId="vpc-1", mapPublicIpOnLaunch=True)["aws-subnet-addresses"]
    assert found.enforcementLevel == analyzer_pb2.MANDATORY
    assert "Unset mapPublicIpOnLaunch" in found.message


def test_what_keeps_the_rules_passes(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    assert not findings(pack, URN, vpcId="vpc-1")


@pytest.mark.parametrize(
    ("key", "algorithm", "kept"),
    [("k", "aws:kms", True), (UNKNOWN, "aws:kms", True), (UNKNOWN, "AES256", False)],
)
def test_rules_look_into_lists_and_past_what_is_not_known_yet(
    pack: analyzer_pb2_grpc.AnalyzerStub, key: str, algorithm: str, kept: bool
) -> None:
    kind = "BucketServerSideEncryptionConfiguration"
    urn = f"urn:pulumi:prod::costate::aws:s3/{kind[0].lower()}{kind[1:]}:{kind}::b"
    default = {"sseAlgorithm": algorithm, "kmsMasterKeyId": key}
    found = findings(pack, urn, bucket="b", rules=[{"applyServerSideEncryptionByDefault": default}])
    assert list(found) == ([] if kept else ["aws-bucket-encrypted"])


def test_an_exception_of_the_configuration_holds(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    assert not findings(pack, f"{URN}::excused", vpcId="vpc-1", mapPublicIpOnLaunch=True)


def test_the_engine_makes_nothing_that_breaks_a_rule(simulated: Simulated, project: Project) -> None:
    project.program(PROGRAM)
    pack = str(ROOT / "infra" / "policy" / "pack")
    told = simulated.told("up", "--yes", "--skip-preview", "--policy-pack", pack)
    assert "[mandatory]  aws-subnet-addresses" in told
    assert "Unset mapPublicIpOnLaunch" in told
    assert "subnet" not in {thing.name for thing in simulated.world.things()}
