"""List prices of Azure in US dollars, eastus, pay as you go."""

from __future__ import annotations

from collections.abc import Iterable

from infra.costs.model import Charge, Table, UnpricedError, pool, price
from infra.recorder import Recording, Resource

MACHINES = {
    "Standard_D2ds_v5": 0.113, "Standard_D8ds_v5": 0.452, "Standard_D16ds_v5": 0.904,
    "Standard_NC4as_T4_v3": 0.526, "Standard_NC64as_T4_v3": 4.352,
    "Standard_NC24ads_A100_v4": 3.673, "Standard_NC48ads_A100_v4": 7.346, "Standard_NC96ads_A100_v4": 14.692,
    "Standard_NC40ads_H100_v5": 6.98, "Standard_NC80adis_H100_v5": 13.96,
}  # fmt: skip
DATABASES = {"Standard_B2s": 0.068, "Standard_D4ds_v5": 0.356, "Standard_D8ds_v5": 0.712}
CACHES = {"Balanced_B1": 0.064, "Balanced_B5": 0.164, "Balanced_B20": 0.63}
"""With their copy in another zone."""
CLUSTERS = {"Free": 0.0, "Standard": 0.10, "Premium": 0.60}
FRONT_DOORS = {"Standard_AzureFrontDoor": 35.0, "Premium_AzureFrontDoor": 330.0}
DISK_GIB = 0.135
"""Premium SSD, a month, in the sizes that nodes have."""
DATABASE_GIB = 0.115


def _cluster(resource: Resource, recording: Recording) -> Iterable[Charge]:
    plain = resource.plain
    tier = plain.get("sku", {}).get("tier", "Free")
    yield Charge.hourly(f"control plane, {tier}", price(CLUSTERS, tier, "the tier"))
    for profile in plain.get("agentPoolProfiles", []):
        yield _pool(profile)


def _agents(resource: Resource, recording: Recording) -> Iterable[Charge]:
    yield _pool(resource.plain)


def _pool(profile: dict[str, object]) -> Charge:
    sku, count = str(profile["vmSize"]), _number(profile.get("count", 0))
    return pool(
        sku,
        price(MACHINES, sku, "the machine"),
        _number(profile.get("minCount", count)),
        _number(profile.get("maxCount", count)),
        spot=profile.get("scaleSetPriority") == "Spot",
        disk_monthly=_number(profile.get("osDiskSizeGB", 128)) * DISK_GIB,
    )


def _number(given: object) -> float:
    if not isinstance(given, int | float):
        raise UnpricedError(f"a number is expected, given: {given!r}")
    return given


def _database(resource: Resource, recording: Recording) -> Iterable[Charge]:
    plain = resource.plain
    zones = 1 if plain.get("highAvailability", {}).get("mode", "Disabled") == "Disabled" else 2
    sku = plain["sku"]["name"]
    yield Charge.hourly(sku, price(DATABASES, sku, "the database"), zones)
    gib = plain.get("storage", {}).get("storageSizeGB", 32)
    yield Charge("storage", gib * DATABASE_GIB * zones, 4 * gib * DATABASE_GIB * zones)


def _cache(resource: Resource, recording: Recording) -> Iterable[Charge]:
    sku = resource.plain["sku"]["name"]
    yield Charge.hourly(sku, price(CACHES, sku, "the cache"))


def _front_door(resource: Resource, recording: Recording) -> Iterable[Charge]:
    sku = resource.plain["sku"]["name"]
    yield Charge.flat(sku, price(FRONT_DOORS, sku, "Front Door"))


def _key(resource: Resource, recording: Recording) -> Iterable[Charge]:
    small = resource.plain.get("properties", {}).get("keySize", 2048) == 2048
    yield Charge.flat("key in a hardware module", 1.0 if small else 5.0)


def _registry(resource: Resource, recording: Recording) -> Iterable[Charge]:
    yield Charge.flat("registry, Premium", 1.667 * 30)


TABLE = Table(
    checked="2025-07",
    factors={
        "eastus": 1, "eastus2": 1, "centralus": 1.1, "westus2": 1, "westus3": 1, "westeurope": 1.2,
        "northeurope": 1.1, "uksouth": 1.17, "southeastasia": 1.2,
    },
    charges={
        "azure-native:containerservice:ManagedCluster": _cluster,
        "azure-native:containerservice:AgentPool": _agents,
        "azure-native:dbforpostgresql:Server": _database,
        "azure-native:redisenterprise:RedisEnterprise": _cache,
        "azure-native:cdn:Profile": _front_door,
        "azure-native:keyvault:Key": _key,
        "azure-native:containerregistry:Registry": _registry,
        "azure-native:network:NatGateway": lambda resource, recording: [Charge.hourly("gateway", 0.045)],
        "azure-native:network:PublicIPAddress": lambda resource, recording: [Charge.hourly("address", 0.005)],
        "azure-native:network:PrivateEndpoint": lambda resource, recording: [Charge.hourly("endpoint", 0.01)],
        "azure-native:privatedns:PrivateZone": lambda resource, recording: [Charge.flat("zone", 0.50)],
        "azure-native:dns:Zone": lambda resource, recording: [Charge.flat("zone", 0.50)],
    },
    free=frozenset({
        "azure-native:authorization:ManagementLockByScope", "azure-native:authorization:RoleAssignment",
        "azure-native:authorization:RoleDefinition", "azure-native:cdn:AFDCustomDomain",
        "azure-native:cdn:AFDEndpoint", "azure-native:cdn:AFDOrigin", "azure-native:cdn:AFDOriginGroup",
        "azure-native:cdn:Route", "azure-native:cdn:SecurityPolicy", "azure-native:compute:DiskEncryptionSet",
        "azure-native:consumption:Budget", "azure-native:containerregistry:Replication",
        "azure-native:containerservice:MaintenanceConfiguration",
        "azure-native:dataprotection:BackupPolicy", "azure-native:dataprotection:BackupVault",
        "azure-native:dbforpostgresql:AdministratorsMicrosoftEntra",
        "azure-native:dbforpostgresql:Configuration", "azure-native:dbforpostgresql:Database",
        "azure-native:dns:RecordSet", "azure-native:frontdoor:Policy", "azure-native:keyvault:Vault",
        "azure-native:managedidentity:FederatedIdentityCredential",
        "azure-native:managedidentity:UserAssignedIdentity", "azure-native:monitor:DiagnosticSetting",
        "azure-native:network:NetworkSecurityGroup", "azure-native:network:PrivateDnsZoneGroup",
        "azure-native:network:Subnet", "azure-native:network:VirtualNetwork",
        "azure-native:network:VirtualNetworkPeering", "azure-native:privatedns:VirtualNetworkLink",
        "azure-native:redisenterprise:AccessPolicyAssignment", "azure-native:redisenterprise:Database",
        "azure-native:resources:Deployment", "azure-native:resources:ResourceGroup",
        "azure-native:storage:BlobContainer", "azure-native:storage:BlobServiceProperties",
        "azure-native:storage:ManagementPolicy", "azure-native:storage:ObjectReplicationPolicy",
    }),
    by_use={
        "azure-native:dataprotection:BackupInstance": "12.00 a protected cluster and 0.0224 a GB kept",
        "azure-native:network:FlowLog": "0.50 a GB collected, the first 5 GB are free",
        "azure-native:operationalinsights:Workspace": "2.30 a GB written",
        "azure-native:storage:StorageAccount": "0.021 a GB kept and 0.065 for 10 000 writes",
        "azure-native:logic:Workflow": "0.000025 an action",
        "azure-native:automation:AutomationAccount": "0.002 a minute, the first 500 are free",
    },
)  # fmt: skip
