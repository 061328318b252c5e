"""How to reach a cluster without holding anything secret: its authority, and a command that fetches a token."""

from __future__ import annotations

import base64
import json

import pulumi
import yaml
from pulumi_azure_native import containerservice as aks
from pulumi_azure_native import resources

from infra.place import Place
from infra.platforms.azure.group import Group

ENTRA_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The application in Entra that stands for every AKS control plane."""

_TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"cluster": {"type": "string"}},
    "resources": [],
    "outputs": {
        "kubeconfig": {
            "type": "string",
            "value": (
                "[listClusterUserCredential(parameters('cluster'), '2025-05-01').kubeconfigs[0].value]"
            ),
        }
    },
}
"""A deployment of nothing, for its output. Local accounts are off, so what it lists holds no credential."""


def kubeconfig(
    name: str, *, place: Place, group: Group, cluster: aks.ManagedCluster, parent: pulumi.Resource
) -> pulumi.Output[str]:
    """A kubeconfig whose user is whoever is logged in to Azure (`kubelogin`).

    The authority stands in none of the cluster's own outputs. It is read by a deployment, which is a resource of
    the plan like every other, and not by a call while planning, which would need credentials.
    """
    deployment = resources.Deployment(
        name,
        resource_group_name=group.name,
        properties=resources.DeploymentPropertiesArgs(
            mode=resources.DeploymentMode.INCREMENTAL,
            template=_TEMPLATE,
            parameters={"cluster": resources.DeploymentParameterArgs(value=cluster.id)},
        ),
        tags=place.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    outputs = deployment.properties.apply(lambda properties: properties.outputs)
    return pulumi.Output.all(cluster.name, outputs).apply(lambda known: _document(known[0], known[1]))


def _document(name: str, outputs: dict[str, dict[str, str]]) -> str:
    """Our own kubeconfig around the cluster of the one that AKS gives."""
    given = yaml.safe_load(base64.b64decode(outputs["kubeconfig"]["value"]))
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": given["clusters"][0]["cluster"]}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "users": [
            {
                "name": name,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1",
                        "command": "kubelogin",
                        "args": ["get-token", "--login", "azurecli", "--server-id", ENTRA_SERVER],
                        "interactiveMode": "IfAvailable",
                    }
                },
            }
        ],
    }
    return json.dumps(document)
