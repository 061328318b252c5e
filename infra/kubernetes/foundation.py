"""What holds for the cluster: admission policies, and what add-ons are told of the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import pulumi
from pulumi_kubernetes import apiextensions, meta

from infra.catalog.model import AcceleratorName
from infra.contracts import ClusterObject, EdgeFacts
from infra.kubernetes.accounts import PRODUCT
from infra.kubernetes.admission import Admission
from infra.kubernetes.edge import CLASS, ENVOY_API, GATEWAY_API
from infra.kubernetes.node_order import node_order
from infra.kubernetes.secrets import STORE
from infra.versions import AddonName

ISSUER = "letsencrypt"
ACME = "https://acme-v02.api.letsencrypt.org/directory"
GATEWAY_NAMESPACE = "envoy-gateway-system"


class Foundation(pulumi.ComponentResource):
    """Objects of the cluster as a whole that the product's own refer to."""

    def __init__(
        self,
        name: str,
        *,
        there: Set[AddonName],
        accelerators: Sequence[AcceleratorName],
        objects: Sequence[ClusterObject],
        edge: EdgeFacts,
        secret_store: pulumi.Output[Mapping[str, Any]] | None,
        contact: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`there` are the cluster's add-ons; `secret_store` is the provider of the ClusterSecretStore.

        `accelerators` are those of the pools, in the order in which they are tried; `objects` are the
        platform's own; `contact` is an email for
        the signer, or empty.
        """
        super().__init__("costate:kubernetes:Foundation", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        Admission(f"{name}-admission", namespaces=[PRODUCT], opts=self._child)
        if "cluster-autoscaler" in there and len(accelerators) > 1:
            node_order(f"{name}-order", accelerators=accelerators, opts=self._child)
        for given in objects:
            self._object(given.api_version, given.kind, given.name, given.spec, suffix=f"-{given.name}")
        if "gateway" in there:
            self._gateway(edge)
        if {"gateway", "cert-manager"} <= there:
            self._issuer(contact)
        if secret_store is not None:
            self._object("external-secrets.io/v1", "ClusterSecretStore", STORE, {"provider": secret_store})
        self.register_outputs({})

    def _gateway(self, edge: EdgeFacts) -> None:
        self._object(ENVOY_API, "EnvoyProxy", CLASS, _proxy(edge), namespace=GATEWAY_NAMESPACE)
        reference = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": CLASS}
        self._object(
            GATEWAY_API,
            "GatewayClass",
            CLASS,
            {
                "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
                "parametersRef": {**reference, "namespace": GATEWAY_NAMESPACE},
            },
        )

    def _issuer(self, contact: str) -> None:
        solver = {
            "http01": {"gatewayHTTPRoute": {"parentRefs": [{"name": "costate", "namespace": "costate"}]}}
        }
        acme = {"server": ACME, "privateKeySecretRef": {"name": ISSUER}, "solvers": [solver]}
        self._object(
            "cert-manager.io/v1",
            "ClusterIssuer",
            ISSUER,
            {"acme": {**acme, **({"email": contact} if contact else {})}},
        )

    def _object(
        self,
        api: str,
        kind: str,
        name: str,
        spec: pulumi.Input[Mapping[str, Any]],
        *,
        namespace: str | None = None,
        suffix: str = "",
    ) -> None:
        apiextensions.CustomResource(
            f"{self._name}-{kind.lower()}{suffix}",
            api_version=api,
            kind=kind,
            metadata=meta.v1.ObjectMetaArgs(name=name, namespace=namespace),
            spec=spec,
            opts=self._child,
        )


def _proxy(edge: EdgeFacts) -> dict[str, Any]:
    """Envoy behind the cell's entry: a balancer of its own, or ports of the nodes that the cloud's sends to."""
    service: dict[str, Any] = {"annotations": edge.annotations, "externalTrafficPolicy": "Local"}
    if edge.node_port is None:
        service["type"] = "LoadBalancer"
    else:
        port = {"name": "https-443", "port": 443, "nodePort": edge.node_port}
        service |= {
            "type": "NodePort",
            "patch": {"type": "StrategicMerge", "value": {"spec": {"ports": [port]}}},
        }
    deployment = {
        "replicas": 2,
        "container": {"resources": {"requests": {"cpu": "100m", "memory": "256Mi"}}},
    }
    return {
        "provider": {
            "type": "Kubernetes",
            "kubernetes": {"envoyService": service, "envoyDeployment": deployment},
        }
    }
