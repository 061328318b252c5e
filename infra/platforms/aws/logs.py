"""Log groups of our own: encrypted, kept for a time that is said."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

# API reference of CloudWatch Logs, PutRetentionPolicy: no other numbers of days are taken.
RETENTIONS = (7, 14, 30, 60, 90, 120, 150, 180, 365, 400)


def retention(days: int) -> int:
    """The next longer time that CloudWatch knows, in days."""
    return next(allowed for allowed in RETENTIONS if allowed >= days)


def log_group(
    name: str, path: pulumi.Input[str], *, days: int, key: pulumi.Input[str], parent: pulumi.Resource
) -> aws.cloudwatch.LogGroup:
    """A log group under a path that AWS may prescribe."""
    return aws.cloudwatch.LogGroup(
        name,
        name=path,
        retention_in_days=retention(days),
        kms_key_id=key,
        opts=pulumi.ResourceOptions(parent=parent),
    )
