"""Shapes of the custom resources that the product makes: the fields that it uses, from their projects' references.

A shape is a type, a list of one shape, a tuple of allowed words, or a mapping of fields: `!` marks a required one,
`*` any name. `ANY` is left open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shape = Any
ANY = object()


@dataclass(frozen=True)
class Resource:
    """One kind of custom resource."""

    group: str
    version: str
    kind: str
    plural: str
    spec: Mapping[str, Shape]
    namespaced: bool = True
    scalable: bool = False
    """Whether it has a scale of its own, as a Deployment has."""


PARENT = {"group": str, "kind": str, "name!": str, "namespace": str, "sectionName": str, "port": int}
TARGET = {"group!": str, "kind!": str, "name!": str, "sectionName": str}
BACKEND = {"group": str, "kind": str, "name!": str, "namespace": str, "port": int, "weight": int}
MATCH = {"path": {"type": ("Exact", "PathPrefix", "RegularExpression"), "value": str}}
QUANTITIES = {"*": str}

GATEWAY = Resource(
    "gateway.networking.k8s.io",
    "v1",
    "Gateway",
    "gateways",
    {
        "gatewayClassName!": str,
        "listeners!": [
            {
                "name!": str,
                "port!": int,
                "protocol!": ("HTTP", "HTTPS", "TLS", "TCP", "UDP"),
                "hostname": str,
                "tls": {
                    "mode": ("Terminate", "Passthrough"),
                    "certificateRefs": [{"group": str, "kind": str, "name!": str, "namespace": str}],
                },
                "allowedRoutes": {"namespaces": {"from": ("All", "Same", "Selector", "None")}},
            }
        ],
    },
)

GATEWAY_CLASS = Resource(
    "gateway.networking.k8s.io",
    "v1",
    "GatewayClass",
    "gatewayclasses",
    {
        "controllerName!": str,
        "parametersRef": {"group!": str, "kind!": str, "name!": str, "namespace": str},
    },
    namespaced=False,
)

HTTP_ROUTE = Resource(
    "gateway.networking.k8s.io",
    "v1",
    "HTTPRoute",
    "httproutes",
    {
        "parentRefs": [PARENT],
        "hostnames": [str],
        "rules": [
            {
                "matches": [MATCH],
                "filters": [
                    {
                        "type!": (
                            "RequestRedirect",
                            "RequestHeaderModifier",
                            "URLRewrite",
                            "ResponseHeaderModifier",
                        ),
                        "requestRedirect": {"scheme": ("http", "https"), "statusCode": int},
                    }
                ],
                "backendRefs": [BACKEND],
                "timeouts": {"request": str, "backendRequest": str},
            }
        ],
    },
)

ENVOY_PROXY = Resource(
    "gateway.envoyproxy.io",
    "v1alpha1",
    "EnvoyProxy",
    "envoyproxies",
    {
        "provider": {
            "type!": ("Kubernetes",),
            "kubernetes": {
                "envoyService": {
                    "type": ("ClusterIP", "LoadBalancer", "NodePort"),
                    "annotations": {"*": str},
                    "externalTrafficPolicy": ("Cluster", "Local"),
                    "patch": {"type": ("StrategicMerge", "JSONMerge"), "value!": ANY},
                },
                "envoyDeployment": {
                    "replicas": int,
                    "container": {"resources": {"requests": QUANTITIES, "limits": QUANTITIES}},
                    "patch": {"type": ("StrategicMerge", "JSONMerge"), "value!": ANY},
                },
            },
        }
    },
)

CLIENT_TRAFFIC_POLICY = Resource(
    "gateway.envoyproxy.io",
    "v1alpha1",
    "ClientTrafficPolicy",
    "clienttrafficpolicies",
    {
        "targetRefs": [TARGET],
        "tls": {"minVersion": ("Auto", "1.0", "1.1", "1.2", "1.3")},
        "headers": {"withUnderscoresAction": ("Allow", "RejectRequest", "DropHeader")},
    },
)

CERTIFICATE = Resource(
    "cert-manager.io",
    "v1",
    "Certificate",
    "certificates",
    {
        "secretName!": str,
        "dnsNames": [str],
        "issuerRef!": {"name!": str, "kind": ("Issuer", "ClusterIssuer"), "group": str},
        "privateKey": {
            "algorithm": ("RSA", "ECDSA", "Ed25519"),
            "size": int,
            "rotationPolicy": ("Never", "Always"),
        },
    },
)

CLUSTER_ISSUER = Resource(
    "cert-manager.io",
    "v1",
    "ClusterIssuer",
    "clusterissuers",
    {
        "acme": {
            "server!": str,
            "email": str,
            "privateKeySecretRef!": {"name!": str},
            "solvers": [{"http01": {"gatewayHTTPRoute": {"parentRefs": [PARENT]}}}],
        }
    },
    namespaced=False,
)

EXTERNAL_SECRET = Resource(
    "external-secrets.io",
    "v1",
    "ExternalSecret",
    "externalsecrets",
    {
        "refreshInterval": str,
        "secretStoreRef": {"name!": str, "kind": ("SecretStore", "ClusterSecretStore")},
        "target": {
            "name": str,
            "creationPolicy": ("Owner", "Orphan", "Merge", "None"),
            "deletionPolicy": ("Delete", "Merge", "Retain"),
            "template": {"engineVersion": ("v2",), "type": str, "data": {"*": str}},
        },
        "data": [{"secretKey!": str, "remoteRef!": {"key!": str, "property": str}}],
        "dataFrom": [{"extract": {"key!": str}}],
    },
)

CLUSTER_SECRET_STORE = Resource(
    "external-secrets.io",
    "v1",
    "ClusterSecretStore",
    "clustersecretstores",
    {"provider!": {"aws": {"service!": ("SecretsManager", "ParameterStore"), "region!": str}}},
    namespaced=False,
)

SCALED_OBJECT = Resource(
    "keda.sh",
    "v1alpha1",
    "ScaledObject",
    "scaledobjects",
    {
        "scaleTargetRef!": {"name!": str, "kind": str, "apiVersion": str},
        "minReplicaCount": int,
        "maxReplicaCount": int,
        "pollingInterval": int,
        "cooldownPeriod": int,
        "fallback": {"failureThreshold!": int, "replicas!": int, "behavior": str},
        "triggers!": [{"type!": str, "name": str, "metricType": str, "metadata!": {"*": str}}],
        "advanced": {
            "scalingModifiers": {"formula": str, "target": str, "activationTarget": str, "metricType": str},
            "horizontalPodAutoscalerConfig": {
                "name": str,
                "behavior": {
                    "scaleDown": {
                        "stabilizationWindowSeconds": int,
                        "selectPolicy": ("Max", "Min", "Disabled"),
                        "policies": [{"type!": str, "value!": int, "periodSeconds!": int}],
                    }
                },
            },
        },
    },
)

PROMETHEUS_RULE = Resource(
    "monitoring.coreos.com",
    "v1",
    "PrometheusRule",
    "prometheusrules",
    {
        "groups": [
            {
                "name!": str,
                "interval": str,
                "rules": [
                    {
                        "alert": str,
                        "record": str,
                        "expr!": str,
                        "for": str,
                        "labels": {"*": str},
                        "annotations": {"*": str},
                    }
                ],
            }
        ]
    },
)

POD_MONITOR = Resource(
    "monitoring.coreos.com",
    "v1",
    "PodMonitor",
    "podmonitors",
    {
        "jobLabel": str,
        "namespaceSelector": {"any": bool, "matchNames": [str]},
        "selector!": {"matchLabels": {"*": str}},
        "podMetricsEndpoints": [{"port": str, "path": str, "interval": str, "honorLabels": bool}],
    },
)

POSTGRES_CLUSTER = Resource(
    "postgresql.cnpg.io",
    "v1",
    "Cluster",
    "clusters",
    {
        "instances!": int,
        "imageName": str,
        "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
        "primaryUpdateStrategy": ("unsupervised", "supervised"),
        "priorityClassName": str,
        "enableSuperuserAccess": bool,
        "inheritedMetadata": {"labels": {"*": str}, "annotations": {"*": str}},
        "affinity": {
            "enablePodAntiAffinity": bool,
            "podAntiAffinityType": ("preferred", "required"),
            "topologyKey": str,
        },
        "bootstrap": {
            "initdb": {
                "database": str,
                "owner": str,
                "secret": {"name!": str},
                "encoding": str,
                "localeCollate": str,
                "localeCType": str,
                "dataChecksums": bool,
            }
        },
        "certificates": {"serverCASecret": str, "serverTLSSecret": str},
        "postgresql": {
            "parameters": {"*": str},
            "pg_hba": [str],
            "synchronous": {
                "method!": ("any", "first"),
                "number!": int,
                "dataDurability": ("required", "preferred"),
            },
        },
        "resources": {"requests": QUANTITIES, "limits": QUANTITIES},
        "storage": {"size": str, "storageClass": str},
    },
)

RESOURCES = (
    POSTGRES_CLUSTER,
    GATEWAY,
    GATEWAY_CLASS,
    HTTP_ROUTE,
    ENVOY_PROXY,
    CLIENT_TRAFFIC_POLICY,
    CERTIFICATE,
    CLUSTER_ISSUER,
    EXTERNAL_SECRET,
    CLUSTER_SECRET_STORE,
    SCALED_OBJECT,
    PROMETHEUS_RULE,
    POD_MONITOR,
)
"""All that the add-ons of `infra/addons.py` bring and the product uses."""
