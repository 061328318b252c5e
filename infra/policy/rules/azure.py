"""Rules for Azure."""

from __future__ import annotations

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

BROAD_ROLES = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
}
WORLD = ("*", "0.0.0.0/0", "Internet", "Any")
WEB_PORTS = ("80", "443")


def public_endpoint(token: str, properties: Properties) -> list[str]:
    """The control plane is private, or limited by ranges."""
    del token
    if unknown(properties.get("apiServerAccessProfile")):
        return []
    ranges = at(properties, "apiServerAccessProfile.authorizedIPRanges") or []
    limited = at(properties, "apiServerAccessProfile.enablePrivateCluster") is True or (
        ranges and "0.0.0.0/0" not in ranges
    )
    return [] if limited else ["the control plane answers the whole Internet"]


def narrow_role(token: str, properties: Properties) -> list[str]:
    """No role that may do everything."""
    del token
    role = str(properties.get("roleDefinitionId", "")).rsplit("/", 1)[-1].lower()
    return [f"the role is {BROAD_ROLES[role]}"] if role in BROAD_ROLES else []


def open_ingress(token: str, properties: Properties) -> list[str]:
    """Only the web's ports may be open to the world."""
    del token
    rules = [*entries(properties, "securityRules"), *([properties] if "direction" in properties else [])]
    return [
        f"rule {rule.get('name', '')!r} opens ports {rule.get('destinationPortRange')} to the world"
        for rule in rules
        if rule.get("access") == "Allow"
        and rule.get("direction") == "Inbound"
        and rule.get("sourceAddressPrefix") in WORLD
        and not set(_ports(rule)) <= set(WEB_PORTS)
    ]


def _ports(rule: Properties) -> list[str]:
    return [*(rule.get("destinationPortRanges") or []), *filter(None, [rule.get("destinationPortRange")])]


def encrypted_ports(token: str, properties: Properties) -> list[str]:
    """Every database of the cache speaks TLS."""
    del token
    protocol = properties.get("clientProtocol", "Encrypted")
    return [] if protocol == "Encrypted" else [f"clientProtocol is {protocol!r}"]


def viewers_encrypted(token: str, properties: Properties) -> list[str]:
    """A route of Front Door answers over TLS, or sends to it."""
    del token
    protocols = list(each(properties, "supportedProtocols"))
    redirect = properties.get("httpsRedirect")
    return [] if "Http" not in protocols or redirect == "Enabled" else ["viewers may use plain HTTP"]


AKS, POSTGRES = ("azure-native:containerservice:ManagedCluster",), ("azure-native:dbforpostgresql:Server",)
STORAGE, VAULT = ("azure-native:storage:StorageAccount",), ("azure-native:keyvault:Vault",)
REGISTRY = ("azure-native:containerregistry:Registry",)

RULES = (
    Rule("azure-aks-endpoint", "mandatory", "The control plane does not answer the whole Internet.",
         "Leave costate:cluster.public_access empty, or list ranges.", AKS, public_endpoint),
    Rule("azure-aks-accounts", "mandatory", "Everybody signs in through Entra.", "Disable local accounts.", AKS,
         both(must("disableLocalAccounts", True), must("aadProfile.managed", True))),
    Rule("azure-aks-identity", "mandatory", "Pods act as identities of their own.",
         "Enable workload identity and the OIDC issuer.", AKS,
         both(must("securityProfile.workloadIdentity.enabled", True), must("oidcIssuerProfile.enabled", True))),
    Rule("azure-aks-secrets", "mandatory", "Secrets of Kubernetes are encrypted with our key.",
         "Enable azureKeyVaultKms.", AKS, must("securityProfile.azureKeyVaultKms.enabled", True)),
    Rule("azure-aks-disks", "mandatory", "Disks of nodes are encrypted with our key.",
         "Set diskEncryptionSetID.", AKS, given("diskEncryptionSetID")),
    Rule("azure-postgres-private", "mandatory", "The database has no public address.",
         "Disable publicNetworkAccess.", POSTGRES,
         unless("network.delegatedSubnetResourceId", must("network.publicNetworkAccess", "Disabled"))),
    Rule("azure-postgres-password", "mandatory", "Nobody signs in to the database with a password.",
         "Disable passwordAuth, enable activeDirectoryAuth.", POSTGRES,
         both(absent("administratorLoginPassword"), unless("sourceServerResourceId", both(
             must("authConfig.passwordAuth", "Disabled"), must("authConfig.activeDirectoryAuth", "Enabled"))))),
    Rule("azure-postgres-encrypted", "mandatory", "The database is encrypted with our key.",
         "Set dataEncryption.", POSTGRES, must("dataEncryption.type", "AzureKeyVault")),
    Rule("azure-postgres-backups", "mandatory", "The database can be set back to any moment of a week.",
         "Set backupRetentionDays.", POSTGRES,
         unless("sourceServerResourceId", at_least("backup.backupRetentionDays", 7))),
    Rule("azure-cache-tls", "mandatory", "The cache speaks TLS only.", "Set clientProtocol: Encrypted.",
         ("azure-native:redisenterprise:Database",), encrypted_ports),
    Rule("azure-cache-keys", "mandatory", "Nobody signs in to the cache with a key.",
         "Disable access keys authentication.", ("azure-native:redisenterprise:Database",),
         must("accessKeysAuthentication", "Disabled")),
    Rule("azure-cache-version", "mandatory", "The cache speaks TLS 1.2 at least.", "Set minimumTlsVersion.",
         ("azure-native:redisenterprise:RedisEnterprise",), must("minimumTlsVersion", "1.2", "1.3")),
    Rule("azure-storage-private", "mandatory", "No storage can be made public.",
         "Disallow blob public access and shared keys, deny other networks.", STORAGE,
         both(must("allowBlobPublicAccess", False), must("allowSharedKeyAccess", False))),
    Rule("azure-storage-tls", "mandatory", "Storage speaks TLS 1.2 at least.",
         "Set minimumTlsVersion and enableHttpsTrafficOnly.", STORAGE,
         both(must("minimumTlsVersion", "TLS1_2", "TLS1_3"), must("enableHttpsTrafficOnly", True, None))),
    Rule("azure-storage-encrypted", "mandatory", "Storage is encrypted with our key.",
         "Set encryption.keySource: Microsoft.Keyvault.", STORAGE,
         must("encryption.keySource", "Microsoft.Keyvault")),
    Rule("azure-storage-versioned", "mandatory", "What is overwritten or deleted can be brought back.",
         "Enable versioning and soft delete.", ("azure-native:storage:BlobServiceProperties",),
         both(must("isVersioningEnabled", True), must("deleteRetentionPolicy.enabled", True))),
    Rule("azure-vault-protected", "mandatory", "Keys cannot be purged, and access to them is by roles.",
         "Enable purge protection and RBAC.", VAULT,
         both(must("properties.enablePurgeProtection", True), must("properties.enableRbacAuthorization", True))),
    Rule("azure-vault-private", "mandatory", "The key vault does not answer the whole Internet.",
         "Deny by default.", VAULT, must("properties.networkAcls.defaultAction", "Deny")),
    Rule("azure-registry-private", "mandatory", "The registry has no admin account and no public address.",
         "Disable both.", REGISTRY,
         both(must("adminUserEnabled", False), must("publicNetworkAccess", "Disabled"))),
    Rule("azure-registry-encrypted", "mandatory", "Images are encrypted with our key.", "Set encryption.",
         REGISTRY, must("encryption.status", "enabled")),
    Rule("azure-roles", "mandatory", "No role may do everything.", "Assign a role made for the purpose.",
         ("azure-native:authorization:RoleAssignment",), narrow_role),
    Rule("azure-open-ports", "mandatory", "Only the web's ports are open to the world.", "Limit the prefix.",
         ("azure-native:network:NetworkSecurityGroup", "azure-native:network:SecurityRule"), open_ingress),
    Rule("azure-viewer-tls", "mandatory", "The CDN answers over TLS only.", "Redirect to HTTPS.",
         ("azure-native:cdn:Route",), viewers_encrypted),
    Rule("azure-log-retention", "mandatory", "Logs are kept for a stated time.", "Set retentionInDays.",
         ("azure-native:operationalinsights:Workspace",), at_least("retentionInDays", 7)),
)  # fmt: skip
