"""The recorder refuses what a provider would refuse, and answers so that dependants can be built."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from infra.recorder import Recording
from infra.recorder.run import recorded
from infra.recorder.values import UNKNOWN, Secret, decoded, encoded


def faults(program: Callable[[], object]) -> list[tuple[str, str]]:
    return sorted(
        (fault.path, fault.message) for fault in recorded(lambda: (program(), None)[1], "test").faults
    )


def bucket(**inputs: Any) -> None:
    import pulumi_aws as aws

    aws.s3.Bucket("results", **inputs)


def test_right_inputs_have_no_fault() -> None:
    assert not faults(lambda: bucket(bucket="results", tags={"owner": "me"}, force_destroy=False))


def test_a_misspelt_nested_key_is_named_with_its_path() -> None:
    import pulumi_aws as aws

    def program() -> None:
        aws.eks.Cluster("c", role_arn="r", vpc_config={"subnet_ids": ["s"], "endpoint_privat_access": True})  # type: ignore[typeddict-unknown-key]

    ((path, message),) = faults(program)
    assert path == "vpcConfig.endpoint_privat_access"
    assert "endpointPrivateAccess" in message


def test_a_missing_nested_input_is_named_with_its_path() -> None:
    import pulumi_aws as aws

    def program() -> None:
        actions: list[Any] = [{"type": "forward", "forward": {"target_groups": [{"weight": 1}]}}]
        aws.lb.Listener("l", load_balancer_arn="arn", default_actions=actions)

    assert faults(program) == [("defaultActions[0].forward.targetGroups[0].arn", "required input is missing")]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"force_destroy": "yes"}, "forceDestroy"),
        ({"tags": {"owner": {"name": "me"}}}, "tags.owner"),
        ({"bucket": 1}, "bucket"),
        ({"bucket": True}, "bucket"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(inputs: dict[str, Any], path: str) -> None:
    ((found, _),) = faults(lambda: bucket(**inputs))
    assert found == path


def test_a_misspelt_name_of_an_open_enumeration_is_a_fault_and_a_newer_one_is_not() -> None:
    from pulumi_azure_native import containerservice

    def cluster(tier: str, size: str) -> None:
        containerservice.ManagedCluster(
            "aks",
            resource_group_name="group",
            sku={"name": "Base", "tier": tier},
            agent_pool_profiles=[{"name": "system", "mode": "System", "vm_size": size}],
        )

    assert faults(lambda: cluster("Standard", "Standard_D4ds_v9")) == []
    ((path, message),) = faults(lambda: cluster("Standrd", "Standard_D4ds_v9"))
    assert path == "sku.tier"
    assert "'Standard'" in message


def test_an_unknown_resource_type_is_a_fault() -> None:
    ((_, message),) = faults(lambda: pulumi.CustomResource("aws:s3/bucket:Bukket", "b", {}))
    assert "aws:s3/bucket:Bukket" in message


def test_the_inputs_of_a_provider_are_checked_too() -> None:
    import pulumi_aws as aws

    assert faults(lambda: aws.Provider("a", region="eu-west-1", default_tags={"tags": {"a": "b"}})) == []  # type: ignore[arg-type]
    ((path, _),) = faults(lambda: aws.Provider("a", region="eu-west-1", default_tags={"tag": {}}))  # type: ignore[arg-type]
    assert path == "defaultTags.tag"


def test_a_name_given_twice_is_a_fault() -> None:
    ((_, message),) = faults(lambda: (bucket(), bucket()))
    assert "declared twice" in message


@pytest.mark.parametrize("inputs", [{"metadata": {"labels": {"app": "a"}}, "spec": {"selectr": {}}}])
def test_kubernetes_objects_are_checked(inputs: dict[str, Any]) -> None:
    from pulumi_kubernetes import core

    assert [path for path, _ in faults(lambda: core.v1.Service("s", **inputs))] == ["spec.selectr"]


def three_clouds() -> None:
    import pulumi_aws as aws
    import pulumi_gcp as gcp
    from pulumi_azure_native import containerservice

    provider = aws.Provider("aws", region="eu-west-1")
    options = pulumi.ResourceOptions(provider=provider)
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=options)
    subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/20", opts=options)
    role = aws.iam.Role("role", assume_role_policy="{}", opts=options)
    eks = aws.eks.Cluster("eks", role_arn=role.arn, vpc_config={"subnet_ids": [subnet.id]}, opts=options)
    aks = containerservice.ManagedCluster(
        "aks", resource_group_name="group", oidc_issuer_profile={"enabled": True}
    )
    account = gcp.serviceaccount.Account("account", account_id="worker", project="p")
    pulumi.export("certificate", eks.certificate_authority.data)
    pulumi.export("issuer", aks.oidc_issuer_profile.issuer_url)  # type: ignore[union-attr]
    pulumi.export("email", account.email)
    pulumi.export("endpoint", pulumi.Output.secret(eks.endpoint))


def named(recording: Recording, name: str) -> Any:
    return next(resource for resource in recording.resources if resource.name == name)


def test_outputs_have_the_form_that_dependants_expect() -> None:
    recording = recorded(three_clouds, "test")
    assert named(recording, "subnet").inputs["vpcId"].startswith("vpc-0")
    assert named(recording, "eks").inputs["roleArn"].startswith("arn:aws:iam::111122223333:role/role-")
    outputs = recording.outputs
    assert outputs is not None
    assert base64.b64decode(outputs["certificate"]).startswith(b"-----BEGIN CERTIFICATE-----")
    assert outputs["issuer"].startswith("https://")
    assert outputs["email"].endswith(".iam.gserviceaccount.com")
    assert ".eu-west-1.amazonaws.com" in outputs["endpoint"].value


def test_a_preview_knows_only_what_is_given() -> None:
    recording = recorded(three_clouds, "test", preview=True)
    assert named(recording, "subnet").inputs["vpcId"] == UNKNOWN
    assert recording.outputs == {
        "certificate": UNKNOWN,
        "issuer": UNKNOWN,
        "email": UNKNOWN,
        "endpoint": Secret(UNKNOWN),
    }


def test_two_recordings_are_the_same_and_survive_json() -> None:
    first, second = (recorded(three_clouds, "test") for _ in range(2))
    in_order = [sorted(r.as_json()["resources"], key=lambda found: found["urn"]) for r in (first, second)]
    assert in_order[0] == in_order[1]
    assert Recording.from_json(json.loads(json.dumps(first.as_json()))).as_json() == first.as_json()


def test_provider_parent_protection_and_dependencies_are_kept() -> None:
    import pulumi_aws as aws

    class Thing(pulumi.ComponentResource):
        def __init__(self, provider: aws.Provider) -> None:
            super().__init__("costate:aws:Thing", "thing", None, pulumi.ResourceOptions(providers=[provider]))
            self.key = aws.kms.Key("key", opts=pulumi.ResourceOptions(parent=self, protect=True))
            self.register_outputs({})

    def program() -> None:
        thing = Thing(aws.Provider("aws", region="eu-west-1"))
        aws.s3.Bucket("after", opts=pulumi.ResourceOptions(depends_on=[thing.key], ignore_changes=["tags"]))

    recording = recorded(program, "test")
    key, after = named(recording, "key"), named(recording, "after")
    assert key.parent == named(recording, "thing").urn
    assert key.provider == named(recording, "aws").urn
    assert key.protect
    assert not after.provider
    assert after.dependencies == (key.urn,)
    assert after.ignore_changes == ("tags",)


def test_a_call_to_a_cloud_while_planning_is_refused() -> None:
    import pulumi_aws as aws

    with pytest.raises(Exception, match=r"getCallerIdentity.* is called while planning"):
        recorded(lambda: pulumi.export("id", aws.get_caller_identity_output().account_id), "test")


def test_what_the_program_raises_is_raised() -> None:
    def program() -> None:
        raise ValueError("not so")

    with pytest.raises(ValueError, match="not so"):
        recorded(program, "test")


def test_an_error_inside_apply_is_raised() -> None:
    import pulumi_aws as aws

    def program() -> None:
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16").id.apply(lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        recorded(program, "test")


def test_an_input_that_is_going_away_is_told() -> None:
    import pulumi_aws as aws

    recording = recorded(lambda: (aws.s3.BucketV2("b"), None)[1], "test")
    assert any("deprecated" in warning for warning in recording.warnings)


def test_secrets_are_masked_where_they_are_stored() -> None:
    import pulumi_aws as aws

    def program() -> None:
        aws.secretsmanager.SecretVersion(
            "v", secret_id="s", secret_string=pulumi.Output.secret("open sesame")
        )

    (resource,) = recorded(program, "test").resources
    assert resource.inputs["secretString"] == Secret("open sesame")
    assert "sesame" not in json.dumps(resource.as_json())


def test_values_survive_the_wire() -> None:
    values = {"a": [1, 2.5, True, None, {"b": Secret({"c": ["d"]})}], "e": UNKNOWN}
    assert decoded(encoded(values)) == values


def test_former_names_are_recorded_and_other_versions_of_a_type_are_not() -> None:
    from pulumi_azure_native import resources

    def program() -> None:
        former = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])
        resources.ResourceGroup("new", location="westeurope", opts=former)

    [group] = [one for one in recorded(program, "test").resources if one.custom]
    assert group.aliases == ("old",)
