"""The page of what each cloud gives, made from what the program declares: `python -m infra.platforms_reference`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from infra.recorder import record

CLOUDS: Mapping[str, str] = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure"}

CELLS: Mapping[str, list[dict[str, str]]] = {
    "aws": [
        {"platform": "aws", "region": "us-east-1"},
        {"platform": "aws", "region": "us-west-2", "role": "standby"},
    ],
    "gcp": [
        {"platform": "gcp", "region": "us-central1", "project": "p", "billing_account": "012345-6789AB-CDEF01"},
        {"platform": "gcp", "region": "us-east1", "project": "p", "billing_account": "012345-6789AB-CDEF01",
         "role": "standby"},
    ],
    "azure": [
        {"platform": "azure", "region": "eastus"},
        {"platform": "azure", "region": "westus2", "role": "standby"},
    ],
}  # fmt: skip

FEATURES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "network in three zones": {
        "aws": ("ec2/vpc:Vpc", "ec2/subnet:Subnet"),
        "gcp": ("compute/network:Network", "compute/subnetwork:Subnetwork"),
        "azure": ("network:VirtualNetwork", "network:Subnet"),
    },
    "way out by NAT": {
        "aws": ("ec2/natGateway:NatGateway",),
        "gcp": ("compute/routerNat:RouterNat",),
        "azure": ("network:NatGateway",),
    },
    "private ways to the cloud's services": {
        "aws": ("ec2/vpcEndpoint:VpcEndpoint",),
        "gcp": ("networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy",),
        "azure": ("network:PrivateEndpoint",),
    },
    "flow logs": {
        "aws": ("ec2/flowLog:FlowLog",),
        "gcp": ("compute/subnetwork:Subnetwork",),
        "azure": ("network:FlowLog",),
    },
    "managed Kubernetes": {
        "aws": ("eks/cluster:Cluster",),
        "gcp": ("container/cluster:Cluster",),
        "azure": ("containerservice:ManagedCluster",),
    },
    "node pools: system, CPU, GPU": {
        "aws": ("eks/nodeGroup:NodeGroup",),
        "gcp": ("container/nodePool:NodePool",),
        "azure": ("containerservice:AgentPool",),
    },
    "workload identity": {
        "aws": ("eks/podIdentityAssociation:PodIdentityAssociation",),
        "gcp": ("serviceaccount/iAMMember:IAMMember",),
        "azure": ("managedidentity:FederatedIdentityCredential",),
    },
    "keys of our own": {
        "aws": ("kms/key:Key",),
        "gcp": ("kms/cryptoKey:CryptoKey",),
        "azure": ("keyvault:Key",),
    },
    "PostgreSQL, with a replica in the standby": {
        "aws": ("rds/instance:Instance",),
        "gcp": ("sql/databaseInstance:DatabaseInstance",),
        "azure": ("dbforpostgresql:Server",),
    },
    "Valkey or Redis": {
        "aws": ("elasticache/replicationGroup:ReplicationGroup",),
        "gcp": ("memorystore/instance:Instance",),
        "azure": ("redisenterprise:RedisEnterprise",),
    },
    "object store, replicated": {
        "aws": ("s3/bucket:Bucket", "s3/bucketReplicationConfig:BucketReplicationConfig"),
        "gcp": ("storage/bucket:Bucket", "storage/transferJob:TransferJob"),
        "azure": ("storage:StorageAccount", "storage:BlobContainer"),
    },
    "registry, mirrored": {
        "aws": ("ecr/repository:Repository", "ecr/replicationConfiguration:ReplicationConfiguration"),
        "gcp": ("artifactregistry/repository:Repository",),
        "azure": ("containerregistry:Registry", "containerregistry:Replication"),
    },
    "DNS and health-checked routing": {
        "aws": ("route53/zone:Zone", "route53/healthCheck:HealthCheck", "route53/record:Record"),
        "gcp": ("dns/managedZone:ManagedZone", "compute/healthCheck:HealthCheck", "dns/recordSet:RecordSet"),
        "azure": ("dns:Zone", "cdn:AFDOriginGroup", "dns:RecordSet"),
    },
    "certificate, WAF, CDN": {
        "aws": ("acm/certificate:Certificate", "wafv2/webAcl:WebAcl", "cloudfront/distribution:Distribution"),
        "gcp": ("certificatemanager/certificate:Certificate", "compute/securityPolicy:SecurityPolicy"),
        "azure": ("cdn:AFDCustomDomain", "frontdoor:Policy", "cdn:Route"),
    },
    "backups elsewhere": {
        "aws": ("backup/vault:Vault", "backup/plan:Plan"),
        "gcp": ("workflows/workflow:Workflow", "gkebackup/backupPlan:BackupPlan"),
        "azure": ("dataprotection:BackupVault", "dataprotection:BackupPolicy"),
    },
    "budget with alerts": {
        "aws": ("budgets/budget:Budget",),
        "gcp": ("billing/budget:Budget",),
        "azure": ("consumption:Budget",),
    },
    "audit trail": {
        "aws": ("cloudtrail/trail:Trail",),
        "gcp": ("projects/iAMAuditConfig:IAMAuditConfig", "logging/projectSink:ProjectSink"),
        "azure": ("monitor:DiagnosticSetting",),
    },
}
"""What a production pair with GPUs declares for each feature, by the end of the types' tokens."""

DIFFERENCES: tuple[tuple[str, str, str], ...] = (
    ("AWS", "The database's password is in Secrets Manager; elsewhere an identity's token is the password.",
     "RDS manages and rotates it by itself, and nothing of it stands in the state."),
    ("AWS", "The entry is a network load balancer that Pulumi makes, sending to a port of the nodes.",
     "Its address is known before any workload is there, so records and health checks can be made."),
    ("Google Cloud", "Cloud SQL and Valkey are reached by Private Service Connect, not by peering.",
     "A replica in another cell's network can follow, and no peering blocks a destroy."),
    ("Google Cloud", "The control plane is reached by its DNS name, guarded by IAM.",
     "A private address would ask for a machine inside for every `up`; ranges add an IP endpoint."),
    ("Google Cloud", "A zone kept by Google routes over Google's cells only; other cells are entered by name.",
     "Cloud DNS checks the health of load balancers of its own cloud only."),
    ("Google Cloud", "A nightly dump of the database goes to a vault in another region.",
     "Cloud SQL's own backups are lost with their region's key."),
    ("Google Cloud", "The window for upgrades is twelve hours long.", "GKE refuses less than 48 hours in 32 days."),
    ("Azure", "Front Door routes over the cells of all clouds; there is no Traffic Manager.",
     "Azure lets a domain belong to one of them only, and Front Door brings WAF and CDN."),
    ("Azure", "Production has a NAT gateway, a system pool and a CPU pool for each zone.",
     "A NAT gateway is zonal, and a pool across zones would lose its way out with one."),
    ("Azure", "Tags of images can be overwritten.",
     "The registry has no rule for it; images are deployed by digest."),
    ("Azure", "Logs in the workspace are encrypted with Azure's key.", "Ours would need a dedicated cluster."),
)  # fmt: skip

HEAD = """# Platforms

What each cloud gives a cell, read from what the program declares for a production pair with GPUs (a primary and
its standby in another region): the types of resources and how many of each. Made by `make docs`; do not edit.
The stack `local` has processes instead: PostgreSQL, Redis, a folder, API and worker.
A cluster that is there already has pods: PostgreSQL, Valkey, a volume or an S3 store ([cluster.md](cluster.md)).
"""


def page() -> str:
    """The page as Markdown; LookupError where a cloud has not what a feature names."""
    return "\n".join([HEAD, *_features(), "", *_differences(), ""])


def _features() -> Iterator[str]:
    counts = {cloud: _counts(cloud) for cloud in CLOUDS}
    yield "| feature | " + " | ".join(CLOUDS.values()) + " |\n| --- |" + " --- |" * len(CLOUDS)
    for feature, types in FEATURES.items():
        cells = (", ".join(_told(counts[cloud], kind) for kind in types[cloud]) for cloud in CLOUDS)
        yield f"| {feature} | " + " | ".join(cells) + " |"
    totals = " | ".join(str(sum(count.values())) for count in counts.values())
    yield f"| all resources of the pair | {totals} |"


def _told(counts: Counter[str], kind: str) -> str:
    found = sum(number for token, number in counts.items() if token.endswith(f":{kind}"))
    if not found:
        raise LookupError(f"no cell declares {kind}")
    return f"{found} {kind.rsplit(':', 1)[-1]}"


def _counts(cloud: str) -> Counter[str]:
    values: dict[str, Any] = {
        "costate:environment": "production-gpu",
        "costate:layer": "platform",
        "costate:domain": "api.example.org",
        "costate:cells": CELLS[cloud],
        "costate:gpu": {"accelerator": "t4", "precision": "float32"},
        "costate:budget": {"alert_emails": ["operations@example.org"]},
    }
    recording = record(values, "prod")
    return Counter(resource.type for resource in recording.managed)


def _differences() -> Iterator[str]:
    yield "## Deliberate differences\n\n| cloud | what | why |\n| --- | --- | --- |"
    yield from (f"| {cloud} | {what} | {why} |" for cloud, what, why in DIFFERENCES)


if __name__ == "__main__":
    sys.stdout.write(page())
