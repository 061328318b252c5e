"""Nothing but the edge can be reached from outside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from estates import Estate

from infra.recorder import Recording, Resource
from promises.looking import at, fields, say

OPENING = re.compile(
    r"^(publiclyAccessible|endpointPublicAccess|mapPublicIpOnLaunch|associatePublicIpAddress|enableNodePublicIP"
    r"|allowBlobPublicAccess|ipv4Enabled|adminUserEnabled|anonymousPullEnabled|publicNetworkAccess"
    r"|publicNetworkAccessForIngestion|publicNetworkAccessForQuery|enablePublicEndpoint)$"
)
"""Settings that let the outside in, wherever they stand."""

CLOSED = (False, "Disabled", "SecuredByPerimeter")

CLOSING: dict[str, dict[str, tuple[Any, ...]]] = {
    "aws:eks/cluster:Cluster": {
        "vpcConfig.endpointPublicAccess": (False,),
        "vpcConfig.endpointPrivateAccess": (True,),
    },
    "aws:rds/instance:Instance": {"publiclyAccessible": (False,)},
    "aws:ec2/launchTemplate:LaunchTemplate": {"metadataOptions.httpTokens": ("required",)},
    "gcp:storage/bucket:Bucket": {
        "publicAccessPrevention": ("enforced",),
        "uniformBucketLevelAccess": (True,),
    },
    "gcp:sql/databaseInstance:DatabaseInstance": {"settings.ipConfiguration.ipv4Enabled": (False,)},
    "gcp:container/cluster:Cluster": {"privateClusterConfig.enablePrivateNodes": (True,)},
    "azure-native:storage:StorageAccount": {
        "allowBlobPublicAccess": (False,),
        "allowSharedKeyAccess": (False,),
        "publicNetworkAccess": ("Disabled",),
    },
    "azure-native:keyvault:Vault": {"properties.publicNetworkAccess": ("Disabled",)},
    "azure-native:dbforpostgresql:Server": {"network.publicNetworkAccess": ("Disabled",)},
    "azure-native:redisenterprise:RedisEnterprise": {"publicNetworkAccess": ("Disabled",)},
    "azure-native:containerregistry:Registry": {
        "publicNetworkAccess": ("Disabled",),
        "adminUserEnabled": (False,),
    },
    "azure-native:containerservice:ManagedCluster": {
        "apiServerAccessProfile.enablePrivateCluster": (True,),
        "disableLocalAccounts": (True,),
    },
}
"""What has to be said, because the cloud's own default is open."""

ANYWHERE = {"0.0.0.0/0", "::/0", "*", "Internet", "any"}
WEB = {80, 443}


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    for resource in recording.managed:
        for path, name, value in fields(resource.plain):
            if OPENING.match(name) and value not in CLOSED:
                yield say(resource, path, f"is open: {value}")
        for path, allowed in CLOSING.get(resource.type, {}).items():
            found = at(resource.plain, path)
            if not found or any(value not in allowed for value in found):
                yield say(resource, path, f"is {found or 'not said'}, not {allowed[0]}")
        yield from _doors(resource)
    yield from _buckets(recording)


def _doors(resource: Resource) -> Iterator[str]:
    """Rules that let everybody in, other than to the web ports of the edge."""
    plain = resource.plain
    for rule in _rules(resource):
        sources = {source for key in _SOURCES for found in at(rule, key) for source in _listed(found)}
        ports = {port for key in _PORTS for found in at(rule, key) for port in _ports(found)}
        if sources & ANYWHERE and not (ports and ports <= WEB):
            yield say(
                resource, "", f"lets {sorted(sources & ANYWHERE)} in to {sorted(ports) or 'every port'}"
            )
    if resource.type == "aws:ec2/subnet:Subnet" and plain.get("mapPublicIpOnLaunch") is not False:
        yield say(resource, "mapPublicIpOnLaunch", "is not False")


_SOURCES = (
    "cidrIpv4",
    "cidrIpv6",
    "cidrBlocks",
    "ipv6CidrBlocks",
    "sourceRanges",
    "sourceAddressPrefix",
    "sourceAddressPrefixes",
)
_PORTS = ("fromPort", "toPort", "allows[].ports", "destinationPortRange", "destinationPortRanges")


def _rules(resource: Resource) -> list[dict[str, Any]]:
    plain = resource.plain
    if resource.type in ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",):
        return [plain]
    if resource.type in (
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    ):
        return list(plain.get("ingress") or [])
    if resource.type == "gcp:compute/firewall:Firewall" and plain.get("direction", "INGRESS") == "INGRESS":
        return [plain] if plain.get("allows") else []
    if resource.type == "azure-native:network:NetworkSecurityGroup":
        return [
            r
            for r in plain.get("securityRules") or []
            if (r["direction"], r["access"]) == ("Inbound", "Allow")
        ]
    return []


def _listed(found: Any) -> list[str]:
    return [str(item) for item in found] if isinstance(found, list) else [str(found)]


def _ports(found: Any) -> Iterator[int]:
    for text in _listed(found):
        for part in text.split("-"):
            yield int(part) if part.isdigit() else 0


def _buckets(recording: Recording) -> Iterator[str]:
    blocks = {
        block.plain["bucket"]: block.plain
        for block in recording.of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    }
    wanted = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    for bucket in recording.of("aws:s3/bucket:Bucket"):
        block = blocks.get(bucket.id, {})
        if missing := [name for name in wanted if block.get(name) is not True]:
            yield say(bucket, "", f"public access is not blocked: {missing}")


def policies(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    """Statements of every policy document of AWS that the resource carries, with the input's name."""
    for name, value in resource.plain.items():
        if isinstance(value, str) and value.startswith("{") and '"Statement"' in value:
            for statement in json.loads(value)["Statement"]:
                yield name, statement
