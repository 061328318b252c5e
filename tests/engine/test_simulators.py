"""The simulated clouds are strict: what a cloud would refuse, they refuse."""

from __future__ import annotations

from simulated import Project, Simulated

NETWORK = """
import pulumi
import pulumi_aws as aws

cloud = aws.Provider("cloud", region="eu-west-1")
on = pulumi.ResourceOptions(provider=cloud)
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=on)
subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24", opts=on)
table = aws.dynamodb.Table("table", hash_key="id", attributes=[{"name": "id", "type": "S"}],
                           billing_mode="PAY_PER_REQUEST", opts=on)
version = aws.secretsmanager.SecretVersion(
    "version", secret_id="s", secret_string=pulumi.Output.secret("open-sesame"), opts=on)
"""


def test_the_life_of_simulated_resources(simulated: Simulated, project: Project) -> None:
    project.program(NETWORK)
    simulated.pulumi("preview")
    assert not simulated.world.things()

    assert set(simulated.up()["create"]) >= {"vpc", "subnet", "table", "version"}
    simulated.assert_nothing_is_orphaned()
    made = {thing.name: thing for thing in simulated.world.things()}
    assert made["subnet"].inputs["vpcId"] == made["vpc"].id
    assert made["table"].id.startswith("table-")
    simulated.assert_nothing_secret_is_told()

    assert set(simulated.up()) == {"same"}

    # A change in place, and one that needs a replacement: with it the dependants move.
    project.program(NETWORK.replace('"PAY_PER_REQUEST"', '"PROVISIONED"'))
    assert simulated.up()["update"] == ["table"]
    project.program(NETWORK.replace("10.0.0.0/16", "10.1.0.0/16"))
    done = simulated.up()
    assert set(done["create-replacement"]) == {"vpc", "subnet"}
    simulated.assert_nothing_is_orphaned()

    # What somebody deleted by hand is noticed and made again.
    gone = made["table"]
    simulated.world.remove(gone)
    simulated.pulumi("refresh", "--yes", "--skip-preview")
    assert simulated.up()["create"] == ["table"]

    simulated.pulumi("destroy", "--yes", "--skip-preview")
    assert not simulated.world.things()


def test_a_planned_failure_comes_once_and_leaves_nothing_behind(
    simulated: Simulated, project: Project
) -> None:
    project.program(NETWORK)
    simulated.world.refuse(2)
    assert "fails, as planned" in simulated.told("up", "--yes", "--skip-preview")
    simulated.assert_nothing_is_orphaned()
    simulated.up()
    simulated.assert_nothing_is_orphaned()
    assert len(simulated.world.things()) == 4


def test_wrong_inputs_are_refused_in_the_preview(simulated: Simulated, project: Project) -> None:
    project.program(NETWORK, 'aws.s3.Bucket("bucket", tagz={"a": "b"}, opts=on)')
    assert "tagz" in simulated.told("preview")
    project.program(NETWORK, 'pulumi.CustomResource("aws:s3/bucket:Bucket", "b", {"tagz": {}}, on)')
    told = simulated.told("preview")
    assert "unknown input; did you mean 'tags'?" in told
    assert not simulated.world.things()


def test_what_is_in_use_is_not_deleted(simulated: Simulated, project: Project) -> None:
    project.program(NETWORK)
    simulated.up()
    vpc = next(thing for thing in simulated.world.things() if thing.name == "vpc")
    # The dependence is hidden from the engine: the id is a plain text.
    hidden = NETWORK.replace("vpc_id=vpc.id", f"vpc_id={vpc.id!r}")
    project.program(hidden)
    simulated.up()
    project.program(*(line for line in hidden.splitlines() if not line.startswith("vpc = ")))
    assert "is in use: aws:ec2/subnet:Subnet" in simulated.told("up", "--yes", "--skip-preview")


def test_what_does_not_exist_cannot_be_referred_to(simulated: Simulated, project: Project) -> None:
    project.program(NETWORK.replace("vpc_id=vpc.id", "vpc_id='vpc-00123456789abcdef'"))
    told = simulated.told("up", "--yes", "--skip-preview")
    assert "refers to what does not exist: vpc-00123456789abcdef" in told


def test_two_of_one_name_cannot_be(simulated: Simulated, project: Project) -> None:
    named = 'aws.s3.Bucket({0!r}, bucket="results", opts=on)'
    project.program(NETWORK, named.format("a"), named.format("b"))
    assert "results already exists" in simulated.told("up", "--yes", "--skip-preview")
