"""What the chart of Prometheus, Alertmanager and Grafana is told."""

from __future__ import annotations

from typing import Any

from infra.config.stack import StackConfig
from infra.monitoring.routing import KEYS, Receivers, Smtp, configuration

NAMESPACE = "monitoring"
RECEIVERS = KEYS.rpartition("/")[2]
"""The Secret of keys that Alertmanager mounts."""

FILLED = 0.85
"""Share of the volume that measurements may take: the write-ahead log needs the rest."""


def receivers(stack: StackConfig) -> Receivers:
    """Who is told, as configured."""
    given = stack.monitoring
    mail = given.smtp
    return Receivers(
        pagerduty=given.pagerduty,
        slack_channel=given.slack_channel,
        emails=given.emails,
        smtp=Smtp(mail.host, mail.sender, mail.user) if mail else None,
        cooldown_minutes={
            "critical": given.cooldown.critical,
            "warning": given.cooldown.warning,
            "info": given.cooldown.info,
        },
    )


def values(stack: StackConfig, cell: str) -> dict[str, Any]:
    """Values of kube-prometheus-stack 88; `cell` is the label that alerts of this cell carry."""
    elsewhere = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
    return {
        "fullnameOverride": NAMESPACE,
        # Every alert that can call somebody is one of ours, with cases and a runbook.
        "defaultRules": {"create": False},
        "prometheus": {"prometheusSpec": _prometheus(stack, cell)},
        "alertmanager": {
            "config": configuration(receivers(stack)),
            "alertmanagerSpec": {
                "replicas": 3 if stack.production else 1,
                "secrets": [RECEIVERS] if stack.monitoring.keys else [],
                "resources": _resources(50, 64, 128),
                "storage": _volume(2),
            },
        },
        "grafana": _grafana(),
        # Their processes are the cloud's, which lets nobody ask them.
        **{process: {"enabled": False} for process in elsewhere},
    }


def _prometheus(stack: StackConfig, cell: str) -> dict[str, Any]:
    given = stack.monitoring
    everything = ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig")
    return {
        "replicas": 2 if stack.production else 1,
        "externalLabels": {"cell": cell, "environment": stack.environment},
        "scrapeInterval": "30s",
        "evaluationInterval": "30s",
        "retention": f"{given.retention_days}d",
        "retentionSize": f"{int(given.storage_gib * FILLED)}GiB",
        "walCompression": True,
        "storageSpec": _volume(given.storage_gib),
        "resources": _resources(500, 2048, 4096) if stack.production else _resources(200, 512, 2048),
        # Rules and monitors of every release, not only of the chart's own.
        **{f"{kind}SelectorNilUsesHelmValues": False for kind in everything},
    }


def _grafana() -> dict[str, Any]:
    """Boards to look at, for whoever may forward a port: there is no login, and nothing to change."""
    return {
        "defaultDashboardsEnabled": False,
        "resources": _resources(100, 256, 512),
        "sidecar": {
            "dashboards": {"enabled": True, "label": "grafana_dashboard", "labelValue": "1"},
        },
        "grafana.ini": {
            "analytics": {"check_for_updates": False, "reporting_enabled": False},
            "auth": {"disable_login_form": True},
            "auth.anonymous": {"enabled": True, "org_role": "Viewer"},
            "security": {"disable_initial_admin_creation": True},
        },
    }


def _resources(cpu: int, memory: int, most: int) -> dict[str, Any]:
    """Requests in thousandths of a core and MiB; of memory there is a limit."""
    return {"requests": {"cpu": f"{cpu}m", "memory": f"{memory}Mi"}, "limits": {"memory": f"{most}Mi"}}


def _volume(gib: int) -> dict[str, Any]:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": f"{gib}Gi"}}}
    return {"volumeClaimTemplate": {"spec": asked}}
