"""A bucket as every bucket here is: private, versioned, encrypted, TLS only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pulumi
import pulumi_aws as aws

from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.ordering import after


class Bucket(pulumi.ComponentResource):
    """`name` and `arn` are known once the bucket is guarded; rules come as arguments."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        key: pulumi.Output[str],
        rules: Sequence[aws.s3.BucketLifecycleConfigurationRuleArgs],
        grants: Callable[[pulumi.Output[str]], Sequence[iam.Statement]] = lambda arn: (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`grants` makes statements of the policy from the bucket's ARN."""
        super().__init__("costate:aws:Bucket", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        self._bucket = bucket = aws.s3.Bucket(
            name,
            # Production's are emptied by hand before they can go.
            force_destroy=not place.production,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._child,
        )
        guards = [
            versioning,
            self._encryption(key),
            aws.s3.BucketPublicAccessBlock(
                name,
                bucket=bucket.bucket,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=self._child,
            ),
            aws.s3.BucketOwnershipControls(
                name,
                bucket=bucket.bucket,
                rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
                opts=self._child,
            ),
            self._policy(grants),
            aws.s3.BucketLifecycleConfiguration(
                name, bucket=bucket.bucket, rules=[*rules, _leftovers()], opts=self._child
            ),
        ]
        self.name, self.arn = after(bucket.bucket, guards), after(bucket.arn, guards)
        self.register_outputs({"name": self.name})

    def _encryption(self, key: pulumi.Output[str]) -> aws.s3.BucketServerSideEncryptionConfiguration:
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=key
        )
        return aws.s3.BucketServerSideEncryptionConfiguration(
            self._name,
            bucket=self._bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default, bucket_key_enabled=True
                )
            ],
            opts=self._child,
        )

    def _policy(self, grants: Callable[[pulumi.Output[str]], Sequence[iam.Statement]]) -> aws.s3.BucketPolicy:
        arn = self._bucket.arn
        whole = [arn, pulumi.Output.concat(arn, "/*")]
        plain = {"Bool": {"aws:SecureTransport": "false"}}
        old = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
        return aws.s3.BucketPolicy(
            self._name,
            bucket=self._bucket.bucket,
            policy=iam.document(
                iam.deny(["s3:*"], whole, who="*", when=plain, sid="OnlyTls"),
                iam.deny(["s3:*"], whole, who="*", when=old, sid="OnlyTls12"),
                *grants(arn),
            ),
            opts=self._child,
        )


def _leftovers() -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="leftovers",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        abort_incomplete_multipart_upload=(
            aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(days_after_initiation=7)
        ),
        noncurrent_version_expiration=(
            aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(noncurrent_days=30)
        ),
    )
