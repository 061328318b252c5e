"""Rules for Google Cloud."""

from __future__ import annotations

from infra.policy.rule import Properties, Rule, absent, at, at_least, both, each, given, must, unless

BASIC_ROLES = ("roles/owner", "roles/editor", "roles/viewer")
EVERYBODY = ("allUsers", "allAuthenticatedUsers")
NINETY_DAYS = 90 * 24 * 3600
IAM = (
    "gcp:projects:IAMMember",
    "gcp:projects:IAMBinding",
    "gcp:storage:BucketIAMMember",
    "gcp:storage:BucketIAMBinding",
    "gcp:serviceaccount:IAMMember",
    "gcp:kms:CryptoKeyIAMMember",
    "gcp:artifactregistry:RepositoryIamMember",
)


def narrow_grant(token: str, properties: Properties) -> list[str]:
    """No basic role, nobody unknown."""
    del token
    found = []
    if properties.get("role") in BASIC_ROLES:
        found.append(f"{properties['role']} is a basic role")
    members = [properties.get("member"), *(properties.get("members") or [])]
    found += [f"{member} may use it" for member in members if member in EVERYBODY]
    return found


def rotated(token: str, properties: Properties) -> list[str]:
    """A key gets a new version every ninety days at the latest; signing keys cannot."""
    del token
    if properties.get("purpose") not in (None, "ENCRYPT_DECRYPT"):
        return []
    period = str(properties.get("rotationPeriod", "")).removesuffix("s")
    fresh = period.replace(".", "").isdigit() and float(period) <= NINETY_DAYS
    return [] if fresh else [f"rotationPeriod is {properties.get('rotationPeriod')!r}"]


def open_ingress(token: str, properties: Properties) -> list[str]:
    """Nothing of ours is open to the world past the load balancer."""
    del token
    world = "0.0.0.0/0" in (properties.get("sourceRanges") or [])
    return ["open to the world"] if world and properties.get("allows") else []


def public_endpoint(token: str, properties: Properties) -> list[str]:
    """The control plane's address, where it has one outside, is limited by ranges."""
    del token
    if at(properties, "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled") is False:
        return []
    ranges = list(each(properties, "masterAuthorizedNetworksConfig.cidrBlocks.cidrBlock"))
    if at(properties, "privateClusterConfig.enablePrivateEndpoint") is True:
        return []
    return [] if ranges and "0.0.0.0/0" not in ranges else ["the control plane answers the whole Internet"]


def own_account(token: str, properties: Properties) -> list[str]:
    """Nodes act by an account of their own, and pods cannot take it."""
    del token
    found = (
        [] if at(properties, "nodeConfig.serviceAccount") else ["nodes act as the default service account"]
    )
    mode = at(properties, "nodeConfig.workloadMetadataConfig.mode")
    return found + ([] if mode == "GKE_METADATA" else [f"workloadMetadataConfig.mode is {mode!r}"])


def long_lived(token: str, properties: Properties) -> list[str]:
    """A key that lives until somebody remembers it."""
    del properties
    return [f"{token.rsplit(':', 1)[-1]} is a long-lived key"]


CLUSTER, POOL, SQL = ("gcp:container:Cluster",), ("gcp:container:NodePool",), ("gcp:sql:DatabaseInstance",)
BUCKET, CACHE = ("gcp:storage:Bucket",), ("gcp:memorystore:Instance",)

RULES = (
    Rule("gcp-gke-endpoint", "mandatory", "The control plane does not answer the whole Internet.",
         "Leave costate:cluster.public_access empty, or list ranges.", CLUSTER, public_endpoint),
    Rule("gcp-gke-nodes", "mandatory", "Nodes have no public address.", "Set enablePrivateNodes.", CLUSTER,
         must("privateClusterConfig.enablePrivateNodes", True)),
    Rule("gcp-gke-identity", "mandatory", "Pods act as identities of their own.",
         "Set workloadIdentityConfig.", CLUSTER, given("workloadIdentityConfig.workloadPool")),
    Rule("gcp-gke-secrets", "mandatory", "Secrets of Kubernetes are encrypted with our key.",
         "Set databaseEncryption.", CLUSTER,
         both(must("databaseEncryption.state", "ENCRYPTED"), given("databaseEncryption.keyName"))),
    Rule("gcp-node-account", "mandatory", "Nodes have an account of their own that pods cannot take.",
         "Set serviceAccount and GKE_METADATA.", POOL, own_account),
    Rule("gcp-node-boot", "mandatory", "Nodes start only what was signed.", "Enable secure boot.", POOL,
         must("nodeConfig.shieldedInstanceConfig.enableSecureBoot", True)),
    Rule("gcp-node-disks", "mandatory", "Disks of nodes are encrypted with our key.", "Set bootDiskKmsKey.",
         POOL, given("nodeConfig.bootDiskKmsKey")),
    Rule("gcp-sql-private", "mandatory", "The database has no public address.", "Unset ipv4Enabled.", SQL,
         must("settings.ipConfiguration.ipv4Enabled", False)),
    Rule("gcp-sql-tls", "mandatory", "The database refuses connections in clear text.",
         "Set sslMode to ENCRYPTED_ONLY.", SQL,
         must("settings.ipConfiguration.sslMode", "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")),
    Rule("gcp-sql-encrypted", "mandatory", "The database is encrypted with our key.",
         "Set encryptionKeyName.", SQL, given("encryptionKeyName")),
    Rule("gcp-sql-backups", "mandatory", "The database can be set back to any moment of a week.",
         "Enable backups and point-in-time recovery.", SQL,
         unless("masterInstanceName", both(
             must("settings.backupConfiguration.enabled", True),
             must("settings.backupConfiguration.pointInTimeRecoveryEnabled", True),
             at_least("settings.backupConfiguration.backupRetentionSettings.retainedBackups", 7)))),
    Rule("gcp-sql-password", "mandatory", "No password of the database stands in the state.",
         "Use IAM authentication, or write-only arguments.", ("gcp:sql:User", "gcp:sql:DatabaseInstance"),
         absent("password", "rootPassword")),
    Rule("gcp-cache-tls", "mandatory", "The cache speaks TLS only.",
         "Set transitEncryptionMode: SERVER_AUTHENTICATION.", CACHE,
         must("transitEncryptionMode", "SERVER_AUTHENTICATION")),
    Rule("gcp-cache-auth", "mandatory", "The cache knows its users.", "Set authorizationMode: IAM_AUTH.", CACHE,
         must("authorizationMode", "IAM_AUTH")),
    Rule("gcp-cache-encrypted", "mandatory", "The cache is encrypted with our key.", "Set kmsKey.", CACHE,
         given("kmsKey")),
    Rule("gcp-bucket-private", "mandatory", "No bucket can be made public.",
         "Set uniformBucketLevelAccess and publicAccessPrevention.", BUCKET,
         both(must("uniformBucketLevelAccess", True), must("publicAccessPrevention", "enforced"))),
    Rule("gcp-bucket-encrypted", "mandatory", "Buckets are encrypted with our key.", "Set encryption.", BUCKET,
         given("encryption.defaultKmsKeyName")),
    Rule("gcp-bucket-versioned", "mandatory", "What is overwritten or deleted can be brought back.",
         "Enable versioning or a retention policy.", BUCKET,
         unless("retentionPolicy", must("versioning.enabled", True))),
    Rule("gcp-grants", "mandatory", "Grants are narrow, and to somebody.", "Name a role and a member.", IAM,
         narrow_grant),
    Rule("gcp-keys", "mandatory", "There are no long-lived keys.", "Use Workload Identity.",
         ("gcp:serviceaccount:Key", "gcp:storage:HmacKey"), long_lived),
    Rule("gcp-key-rotation", "mandatory", "Keys rotate every ninety days.", "Set rotationPeriod.",
         ("gcp:kms:CryptoKey",), rotated),
    Rule("gcp-open-ports", "mandatory", "Nothing is open to the world past the load balancer.",
         "Limit sourceRanges.", ("gcp:compute:Firewall",), open_ingress),
    Rule("gcp-flow-logs", "mandatory", "Who talked to whom is kept.", "Set logConfig on the subnet.",
         ("gcp:compute:Subnetwork",),
         unless("purpose", given("logConfig"))),
    Rule("gcp-registry-immutable", "mandatory", "A tag means one image for ever.", "Set immutableTags.",
         ("gcp:artifactregistry:Repository",),
         unless("remoteRepositoryConfig", must("dockerConfig.immutableTags", True))),
    Rule("gcp-registry-encrypted", "mandatory", "Images are encrypted with our key.", "Set kmsKeyName.",
         ("gcp:artifactregistry:Repository",), given("kmsKeyName")),
)  # fmt: skip
