"""Data at rest are encrypted with a key of our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from estates import Estate

from infra.recorder import Recording, Resource
from infra.recorder.schema import schema
from promises.looking import at, own_keys, say

KEY_INPUT = re.compile(
    r"^(kmsKey|kmsKeyId|kmsKeyArn|kmsKeyName|kmsMasterKeyId|encryptionKeyName|\w+KmsKeyId|diskEncryptionSetID)$"
)
"""Inputs that name a key, on any type of the SDKs: where a type has one it is set."""

NESTED: dict[str, tuple[str, ...]] = {
    "aws:eks/cluster:Cluster": ("encryptionConfig.provider.keyArn",),
    "aws:ecr/repository:Repository": ("encryptionConfigurations[].kmsKey",),
    "aws:ec2/launchTemplate:LaunchTemplate": ("blockDeviceMappings[].ebs.kmsKeyId",),
    "gcp:storage/bucket:Bucket": ("encryption.defaultKmsKeyName",),
    "gcp:container/cluster:Cluster": ("databaseEncryption.keyName",),
    "gcp:container/nodePool:NodePool": ("nodeConfig.bootDiskKmsKey",),
    "azure-native:storage:StorageAccount": ("encryption.keyVaultProperties.keyName",),
    "azure-native:dbforpostgresql:Server": ("dataEncryption.primaryKeyURI",),
    "azure-native:redisenterprise:RedisEnterprise": (
        "encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl",
    ),
    "azure-native:containerregistry:Registry": ("encryption.keyVaultProperties.keyIdentifier",),
    "azure-native:containerservice:ManagedCluster": (
        "diskEncryptionSetID",
        "securityProfile.azureKeyVaultKms.keyId",
    ),
}

UNSET: dict[tuple[str, str], Callable[[Resource], bool]] = {
    # What it carries is the name of what to stop or start.
    ("aws:scheduler/schedule:Schedule", "kmsKeyArn"): lambda schedule: True,
    # Only where AWS makes the password; a replica has its primary's.
    ("aws:rds/instance:Instance", "masterUserSecretKmsKeyId"): lambda database: (
        not database.plain.get("manageMasterUserPassword")
    ),
}
"""Inputs that may stay empty, by type and name, and on which resources."""


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    ours = own_keys(recording)
    for resource in recording.managed:
        for path in _paths(resource):
            found = at(resource.plain, path)
            if not found and not UNSET.get((resource.type, path), _never)(resource):
                yield say(resource, path, "no key is given")
            for value in found:
                if not _is_ours(value, ours):
                    yield say(resource, path, f"is no key of this stack: {value}")
    yield from _buckets(recording, ours)


def _never(resource: Resource) -> bool:
    return False


def _paths(resource: Resource) -> list[str]:
    direct = [name for name in schema(resource.type).inputs if KEY_INPUT.match(name)]
    return list(dict.fromkeys([*direct, *NESTED.get(resource.type, ())]))


def _is_ours(value: Any, ours: set[str]) -> bool:
    # The address of a key may be given without its version.
    return isinstance(value, str) and any(key == value or key.startswith(f"{value}/") for key in ours)


def _buckets(recording: Recording, ours: set[str]) -> Iterator[str]:
    """S3 keeps the setting beside the bucket."""
    path = "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId"
    settings = recording.of(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    keys = {setting.plain["bucket"]: at(setting.plain, path) for setting in settings}
    for bucket in recording.of("aws:s3/bucket:Bucket"):
        if bucket.id not in keys:
            yield say(bucket, "", "has no setting of encryption")
        for value in keys.get(bucket.id, []):
            if not _is_ours(value, ours):
                yield say(bucket, path, f"is no key of this stack: {value}")
