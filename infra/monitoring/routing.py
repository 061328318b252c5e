"""Who is told of which alert, how often, and which alert silences which: Alertmanager's configuration.

No secret stands in it: keys are read from files of a mounted Secret. What is repeated how soon is the cooldown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.monitoring.rule import Severity

KEYS = "/etc/alertmanager/secrets/alertmanager-receivers"
"""Where the operator mounts the Secret of that name."""

PAGERDUTY_KEY, SLACK_URL, SMTP_PASSWORD = "pagerduty_routing_key", "slack_webhook_url", "smtp_password"
"""Files in it."""

NOBODY = "nobody"
"""The receiver of what goes to the board only."""

GATHER_S = 30
"""Alerts of one group that come within it are told together."""

GROUP_MINUTES = 5
"""Between two messages on one group: the required cooldown of an alert."""

SAME_OBJECT = (
    "cell",
    "area",
    "slo",
    "namespace",
    "pod",
    "container",
    "node",
    "instance",
    "mountpoint",
    "cronjob",
    "job",
    "name",
    "gpu",
    "Hostname",
    "integration",
)
"""Labels that two alerts on one object have in common; one that neither has counts as common."""

TITLE = "[{{ .Status | toUpper }}] {{ .CommonLabels.alertname }} {{ .CommonLabels.cell }}"
TEXT = (
    "{{ range .Alerts }}"
    "{{ .Annotations.summary }} {{ .Annotations.description }} {{ .Annotations.runbook_url }}\n"
    "{{ end }}"
)


@dataclass(frozen=True)
class Smtp:
    """The server that takes mail, over TLS; without a user it wants no password."""

    host: str
    """With its port."""
    sender: str
    user: str = ""


@dataclass(frozen=True, kw_only=True)
class Receivers:
    """What there is to tell people by; `cooldown_minutes` is how soon an alert that goes on is told again."""

    pagerduty: bool
    slack_channel: str
    emails: tuple[str, ...]
    smtp: Smtp | None
    cooldown_minutes: Mapping[Severity, int]


def configuration(receivers: Receivers, keys: str = KEYS) -> dict[str, Any]:
    """Alertmanager's configuration; secrets are files below `keys`."""
    mail, chat, call = _mail(receivers, keys), _chat(receivers, keys), _call(receivers, keys)
    told: dict[Severity, dict[str, Any]] = {
        "critical": {**call, **chat, **mail},
        "warning": chat or mail,
        "info": mail,
    }
    return {
        "route": {
            # What comes without a severity of ours is treated as a warning.
            "receiver": "warning" if told["warning"] else NOBODY,
            "group_by": ["alertname", "cell"],
            "group_wait": f"{GATHER_S}s",
            "group_interval": f"{GROUP_MINUTES}m",
            "repeat_interval": f"{receivers.cooldown_minutes['warning']}m",
            "routes": [
                {
                    "matchers": [f'severity="{severity}"'],
                    "receiver": severity if how else NOBODY,
                    "repeat_interval": f"{receivers.cooldown_minutes[severity]}m",
                }
                for severity, how in told.items()
            ],
        },
        "receivers": [
            {"name": NOBODY},
            *({"name": severity, **how} for severity, how in told.items() if how),
        ],
        "inhibit_rules": inhibitions(),
    }


def inhibitions() -> list[dict[str, Any]]:
    """Which alert silences which while it fires."""
    return [
        _silences('severity="critical"', 'severity=~"warning|info"', SAME_OBJECT),
        _silences('severity="warning"', 'severity="info"', SAME_OBJECT),
        # Without a database nothing is served or solved: one call is enough.
        _silences('alertname="DatabaseDown"', 'area=~"service|jobs"', ("cell",)),
        _silences('alertname="ApiDown"', 'alertname=~"(Availability|Latency)BudgetBurns.*"', ("cell",)),
        _silences('alertname="NoWorkers"', 'alertname=~"TimeToStartBudgetBurns.*"', ("cell",)),
        _silences(
            'alertname="NodeNotReady"', 'alertname=~"ReplicasMissing|TargetsDown|PodPending"', ("cell",)
        ),
    ]


def _silences(source: str, target: str, equal: tuple[str, ...]) -> dict[str, Any]:
    return {"source_matchers": [source], "target_matchers": [target], "equal": list(equal)}


def _call(receivers: Receivers, keys: str) -> dict[str, Any]:
    if not receivers.pagerduty:
        return {}
    return {
        "pagerduty_configs": [
            {
                "routing_key_file": f"{keys}/{PAGERDUTY_KEY}",
                "severity": "{{ .CommonLabels.severity }}",
                "description": TITLE,
                "details": {"alerts": TEXT},
            }
        ]
    }


def _chat(receivers: Receivers, keys: str) -> dict[str, Any]:
    if not receivers.slack_channel:
        return {}
    return {
        "slack_configs": [
            {
                "api_url_file": f"{keys}/{SLACK_URL}",
                "channel": receivers.slack_channel,
                "send_resolved": True,
                "title": TITLE,
                "text": TEXT,
            }
        ]
    }


def _mail(receivers: Receivers, keys: str) -> dict[str, Any]:
    smtp = receivers.smtp
    if smtp is None or not receivers.emails:
        return {}
    login = {"auth_username": smtp.user, "auth_password_file": f"{keys}/{SMTP_PASSWORD}"} if smtp.user else {}
    return {
        "email_configs": [
            {
                "to": ", ".join(receivers.emails),
                "from": smtp.sender,
                "smarthost": smtp.host,
                "require_tls": True,
                "send_resolved": True,
                "headers": {"Subject": TITLE},
                **login,
            }
        ]
    }
