"""Data stores, keys and clusters refuse deletion in production: by one setting, and by nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from estates import Estate

from infra.recorder import Recording
from promises.looking import fields, say

KEPT = (
    "aws:kms/key:Key",
    "aws:rds/instance:Instance",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:eks/cluster:Cluster",
    "aws:s3/bucket:Bucket",
    "aws:ecr/repository:Repository",
    "gcp:kms/keyRing:KeyRing",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:sql/databaseInstance:DatabaseInstance",
    "gcp:memorystore/instance:Instance",
    "gcp:container/cluster:Cluster",
    "gcp:storage/bucket:Bucket",
    "gcp:artifactregistry/repository:Repository",
    "azure-native:keyvault:Vault",
    "azure-native:keyvault:Key",
    "azure-native:dbforpostgresql:Server",
    "azure-native:redisenterprise:RedisEnterprise",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:storage:StorageAccount",
    "azure-native:containerregistry:Registry",
)
"""What cannot be had back once it is gone."""

IN_THE_CLOUD = re.compile(r"^(deletionProtection\w*|enableDeletionProtection|deletionPolicyPrevent)$")
"""The cloud's own refusal, on any type of the SDKs."""

WIPING = re.compile(r"^(forceDestroy|forceDelete|skipFinalSnapshot|skipFinalBackup)$")
"""Deletion together with what is inside."""


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    for resource in recording.managed:
        if resource.type in KEPT and resource.protect is not estate.protected:
            yield say(resource, "protect", f"is {resource.protect}, and the setting says {estate.protected}")
        if resource.protect and not estate.protected:
            yield say(resource, "protect", "is set though the setting says no")
        if resource.retain_on_delete:
            yield say(resource, "retain_on_delete", "would leave it behind unseen")
        for path, name, value in fields(resource.plain):
            if IN_THE_CLOUD.match(name) and value is not estate.protected:
                yield say(resource, path, f"is {value}, and the setting says {estate.protected}")
            if WIPING.match(name) and value and estate.production and estate.protected:
                yield say(resource, path, "would delete what is inside too")
