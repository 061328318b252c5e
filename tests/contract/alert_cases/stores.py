from __future__ import annotations

from alert_cases.case import Cases, Series, counter, jump, level


def reached(dependency: str, up: float) -> Series:
    """Two processes, of which one does not reach it whatever the other says."""
    name = f'costate_dependency_up{{dependency="{dependency}",pod='
    return {f'{name}"api-1"}}': level(up), f'{name}"worker-1"}}': level(0)}


def last_success(name: str, hours: float) -> Series:
    """A CronJob whose last success is so long ago when it is looked at, 2 h after the epoch; others go on."""
    key = f'kube_cronjob_status_last_successful_time{{namespace="costate",cronjob="{name}"}}'
    return {
        key: level(-3600 * (hours - 2)),
        f'kube_cronjob_created{{namespace="costate",cronjob="{name}"}}': level(-1e6),
        f'kube_cronjob_spec_suspend{{namespace="costate",cronjob="{name}"}}': level(0),
        'kube_cronjob_status_last_successful_time{namespace="costate",cronjob="prune"}': level(-1e9),
    }


def suspended(name: str) -> Series:
    of = f'{{namespace="costate",cronjob="{name}"}}'
    return {**last_success(name, 10_000), f"kube_cronjob_spec_suspend{of}": level(1)}


def never(name: str) -> Series:
    return {f'kube_cronjob_created{{namespace="costate",cronjob="{name}"}}': level(-1e6)}


def backends(used: float) -> Series:
    of = 'namespace="costate",pod="postgres-1"'
    return {
        f'cnpg_backends_total{{{of},state="active"}}': level(used - 10),
        f'cnpg_backends_total{{{of},state="idle"}}': level(10),
        f'cnpg_pg_settings_setting{{{of},name="max_connections"}}': level(100),
        f'cnpg_pg_settings_setting{{{of},name="shared_buffers"}}': level(16384),
    }


POSTGRES = {"namespace": "costate", "pod": "postgres-1"}

CASES = {
    "DatabaseDown": Cases(series=lambda up: reached("database", up), firing=0, below=1, silent=1, at="10m"),
    "CacheDown": Cases(series=lambda up: reached("redis", up), firing=0, below=1, silent=1, at="10m"),
    "DatabaseConnectionsExhausted": Cases(
        series=lambda used: {
            'costate_database_connections{state="used",pod="api-1"}': level(used),
            'costate_database_connections{state="most",pod="api-1"}': level(40),
        },
        firing=37, below=36, silent=1, at="20m", labels={"pod": "api-1"}, now="92.5%",
    ),
    "DatabaseBackendsHigh": Cases(
        series=backends, firing=81, below=80, silent=12, at="20m", labels=POSTGRES, now="81%",
    ),
    "ReplicationLag": Cases(
        series=lambda lag: {
            'cnpg_pg_replication_lag{namespace="costate",pod="postgres-1"}': level(lag),
            'cnpg_pg_replication_lag{namespace="costate",pod="postgres-0"}': level(0),
        },
        firing=31, below=30, silent=0, at="20m", labels=POSTGRES, now="31s",
    ),
    "DatabaseInstanceDown": Cases(
        series=lambda up: {'cnpg_collector_up{namespace="costate",pod="postgres-1"}': level(up)},
        firing=0, below=1, silent=1, at="10m", labels=POSTGRES,
    ),
    "StorageFailing": Cases(
        series=lambda failed: {
            'costate_storage_failures_total{pod="api-1"}': jump(failed),
            'costate_storage_failures_total{pod="worker-1"}': counter(0),
        },
        firing=6, below=4, silent=0, at="70m", now="6",
    ),
    "BackupStale": Cases(
        series=lambda hours: last_success("backup", hours),
        firing=26.5, below=26, silent=3, at="2h",
        labels={"namespace": "costate", "cronjob": "backup"}, now="1d 2h 30m 0s",
        more=(("suspended", suspended("backup"), False),),
    ),
    "BackupDrillStale": Cases(
        series=lambda hours: last_success("restore-drill", hours),
        firing=194, below=192, silent=24, at="2h",
        labels={"namespace": "costate", "cronjob": "restore-drill"}, now="8d 2h 0m 0s",
        more=(("suspended", suspended("restore-drill"), False),),
    ),
}  # fmt: skip
