"""Where results are kept, and their copy in the standby's region; the audit trail tells who reads them."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.contracts import ObjectStoreFacts
from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.bucket import Bucket
from infra.platforms.aws.keys import Keys

Rule = aws.s3.BucketLifecycleConfigurationRuleArgs


RESULTS = "results"
BACKUPS = "backups"
"""Folders of the bucket: results, which the service reads and writes, and dumps, which it does not see."""


class Storage(pulumi.ComponentResource):
    """In a standby cell the primary's results are copied into it as they are written."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        keys: Keys,
        primary: Storage | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Storage", name, None, opts)
        self._name, self._place, self._keys = name, place, keys
        child = pulumi.ResourceOptions(parent=self)
        self.results = Bucket(
            f"{place.name}-results",
            place=place,
            key=keys.data,
            rules=[
                Rule(
                    id="cooling",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    transitions=[
                        aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(
                            days=30, storage_class="INTELLIGENT_TIERING"
                        )
                    ],
                )
            ],
            opts=child,
        )
        if primary is not None:
            self._replicate(primary)
        self.facts = ObjectStoreFacts(
            id=self.results.arn, url=pulumi.Output.concat("s3://", self.results.name, f"/{RESULTS}")
        )
        self.register_outputs({"url": self.facts.url})

    def _replicate(self, primary: Storage) -> None:
        """Copy what is written to the primary's bucket into this one, under this region's key."""
        child = pulumi.ResourceOptions(parent=self)
        source, target = primary.results, self.results
        here, there = self._place.region, primary._place.region
        role = iam.Role(
            f"{self._place.name}-replicate",
            description=f"Results of {primary._place.name} to {self._place.name}",
            trusts=iam.trust("s3.amazonaws.com"),
            statements=[
                iam.allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], source.arn),
                iam.allow(
                    [
                        "s3:GetObjectVersionForReplication",
                        "s3:GetObjectVersionAcl",
                        "s3:GetObjectVersionTagging",
                    ],
                    pulumi.Output.concat(source.arn, "/*"),
                ),
                iam.allow(
                    ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                    pulumi.Output.concat(target.arn, "/*"),
                ),
                iam.allow(["kms:Decrypt"], primary._keys.data, when=_through_s3(there)),
                iam.allow(["kms:Encrypt", "kms:GenerateDataKey"], self._keys.data, when=_through_s3(here)),
            ],
            opts=child,
        )
        aws.s3.BucketReplicationConfig(
            f"{self._name}-replication",
            # A setting of the primary's bucket, so it is made in the primary's region.
            region=there,
            bucket=source.name,
            role=role.arn,
            rules=[
                aws.s3.BucketReplicationConfigRuleArgs(
                    id=self._place.name,
                    status="Enabled",
                    priority=1,
                    filter=aws.s3.BucketReplicationConfigRuleFilterArgs(prefix=""),
                    delete_marker_replication=(
                        aws.s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(status="Enabled")
                    ),
                    source_selection_criteria=_encrypted_too(),
                    destination=aws.s3.BucketReplicationConfigRuleDestinationArgs(
                        bucket=target.arn,
                        encryption_configuration=(
                            aws.s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(
                                replica_kms_key_id=self._keys.data
                            )
                        ),
                    ),
                )
            ],
            opts=child,
        )


def _through_s3(region: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}}


def _encrypted_too() -> aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs:
    """Objects under a key of ours too, which replication leaves out unless told."""
    kind = aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs
    return aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
        sse_kms_encrypted_objects=kind(status="Enabled")
    )
