"""Keys of our own, rotated yearly, each with a policy that says which services may use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.contracts import KeyFacts
from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.ordering import after

USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
"""What AWS documents as use of a key; the wildcards are of its own naming (`...WithoutPlaintext`)."""


def owned(account: pulumi.Output[str]) -> iam.Statement:
    """What every key's policy says first: the IAM policies of the account decide.

    As AWS advises: without it a key can become nobody's. In a key's policy the resource "*" is this key.
    """
    root = pulumi.Output.format("arn:aws:iam::{0}:root", account)
    return iam.allow(["kms:*"], "*", who={"AWS": root}, sid="AccountDecides")


def for_logs(region: str, account: pulumi.Output[str]) -> iam.Statement:
    """CloudWatch may use the key for log groups of this account in its region."""
    groups = pulumi.Output.format("arn:aws:logs:{0}:{1}:log-group:*", region, account)
    return iam.allow(
        USE,
        "*",
        who={"Service": f"logs.{region}.amazonaws.com"},
        when={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        sid="Logs",
    )


class Keys(pulumi.ComponentResource):
    """`data` for data stores and disks, `cluster` for the secrets of Kubernetes, `logs` for logs and trails."""

    def __init__(self, name: str, *, place: Place, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("costate:aws:Keys", name, None, opts)
        self._name, self._place = name, place
        data = self._key("data", "Data stores and disks")
        self.account = data.arn.apply(lambda arn: arn.split(":")[4])
        """The account, read off a key: nothing is asked of AWS while planning."""
        self.data = self._guarded("data", data, self._data_statements())
        self.cluster = self._guarded("cluster", self._key("cluster", "Secrets of Kubernetes"), ())
        logs = self._key("logs", "Logs and audit trails")
        self.logs = self._guarded("logs", logs, self._log_statements())
        self.facts = KeyFacts(data=self.data, cluster=self.cluster)
        self.register_outputs({"data": self.data, "cluster": self.cluster, "logs": self.logs})

    def _key(self, use: str, description: str) -> aws.kms.Key:
        key = aws.kms.Key(
            f"{self._name}-{use}",
            description=f"{description} of {self._place.name}",
            enable_key_rotation=True,
            rotation_period_in_days=365,
            deletion_window_in_days=30,
            opts=pulumi.ResourceOptions(parent=self, protect=self._place.protect),
        )
        aws.kms.Alias(
            f"{self._name}-{use}-alias",
            name=f"alias/{self._place.name}-{use}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key

    def _guarded(self, use: str, key: aws.kms.Key, statements: Sequence[iam.Statement]) -> pulumi.Output[str]:
        """The key's ARN, known only once its policy holds: whoever uses the key waits for it."""
        policy = aws.kms.KeyPolicy(
            f"{self._name}-{use}-policy",
            key_id=key.key_id,
            policy=iam.document(owned(self.account), *statements),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return after(key.arn, [policy])

    def _data_statements(self) -> list[iam.Statement]:
        # Disks of nodes are made by the autoscaling service in its own name. Anyone in this account, but only
        # through EC2, is what AWS's own disk key says too; naming the service's role would fail in an
        # account where it does not exist yet.
        through_ec2: dict[str, dict[str, Any]] = {
            "StringEquals": {
                "kms:ViaService": f"ec2.{self._place.region}.amazonaws.com",
                "kms:CallerAccount": self.account,
            }
        }
        grants = {**through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}}
        anyone = {"AWS": "*"}
        return [
            iam.allow(USE, "*", who=anyone, when=through_ec2, sid="DisksOfNodes"),
            iam.allow(["kms:CreateGrant"], "*", who=anyone, when=grants, sid="GrantsForDisks"),
        ]

    def _log_statements(self) -> list[iam.Statement]:
        region = self._place.region
        trails = pulumi.Output.format("arn:aws:cloudtrail:{0}:{1}:trail/*", region, self.account)
        return [
            for_logs(region, self.account),
            iam.allow(
                ["kms:GenerateDataKey*", "kms:DescribeKey"],
                "*",
                who={"Service": "cloudtrail.amazonaws.com"},
                when={"ArnLike": {"aws:SourceArn": trails}},
                sid="Trail",
            ),
        ]
