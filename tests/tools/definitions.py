"""Definitions of the custom resources of the add-ons, as the Go modules of their projects carry them.

Each module is of the release that the pinned chart installs (`infra/versions.py`). Run by itself, it gets what is
not there.
"""

from __future__ import annotations

import sys

from infra.gotools import Files, NoGoError, Tool, folder
from tools.control_plane import MODULES

WRAPPER = MODULES / "definitions"
"""Has the modules' checksums."""


def _from(module: str, folder: str, *names: str) -> Files:
    return Files(module, {f"{folder}/{name}.yaml": f"{name}.yaml" for name in names}, WRAPPER)


DEFINITIONS = Tool(
    name="definitions",
    version="2026-11",
    modules=(),
    files=(
        _from("github.com/argoproj/argo-rollouts@v1.9.0", "manifests/crds",
              "analysis-run-crd", "analysis-template-crd", "cluster-analysis-template-crd",
              "experiment-crd", "rollout-crd"),
        _from("github.com/aws/karpenter-provider-aws@v1.12.1", "pkg/apis/crds",
              "karpenter.k8s.aws_ec2nodeclasses", "karpenter.sh_nodepools"),
        _from("github.com/cert-manager/cert-manager@v1.21.2", "deploy/crds",
              "cert-manager.io_certificates", "cert-manager.io_clusterissuers"),
        _from("github.com/cloudnative-pg/cloudnative-pg@v1.30.1", "config/crd/bases",
              "postgresql.cnpg.io_clusters", "postgresql.cnpg.io_scheduledbackups"),
        _from("github.com/envoyproxy/gateway@v1.9.1", "charts/gateway-helm/charts/crds/crds/generated",
              "gateway.envoyproxy.io_clienttrafficpolicies", "gateway.envoyproxy.io_envoyproxies"),
        _from("github.com/external-secrets/external-secrets@v1.3.2", "config/crds/bases",
              "external-secrets.io_clustersecretstores", "external-secrets.io_externalsecrets"),
        _from("github.com/kedacore/keda/v2@v2.21.0", "config/crd/bases",
              "eventing.keda.sh_cloudeventsources", "eventing.keda.sh_clustercloudeventsources",
              "keda.sh_clustertriggerauthentications", "keda.sh_scaledjobs", "keda.sh_scaledobjects",
              "keda.sh_triggerauthentications"),
        _from("github.com/prometheus-operator/prometheus-operator@v0.93.0", "example/prometheus-operator-crd",
              "monitoring.coreos.com_podmonitors", "monitoring.coreos.com_prometheusrules"),
        # Of the release and the channel that Envoy Gateway's chart brings.
        _from("sigs.k8s.io/gateway-api@v1.6.1", "config/crd/experimental",
              "gateway.networking.k8s.io_gatewayclasses", "gateway.networking.k8s.io_gateways",
              "gateway.networking.k8s.io_httproutes"),
        _from("k8s.io/autoscaler/vertical-pod-autoscaler@v1.6.0", "deploy", "vpa-v1-crd-gen"),
    ),
)  # fmt: skip
"""55 MB to download, once a machine."""


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{folder(DEFINITIONS)}\n")
    except NoGoError as error:
        sys.stderr.write(f"NO CUSTOM RESOURCE WILL BE TESTED: {error}\n")
