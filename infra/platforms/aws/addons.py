"""Add-ons of EKS in exact versions: three before the nodes, two that need nodes after them."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.catalog.aws import CATALOG
from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.pod_identity import pod_trust

# The CNI enforces network policies; prefixes of addresses let small nodes run more pods than they have addresses.
CNI = {"enableNetworkPolicy": "true", "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}}
CRITICAL = [{"key": "CriticalAddonsOnly", "operator": "Exists"}]


class Addons(pulumi.ComponentResource):
    """`first` are those without which nodes never become ready; `after_nodes` declares the rest."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        cluster: pulumi.Output[str],
        version: str,
        key: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Addons", name, None, opts)
        self._name, self._place, self._version, self._key = name, place, version, key
        self.first = [
            self._addon(cluster, "eks-pod-identity-agent"),
            self._addon(cluster, "kube-proxy"),
            self._addon(cluster, "vpc-cni", settings=CNI, identity=("aws-node", self._cni_role())),
        ]
        self.register_outputs({})

    def after_nodes(self, cluster: pulumi.Output[str], nodes: aws.eks.NodeGroup) -> None:
        """CoreDNS and the driver of disks: Deployments, which would wait in vain without nodes."""
        self._addon(
            cluster,
            "coredns",
            needs=nodes,
            settings={"autoScaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 10}},
        )
        self._addon(
            cluster,
            "aws-ebs-csi-driver",
            needs=nodes,
            settings={"controller": {"tolerations": CRITICAL, "extraVolumeTags": dict(self._place.tags)}},
            identity=("ebs-csi-controller-sa", self._disk_role()),
        )

    def _addon(
        self,
        cluster: pulumi.Output[str],
        addon: str,
        settings: dict[str, Any] | None = None,
        identity: tuple[str, iam.Role] | None = None,
        needs: pulumi.Resource | None = None,
    ) -> aws.eks.Addon:
        associations = None
        if identity is not None:
            account, role = identity
            associations = [
                aws.eks.AddonPodIdentityAssociationArgs(service_account=account, role_arn=role.arn)
            ]
        return aws.eks.Addon(
            f"{self._name}-{addon}",
            cluster_name=cluster,
            addon_name=addon,
            addon_version=CATALOG.kubernetes[f"{self._version}/{addon}"],
            configuration_values=None if settings is None else json.dumps(settings, sort_keys=True),
            pod_identity_associations=associations,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[needs] if needs else None),
        )

    def _cni_role(self) -> iam.Role:
        return iam.Role(
            f"{self._place.name}-vpc-cni",
            description=f"Addresses of pods in {self._place.name}",
            trusts=pod_trust(),
            managed=["AmazonEKS_CNI_Policy"],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _disk_role(self) -> iam.Role:
        return iam.Role(
            f"{self._place.name}-ebs-csi",
            description=f"Disks of pods in {self._place.name}",
            trusts=pod_trust(),
            managed=["service-role/AmazonEBSCSIDriverPolicy"],
            statements=[
                iam.allow(
                    ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"], self._key
                ),
                iam.allow(
                    ["kms:CreateGrant"], self._key, when={"Bool": {"kms:GrantIsForAWSResource": "true"}}
                ),
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
