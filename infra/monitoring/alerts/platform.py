"""What serves the service: certificates, secrets, and monitoring itself."""

from __future__ import annotations

from infra.monitoring.rule import Alert

DAY_S = 24 * 3600
WARN_DAYS, CALL_DAYS = 14, 3
DOWN_RATIO = 0.5

_LEFT = "certmanager_certificate_expiration_timestamp_seconds - time()"
_FAILED = "sum by (integration) (rate(alertmanager_notifications_failed_total[15m]))"
_SENT = "sum by (integration) (rate(alertmanager_notifications_total[15m]))"

ALERTS = (
    Alert(
        name="CertificateExpires",
        expr=f"{_LEFT} < {WARN_DAYS * DAY_S}",
        after="1h",
        severity="warning",
        area="platform",
        summary="The certificate {{ $labels.namespace }}/{{ $labels.name }} is not renewed.",
        now="Valid for {{ $value | humanizeDuration }}.",
        origin="our choice: renewal is tried from 30 days on",
    ),
    Alert(
        name="CertificateExpiresSoon",
        expr=f"{_LEFT} < {CALL_DAYS * DAY_S}",
        after="10m",
        severity="critical",
        area="platform",
        summary="The certificate {{ $labels.namespace }}/{{ $labels.name }} ends in three days.",
        now="Valid for {{ $value | humanizeDuration }}.",
        origin="our choice",
    ),
    Alert(
        name="CertificateNotReady",
        expr='max by (namespace, name) (certmanager_certificate_ready_status{condition="True"}) == 0',
        after="30m",
        severity="warning",
        area="platform",
        summary="The certificate {{ $labels.namespace }}/{{ $labels.name }} was not issued.",
        origin="our choice",
    ),
    Alert(
        name="SecretNotSynced",
        expr="max by (namespace, name)"
        ' (externalsecret_status_condition{condition="Ready",status="False"}) == 1',
        after="30m",
        severity="warning",
        area="platform",
        summary="The secret {{ $labels.namespace }}/{{ $labels.name }} cannot be read from the cloud's store.",
        origin="our choice: twice the time between two readings",
    ),
    Alert(
        name="TargetsDown",
        expr=f"1 - avg by (job) (up) > {DOWN_RATIO}",
        after="10m",
        severity="warning",
        area="platform",
        summary="More than half of the targets of {{ $labels.job }} do not answer.",
        now="Down: {{ $value | humanizePercentage }}.",
        origin="our choice",
    ),
    Alert(
        name="RulesFail",
        expr="sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[10m])) > 0",
        after="10m",
        severity="warning",
        area="platform",
        summary="Rules of {{ $labels.rule_group }} cannot be evaluated: their alerts are blind.",
        origin="our choice",
    ),
    Alert(
        name="AlertmanagerMissing",
        expr="max(prometheus_notifications_alertmanagers_discovered) < 1",
        after="10m",
        severity="critical",
        area="platform",
        summary="Prometheus knows no Alertmanager.",
        origin="our choice; seen on the board, for nobody can be called",
    ),
    Alert(
        name="NotificationsFail",
        expr=f"{_FAILED} / {_SENT} > 0.01",
        after="5m",
        severity="critical",
        area="platform",
        summary="Alerts do not get out by {{ $labels.integration }}.",
        now="Failed: {{ $value | humanizePercentage }}.",
        origin="our choice",
    ),
)
