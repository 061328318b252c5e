"""Looks at an account before `up`: what would fail after half an hour is told at once. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.bootstrap.aws import quotas
from infra.bootstrap.aws.finding import Finding
from infra.bootstrap.aws.session import Clients
from infra.catalog.aws import CATALOG, SPOT_ALTERNATIVES, has, machines
from infra.config.stack import StackConfig
from infra.place import Place

ADDONS = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns", "aws-ebs-csi-driver")
IMAGE = (
    "/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/x86_64/standard/recommended/release_version"
)


def preflight(clients: Clients, stack: StackConfig, place: Place) -> list[Finding]:
    """All findings on one cell."""
    return [
        *_account(clients, place),
        *_zones(clients("ec2", place.region), place),
        *_offerings(clients("ec2", place.region), stack, place),
        *quotas.quotas(clients, stack, place),
        *_kubernetes(clients, stack, place),
        *_database(clients("rds", place.region), stack),
    ]


def _account(clients: Clients, place: Place) -> Iterator[Finding]:
    found = clients("sts", place.region).get_caller_identity()["Account"]
    if place.account and found != place.account:
        yield Finding("error", "account", f"credentials are of {found}", f"The cell is in {place.account}.")
    else:
        yield Finding("ok", "account", found)


def _zones(ec2: Any, place: Place) -> Iterator[Finding]:
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    open_ones = {zone["ZoneId"] for zone in zones if zone["State"] == "available"}
    if closed := sorted(set(place.zones) - open_ones):
        yield Finding(
            "error",
            "zones",
            f"not open to this account: {', '.join(closed)}",
            "Ask AWS, or use another region.",
        )
    else:
        yield Finding("ok", "zones", ", ".join(place.zones))


def wanted(stack: StackConfig, place: Place) -> dict[str, list[str]]:
    """Machines that the cell's node groups may start, each with the zones it is started in."""
    sku = CATALOG.nodes[stack.nodes.size].sku
    plain = [CATALOG.system.sku, sku, *(SPOT_ALTERNATIVES[sku] if stack.nodes.spot else ())]
    found = {name: list(place.zones) for name in plain}
    gpu = stack.gpu
    if gpu is not None:
        for accelerator in gpu.kept:
            first, *_ = machines(accelerator, place.region, gpu.per_worker)
            found[first.sku] = [zone for zone in place.zones if has(zone, first.sku)]
    return found


def _offerings(ec2: Any, stack: StackConfig, place: Place) -> Iterator[Finding]:
    asked = wanted(stack, place)
    offered: dict[str, set[str]] = {sku: set() for sku in asked}
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone-id",
        Filters=[{"Name": "instance-type", "Values": sorted(asked)}],
    )
    for page in pages:
        for offer in page["InstanceTypeOfferings"]:
            offered[offer["InstanceType"]].add(offer["Location"])
    for sku, zones in asked.items():
        if missing := sorted(set(zones) - offered[sku]):
            yield Finding(
                "error",
                f"machine {sku}",
                f"not offered in {', '.join(missing)}",
                "Choose another size or accelerator; the catalogue is to be corrected.",
            )
        else:
            yield Finding("ok", f"machine {sku}", f"offered in {', '.join(zones)}")


def _kubernetes(clients: Clients, stack: StackConfig, place: Place) -> Iterator[Finding]:
    """Whether the releases that are pinned are still there."""
    version, eks = stack.cluster.version, clients("eks", place.region)
    for addon in ADDONS:
        pinned = CATALOG.kubernetes[f"{version}/{addon}"]
        answer = eks.describe_addon_versions(kubernetesVersion=version, addonName=addon)
        known = [found["addonVersion"] for one in answer["addons"] for found in one["addonVersions"]]
        if pinned in known:
            yield Finding("ok", f"add-on {addon}", pinned)
        else:
            yield Finding(
                "error",
                f"add-on {addon}",
                f"{pinned} is not offered for Kubernetes {version}",
                f"Offered: {', '.join(known[:5]) or 'none'}; pin one in infra/catalog/aws.py.",
            )
    pinned = CATALOG.kubernetes[f"{version}/node-image"]
    parameter = clients("ssm", place.region).get_parameter(Name=IMAGE.format(version=version))
    newest = parameter["Parameter"]["Value"]
    if newest == pinned:
        yield Finding("ok", "node image", pinned)
    else:
        yield Finding("warning", "node image", f"{pinned} is pinned, AWS recommends {newest}")


def _database(rds: Any, stack: StackConfig) -> Iterator[Finding]:
    """Whether PostgreSQL of this version runs on this class, with a standby where one is asked for."""
    version, sku = stack.database.version, CATALOG.databases[stack.database.size].sku
    pages = rds.get_paginator("describe_orderable_db_instance_options").paginate(
        Engine="postgres", DBInstanceClass=sku, Vpc=True
    )
    options = [
        option
        for page in pages
        for option in page["OrderableDBInstanceOptions"]
        if option["EngineVersion"].split(".")[0] == version
        and option["StorageType"] == "gp3"
        and (option["MultiAZCapable"] or not stack.database.highly_available)
    ]
    subject, told = f"database {sku}", f"PostgreSQL {version}"
    if options:
        yield Finding("ok", subject, told)
    else:
        yield Finding("error", subject, f"{told} is not offered on it", "Choose another database.size.")
