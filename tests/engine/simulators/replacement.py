"""Inputs that a cloud cannot change in place; from the providers' documentation of each resource."""

from __future__ import annotations

ANYWHERE = {
    "location", "region", "zone", "project", "resourceGroupName", "vpcId", "availabilityZone", "clusterName",
    "namePrefix", "bucket", "accountName", "virtualNetworkName", "serverName", "replicateSourceDb",
}  # fmt: skip
"""Where a resource is and what it belongs to is fixed, whatever the type; so is its own name."""

BY_TYPE: dict[str, set[str]] = {
    "aws:ec2/vpc:Vpc": {"cidrBlock"},
    "aws:ec2/subnet:Subnet": {"cidrBlock"},
    "aws:ec2/natGateway:NatGateway": {"allocationId", "subnetId", "connectivityType"},
    "aws:ec2/securityGroup:SecurityGroup": {"description"},
    "aws:eks/cluster:Cluster": {"roleArn", "encryptionConfig", "bootstrapSelfManagedAddons"},
    "aws:eks/nodeGroup:NodeGroup": {
        "amiType", "capacityType", "diskSize", "instanceTypes", "nodeRoleArn", "subnetIds",
    },
    "aws:rds/instance:Instance": {"engine", "username", "kmsKeyId", "storageEncrypted", "dbName"},
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "atRestEncryptionEnabled", "kmsKeyId", "subnetGroupName", "port",
    },
    "aws:lb/loadBalancer:LoadBalancer": {"internal", "loadBalancerType"},
    "aws:dynamodb/table:Table": {"hashKey"},
    "gcp:compute/network:Network": {"autoCreateSubnetworks"},
    "gcp:compute/subnetwork:Subnetwork": {"network"},
    "gcp:container/cluster:Cluster": {"network", "subnetwork", "datapathProvider", "ipAllocationPolicy"},
    "gcp:container/nodePool:NodePool": {"cluster"},
    "gcp:sql/databaseInstance:DatabaseInstance": {"encryptionKeyName", "masterInstanceName"},
    "gcp:memorystore/instance:Instance": {"transitEncryptionMode", "authorizationMode", "kmsKey"},
    "gcp:storage/bucket:Bucket": {"customPlacementConfig"},
    "gcp:kms/cryptoKey:CryptoKey": {"keyRing", "purpose"},
    "azure-native:containerservice:ManagedCluster": {"nodeResourceGroup", "dnsPrefix"},
    "azure-native:containerservice:AgentPool": {"vmSize", "osType", "scaleSetPriority"},
    "azure-native:dbforpostgresql:Server": {"administratorLogin", "createMode"},
    "azure-native:storage:StorageAccount": {"kind", "isHnsEnabled"},
}  # fmt: skip
