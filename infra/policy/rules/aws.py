"""Rules for AWS."""

from __future__ import annotations

from infra.policy.documents import trusts_everybody, wildcard_actions, wildcard_resources
from infra.policy.rule import (
    Properties,
    Rule,
    absent,
    at,
    at_least,
    both,
    each,
    entries,
    given,
    must,
    unknown,
    unless,
)

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
WEB_PORTS = (80, 443)
POLICIES = ("aws:iam:Policy", "aws:iam:RolePolicy")


def public_endpoint(token: str, properties: Properties) -> list[str]:
    """A control plane on the Internet is limited by ranges."""
    del token
    if unknown(properties.get("vpcConfig")):
        return []
    ranges = at(properties, "vpcConfig.publicAccessCidrs") or ["0.0.0.0/0"]
    if at(properties, "vpcConfig.endpointPublicAccess") is not False and "0.0.0.0/0" in ranges:
        return ["the control plane answers the whole Internet"]
    return []


def logs(token: str, properties: Properties) -> list[str]:
    """All logs of the control plane are kept."""
    del token
    missing = [name for name in LOGS if name not in (properties.get("enabledClusterLogTypes") or [])]
    return [f"logs that are not kept: {', '.join(missing)}"] if missing else []


def disks_encrypted(token: str, properties: Properties) -> list[str]:
    """Every disk of a launch template is encrypted."""
    del token
    return [
        "a disk is not encrypted"
        for disk in entries(properties, "blockDeviceMappings.ebs")
        if str(disk.get("encrypted")).lower() != "true"
    ]


def open_ingress(token: str, properties: Properties) -> list[str]:
    """Only the web's ports may be open to the world."""
    del token
    rules = [*entries(properties, "ingress"), *([properties] if "ipProtocol" in properties else [])]
    found = []
    for rule in rules:
        ranges = [*(rule.get("cidrBlocks") or []), rule.get("cidrIpv4"), rule.get("cidrIpv6")]
        ports = (rule.get("fromPort"), rule.get("toPort"))
        if {"0.0.0.0/0", "::/0"} & set(ranges) and not (ports[0] == ports[1] and ports[0] in WEB_PORTS):
            found.append(f"ports {ports[0]} to {ports[1]} are open to the world")
    return found


def force_ssl(token: str, properties: Properties) -> list[str]:
    """PostgreSQL refuses connections in clear text."""
    del token
    if not str(properties.get("family", "")).startswith("postgres"):
        return []
    values = {one.get("name"): str(one.get("value")) for one in properties.get("parameters") or []}
    return [] if values.get("rds.force_ssl") == "1" else ["rds.force_ssl is not 1"]


def kms_encrypted(token: str, properties: Properties) -> list[str]:
    """A bucket's default encryption is by a key of our own."""
    del token
    kinds = list(each(properties, "rules.applyServerSideEncryptionByDefault.sseAlgorithm"))
    return (
        [] if kinds and all(kind == "aws:kms" for kind in kinds) else [f"encryption is {kinds or 'not set'}"]
    )


def registry_encrypted(token: str, properties: Properties) -> list[str]:
    """Images are encrypted by a key of our own."""
    del token
    kinds = list(each(properties, "encryptionConfigurations.encryptionType"))
    return [] if "KMS" in kinds else ["images are encrypted by AWS's key"]


def viewers_encrypted(token: str, properties: Properties) -> list[str]:
    """A distribution answers over TLS only."""
    del token
    policies = [
        *each(properties, "defaultCacheBehavior.viewerProtocolPolicy"),
        *each(properties, "orderedCacheBehaviors.viewerProtocolPolicy"),
    ]
    return [
        f"viewers may use {policy}"
        for policy in policies
        if policy not in ("https-only", "redirect-to-https")
    ]


def modern_tls(token: str, properties: Properties) -> list[str]:
    """A listener that ends TLS speaks 1.2 at least."""
    del token
    if properties.get("protocol") not in ("HTTPS", "TLS"):
        return []
    policy = str(properties.get("sslPolicy", ""))
    return [] if "TLS13" in policy else [f"sslPolicy is {policy!r}"]


def long_lived(token: str, properties: Properties) -> list[str]:
    """A key that lives until somebody remembers it."""
    del properties
    return [f"{token.rsplit(':', 1)[-1]} is a long-lived identity"]


RULES = (
    Rule("aws-eks-endpoint", "mandatory", "The control plane does not answer the whole Internet.",
         "Leave costate:cluster.public_access empty, or list ranges.", ("aws:eks:Cluster",), public_endpoint),
    Rule("aws-eks-secrets", "mandatory", "Secrets of Kubernetes are encrypted with our key.",
         "Set encryptionConfig.", ("aws:eks:Cluster",), given("encryptionConfig.provider.keyArn")),
    Rule("aws-eks-logs", "mandatory", "All logs of the control plane are kept.",
         f"Enable {', '.join(LOGS)}.", ("aws:eks:Cluster",), logs),
    Rule("aws-eks-access", "mandatory", "Access is by entries, not by a config map in the cluster.",
         "Set accessConfig.authenticationMode to API.", ("aws:eks:Cluster",),
         must("accessConfig.authenticationMode", "API")),
    Rule("aws-node-metadata", "mandatory", "Pods cannot take the node's credentials from its metadata.",
         "Require tokens, with one hop.", ("aws:ec2:LaunchTemplate",),
         both(must("metadataOptions.httpTokens", "required"), must("metadataOptions.httpPutResponseHopLimit", 1))),
    Rule("aws-node-disks", "mandatory", "Disks of nodes are encrypted.", "Set encrypted on each disk.",
         ("aws:ec2:LaunchTemplate",), disks_encrypted),
    Rule("aws-volume-encrypted", "mandatory", "Volumes are encrypted.", "Set encrypted.", ("aws:ebs:Volume",),
         must("encrypted", True)),
    Rule("aws-rds-private", "mandatory", "The database has no public address.", "Unset publiclyAccessible.",
         ("aws:rds:Instance",), absent("publiclyAccessible")),
    Rule("aws-rds-encrypted", "mandatory", "The database is encrypted with our key.",
         "Set storageEncrypted and kmsKeyId.", ("aws:rds:Instance",),
         both(must("storageEncrypted", True), given("kmsKeyId"))),
    Rule("aws-rds-backups", "mandatory", "The database can be set back to any moment of a week.",
         "Set backupRetentionPeriod to 7 or more.", ("aws:rds:Instance",),
         unless("replicateSourceDb", at_least("backupRetentionPeriod", 7))),
    Rule("aws-rds-password", "mandatory", "No password of the database stands in the state.",
         "Use manageMasterUserPassword.", ("aws:rds:Instance",),
         both(absent("password"), unless("replicateSourceDb", must("manageMasterUserPassword", True)))),
    Rule("aws-rds-tls", "mandatory", "The database refuses connections in clear text.",
         "Set rds.force_ssl to 1.", ("aws:rds:ParameterGroup",), force_ssl),
    Rule("aws-rds-insights", "advisory", "What the database does can be seen.", "Enable Performance Insights.",
         ("aws:rds:Instance",), must("performanceInsightsEnabled", True)),
    Rule("aws-cache-tls", "mandatory", "The cache speaks TLS only.",
         "Set transitEncryptionEnabled and transitEncryptionMode: required.", ("aws:elasticache:ReplicationGroup",),
         both(must("transitEncryptionEnabled", True), must("transitEncryptionMode", "required", None))),
    Rule("aws-cache-encrypted", "mandatory", "The cache is encrypted with our key.",
         "Set atRestEncryptionEnabled and kmsKeyId.", ("aws:elasticache:ReplicationGroup",),
         both(must("atRestEncryptionEnabled", True, "true"), given("kmsKeyId"))),
    Rule("aws-cache-auth", "mandatory", "The cache knows its users.", "Set userGroupIds.",
         ("aws:elasticache:ReplicationGroup",), given("userGroupIds")),
    Rule("aws-bucket-private", "mandatory", "No bucket can be made public.", "Set all four.",
         ("aws:s3:BucketPublicAccessBlock",),
         both(*(must(name, True) for name in
                ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")))),
    Rule("aws-bucket-encrypted", "mandatory", "Buckets are encrypted with our key.", "Use aws:kms.",
         ("aws:s3:BucketServerSideEncryptionConfiguration",), kms_encrypted),
    Rule("aws-bucket-versioned", "mandatory", "What is overwritten or deleted can be brought back.",
         "Set status: Enabled.", ("aws:s3:BucketVersioning",), must("versioningConfiguration.status", "Enabled")),
    Rule("aws-iam-actions", "mandatory", "No policy allows every action of a service.", "Name the actions.",
         POLICIES, wildcard_actions),
    Rule("aws-iam-resources", "mandatory", "No policy allows on every resource what could be limited.",
         "Name the resources, or add a condition.", POLICIES, wildcard_resources),
    Rule("aws-iam-trust", "mandatory", "Nothing trusts everybody.", "Name the principal, or add a condition.",
         ("aws:iam:Role", "aws:s3:BucketPolicy", "aws:sqs:QueuePolicy", "aws:sns:TopicPolicy"), trusts_everybody),
    Rule("aws-iam-keys", "mandatory", "There are no long-lived keys.", "Use Pod Identity or a role.",
         ("aws:iam:AccessKey", "aws:iam:User"), long_lived),
    Rule("aws-open-ports", "mandatory", "Only the web's ports are open to the world.", "Limit the ranges.",
         ("aws:ec2:SecurityGroup", "aws:vpc:SecurityGroupIngressRule"), open_ingress),
    Rule("aws-subnet-addresses", "mandatory", "Nothing gets a public address by being started.",
         "Unset mapPublicIpOnLaunch.", ("aws:ec2:Subnet",), absent("mapPublicIpOnLaunch")),
    Rule("aws-log-retention", "mandatory", "Logs are kept for a stated time, encrypted with our key.",
         "Set retentionInDays and kmsKeyId.", ("aws:cloudwatch:LogGroup",),
         both(at_least("retentionInDays", 7), given("kmsKeyId"))),
    Rule("aws-key-rotation", "mandatory", "Keys rotate.", "Set enableKeyRotation.", ("aws:kms:Key",),
         must("enableKeyRotation", True)),
    Rule("aws-registry-immutable", "mandatory", "A tag means one image for ever.",
         "Set imageTagMutability: IMMUTABLE.", ("aws:ecr:Repository",), must("imageTagMutability", "IMMUTABLE")),
    Rule("aws-registry-scan", "mandatory", "Images are scanned when they are pushed.", "Set scanOnPush.",
         ("aws:ecr:Repository",), must("imageScanningConfiguration.scanOnPush", True)),
    Rule("aws-registry-encrypted", "mandatory", "Images are encrypted with our key.",
         "Set encryptionType: KMS.", ("aws:ecr:Repository",), registry_encrypted),
    Rule("aws-trail-validated", "mandatory", "The audit trail is complete, encrypted and shows tampering.",
         "Set isMultiRegionTrail, enableLogFileValidation and kmsKeyId.", ("aws:cloudtrail:Trail",),
         both(must("isMultiRegionTrail", True), must("enableLogFileValidation", True), given("kmsKeyId"))),
    Rule("aws-listener-tls", "mandatory", "Listeners speak current TLS.", "Use an ELBSecurityPolicy-TLS13 policy.",
         ("aws:lb:Listener",), modern_tls),
    Rule("aws-viewer-tls", "mandatory", "The CDN answers over TLS only.", "Redirect to HTTPS.",
         ("aws:cloudfront:Distribution",), viewers_encrypted),
    Rule("aws-backup-encrypted", "mandatory", "Backups are encrypted with our key.", "Set kmsKeyArn.",
         ("aws:backup:Vault",), given("kmsKeyArn")),
)  # fmt: skip
