"""Inputs that keep each rule and inputs that break it, as small as they can be."""

from __future__ import annotations

import json
from typing import Any


def nest(path: str, value: Any) -> dict[str, Any]:
    """`{"a": {"b": value}}` of `a.b`."""
    for part in reversed(path.split(".")):
        value = {part: value}
    return dict(value)


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


KEY = "arn:aws:kms:us-east-1:111122223333:key/1"
GCP_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
TAGS = dict.fromkeys(("application", "environment", "stack", "cell", "role", "owner", "managed-by"), "x")
ALL_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
BLOCKED = dict.fromkeys(
    ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
)
TAINT_AWS = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
GPU_GCP = {"guestAccelerators": [{"type": "nvidia-l4", "count": 1}]}
OWN_NODES = {"serviceAccount": "nodes@p", "workloadMetadataConfig": {"mode": "GKE_METADATA"}}
SQL = "settings.ipConfiguration"
BACKUPS = {
    "enabled": True,
    "pointInTimeRecoveryEnabled": True,
    "backupRetentionSettings": {"retainedBackups": 7},
}
ENTRA = {"passwordAuth": "Disabled", "activeDirectoryAuth": "Enabled"}
OPEN_NSG = {
    "name": "all",
    "access": "Allow",
    "direction": "Inbound",
    "protocol": "Tcp",
    "priority": 100,
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "sourceAddressPrefix": "*",
}

Case = tuple[str, dict[str, Any], dict[str, Any]]
CASES: dict[str, Case] = {
    "tags-complete": ("aws:s3/bucket:Bucket", {"tags": TAGS}, {"tags": {"owner": "x"}}),
    "gpu-pool-tainted": (
        "aws:eks/nodeGroup:NodeGroup",
        {"instanceTypes": ["g6.xlarge"], "taints": TAINT_AWS},
        {"instanceTypes": ["g6.xlarge"]},
    ),
    "aws-eks-endpoint": (
        "aws:eks/cluster:Cluster",
        nest("vpcConfig.endpointPublicAccess", False),
        {"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}},
    ),
    "aws-eks-secrets": ("aws:eks/cluster:Cluster", nest("encryptionConfig.provider.keyArn", KEY), {}),
    "aws-eks-logs": (
        "aws:eks/cluster:Cluster",
        {"enabledClusterLogTypes": ALL_LOGS},
        {"enabledClusterLogTypes": ["api"]},
    ),
    "aws-eks-access": (
        "aws:eks/cluster:Cluster",
        nest("accessConfig.authenticationMode", "API"),
        nest("accessConfig.authenticationMode", "CONFIG_MAP"),
    ),
    "aws-node-metadata": (
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1}},
        {"metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2}},
    ),
    "aws-node-disks": (
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"blockDeviceMappings": [{"ebs": {"encrypted": "true"}}]},
        {"blockDeviceMappings": [{"ebs": {"volumeSize": 20}}]},
    ),
    "aws-volume-encrypted": ("aws:ebs/volume:Volume", {"encrypted": True}, {}),
    "aws-rds-private": ("aws:rds/instance:Instance", {}, {"publiclyAccessible": True}),
    "aws-rds-encrypted": (
        "aws:rds/instance:Instance",
        {"storageEncrypted": True, "kmsKeyId": KEY},
        {"storageEncrypted": True},
    ),
    "aws-rds-backups": (
        "aws:rds/instance:Instance",
        {"backupRetentionPeriod": 7},
        {"backupRetentionPeriod": 6},
    ),
    "aws-rds-password": (
        "aws:rds/instance:Instance",
        {"manageMasterUserPassword": True},
        {"manageMasterUserPassword": True, "password": "hunter2"},
    ),
    "aws-rds-tls": (
        "aws:rds/parameterGroup:ParameterGroup",
        {"family": "postgres17", "parameters": [{"name": "rds.force_ssl", "value": "1"}]},
        {"family": "postgres17"},
    ),
    "aws-rds-insights": ("aws:rds/instance:Instance", {"performanceInsightsEnabled": True}, {}),
    "aws-cache-tls": (
        "aws:elasticache/replicationGroup:ReplicationGroup",
        {"transitEncryptionEnabled": True, "transitEncryptionMode": "required"},
        {"transitEncryptionEnabled": True, "transitEncryptionMode": "preferred"},
    ),
    "aws-cache-encrypted": (
        "aws:elasticache/replicationGroup:ReplicationGroup",
        {"atRestEncryptionEnabled": True, "kmsKeyId": KEY},
        {"atRestEncryptionEnabled": True},
    ),
    "aws-cache-auth": ("aws:elasticache/replicationGroup:ReplicationGroup", {"userGroupIds": ["users"]}, {}),
    "aws-bucket-private": (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        BLOCKED,
        {**BLOCKED, "blockPublicPolicy": False},
    ),
    "aws-bucket-encrypted": (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"rules": [nest("applyServerSideEncryptionByDefault.sseAlgorithm", "aws:kms")]},
        {"rules": [nest("applyServerSideEncryptionByDefault.sseAlgorithm", "AES256")]},
    ),
    "aws-bucket-versioned": (
        "aws:s3/bucketVersioning:BucketVersioning",
        nest("versioningConfiguration.status", "Enabled"),
        nest("versioningConfiguration.status", "Suspended"),
    ),
    "aws-iam-actions": (
        "aws:iam/rolePolicy:RolePolicy",
        {"policy": document(Action=["s3:GetObject"], Resource="arn:aws:s3:::b/*")},
        {"policy": document(Action="s3:*", Resource="arn:aws:s3:::b/*")},
    ),
    "aws-iam-resources": (
        "aws:iam/policy:Policy",
        {"policy": document(Action=["ec2:DescribeInstances"], Resource="*")},
        {"policy": document(Action=["ec2:TerminateInstances"], Resource="*")},
    ),
    "aws-iam-trust": (
        "aws:iam/role:Role",
        {"assumeRolePolicy": document(Action="sts:AssumeRole", Principal={"Service": "eks.amazonaws.com"})},
        {"assumeRolePolicy": document(Action="sts:AssumeRole", Principal={"AWS": "*"})},
    ),
    "aws-iam-keys": ("aws:iam/accessKey:AccessKey", {}, {"user": "somebody"}),
    "aws-open-ports": (
        "aws:ec2/securityGroup:SecurityGroup",
        {"ingress": [{"fromPort": 443, "toPort": 443, "protocol": "tcp", "cidrBlocks": ["0.0.0.0/0"]}]},
        {"ingress": [{"fromPort": 22, "toPort": 443, "protocol": "tcp", "cidrBlocks": ["0.0.0.0/0"]}]},
    ),
    "aws-subnet-addresses": ("aws:ec2/subnet:Subnet", {}, {"mapPublicIpOnLaunch": True}),
    "aws-log-retention": (
        "aws:cloudwatch/logGroup:LogGroup",
        {"retentionInDays": 30, "kmsKeyId": KEY},
        {"kmsKeyId": KEY},
    ),
    "aws-key-rotation": ("aws:kms/key:Key", {"enableKeyRotation": True}, {}),
    "aws-registry-immutable": (
        "aws:ecr/repository:Repository",
        {"imageTagMutability": "IMMUTABLE"},
        {"imageTagMutability": "MUTABLE"},
    ),
    "aws-registry-scan": (
        "aws:ecr/repository:Repository",
        nest("imageScanningConfiguration.scanOnPush", True),
        {},
    ),
    "aws-registry-encrypted": (
        "aws:ecr/repository:Repository",
        {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}]},
        {},
    ),
    "aws-trail-validated": (
        "aws:cloudtrail/trail:Trail",
        {"isMultiRegionTrail": True, "enableLogFileValidation": True, "kmsKeyId": KEY},
        {"isMultiRegionTrail": True, "kmsKeyId": KEY},
    ),
    "aws-listener-tls": (
        "aws:lb/listener:Listener",
        {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
        {"protocol": "HTTPS"},
    ),
    "aws-viewer-tls": (
        "aws:cloudfront/distribution:Distribution",
        nest("defaultCacheBehavior.viewerProtocolPolicy", "redirect-to-https"),
        nest("defaultCacheBehavior.viewerProtocolPolicy", "allow-all"),
    ),
    "aws-backup-encrypted": ("aws:backup/vault:Vault", {"kmsKeyArn": KEY}, {}),
    "gcp-gke-endpoint": (
        "gcp:container/cluster:Cluster",
        nest("controlPlaneEndpointsConfig.ipEndpointsConfig.enabled", False),
        {},
    ),
    "gcp-gke-nodes": (
        "gcp:container/cluster:Cluster",
        nest("privateClusterConfig.enablePrivateNodes", True),
        {},
    ),
    "gcp-gke-identity": (
        "gcp:container/cluster:Cluster",
        nest("workloadIdentityConfig.workloadPool", "p.svc.id.goog"),
        {},
    ),
    "gcp-gke-secrets": (
        "gcp:container/cluster:Cluster",
        {"databaseEncryption": {"state": "ENCRYPTED", "keyName": GCP_KEY}},
        {"databaseEncryption": {"state": "DECRYPTED"}},
    ),
    "gcp-node-account": ("gcp:container/nodePool:NodePool", {"nodeConfig": OWN_NODES}, {}),
    "gcp-node-boot": (
        "gcp:container/nodePool:NodePool",
        nest("nodeConfig.shieldedInstanceConfig.enableSecureBoot", True),
        {},
    ),
    "gcp-node-disks": ("gcp:container/nodePool:NodePool", nest("nodeConfig.bootDiskKmsKey", GCP_KEY), {}),
    "gcp-sql-private": (
        "gcp:sql/databaseInstance:DatabaseInstance",
        nest(f"{SQL}.ipv4Enabled", False),
        nest(f"{SQL}.ipv4Enabled", True),
    ),
    "gcp-sql-tls": (
        "gcp:sql/databaseInstance:DatabaseInstance",
        nest(f"{SQL}.sslMode", "ENCRYPTED_ONLY"),
        nest(f"{SQL}.sslMode", "ALLOW_UNENCRYPTED_AND_ENCRYPTED"),
    ),
    "gcp-sql-encrypted": ("gcp:sql/databaseInstance:DatabaseInstance", {"encryptionKeyName": GCP_KEY}, {}),
    "gcp-sql-backups": (
        "gcp:sql/databaseInstance:DatabaseInstance",
        nest("settings.backupConfiguration", BACKUPS),
        nest("settings.backupConfiguration", {**BACKUPS, "pointInTimeRecoveryEnabled": False}),
    ),
    "gcp-sql-password": ("gcp:sql/user:User", {"type": "CLOUD_IAM_USER"}, {"password": "hunter2"}),
    "gcp-cache-tls": (
        "gcp:memorystore/instance:Instance",
        {"transitEncryptionMode": "SERVER_AUTHENTICATION"},
        {"transitEncryptionMode": "TRANSIT_ENCRYPTION_DISABLED"},
    ),
    "gcp-cache-auth": (
        "gcp:memorystore/instance:Instance",
        {"authorizationMode": "IAM_AUTH"},
        {"authorizationMode": "AUTH_DISABLED"},
    ),
    "gcp-cache-encrypted": ("gcp:memorystore/instance:Instance", {"kmsKey": GCP_KEY}, {}),
    "gcp-bucket-private": (
        "gcp:storage/bucket:Bucket",
        {"uniformBucketLevelAccess": True, "publicAccessPrevention": "enforced"},
        {"uniformBucketLevelAccess": True},
    ),
    "gcp-bucket-encrypted": (
        "gcp:storage/bucket:Bucket",
        nest("encryption.defaultKmsKeyName", GCP_KEY),
        {},
    ),
    "gcp-bucket-versioned": ("gcp:storage/bucket:Bucket", nest("versioning.enabled", True), {}),
    "gcp-grants": (
        "gcp:projects/iAMMember:IAMMember",
        {"role": "roles/storage.objectUser", "member": "serviceAccount:a@p"},
        {"role": "roles/editor", "member": "serviceAccount:a@p"},
    ),
    "gcp-keys": ("gcp:serviceaccount/key:Key", {}, {"serviceAccountId": "a"}),
    "gcp-key-rotation": (
        "gcp:kms/cryptoKey:CryptoKey",
        {"rotationPeriod": "7776000s"},
        {"rotationPeriod": "31536000s"},
    ),
    "gcp-open-ports": (
        "gcp:compute/firewall:Firewall",
        {"allows": [{"protocol": "tcp"}], "sourceRanges": ["35.191.0.0/16"]},
        {"allows": [{"protocol": "tcp"}], "sourceRanges": ["0.0.0.0/0"]},
    ),
    "gcp-flow-logs": (
        "gcp:compute/subnetwork:Subnetwork",
        nest("logConfig.aggregationInterval", "INTERVAL_5_SEC"),
        {},
    ),
    "gcp-registry-immutable": (
        "gcp:artifactregistry/repository:Repository",
        nest("dockerConfig.immutableTags", True),
        {},
    ),
    "gcp-registry-encrypted": ("gcp:artifactregistry/repository:Repository", {"kmsKeyName": GCP_KEY}, {}),
    "azure-aks-endpoint": (
        "azure-native:containerservice:ManagedCluster",
        nest("apiServerAccessProfile.authorizedIPRanges", ["203.0.113.0/24"]),
        {},
    ),
    "azure-aks-accounts": (
        "azure-native:containerservice:ManagedCluster",
        {"disableLocalAccounts": True, "aadProfile": {"managed": True}},
        {"aadProfile": {"managed": True}},
    ),
    "azure-aks-identity": (
        "azure-native:containerservice:ManagedCluster",
        {**nest("securityProfile.workloadIdentity.enabled", True), **nest("oidcIssuerProfile.enabled", True)},
        nest("oidcIssuerProfile.enabled", True),
    ),
    "azure-aks-secrets": (
        "azure-native:containerservice:ManagedCluster",
        nest("securityProfile.azureKeyVaultKms.enabled", True),
        {},
    ),
    "azure-aks-disks": (
        "azure-native:containerservice:ManagedCluster",
        {"diskEncryptionSetID": "/subscriptions/s/resourceGroups/g/diskEncryptionSets/d"},
        {},
    ),
    "azure-postgres-private": (
        "azure-native:dbforpostgresql:Server",
        nest("network.delegatedSubnetResourceId", "/subscriptions/s/subnets/data"),
        nest("network.publicNetworkAccess", "Enabled"),
    ),
    "azure-postgres-password": (
        "azure-native:dbforpostgresql:Server",
        {"authConfig": ENTRA},
        {"authConfig": {**ENTRA, "passwordAuth": "Enabled"}},
    ),
    "azure-postgres-encrypted": (
        "azure-native:dbforpostgresql:Server",
        nest("dataEncryption.type", "AzureKeyVault"),
        nest("dataEncryption.type", "SystemManaged"),
    ),
    "azure-postgres-backups": (
        "azure-native:dbforpostgresql:Server",
        nest("backup.backupRetentionDays", 7),
        {},
    ),
    "azure-cache-tls": (
        "azure-native:redisenterprise:Database",
        {"clientProtocol": "Encrypted"},
        {"clientProtocol": "Plaintext"},
    ),
    "azure-cache-keys": (
        "azure-native:redisenterprise:Database",
        {"accessKeysAuthentication": "Disabled"},
        {"accessKeysAuthentication": "Enabled"},
    ),
    "azure-cache-version": ("azure-native:redisenterprise:RedisEnterprise", {"minimumTlsVersion": "1.2"}, {}),
    "azure-storage-private": (
        "azure-native:storage:StorageAccount",
        {"allowBlobPublicAccess": False, "allowSharedKeyAccess": False},
        {"allowBlobPublicAccess": False},
    ),
    "azure-storage-tls": (
        "azure-native:storage:StorageAccount",
        {"minimumTlsVersion": "TLS1_2", "enableHttpsTrafficOnly": True},
        {"minimumTlsVersion": "TLS1_0"},
    ),
    "azure-storage-encrypted": (
        "azure-native:storage:StorageAccount",
        nest("encryption.keySource", "Microsoft.Keyvault"),
        {},
    ),
    "azure-storage-versioned": (
        "azure-native:storage:BlobServiceProperties",
        {"isVersioningEnabled": True, "deleteRetentionPolicy": {"enabled": True, "days": 7}},
        {"isVersioningEnabled": True},
    ),
    "azure-vault-protected": (
        "azure-native:keyvault:Vault",
        {"properties": {"enablePurgeProtection": True, "enableRbacAuthorization": True}},
        {"properties": {"enableRbacAuthorization": True}},
    ),
    "azure-vault-private": (
        "azure-native:keyvault:Vault",
        nest("properties.networkAcls.defaultAction", "Deny"),
        {},
    ),
    "azure-registry-private": (
        "azure-native:containerregistry:Registry",
        {"adminUserEnabled": False, "publicNetworkAccess": "Disabled"},
        {"adminUserEnabled": True, "publicNetworkAccess": "Disabled"},
    ),
    "azure-registry-encrypted": (
        "azure-native:containerregistry:Registry",
        nest("encryption.status", "enabled"),
        {},
    ),
    "azure-roles": (
        "azure-native:authorization:RoleAssignment",
        {"roleDefinitionId": "/subscriptions/s/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d"},
        {"roleDefinitionId": "/subscriptions/s/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"},
    ),
    "azure-open-ports": (
        "azure-native:network:NetworkSecurityGroup",
        {"securityRules": [{**OPEN_NSG, "destinationPortRange": "443"}]},
        {"securityRules": [{**OPEN_NSG, "destinationPortRange": "22"}]},
    ),
    "azure-viewer-tls": (
        "azure-native:cdn:Route",
        {"supportedProtocols": ["Http", "Https"], "httpsRedirect": "Enabled"},
        {"supportedProtocols": ["Http", "Https"]},
    ),
    "azure-log-retention": ("azure-native:operationalinsights:Workspace", {"retentionInDays": 30}, {}),
}
