from __future__ import annotations

from alert_cases.case import Cases, Series, counter, level

DAY_S = 86_400
CERTIFICATE = {"namespace": "costate", "name": "costate"}
SECRET = {"namespace": "costate", "name": "database-api"}


def valid(days: float) -> Series:
    """A certificate that is still valid for so many days, two hours after the epoch."""
    name = "certmanager_certificate_expiration_timestamp_seconds"
    return {f'{name}{{namespace="costate",name="costate"}}': level(days * DAY_S + 7200)}


def targets(down: float) -> Series:
    """Four targets, so many of them down."""
    return {f'up{{job="keda",pod="keda-{n}"}}': level(0 if n < down else 1) for n in range(4)}


def notified(share: float) -> Series:
    of = '{integration="pagerduty"}'
    return {
        f"alertmanager_notifications_total{of}": counter(100),
        f"alertmanager_notifications_failed_total{of}": counter(100 * share),
    }


def issued(ready: float) -> Series:
    name = 'certmanager_certificate_ready_status{namespace="costate",name="costate",condition='
    return {f'{name}"True"}}': level(ready), f'{name}"False"}}': level(1 - ready)}


def unread(failed: float) -> Series:
    of = 'namespace="costate",name="database-api",condition="Ready"'
    return {
        f'externalsecret_status_condition{{{of},status="False"}}': level(failed),
        f'externalsecret_status_condition{{{of},status="True"}}': level(1 - failed),
    }


CASES = {
    "CertificateExpires": Cases(
        series=valid, firing=13, below=14, silent=80, at="2h", labels=CERTIFICATE, now="13d 0h 0m 0s",
    ),
    "CertificateExpiresSoon": Cases(
        series=valid, firing=2.5, below=3, silent=80, at="2h", labels=CERTIFICATE, now="2d 12h 0m 0s",
    ),
    "CertificateNotReady": Cases(
        series=issued, firing=0, below=1, silent=1, at="60m", labels=CERTIFICATE,
    ),
    "SecretNotSynced": Cases(
        series=unread, firing=1, below=0, silent=0, at="60m", labels=SECRET,
    ),
    "TargetsDown": Cases(series=targets, firing=3, below=2, silent=0, at="20m", labels={"job": "keda"}, now="75%"),
    "RulesFail": Cases(
        series=lambda failed: {'prometheus_rule_evaluation_failures_total{rule_group="slo"}': counter(failed)},
        firing=1, below=0, silent=0, at="30m", labels={"rule_group": "slo"},
    ),
    "AlertmanagerMissing": Cases(
        series=lambda known: {"prometheus_notifications_alertmanagers_discovered": level(known)},
        firing=0, below=1, silent=2, at="20m",
    ),
    "NotificationsFail": Cases(
        series=notified, firing=0.02, below=0.01, silent=0.0, at="40m",
        labels={"integration": "pagerduty"}, now="2%",
    ),
}  # fmt: skip
