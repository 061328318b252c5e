"""Nobody speaks with a data store in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from estates import Estate

from infra.recorder import Recording
from promises.exposure import policies
from promises.looking import at, say

SAID: dict[str, dict[str, tuple[Any, ...]]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "transitEncryptionEnabled": (True,),
        "transitEncryptionMode": ("required",),
    },
    "gcp:sql/databaseInstance:DatabaseInstance": {
        "settings.ipConfiguration.sslMode": ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"),
    },
    "gcp:memorystore/instance:Instance": {"transitEncryptionMode": ("SERVER_AUTHENTICATION",)},
    "azure-native:storage:StorageAccount": {
        "enableHttpsTrafficOnly": (True,),
        "minimumTlsVersion": ("TLS1_2", "TLS1_3"),
    },
    "azure-native:redisenterprise:RedisEnterprise": {"minimumTlsVersion": ("1.2", "1.3")},
    "azure-native:redisenterprise:Database": {"clientProtocol": ("Encrypted",)},
}


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    for resource in recording.managed:
        for path, allowed in SAID.get(resource.type, {}).items():
            found = at(resource.plain, path)
            if not found or any(value not in allowed for value in found):
                yield say(resource, path, f"is {found or 'not said'}, not {allowed[0]}")
    yield from _postgres_on_aws(recording)
    yield from _buckets(recording)
    yield from _parameters_on_azure(recording)


def _postgres_on_aws(recording: Recording) -> Iterator[str]:
    groups = {
        group.id: {parameter["name"]: parameter["value"] for parameter in group.plain.get("parameters", [])}
        for group in recording.of("aws:rds/parameterGroup:ParameterGroup")
    }
    for database in recording.of("aws:rds/instance:Instance"):
        given = groups.get(database.plain.get("parameterGroupName", ""), {})
        if given.get("rds.force_ssl") != "1":
            yield say(database, "parameterGroupName", "does not force TLS")


def _parameters_on_azure(recording: Recording) -> Iterator[str]:
    """Azure's own default is to require TLS: nobody turns it off."""
    for parameter in recording.of("azure-native:dbforpostgresql:Configuration"):
        if (
            parameter.plain.get("configurationName") == "require_secure_transport"
            and parameter.plain["value"] != "on"
        ):
            yield say(parameter, "value", "turns TLS off")


def _buckets(recording: Recording) -> Iterator[str]:
    """S3 refuses plain HTTP only when a policy says so."""
    refusing = {
        policy.plain["bucket"]
        for policy in recording.of("aws:s3/bucketPolicy:BucketPolicy")
        for _, statement in policies(policy)
        if statement["Effect"] == "Deny"
        and str(at(statement, "Condition.Bool")).find("aws:SecureTransport") >= 0
    }
    for bucket in recording.of("aws:s3/bucket:Bucket"):
        if bucket.id not in refusing:
            yield say(bucket, "", "answers without TLS")
