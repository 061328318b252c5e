"""Looks at a cell after `up`: is all there, does it run, is it closed and encrypted. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from infra.bootstrap.aws.finding import Finding
from infra.bootstrap.aws.session import Clients
from infra.config.stack import StackConfig
from infra.place import Place


def smoke(clients: Clients, stack: StackConfig, place: Place) -> list[Finding]:
    """All findings on one cell."""
    looks: list[Callable[[Clients, StackConfig, Place], Iterator[Finding]]] = [
        _cluster,
        _database,
        _cache,
        _buckets,
        _registry,
    ]
    return [finding for look in looks for finding in _guarded(look, clients, stack, place)]


def _guarded(
    look: Callable[[Clients, StackConfig, Place], Iterator[Finding]],
    clients: Clients,
    stack: StackConfig,
    place: Place,
) -> list[Finding]:
    """The findings of one look; what AWS does not find is a finding too."""
    from botocore.exceptions import ClientError

    try:
        return list(look(clients, stack, place))
    except ClientError as error:
        return [Finding("error", look.__name__.strip("_"), error.response["Error"]["Message"].rstrip("."))]


def _said(subject: str, wrong: dict[str, bool], right: str) -> Finding:
    """One finding of several conditions, by what is said when they hold."""
    told = [what for what, holds in wrong.items() if holds]
    return Finding("error", subject, ", ".join(told)) if told else Finding("ok", subject, right)


def _cluster(clients: Clients, stack: StackConfig, place: Place) -> Iterator[Finding]:
    eks = clients("eks", place.region)
    cluster = eks.describe_cluster(name=place.name)["cluster"]
    public = cluster["resourcesVpcConfig"].get("endpointPublicAccess", True)
    wrong = {
        f"is {cluster['status']}": cluster["status"] != "ACTIVE",
        f"runs {cluster.get('version')}": cluster.get("version") != stack.cluster.version,
        "can be reached from outside": public and not stack.cluster.public_access,
        "keeps secrets without our key": not cluster.get("encryptionConfig"),
    }
    yield _said("cluster", wrong, f"Kubernetes {stack.cluster.version}")
    for name in eks.list_nodegroups(clusterName=place.name)["nodegroups"]:
        group = eks.describe_nodegroup(clusterName=place.name, nodegroupName=name)["nodegroup"]
        issues = group.get("health", {}).get("issues", [])
        wrong = {
            f"is {group['status']}": group["status"] != "ACTIVE",
            **{issue["message"]: True for issue in issues},
        }
        yield _said(f"node group {name}", wrong, "runs")


def _database(clients: Clients, stack: StackConfig, place: Place) -> Iterator[Finding]:
    (database,) = clients("rds", place.region).describe_db_instances(DBInstanceIdentifier=place.name)[
        "DBInstances"
    ]
    wrong = {
        f"is {database['DBInstanceStatus']}": database["DBInstanceStatus"] != "available",
        "can be reached from outside": database["PubliclyAccessible"],
        "is not encrypted": not database["StorageEncrypted"],
        "has no standby": stack.database.highly_available and not database["MultiAZ"],
        "keeps too few backups": database["BackupRetentionPeriod"] < stack.database.backup_days,
        "can be deleted": place.protect and not database["DeletionProtection"],
    }
    yield _said("database", wrong, f"PostgreSQL {database['EngineVersion']}")


def _cache(clients: Clients, stack: StackConfig, place: Place) -> Iterator[Finding]:
    (group,) = clients("elasticache", place.region).describe_replication_groups(
        ReplicationGroupId=place.name
    )["ReplicationGroups"]
    standby = group.get("MultiAZ") == "enabled"
    wrong = {
        f"is {group['Status']}": group["Status"] != "available",
        "answers without TLS": not group.get("TransitEncryptionEnabled"),
        "is not encrypted": not group.get("AtRestEncryptionEnabled"),
        "has no standby": stack.cache.highly_available and not standby,
    }
    yield _said("cache", wrong, "TLS only")


def _buckets(clients: Clients, stack: StackConfig, place: Place) -> Iterator[Finding]:
    """Buckets are found by their tag: their names have an end that nobody knows before."""
    tagging, s3 = clients("resourcegroupstaggingapi", place.region), clients("s3", place.region)
    found = tagging.get_resources(
        TagFilters=[{"Key": "cell", "Values": [place.name]}], ResourceTypeFilters=["s3"]
    )["ResourceTagMappingList"]
    if not found:
        yield Finding("error", "buckets", f"none has the tag cell={place.name}")
    for mapping in found:
        bucket = mapping["ResourceARN"].split(":::")[-1]
        yield _said(f"bucket {bucket}", _open(s3, bucket), "private, versioned, encrypted")


def _open(s3: Any, bucket: str) -> dict[str, bool]:
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    algorithms = {rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules}
    return {
        "public access is not blocked": not all(block.values()),
        "keeps no versions": s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled",
        "is not encrypted with our key": algorithms != {"aws:kms"},
    }


def _registry(clients: Clients, stack: StackConfig, place: Place) -> Iterator[Finding]:
    name = f"costate/{place.stack}"
    (repository,) = clients("ecr", place.region).describe_repositories(repositoryNames=[name])["repositories"]
    wrong = {
        "lets tags be moved": repository["imageTagMutability"] != "IMMUTABLE",
        "does not scan": not repository["imageScanningConfiguration"]["scanOnPush"],
    }
    yield _said("registry", wrong, str(repository["repositoryUri"]))
