"""The way in: a Gateway with TLS 1.3, and the route to the API."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import apiextensions, core, meta

GATEWAY_API = "gateway.networking.k8s.io/v1"
ENVOY_API = "gateway.envoyproxy.io/v1alpha1"
CLASS = "costate"
GATEWAY = "costate"
"""Name of the gateway, its route and its policy."""

TLS_SECRET = "costate-tls"  # noqa: S105 - the name of one


class Edge(pulumi.ComponentResource):
    """HTTPS, ended at the gateway and sent to a Service; plain HTTP is redirected.

    The certificate is for one host name, but any is answered: health checks of the routing ask by the cell's own.
    """

    def __init__(
        self,
        name: str,
        *,
        namespace: pulumi.Input[str],
        host: str,
        service: core.v1.Service,
        routes: Mapping[str, core.v1.Service],
        issuer: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`routes` are paths that lead elsewhere than to `service`; `issuer` is who signs for the host."""
        super().__init__("costate:kubernetes:Edge", name, None, opts)
        self._name, self._namespace = name, namespace
        self._child = pulumi.ResourceOptions(parent=self)
        self._object(
            GATEWAY_API,
            "Gateway",
            {
                "gatewayClassName": CLASS,
                "listeners": [
                    {"name": "http", "port": 80, "protocol": "HTTP"},
                    {
                        "name": "https",
                        "port": 443,
                        "protocol": "HTTPS",
                        "tls": {"mode": "Terminate", "certificateRefs": [{"name": TLS_SECRET}]},
                    },
                ],
            },
        )
        self._object(
            "cert-manager.io/v1",
            "Certificate",
            {
                "secretName": TLS_SECRET,
                "dnsNames": [host],
                "issuerRef": {"kind": "ClusterIssuer", "name": issuer},
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            },
        )
        self._object(
            GATEWAY_API,
            "HTTPRoute",
            {
                "parentRefs": [{"name": GATEWAY, "sectionName": "https"}],
                # The longest path that fits decides.
                "rules": [_rule(path, target) for path, target in {**routes, "/": service}.items()],
            },
        )
        self._object(
            GATEWAY_API,
            "HTTPRoute",
            {
                "parentRefs": [{"name": GATEWAY, "sectionName": "http"}],
                "rules": [
                    {
                        "filters": [
                            {
                                "type": "RequestRedirect",
                                "requestRedirect": {"scheme": "https", "statusCode": 301},
                            }
                        ]
                    }
                ],
            },
            suffix="-redirect",
        )
        self._object(
            ENVOY_API,
            "ClientTrafficPolicy",
            {
                "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": GATEWAY}],
                "tls": {"minVersion": "1.3"},
                "headers": {"withUnderscoresAction": "RejectRequest"},
            },
        )
        self.register_outputs({})

    def _object(
        self,
        api: str,
        kind: str,
        spec: dict[str, object],
        *,
        suffix: str = "",
    ) -> None:
        apiextensions.CustomResource(
            f"{self._name}-{kind.lower()}{suffix}",
            api_version=api,
            kind=kind,
            metadata=meta.v1.ObjectMetaArgs(name=f"{GATEWAY}{suffix}", namespace=self._namespace),
            spec=spec,
            opts=self._child,
        )


def _rule(path: str, target: core.v1.Service) -> dict[str, object]:
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        "backendRefs": [{"name": target.metadata.name, "port": 80}],
        # Long polls and event streams live as long as the service allows.
        "timeouts": {"request": "0s"},
    }
