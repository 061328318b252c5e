"""Azure's own names of the resource types that a stack makes, by Pulumi's; a test holds them to the recordings."""

from __future__ import annotations

from collections.abc import Mapping

_BY_PROVIDER: Mapping[str, Mapping[str, str]] = {
    "Microsoft.Authorization": {
        "authorization:ManagementLockByScope": "locks",
        "authorization:RoleAssignment": "roleAssignments",
        "authorization:RoleDefinition": "roleDefinitions",
    },
    "Microsoft.Cache": {
        "redisenterprise:AccessPolicyAssignment": "redisEnterprise/databases/accessPolicyAssignments",
        "redisenterprise:Database": "redisEnterprise/databases",
        "redisenterprise:RedisEnterprise": "redisEnterprise",
    },
    "Microsoft.Cdn": {
        "cdn:AFDCustomDomain": "profiles/customDomains",
        "cdn:AFDEndpoint": "profiles/afdEndpoints",
        "cdn:AFDOrigin": "profiles/originGroups/origins",
        "cdn:AFDOriginGroup": "profiles/originGroups",
        "cdn:Profile": "profiles",
        "cdn:Route": "profiles/afdEndpoints/routes",
        "cdn:SecurityPolicy": "profiles/securityPolicies",
    },
    "Microsoft.Compute": {"compute:DiskEncryptionSet": "diskEncryptionSets"},
    "Microsoft.Consumption": {"consumption:Budget": "budgets"},
    "Microsoft.ContainerRegistry": {
        "containerregistry:Registry": "registries",
        "containerregistry:Replication": "registries/replications",
    },
    "Microsoft.ContainerService": {
        "containerservice:AgentPool": "managedClusters/agentPools",
        "containerservice:MaintenanceConfiguration": "managedClusters/maintenanceConfigurations",
        "containerservice:ManagedCluster": "managedClusters",
    },
    "Microsoft.DataProtection": {
        "dataprotection:BackupInstance": "backupVaults/backupInstances",
        "dataprotection:BackupPolicy": "backupVaults/backupPolicies",
        "dataprotection:BackupVault": "backupVaults",
    },
    "Microsoft.DBforPostgreSQL": {
        "dbforpostgresql:AdministratorsMicrosoftEntra": "flexibleServers/administrators",
        "dbforpostgresql:Configuration": "flexibleServers/configurations",
        "dbforpostgresql:Database": "flexibleServers/databases",
        "dbforpostgresql:Server": "flexibleServers",
    },
    "Microsoft.Insights": {"monitor:DiagnosticSetting": "diagnosticSettings"},
    "Microsoft.KeyVault": {"keyvault:Key": "vaults/keys", "keyvault:Vault": "vaults"},
    "Microsoft.Logic": {"logic:Workflow": "workflows"},
    "Microsoft.ManagedIdentity": {
        "managedidentity:FederatedIdentityCredential": "userAssignedIdentities/federatedIdentityCredentials",
        "managedidentity:UserAssignedIdentity": "userAssignedIdentities",
    },
    "Microsoft.Network": {
        "dns:RecordSet": "dnsZones/*",  # a type of its own for each type of record
        "dns:Zone": "dnsZones",
        "frontdoor:Policy": "frontDoorWebApplicationFirewallPolicies",
        "network:FlowLog": "networkWatchers/flowLogs",
        "network:NatGateway": "natGateways",
        "network:NetworkSecurityGroup": "networkSecurityGroups",
        "network:PrivateDnsZoneGroup": "privateEndpoints/privateDnsZoneGroups",
        "network:PrivateEndpoint": "privateEndpoints",
        "network:PublicIPAddress": "publicIPAddresses",
        "network:Subnet": "virtualNetworks/subnets",
        "network:VirtualNetwork": "virtualNetworks",
        "network:VirtualNetworkPeering": "virtualNetworks/virtualNetworkPeerings",
        "privatedns:PrivateZone": "privateDnsZones",
        "privatedns:VirtualNetworkLink": "privateDnsZones/virtualNetworkLinks",
    },
    "Microsoft.OperationalInsights": {"operationalinsights:Workspace": "workspaces"},
    "Microsoft.Resources": {
        "resources:Deployment": "deployments",
        "resources:ResourceGroup": "subscriptions/resourceGroups",
    },
    "Microsoft.Storage": {
        "storage:BlobContainer": "storageAccounts/blobServices/containers",
        "storage:BlobServiceProperties": "storageAccounts/blobServices",
        "storage:ManagementPolicy": "storageAccounts/managementPolicies",
        "storage:ObjectReplicationPolicy": "storageAccounts/objectReplicationPolicies",
        "storage:StorageAccount": "storageAccounts",
    },
}

TYPES: Mapping[str, str] = {
    f"azure-native:{token}": f"{provider}/{kind}"
    for provider, kinds in _BY_PROVIDER.items()
    for token, kind in kinds.items()
}
"""`azure-native:network:Subnet` to `Microsoft.Network/virtualNetworks/subnets`."""

PROVIDERS = tuple(sorted({*_BY_PROVIDER, "Microsoft.PolicyInsights"}))
"""Resource providers that a subscription must have registered; the last is for AKS's policy add-on."""
