"""Where Pulumi keeps the state of stacks: a bucket, and the key that encrypts secrets in it.

Pulumi cannot make what it needs itself, so this is done by API calls, each of which may be repeated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from infra.bootstrap.aws.session import Clients

NAME = "costate-state"
ALIAS = f"alias/{NAME}"
TAGS = {"application": "costate", "managed-by": "bootstrap", "role": "state"}
OLD_DAYS = 365
"""How long earlier versions of a state are kept."""


@dataclass(frozen=True)
class State:
    """What was made, and what Pulumi is told of it."""

    bucket: str
    region: str
    key: str
    """ARN."""

    @property
    def backend(self) -> str:
        """Value of PULUMI_BACKEND_URL."""
        return f"s3://{self.bucket}?region={self.region}&awssdk=v2"

    @property
    def secrets_provider(self) -> str:
        """What `pulumi stack init --secrets-provider` is given."""
        return f"awskms://{ALIAS}?region={self.region}"


def ensure(clients: Clients, region: str) -> State:
    """Make what is not there and set right what is."""
    account = clients("sts", region).get_caller_identity()["Account"]
    key = _key(clients("kms", region))
    bucket = f"{NAME}-{account}-{region}"
    _bucket(clients("s3", region), bucket, region, key)
    return State(bucket, region, key)


def _key(kms: Any) -> str:
    known = {
        alias["AliasName"]: alias["TargetKeyId"]
        for page in kms.get_paginator("list_aliases").paginate()
        for alias in page["Aliases"]
        if "TargetKeyId" in alias
    }
    if ALIAS not in known:
        made = kms.create_key(
            Description="State of Costate's stacks",
            Tags=[{"TagKey": key, "TagValue": value} for key, value in TAGS.items()],
        )
        known[ALIAS] = made["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=ALIAS, TargetKeyId=known[ALIAS])
    kms.enable_key_rotation(KeyId=known[ALIAS])
    return str(kms.describe_key(KeyId=known[ALIAS])["KeyMetadata"]["Arn"])


def _bucket(s3: Any, bucket: str, region: str, key: str) -> None:
    if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
        # S3 has us-east-1 as its default and refuses it as a place that is asked for.
        place = {} if region == "us-east-1" else {"LocationConstraint": region}
        s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": place} if place else {}))
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
        },
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_only_tls(bucket)))
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=_lifecycle())
    s3.put_bucket_tagging(
        Bucket=bucket, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in TAGS.items()]}
    )


def _only_tls(bucket: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _lifecycle() -> dict[str, Any]:
    return {
        "Rules": [
            {
                "ID": "earlier-versions",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_DAYS},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            }
        ]
    }
