"""What every cluster has: names by CoreDNS, and figures for autoscalers by metrics-server."""

from __future__ import annotations

from typing import Any

from node.place import DNS, DOMAIN

Object = dict[str, Any]
SYSTEM = "kube-system"
COREDNS, METRICS_SERVER = "coredns:node", "metrics-server:node"
"""Names of their images."""

TEMPORARY = "/tmp"  # noqa: S108 - inside a container, a volume of its own

COREFILE = f"""\
.:53 {{
    errors
    health :8080
    ready :8181
    kubernetes {DOMAIN} in-addr.arpa
    cache 30
}}
"""


def objects() -> list[Object]:
    """All of both, in order."""
    return [*_coredns(), *_metrics_server()]


def _meta(name: str, namespace: str | None = SYSTEM) -> Object:
    return {"name": name, **({"namespace": namespace} if namespace else {})}


def _account(name: str) -> list[Object]:
    return [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta(name)}]


def _role(name: str, *rules: Object) -> list[Object]:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": _meta(name, None),
    }
    return [{**role, "rules": list(rules)}, _bound(name, name, name)]


def _bound(name: str, role: str, account: str) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": _meta(name, None),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": SYSTEM}],
    }


def _rule(group: str, resources: list[str], *verbs: str) -> Object:
    return {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}


def _deployment(name: str, container: Object, **pod: Any) -> Object:
    labels = {"app.kubernetes.io/name": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(name),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "serviceAccountName": name,
                    "priorityClassName": "system-cluster-critical",
                    "containers": [{"name": name, "imagePullPolicy": "Never", **container}],
                    **pod,
                },
            },
        },
    }


def _service(name: str, ports: list[Object], **spec: Any) -> Object:
    selector = {"app.kubernetes.io/name": name}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _meta(name),
        "spec": {"selector": selector, "ports": ports, **spec},
    }


def _coredns() -> list[Object]:
    container = {
        "image": COREDNS,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 2},
        "volumeMounts": [{"name": "settings", "mountPath": "/etc/coredns", "readOnly": True}],
        "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}},
    }
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]
    return [
        *_account("coredns"),
        *_role(
            "coredns",
            _rule("", ["endpoints", "services", "pods", "namespaces"], "list", "watch"),
            _rule("discovery.k8s.io", ["endpointslices"], "list", "watch"),
        ),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": _meta("coredns"),
            "data": {"Corefile": COREFILE},
        },
        _deployment(
            "coredns",
            container,
            dnsPolicy="Default",
            volumes=[{"name": "settings", "configMap": {"name": "coredns"}}],
        ),
        _service("coredns", ports, clusterIP=DNS),
    ]


def _metrics_server() -> list[Object]:
    name = "metrics-server"
    container = {
        "image": METRICS_SERVER,
        "args": [
            "--secure-port=10250",
            "--cert-dir=/tmp",
            "--kubelet-preferred-address-types=InternalIP",
            # The kubelet's certificate is of its own making.
            "--kubelet-insecure-tls",
            "--metric-resolution=10s",
            "--kubelet-request-timeout=5s",
        ],
        "ports": [{"name": "https", "containerPort": 10250}],
        "readinessProbe": {
            "httpGet": {"path": "/readyz", "port": "https", "scheme": "HTTPS"},
            "periodSeconds": 2,
        },
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": "tmp", "mountPath": TEMPORARY}],
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
    }
    reader = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": _meta("metrics-server-authentication"),
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": "extension-apiserver-authentication-reader",
        },
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": SYSTEM}],
    }
    registration = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": _meta("v1beta1.metrics.k8s.io", None),
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"name": name, "namespace": SYSTEM},
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
        },
    }
    return [
        *_account(name),
        *_role(
            name,
            _rule("", ["nodes/metrics"], "get"),
            _rule("", ["pods", "nodes", "namespaces"], "get", "list", "watch"),
        ),
        _bound(f"{name}-delegator", "system:auth-delegator", name),
        reader,
        _deployment(name, container, volumes=[{"name": "tmp", "emptyDir": {}}]),
        _service(name, [{"name": "https", "port": 443, "targetPort": "https"}]),
        registration,
    ]
