"""List prices of Google Cloud in US dollars, us-central1, on demand."""

from __future__ import annotations

from collections.abc import Iterable

from infra.costs.model import Charge, Table, pool, price
from infra.recorder import Recording, Resource

MACHINES = {
    "e2-standard-2": 0.067, "n2-standard-8": 0.3885, "n2-standard-16": 0.7769,
    "n1-standard-4": 0.19, "n1-standard-8": 0.38, "n1-standard-16": 0.76,
    "g2-standard-4": 0.7069, "g2-standard-24": 1.9998, "g2-standard-48": 3.9996, "g2-standard-96": 7.9991,
    "a2-highgpu-1g": 3.6739, "a2-highgpu-2g": 7.3477, "a2-highgpu-4g": 14.6955, "a2-highgpu-8g": 29.3911,
    "a2-ultragpu-1g": 5.0688, "a2-ultragpu-2g": 10.1376, "a2-ultragpu-4g": 20.2752, "a2-ultragpu-8g": 40.5504,
    "a3-highgpu-1g": 11.0612, "a3-highgpu-2g": 22.1225, "a3-highgpu-4g": 44.245, "a3-highgpu-8g": 88.49,
    "a3-ultragpu-8g": 84.8069,
}  # fmt: skip
T4 = 0.35
"""Of the accelerators only the T4 is charged apart from its machine."""
DATABASES = {
    "db-custom-2-8192": 0.1386, "db-perf-optimized-N-2": 0.2532, "db-perf-optimized-N-4": 0.5064,
    "db-perf-optimized-N-8": 1.0128,
}  # fmt: skip
CACHES = {"SHARED_CORE_NANO": 0.0344, "STANDARD_SMALL": 0.1443, "HIGHMEM_MEDIUM": 0.2885}
DISK_GIB = 0.10
"""Balanced persistent disk, a month."""
DATABASE_GIB = 0.17
"""SSD of Cloud SQL, a month, in one zone."""


def _cluster(resource: Resource, recording: Recording) -> Iterable[Charge]:
    yield Charge.hourly("control plane", 0.10)


def _nodes(resource: Resource, recording: Recording) -> Iterable[Charge]:
    plain = resource.plain
    node, scaling = plain["nodeConfig"], plain["autoscaling"]
    sku = node["machineType"]
    extra = sum(T4 * gpu.get("count", 0) for gpu in node.get("guestAccelerators", []) if "t4" in gpu["type"])
    yield pool(
        sku,
        price(MACHINES, sku, "the machine") + extra,
        scaling.get("totalMinNodeCount", 0),
        scaling["totalMaxNodeCount"],
        spot=bool(node.get("spot")),
        disk_monthly=node.get("diskSizeGb", 100) * DISK_GIB,
    )


def _database(resource: Resource, recording: Recording) -> Iterable[Charge]:
    settings = resource.plain["settings"]
    zones = 2 if settings.get("availabilityType") == "REGIONAL" else 1
    yield Charge.hourly(settings["tier"], price(DATABASES, settings["tier"], "the database"), zones)
    least = settings.get("diskSize", 10)
    most = settings.get("diskAutoresizeLimit") or least
    yield Charge("storage", least * DATABASE_GIB * zones, most * DATABASE_GIB * zones)


def _cache(resource: Resource, recording: Recording) -> Iterable[Charge]:
    plain = resource.plain
    nodes = plain.get("shardCount", 1) * (1 + plain.get("replicaCount", 0))
    yield Charge.hourly(plain["nodeType"], price(CACHES, plain["nodeType"], "the cache"), nodes)


def _nat(resource: Resource, recording: Recording) -> Iterable[Charge]:
    yield Charge("gateway, by the nodes behind it", 0.0014 * 730, 0.044 * 730)


def _rule(resource: Resource, recording: Recording) -> Iterable[Charge]:
    # The first five rules of a project cost together what one would.
    yield Charge("forwarding rule", 0.025 * 730 / 5, 0.025 * 730)


def _armor(resource: Resource, recording: Recording) -> Iterable[Charge]:
    yield Charge.flat("policy and its rules", 5 + len(resource.plain.get("rules", [])))


def _key(resource: Resource, recording: Recording) -> Iterable[Charge]:
    # Old versions stay active after a rotation.
    yield Charge("versions of the key", 0.06, 0.06 * 5)


TABLE = Table(
    checked="2025-07",
    factors={
        "us-central1": 1, "us-east1": 1, "us-east4": 1.13, "us-west1": 1, "europe-west1": 1.1,
        "europe-west4": 1.1, "asia-northeast1": 1.28, "asia-southeast1": 1.23,
    },
    charges={
        "gcp:container/cluster:Cluster": _cluster,
        "gcp:container/nodePool:NodePool": _nodes,
        "gcp:sql/databaseInstance:DatabaseInstance": _database,
        "gcp:memorystore/instance:Instance": _cache,
        "gcp:compute/routerNat:RouterNat": _nat,
        "gcp:compute/forwardingRule:ForwardingRule": _rule,
        "gcp:compute/globalForwardingRule:GlobalForwardingRule": _rule,
        "gcp:compute/securityPolicy:SecurityPolicy": _armor,
        "gcp:kms/cryptoKey:CryptoKey": _key,
        "gcp:dns/managedZone:ManagedZone": lambda resource, recording: [Charge.flat("zone", 0.20)],
    },
    free=frozenset({
        "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember", "gcp:billing/budget:Budget",
        "gcp:certificatemanager/certificate:Certificate", "gcp:certificatemanager/certificateMap:CertificateMap",
        "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry",
        "gcp:certificatemanager/dnsAuthorization:DnsAuthorization", "gcp:cloudscheduler/job:Job",
        "gcp:compute/address:Address", "gcp:compute/backendService:BackendService",
        "gcp:compute/firewall:Firewall", "gcp:compute/globalAddress:GlobalAddress",
        "gcp:compute/healthCheck:HealthCheck", "gcp:compute/network:Network",
        "gcp:compute/networkEndpointGroup:NetworkEndpointGroup", "gcp:compute/route:Route",
        "gcp:compute/router:Router", "gcp:compute/sSLPolicy:SSLPolicy", "gcp:compute/subnetwork:Subnetwork",
        "gcp:compute/targetHttpProxy:TargetHttpProxy", "gcp:compute/targetHttpsProxy:TargetHttpsProxy",
        "gcp:compute/uRLMap:URLMap", "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember",
        "gcp:dns/policy:Policy", "gcp:dns/recordSet:RecordSet", "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        "gcp:kms/keyRing:KeyRing", "gcp:logging/projectSink:ProjectSink",
        "gcp:monitoring/notificationChannel:NotificationChannel",
        "gcp:networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy",
        "gcp:projects/iAMAuditConfig:IAMAuditConfig", "gcp:projects/iAMCustomRole:IAMCustomRole",
        "gcp:projects/iAMMember:IAMMember", "gcp:projects/service:Service",
        "gcp:projects/serviceIdentity:ServiceIdentity", "gcp:serviceaccount/account:Account",
        "gcp:serviceaccount/iAMMember:IAMMember", "gcp:sql/database:Database", "gcp:sql/user:User",
        "gcp:storage/bucketIAMMember:BucketIAMMember", "gcp:storage/transferJob:TransferJob",
    }),
    by_use={
        "gcp:artifactregistry/repository:Repository": "0.10 a GB kept",
        "gcp:gkebackup/backupPlan:BackupPlan": "1.00 a protected pod and 0.028 a GB kept",
        "gcp:logging/projectBucketConfig:ProjectBucketConfig": "0.50 a GB written, the first 50 GB are free",
        "gcp:storage/bucket:Bucket": "0.020 a GB kept and 0.005 for 1000 writes",
        "gcp:workflows/workflow:Workflow": "0.01 for 1000 steps, the first 5000 are free",
    },
)  # fmt: skip
