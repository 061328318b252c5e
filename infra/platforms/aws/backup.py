"""Backups beside those of the data stores themselves: daily, with a copy in another region."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.catalog.aws import COPIES
from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.keys import Keys


class Backup(pulumi.ComponentResource):
    """Two vaults, here and in another region, each with its own key; a plan over what is named."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        keys: Keys,
        databases: Sequence[pulumi.Output[str]],
        buckets: Sequence[pulumi.Output[str]],
        days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`databases` and `buckets` are ARNs; `days` is how long copies are kept."""
        super().__init__("costate:aws:Backup", name, None, opts)
        self._name, self._place = name, place
        self._child = pulumi.ResourceOptions(parent=self)
        vault = self._vault(f"{place.name}-backup", None, keys.data)
        other = COPIES[place.region]
        copies = self._key(other)
        away = self._vault(f"{place.name}-copy", other, copies)
        keeping = aws.backup.PlanRuleLifecycleArgs(delete_after=days)
        plan = aws.backup.Plan(
            name,
            rules=[
                aws.backup.PlanRuleArgs(
                    rule_name="daily",
                    target_vault_name=vault.name,
                    schedule="cron(0 3 * * ? *)",
                    start_window=60,
                    completion_window=480,
                    lifecycle=keeping,
                    copy_actions=[
                        aws.backup.PlanRuleCopyActionArgs(
                            destination_vault_arn=away.arn,
                            lifecycle=aws.backup.PlanRuleCopyActionLifecycleArgs(delete_after=days),
                        )
                    ],
                )
            ],
            opts=self._child,
        )
        aws.backup.Selection(
            name,
            plan_id=plan.id,
            iam_role_arn=self._role(keys, databases, buckets, away, copies).arn,
            resources=[*databases, *buckets],
            opts=self._child,
        )
        self.register_outputs({"vault": vault.arn, "copies": away.arn})

    def _vault(self, name: str, region: str | None, key: pulumi.Output[str]) -> aws.backup.Vault:
        return aws.backup.Vault(
            name,
            region=region,
            kms_key_arn=key,
            force_destroy=not self._place.production,
            opts=pulumi.ResourceOptions(parent=self, protect=self._place.protect),
        )

    def _key(self, region: str) -> pulumi.Output[str]:
        return aws.kms.Key(
            f"{self._name}-copies",
            region=region,
            description=f"Copies of backups of {self._place.name}",
            enable_key_rotation=True,
            rotation_period_in_days=365,
            deletion_window_in_days=30,
            opts=pulumi.ResourceOptions(parent=self, protect=self._place.protect),
        ).arn

    def _role(
        self,
        keys: Keys,
        databases: Sequence[pulumi.Output[str]],
        buckets: Sequence[pulumi.Output[str]],
        away: aws.backup.Vault,
        copies: pulumi.Output[str],
    ) -> iam.Role:
        """What AWS Backup documents as needed for RDS and S3, on these resources only."""
        database = [*databases, *(arn.apply(_snapshots) for arn in databases)]
        return iam.Role(
            f"{self._place.name}-backups",
            description=f"AWS Backup of {self._place.name}",
            trusts=iam.trust("backup.amazonaws.com"),
            statements=[
                *([_databases(database)] if databases else []),
                *_buckets(buckets),
                iam.allow(["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"], away.arn),
                iam.allow(
                    ["backup:TagResource"],
                    f"arn:aws:backup:{self._place.region}:*:recovery-point:*",
                ),
                iam.allow(["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"], [keys.data, copies]),
                iam.allow(
                    ["kms:CreateGrant"],
                    [keys.data, copies],
                    when={"Bool": {"kms:GrantIsForAWSResource": "true"}},
                ),
                # To look for resources and their size knows no resource: AWS takes only "*" here.
                iam.allow(
                    [
                        "cloudwatch:GetMetricData",
                        "events:ListRules",
                        "s3:ListAllMyBuckets",
                        "tag:GetResources",
                    ],
                    "*",
                    # S3 lists buckets in us-east-1.
                    when={"StringEquals": {"aws:RequestedRegion": [self._place.region, "us-east-1"]}},
                ),
            ],
            opts=self._child,
        )


def _snapshots(database: str) -> str:
    """ARN of the snapshots that AWS Backup makes, from the ARN of a database."""
    return f"{':'.join(database.split(':')[:5])}:snapshot:awsbackup:*"


def _databases(resources: list[pulumi.Output[str]]) -> iam.Statement:
    return iam.allow(
        [
            "rds:AddTagsToResource",
            "rds:CopyDBSnapshot",
            "rds:CreateDBSnapshot",
            "rds:DeleteDBSnapshot",
            "rds:DescribeDBInstances",
            "rds:DescribeDBSnapshots",
            "rds:ListTagsForResource",
            "rds:ModifyDBSnapshotAttribute",
        ],
        resources,
    )


def _buckets(buckets: Sequence[pulumi.Output[str]]) -> list[iam.Statement]:
    return [
        iam.allow(
            [
                "s3:GetBucketAcl",
                "s3:GetBucketLocation",
                "s3:GetBucketNotification",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetInventoryConfiguration",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:PutBucketNotification",
                "s3:PutInventoryConfiguration",
            ],
            list(buckets),
        ),
        iam.allow(
            [
                "s3:GetObject",
                "s3:GetObjectAcl",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
            ],
            [pulumi.Output.concat(bucket, "/*") for bucket in buckets],
        ),
        # Rules by which AWS Backup hears of changed objects.
        iam.allow(
            [
                "events:DeleteRule",
                "events:DescribeRule",
                "events:DisableRule",
                "events:EnableRule",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
            ],
            "arn:aws:events:*:*:rule/AwsBackupManagedRule*",
        ),
    ]
