"""What is lost can be had back: as many days as asked, in a second place in production."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from estates import Estate

from infra.config.reading import load
from infra.recorder import Recording, Resource
from promises.looking import at, say

DAYS: dict[str, str] = {
    "aws:rds/instance:Instance": "backupRetentionPeriod",
    "gcp:sql/databaseInstance:DatabaseInstance": (
        "settings.backupConfiguration.backupRetentionSettings.retainedBackups"
    ),
    "azure-native:dbforpostgresql:Server": "backup.backupRetentionDays",
}
"""Where the days of recovery of the database stand."""

SAID: dict[str, dict[str, Any]] = {
    "gcp:sql/databaseInstance:DatabaseInstance": {
        "settings.backupConfiguration.enabled": True,
        "settings.backupConfiguration.pointInTimeRecoveryEnabled": True,
    },
}


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    asked = load(estate.values()).database.backup_days
    for resource in recording.managed:
        if _follows(resource):
            continue  # a replica is restored from its primary's backups
        if path := DAYS.get(resource.type):
            found = at(resource.plain, path)
            if found != [asked]:
                yield say(resource, path, f"is {found}, asked for: {asked}")
        for path, wanted in SAID.get(resource.type, {}).items():
            if at(resource.plain, path) != [wanted]:
                yield say(resource, path, f"is not {wanted}")
    yield from _versioning(recording)
    if not [found for found in recording.managed if recording.layer(found) == "Backup"]:
        yield "no component Backup declares anything"


def _follows(resource: Resource) -> bool:
    plain = resource.plain
    return bool(
        plain.get("replicateSourceDb")
        or plain.get("masterInstanceName")
        or plain.get("sourceServerResourceId")
    )


def _versioning(recording: Recording) -> Iterator[str]:
    """S3 and Azure keep the setting beside the store; a bucket of Google with a retention period loses nothing."""
    for bucket in recording.of("gcp:storage/bucket:Bucket"):
        if at(bucket.plain, "versioning.enabled") != [True] and not at(
            bucket.plain, "retentionPolicy.retentionPeriod"
        ):
            yield say(bucket, "versioning.enabled", "is not True, and nothing is retained")
    versioned = {
        found.plain["bucket"]
        for found in recording.of("aws:s3/bucketVersioning:BucketVersioning")
        if at(found.plain, "versioningConfiguration.status") == ["Enabled"]
    }
    for bucket in recording.of("aws:s3/bucket:Bucket"):
        if bucket.id not in versioned:
            yield say(bucket, "", "keeps no versions")
    kept = {
        found.plain["accountName"]
        for found in recording.of("azure-native:storage:BlobServiceProperties")
        if found.plain.get("isVersioningEnabled")
        and at(found.plain, "deleteRetentionPolicy.enabled") == [True]
    }
    for account in recording.of("azure-native:storage:StorageAccount"):
        if account.outputs.get("name") not in kept:
            yield say(account, "", "keeps no versions and no deleted blobs")
