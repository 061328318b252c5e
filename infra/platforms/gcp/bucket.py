"""A bucket as every bucket of a cell is: ours alone, under our key, with nothing public."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import storage

from infra.place import Place

DAY_S = 24 * 3600
SOFT_DELETE_DAYS = 7
"""Days in which what was deleted can be brought back, versions and all."""


def bucket(
    name: str,
    *,
    place: Place,
    location: str,
    key: pulumi.Output[str],
    granted: pulumi.Resource,
    lifecycle: Sequence[storage.BucketLifecycleRuleArgs],
    parent: pulumi.Resource,
    retained_days: int = 0,
) -> storage.Bucket:
    """A private bucket with versions, or with a retention period where days are given (which excludes them).

    `granted` is the right of the storage service to use the key: without it, making the bucket fails.
    """
    retention = storage.BucketRetentionPolicyArgs(
        retention_period=str(retained_days * DAY_S),
        # A locked bucket can never be emptied early, by nobody: not what a trial stack wants.
        is_locked=place.protect,
    )
    return storage.Bucket(
        name,
        location=location,
        storage_class="STANDARD",
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        encryption=storage.BucketEncryptionArgs(default_kms_key_name=key),
        versioning=storage.BucketVersioningArgs(enabled=not retained_days),
        retention_policy=retention if retained_days else None,
        soft_delete_policy=storage.BucketSoftDeletePolicyArgs(
            retention_duration_seconds=SOFT_DELETE_DAYS * DAY_S
        ),
        lifecycle_rules=[*lifecycle, _no_leftovers()],
        force_destroy=not place.protect,
        labels=dict(place.tags),
        opts=pulumi.ResourceOptions(parent=parent, protect=place.protect, depends_on=[granted]),
    )


def deleted_after(days: int, *, prefix: str = "") -> storage.BucketLifecycleRuleArgs:
    """Objects go after so many days; with a prefix, only those whose name begins with it."""
    return storage.BucketLifecycleRuleArgs(
        action=storage.BucketLifecycleRuleActionArgs(type="Delete"),
        condition=storage.BucketLifecycleRuleConditionArgs(
            age=days, matches_prefixes=[prefix] if prefix else None
        ),
    )


def old_versions_deleted_after(days: int) -> storage.BucketLifecycleRuleArgs:
    """Versions that have been replaced or deleted go after so many days."""
    return storage.BucketLifecycleRuleArgs(
        action=storage.BucketLifecycleRuleActionArgs(type="Delete"),
        condition=storage.BucketLifecycleRuleConditionArgs(
            days_since_noncurrent_time=days, with_state="ARCHIVED"
        ),
    )


def cheaper_after(days: int) -> storage.BucketLifecycleRuleArgs:
    """Objects move to the class for what is read less than once a month."""
    return storage.BucketLifecycleRuleArgs(
        action=storage.BucketLifecycleRuleActionArgs(type="SetStorageClass", storage_class="NEARLINE"),
        condition=storage.BucketLifecycleRuleConditionArgs(age=days, matches_storage_classes=["STANDARD"]),
    )


def _no_leftovers() -> storage.BucketLifecycleRuleArgs:
    """Parts of uploads that were never ended go after a week."""
    return storage.BucketLifecycleRuleArgs(
        action=storage.BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
        condition=storage.BucketLifecycleRuleConditionArgs(age=7),
    )
