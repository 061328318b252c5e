"""Every cloud keeps every promise in every configuration; and a component that breaks one is found out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pulumi
import pytest
from estates import CLOUDS, ENVIRONMENTS, Estate, matrix, recorded
from promises import (
    backups,
    encryption,
    exposure,
    pools,
    protection,
    rights,
    secrecy,
    structure,
    tags,
    transport,
)

from infra.recorder import Recording
from infra.recorder import run as recorder
from infra.recorder.values import UNKNOWN, leaves, unknown

PROMISES = {
    "inputs that the SDK knows, tokens, parents, explicit providers": structure,
    "tags on everything": tags,
    "encryption with our own key": encryption,
    "nothing public": exposure,
    "protection by one setting": protection,
    "backups": backups,
    "TLS": transport,
    "least privilege": rights,
    "pools of accelerators": pools,
    "secrets are secret": secrecy,
}
ESTATES = [
    pytest.param(estate, id=str(estate), marks=pytest.mark.xdist_group(cloud))
    for cloud in CLOUDS
    for estate in matrix(cloud)
]


def broken(promise: ModuleType, estate: Estate, recording: Recording) -> list[str]:
    return sorted(set(promise.breaches(estate, recording)))


@pytest.mark.parametrize("promise", PROMISES.values(), ids=PROMISES)
@pytest.mark.parametrize("estate", ESTATES)
def test_a_cloud_keeps_its_promise(estate: Estate, promise: ModuleType) -> None:
    assert broken(promise, estate, recorded(estate)) == []


TABLES = (
    encryption.NESTED, exposure.CLOSING, protection.KEPT, backups.DAYS, backups.SAID, transport.SAID,
)  # fmt: skip


@pytest.mark.parametrize("cloud", [pytest.param(c, marks=pytest.mark.xdist_group(c)) for c in CLOUDS])
def test_no_promise_waits_for_a_type_that_is_never_declared(cloud: str) -> None:
    """A row for a type that the cloud does not use would keep nothing."""
    estates = (Estate(cloud, "development", gpu=True, spot=True), Estate(cloud, standby=True))
    declared = {resource.type for estate in estates for resource in recorded(estate).resources}
    package = structure.PACKAGES[cloud]
    awaited = {kind for table in TABLES for kind in table if kind.startswith(f"{package}:")}
    assert awaited <= declared, sorted(awaited - declared)


@pytest.mark.parametrize("cloud", [pytest.param(c, marks=pytest.mark.xdist_group(c)) for c in CLOUDS])
class TestOneSettingProtects:
    def test_production_without_protection_can_be_deleted(self, cloud: str) -> None:
        estate = Estate(cloud, protect=False)
        assert broken(protection, estate, recorded(estate)) == []
        assert not [resource for resource in recorded(estate).resources if resource.protect]

    def test_development_with_protection_is_protected_like_production(self, cloud: str) -> None:
        estate = Estate(cloud, "development", protect=True)
        assert broken(protection, estate, recorded(estate)) == []
        kinds = {resource.type for resource in recorded(estate).resources if resource.protect}
        production = recorded(Estate(cloud)).resources
        assert kinds == {resource.type for resource in production if resource.protect}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("cloud", [pytest.param(c, marks=pytest.mark.xdist_group(c)) for c in CLOUDS])
def test_a_preview_shows_what_an_update_does(cloud: str, environment: str) -> None:
    """Nothing is declared inside `apply`, and no value decides what exists before it is known."""
    estate = Estate(cloud, environment, gpu=True, standby=environment == "production")
    preview, update = recorded(estate, preview=True), recorded(estate)
    assert set(preview.by_urn) == set(update.by_urn)
    for urn, planned in preview.by_urn.items():
        done = dict(leaves(update.by_urn[urn].plain))
        for path, value in leaves(planned.plain):
            if value != UNKNOWN and not unknown(value) and path in done:
                assert value == done[path], f"{planned.name}: {path}"
        assert planned.inputs.keys() <= update.by_urn[urn].inputs.keys()


@pytest.mark.parametrize("cloud", [pytest.param(c, marks=pytest.mark.xdist_group(c)) for c in CLOUDS])
def test_no_two_resources_are_one_thing_in_the_cloud(cloud: str) -> None:
    """Also not of two cells: whichever was destroyed first would take the other's away."""
    recording = recorded(Estate(cloud, gpu=True, standby=True))
    seen: dict[tuple[str, str, str], str] = {}
    for resource in recording.managed:
        if resource.type == "gcp:projects/service:Service" and not resource.plain.get(
            "disableOnDestroy", True
        ):
            continue  # switched on by whoever comes first, switched off by nobody
        region = str(recording.by_urn[resource.provider].plain.get("region", "")) if cloud == "aws" else ""
        twin = seen.setdefault((resource.type, region, resource.id), resource.name)
        assert twin == resource.name, f"{resource.type} {resource.id}: {twin} and {resource.name}"


def in_a_component(declare: Callable[[pulumi.ResourceOptions], object], cloud: str = "aws") -> Recording:
    """What a program declares whose one component makes the given resource."""
    import pulumi_aws as aws

    class Thing(pulumi.ComponentResource):
        def __init__(self, parent: pulumi.Resource) -> None:
            provider = aws.Provider(
                "aws",
                region="us-east-1",
                opts=pulumi.ResourceOptions(parent=parent),
            )
            options = pulumi.ResourceOptions(parent=parent, providers=[provider])
            super().__init__(f"costate:{cloud}:Thing", "thing", None, options)
            declare(pulumi.ResourceOptions(parent=self))
            self.register_outputs({})

    class Cell(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("costate:index:Cell", "prod-aws-us-east-1")
            Thing(self)
            self.register_outputs({})

    return recorder.recorded(lambda: (Cell(), None)[1], "prod")


def bad() -> Iterator[Any]:
    """Resources that break one promise each, and a word of what has to be told."""
    import pulumi_aws as aws

    def policy(**statement: Any) -> str:
        return json.dumps({"Statement": [{"Effect": "Allow", **statement}]})

    def database(**inputs: Any) -> Callable[[pulumi.ResourceOptions], object]:
        given = {"instance_class": "db.t4g.medium", "publicly_accessible": False, "deletion_protection": True}
        return lambda opts: aws.rds.Instance("db", **(given | inputs), opts=opts)

    yield tags, lambda opts: aws.sqs.Queue("q", tags={"owner": "me"}, opts=opts), "lacks"
    yield encryption, lambda opts: aws.sqs.Queue("q", opts=opts), "kmsMasterKeyId: no key is given"
    yield (
        encryption,
        lambda opts: aws.sqs.Queue("q", kms_master_key_id="alias/aws/sqs", opts=opts),
        "no key of this",
    )
    yield encryption, lambda opts: aws.s3.Bucket("b", opts=opts), "has no setting of encryption"
    yield exposure, database(publicly_accessible=True), "publiclyAccessible: is open"
    yield exposure, lambda opts: aws.s3.Bucket("b", opts=opts), "public access is not blocked"
    yield (
        exposure,
        lambda opts: aws.vpc.SecurityGroupIngressRule(
            "r",
            security_group_id="sg",
            ip_protocol="tcp",
            from_port=22,
            to_port=22,
            cidr_ipv4="0.0.0.0/0",
            opts=opts,
        ),
        "lets ['0.0.0.0/0'] in to [22]",
    )
    yield protection, lambda opts: aws.kms.Key("k", opts=opts), "protect: is False"
    yield protection, database(deletion_protection=False), "deletionProtection: is False"
    yield protection, lambda opts: aws.s3.Bucket("b", force_destroy=True, opts=opts), "delete what is inside"
    yield backups, database(backup_retention_period=1), "is [1], asked for: 30"
    yield backups, lambda opts: aws.s3.Bucket("b", opts=opts), "keeps no versions"
    yield transport, database(), "does not force TLS"
    yield transport, lambda opts: aws.s3.Bucket("b", opts=opts), "answers without TLS"
    for action, resource, told in (
        ("s3:*", "arn:aws:s3:::b", "allows s3:*"),
        ("s3:GetObject", "*", "allows s3:GetObject on everything"),
    ):
        text = policy(Action=[action], Resource=resource)
        yield rights, lambda opts, text=text: aws.iam.RolePolicy("p", role="r", policy=text, opts=opts), told
    yield (
        rights,
        lambda opts: aws.iam.Role("r", assume_role_policy=policy(Principal={"AWS": "*"}), opts=opts),
        "trusts anyone",
    )
    yield rights, lambda opts: aws.iam.AccessKey("k", user="u", opts=opts), "credential without end"
    yield (
        rights,
        lambda opts: aws.iam.RolePolicyAttachment(
            "a", role="r", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess", opts=opts
        ),
        "gives everything",
    )
    yield (
        pools,
        lambda opts: aws.eks.NodeGroup(
            "gpu",
            cluster_name="c",
            node_role_arn="r",
            subnet_ids=["s"],
            instance_types=["g4dn.xlarge"],
            scaling_config={"min_size": 1, "max_size": 9, "desired_size": 1},
            opts=opts,
        ),
        "does not scale from zero",
    )
    yield (
        secrecy,
        lambda opts: aws.elasticache.User(
            "u",
            user_id="u",
            user_name="u",
            engine="valkey",
            access_string="on",
            authentication_mode={"type": "password", "passwords": ["hunter2hunter2hunter2"]},
            opts=opts,
        ),
        "authenticationMode.passwords: stands in the clear",
    )
    yield structure, lambda opts: aws.sqs.Queue("q", opts=None), "is declared in no component"
    yield structure, lambda opts: aws.sqs.Queue("q", opts=None), "is left to the engine's default"
    yield (
        structure,
        lambda opts: aws.sqs.Queue("q", tags={"a": {"b": "c"}}, opts=opts),
        "tags.a: str is expected",
    )


@pytest.mark.parametrize(("promise", "declare", "told"), list(bad()))
def test_a_component_that_breaks_a_promise_is_found_out(
    promise: ModuleType, declare: Callable[[pulumi.ResourceOptions], object], told: str
) -> None:
    found = broken(promise, Estate("aws", gpu=True), in_a_component(declare))
    assert any(told in breach for breach in found), found


def test_a_component_with_a_token_of_its_own_making_is_found_out() -> None:
    import pulumi_aws as aws

    found = in_a_component(lambda opts: aws.sqs.Queue("q", opts=opts), cloud="other")
    assert any("its token is not" in breach for breach in broken(structure, Estate("aws"), found))
