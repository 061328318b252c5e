"""List prices of AWS in US dollars, us-east-1, on demand."""

from __future__ import annotations

from collections.abc import Iterable

from infra.costs.model import Charge, Pricing, Table, pool, price
from infra.recorder import Recording, Resource

MACHINES = {
    "m7i.large": 0.1008, "c7i.2xlarge": 0.357, "c7i.4xlarge": 0.714,
    "g4dn.xlarge": 0.526, "g4dn.2xlarge": 0.752, "g4dn.12xlarge": 3.912,
    "g5.xlarge": 1.006, "g5.2xlarge": 1.212, "g5.12xlarge": 5.672, "g5.48xlarge": 16.288,
    "g6.xlarge": 0.8048, "g6.2xlarge": 0.9776, "g6.12xlarge": 4.6016, "g6.48xlarge": 13.3504,
    "p4d.24xlarge": 21.96, "p4de.24xlarge": 27.45, "p5.4xlarge": 6.88, "p5.48xlarge": 55.04,
    "p5en.48xlarge": 63.3,
}  # fmt: skip
DATABASES = {"db.t4g.medium": 0.065, "db.m7g.large": 0.168, "db.m7g.2xlarge": 0.674}
CACHES = {"cache.t4g.small": 0.0256, "cache.m7g.large": 0.1264, "cache.m7g.2xlarge": 0.5056}
DISK_GIB = 0.08
"""gp3, a month."""
DATABASE_GIB = 0.115
"""gp3 of RDS, a month, in one zone."""


def _cluster(resource: Resource, recording: Recording) -> Iterable[Charge]:
    yield Charge.hourly("control plane", 0.10)


def _nodes(resource: Resource, recording: Recording) -> Iterable[Charge]:
    plain = resource.plain
    sku, scaling = plain["instanceTypes"][0], plain["scalingConfig"]
    templates = {found.id: found for found in recording.of("aws:ec2/launchTemplate:LaunchTemplate")}
    template = templates.get(plain.get("launchTemplate", {}).get("id", ""))
    disks = template.plain.get("blockDeviceMappings", []) if template else []
    gib = sum(disk["ebs"].get("volumeSize", 0) for disk in disks if "ebs" in disk)
    yield pool(
        sku,
        price(MACHINES, sku, "the machine"),
        scaling["minSize"],
        scaling["maxSize"],
        spot=plain.get("capacityType") == "SPOT",
        disk_monthly=gib * DISK_GIB,
    )


def _database(resource: Resource, recording: Recording) -> Iterable[Charge]:
    plain = resource.plain
    zones = 2 if plain.get("multiAz") else 1
    yield Charge.hourly(
        plain["instanceClass"], price(DATABASES, plain["instanceClass"], "the database"), zones
    )
    # A replica has as much as its primary, which is told by how far it may grow.
    most = plain.get("maxAllocatedStorage", plain.get("allocatedStorage", 0))
    least = plain.get("allocatedStorage", most / 4)
    yield Charge("storage", least * DATABASE_GIB * zones, most * DATABASE_GIB * zones)
    if plain.get("manageMasterUserPassword"):
        yield Charge.flat("secret of the master user", 0.40)


def _cache(resource: Resource, recording: Recording) -> Iterable[Charge]:
    sku = resource.plain["nodeType"]
    yield Charge.hourly(sku, price(CACHES, sku, "the cache"), resource.plain.get("numCacheClusters", 1))


def _endpoint(resource: Resource, recording: Recording) -> Iterable[Charge]:
    if resource.plain.get("vpcEndpointType") == "Interface":
        yield Charge.hourly("interface in each zone", 0.01, len(resource.plain.get("subnetIds", [])))


def _firewall(resource: Resource, recording: Recording) -> Iterable[Charge]:
    yield Charge.flat("web ACL and its rules", 5 + len(resource.plain.get("rules", [])))


def _flat(what: str, monthly: float) -> Pricing:
    return lambda resource, recording: [Charge.flat(what, monthly)]


def _hourly(what: str, usd: float) -> Pricing:
    return lambda resource, recording: [Charge.hourly(what, usd)]


TABLE = Table(
    checked="2025-07",
    factors={
        "us-east-1": 1, "us-east-2": 1, "us-west-2": 1, "eu-west-1": 1.11, "eu-west-2": 1.16,
        "eu-central-1": 1.17, "ap-northeast-1": 1.27, "ap-southeast-2": 1.25,
    },
    charges={
        "aws:eks/cluster:Cluster": _cluster,
        "aws:eks/nodeGroup:NodeGroup": _nodes,
        "aws:rds/instance:Instance": _database,
        "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
        "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
        "aws:wafv2/webAcl:WebAcl": _firewall,
        "aws:ec2/natGateway:NatGateway": _hourly("gateway", 0.045),
        "aws:ec2/eip:Eip": _hourly("public address", 0.005),
        "aws:lb/loadBalancer:LoadBalancer": _hourly("load balancer", 0.0225),
        "aws:kms/key:Key": _flat("key", 1.0),
        "aws:route53/zone:Zone": _flat("zone", 0.50),
        "aws:route53/healthCheck:HealthCheck": _flat("health check over HTTPS", 2.0),
    },
    free=frozenset({
        "aws:acm/certificate:Certificate", "aws:acm/certificateValidation:CertificateValidation",
        "aws:autoscaling/attachment:Attachment", "aws:autoscaling/tag:Tag", "aws:backup/plan:Plan",
        "aws:backup/selection:Selection", "aws:backup/vault:Vault", "aws:budgets/budget:Budget",
        "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget",
        "aws:cloudwatch/logDelivery:LogDelivery", "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
        "aws:cloudwatch/logDeliverySource:LogDeliverySource", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/internetGateway:InternetGateway", "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/managedPrefixList:ManagedPrefixList", "aws:ec2/route:Route", "aws:ec2/routeTable:RouteTable",
        "aws:ec2/routeTableAssociation:RouteTableAssociation", "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet", "aws:ec2/tag:Tag", "aws:ec2/vpc:Vpc", "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/replicationConfiguration:ReplicationConfiguration", "aws:eks/accessEntry:AccessEntry",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "aws:eks/addon:Addon",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation", "aws:elasticache/parameterGroup:ParameterGroup",
        "aws:elasticache/subnetGroup:SubnetGroup", "aws:elasticache/user:User",
        "aws:elasticache/userGroup:UserGroup", "aws:iam/instanceProfile:InstanceProfile", "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:kms/alias:Alias",
        "aws:kms/keyPolicy:KeyPolicy", "aws:lb/listener:Listener", "aws:lb/targetGroup:TargetGroup",
        "aws:rds/parameterGroup:ParameterGroup", "aws:rds/subnetGroup:SubnetGroup", "aws:route53/record:Record",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls", "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning", "aws:scheduler/schedule:Schedule",
        "aws:scheduler/scheduleGroup:ScheduleGroup", "aws:sqs/queuePolicy:QueuePolicy",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    }),
    by_use={
        "aws:cloudfront/distribution:Distribution": "0.085 a GB out and 0.01 for 10 000 requests",
        "aws:cloudtrail/trail:Trail": "0.10 for 100 000 data events; the first copy of others is free",
        "aws:cloudwatch/logGroup:LogGroup": "0.50 a GB written and 0.03 a GB kept",
        "aws:ec2/flowLog:FlowLog": "0.25 to 0.50 a GB delivered",
        "aws:ecr/repository:Repository": "0.10 a GB kept",
        "aws:s3/bucket:Bucket": "0.023 a GB kept and 0.005 for 1000 writes",
        "aws:sqs/queue:Queue": "0.40 for a million requests, the first million is free",
    },
)  # fmt: skip
