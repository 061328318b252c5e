"""What the service stands on: database, cache, object store, and their copies."""

from __future__ import annotations

from app.observability.metrics import CONNECTIONS, STORAGE_FAILURES, UP
from infra.monitoring.rule import Alert

LAG_S = 30
POOL_RATIO = 0.9
BACKENDS_RATIO = 0.8
BACKUP_S = 26 * 3600
DRILL_S = 8 * 24 * 3600


def _stale(cronjobs: str, seconds: int) -> str:
    """Since the last success, or since it was made where there was none; suspended ones are left out."""
    of = f'{{cronjob=~"{cronjobs}"}}'
    last = f"(kube_cronjob_status_last_successful_time{of} or kube_cronjob_created{of})"
    return (
        f"time() - max by (namespace, cronjob) {last} > {seconds}"
        f" unless on (namespace, cronjob) kube_cronjob_spec_suspend{of} == 1"
    )


ALERTS = (
    Alert(
        name="DatabaseDown",
        expr=f'max({UP.name}{{dependency="database"}}) == 0',
        after="1m",
        severity="critical",
        area="stores",
        summary="No process reaches the database: nothing is accepted, nothing is solved.",
        origin="our choice",
    ),
    Alert(
        name="CacheDown",
        expr=f'max({UP.name}{{dependency="redis"}}) == 0',
        after="5m",
        severity="warning",
        area="stores",
        summary="No process reaches Redis: jobs are found by sweeps only, seconds later.",
        origin="our choice: no job is lost by it",
    ),
    Alert(
        name="DatabaseConnectionsExhausted",
        expr=f'max by (pod) ({CONNECTIONS.name}{{state="used"}})'
        f' / max by (pod) ({CONNECTIONS.name}{{state="most"}}) > {POOL_RATIO}',
        after="5m",
        severity="warning",
        area="stores",
        summary="{{ $labels.pod }} has nearly all of its database connections in use.",
        now="In use: {{ $value | humanizePercentage }}.",
        origin="our choice",
    ),
    Alert(
        name="DatabaseBackendsHigh",
        expr="sum by (namespace, pod) (cnpg_backends_total)"
        f' / max by (namespace, pod) (cnpg_pg_settings_setting{{name="max_connections"}}) > {BACKENDS_RATIO}',
        after="5m",
        severity="warning",
        area="stores",
        summary="PostgreSQL {{ $labels.pod }} has nearly all of its connections in use.",
        now="In use: {{ $value | humanizePercentage }}.",
        origin="our choice",
    ),
    Alert(
        name="ReplicationLag",
        expr=f"max by (namespace, pod) (cnpg_pg_replication_lag) > {LAG_S}",
        after="5m",
        severity="warning",
        area="stores",
        summary="The replica {{ $labels.pod }} is behind its primary.",
        now="Behind by {{ $value | humanizeDuration }}.",
        origin="our choice: what would be lost in a failover",
    ),
    Alert(
        name="DatabaseInstanceDown",
        expr="min by (namespace, pod) (cnpg_collector_up) == 0",
        after="2m",
        severity="warning",
        area="stores",
        summary="PostgreSQL {{ $labels.pod }} does not answer its own exporter.",
        origin="our choice: the others go on; when none does, DatabaseDown calls",
    ),
    Alert(
        name="StorageFailing",
        expr=f"sum(increase({STORAGE_FAILURES.name}[15m])) >= 5",
        after="",
        severity="warning",
        area="stores",
        summary="The object store does not answer: large results stay in the database, or cannot be read.",
        now="In 15 minutes: {{ $value | humanize }}.",
        origin="our choice",
    ),
    Alert(
        name="BackupStale",
        expr=_stale(".*backup.*", BACKUP_S),
        after="15m",
        severity="critical",
        area="stores",
        summary="{{ $labels.cronjob }} has made no backup for more than a day.",
        now="Last success {{ $value | humanizeDuration }} ago.",
        origin="our choice: daily, with two hours to run",
    ),
    Alert(
        name="BackupDrillStale",
        expr=_stale(".*drill.*", DRILL_S),
        after="1h",
        severity="warning",
        area="stores",
        summary="{{ $labels.cronjob }} has restored no backup for more than a week.",
        now="Last success {{ $value | humanizeDuration }} ago.",
        origin="our choice: weekly, with a day to be mended",
    ),
)
