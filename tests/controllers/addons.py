"""KEDA and Argo Rollouts, started as their charts start them, on this machine instead of in pods."""

from __future__ import annotations

import base64

from api import Api
from live import HOST, eventually, free_port
from plane import flags
from tools.controllers import KEDA, RIGHTS, ROLLOUTS

from controllers.plane import Plane
from infra.gotools import folder

KEDA_NAMESPACE, ROLLOUTS_NAMESPACE = "keda", "argo-rollouts"
METRICS = "keda-metrics-apiserver"
READY_S = 90.0


def start_rollouts(plane: Plane, api: Api) -> None:
    """The controller of Rollouts and their analyses."""
    built = folder(ROLLOUTS)
    kubeconfig = plane.act(api, ROLLOUTS_NAMESPACE, "argo-rollouts", built / RIGHTS)
    words = {
        "kubeconfig": kubeconfig,
        "leader-elect": "false",
        "metricsPort": free_port(),
        "healthzPort": free_port(),
    }
    plane.run("rollouts", [str(built / "bin" / "rollouts-controller"), *flags(words)])


def start_keda(plane: Plane, api: Api, proxy: str) -> None:
    """The operator, and the server of external metrics, which the API server is told of.

    `proxy` is asked for whatever has a plain HTTP address: names of the cluster mean nothing on this machine.
    """
    built = folder(KEDA)
    kubeconfig = plane.act(api, KEDA_NAMESPACE, "keda-operator", built / RIGHTS)
    served = f"{METRICS}.{KEDA_NAMESPACE}.svc"
    certificates = plane.certificates(METRICS, served, "localhost")
    asked, port = free_port(), free_port()
    common = {
        "KUBECONFIG": str(kubeconfig),
        "KEDA_CLUSTER_OBJECT_NAMESPACE": KEDA_NAMESPACE,
        "POD_NAMESPACE": KEDA_NAMESPACE,
        "WATCH_NAMESPACE": "",
    }
    operator = {
        "kubeconfig": kubeconfig,
        "cert-dir": certificates,
        "metrics-bind-address": "0",
        "health-probe-bind-address": f"{HOST}:{free_port()}",
        "metrics-service-bind-address": f"{HOST}:{asked}",
    }
    plane.run(
        "keda-operator", [str(built / "bin" / "keda-operator"), *flags(operator)], **common, HTTP_PROXY=proxy
    )
    adapter = {
        "bind-address": HOST,
        "secure-port": port,
        "port": free_port(),
        "cert-dir": certificates,
        "client-ca-file": certificates / "ca.crt",
        "tls-cert-file": certificates / "tls.crt",
        "tls-private-key-file": certificates / "tls.key",
        "metrics-service-address": f"localhost:{asked}",
        **dict.fromkeys(
            ("lister-kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"), kubeconfig
        ),
    }
    plane.run("keda-adapter", [str(built / "bin" / "keda-adapter"), *flags(adapter)], **common)
    meta = {"name": METRICS, "namespace": KEDA_NAMESPACE}
    # Endpoints may not be on the loopback; a name may.
    named = {"type": "ExternalName", "externalName": "localhost"}
    api.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": named})
    group, version = "external.metrics.k8s.io", "v1beta1"
    name = f"{version}.{group}"
    api.apply(
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": name},
            "spec": {
                "group": group,
                "version": version,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "service": {**meta, "port": port},
                "caBundle": base64.b64encode((certificates / "ca.crt").read_bytes()).decode(),
            },
        }
    )

    def available() -> bool:
        found = api.get("apiregistration.k8s.io/v1", "APIService", name)
        return any(
            one["type"] == "Available" and one["status"] == "True"
            for one in found.get("status", {}).get("conditions", [])
        )

    eventually(available, seconds=READY_S, what="external metrics are served")
