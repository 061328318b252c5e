"""API and workers: rates, errors, durations, and what they wait for."""

from __future__ import annotations

from app.observability.metrics import (
    BUILD,
    CONNECTIONS,
    HTTP_OPEN,
    JOB_COMPILE,
    JOB_SOLVE,
    OLDEST_PENDING,
    RESPAWNS,
    SLOTS,
    SOLVER_MEMORY,
    STORAGE_FAILURES,
    UP,
    WORKERS,
)
from infra.monitoring.alerts import jobs, service
from infra.monitoring.dashboards.board import Board, Number, Panel, Query, Table
from infra.monitoring.recording import DURATION, ERRORS, LATENCY, QUEUE, REQUESTS, SLOTS_BUSY, WAIT


def _mean(histogram: str) -> str:
    return f"sum by (solver) (rate({histogram}_sum[15m])) / sum by (solver) (rate({histogram}_count[15m]))"


BOARD = Board(
    uid="costate-application",
    title="Costate: application",
    about="API and workers: rates, errors, durations, and what they wait for.",
    rows=(
        (
            "Overview",
            (
                Number("Requests a second", "Without probes.", (Query(f"sum({REQUESTS})"),), "reqps"),
                Number(
                    "Errors", "Requests that end with a fault of the service.", (Query(ERRORS),),
                    "percentunit", service.ERROR_RATIO,
                ),
                Number(
                    "95th percentile", "Without streams and requests that wait.",
                    (Query(f'{LATENCY}{{quantile="0.95"}}'),), "s", service.P95_S,
                ),
                Number("Solver processes busy", "Of all.", (Query(SLOTS_BUSY),), "percentunit"),
            ),
        ),
        (
            "Requests",
            (
                Panel("By route", "A second.", (Query(f"sum by (route) ({REQUESTS})", "{{route}}"),), "reqps"),
                Panel(
                    "By status", "A second.", (Query(f"sum by (status) ({REQUESTS})", "{{status}}"),), "reqps",
                    stacked=True,
                ),
                Panel(
                    "Duration", "Median, 95th and 99th percentile.", (Query(LATENCY, "{{quantile}}"),), "s",
                    service.P95_S,
                ),
                Panel(
                    "Being answered", "Streams and waiting requests among them.",
                    (Query(HTTP_OPEN.name, "{{instance}}"),),
                ),
            ),
        ),
        (
            "Queue",
            (
                Panel("Jobs", "That wait and that run.", (Query(QUEUE, "{{status}}"),), stacked=True),
                Panel(
                    "Oldest waiting job", "Its age.", (Query(f"max({OLDEST_PENDING.name})", "oldest"),), "s",
                    jobs.OLDEST_S,
                ),
                Panel("Time to start", "Median, 95th and 99th percentile.", (Query(WAIT, "{{quantile}}"),), "s"),
                Panel("Workers", "Heard of lately.", (Query(f"max({WORKERS.name})", "workers"),)),
            ),
        ),
        (
            "Solving",
            (
                Panel(
                    "Duration of jobs", "95th percentile.",
                    (Query(f'{DURATION}{{quantile="0.95"}}', "{{solver}}"),), "s",
                ),
                Panel("Compiling", "Mean of a job.", (Query(_mean(JOB_COMPILE.name), "{{solver}}"),), "s"),
                Panel("Solving", "Mean of a job.", (Query(_mean(JOB_SOLVE.name), "{{solver}}"),), "s"),
                Panel(
                    "Solver processes", "Free and busy.", (Query(f"sum by (state) ({SLOTS.name})", "{{state}}"),),
                    stacked=True,
                ),
                Panel(
                    "Started again", "Solver processes in an hour, by reason.",
                    (Query(f"sum by (reason) (increase({RESPAWNS.name}[1h]))", "{{reason}}"),),
                ),
                Panel(
                    "Memory of solver processes", "Of the largest of each worker.",
                    (Query(SOLVER_MEMORY.name, "{{instance}}"),), "bytes", jobs.MEMORY_BYTES,
                ),
                Panel(
                    "CPU of processes", "Cores; solver processes are children and not among them.",
                    (Query("rate(process_cpu_seconds_total[5m])", "{{job}} {{instance}}"),),
                ),
                Panel(
                    "Memory of processes", "Without solver processes.",
                    (Query("process_resident_memory_bytes", "{{job}} {{instance}}"),), "bytes",
                ),
            ),
        ),
        (
            "What it depends on",
            (
                Panel(
                    "Reached", "1 when it answers every process.",
                    (Query(f"min by (dependency) ({UP.name})", "{{dependency}}"),),
                ),
                Panel(
                    "Database connections", "In use, of the most there may be.",
                    (
                        Query(
                            f'{CONNECTIONS.name}{{state="used"}}'
                            f' / ignoring (state) {CONNECTIONS.name}{{state="most"}}',
                            "{{job}} {{instance}}",
                        ),
                    ),
                    "percentunit",
                    0.9,
                ),
                Panel(
                    "Object store", "Failures in an hour.",
                    (Query(f"sum(increase({STORAGE_FAILURES.name}[1h]))", "failures"),),
                ),
                Table(
                    "Versions", "What runs.",
                    (Query(f"count by (job, version, solver_version) ({BUILD.name})"),),
                ),
            ),
        ),
    ),
)  # fmt: skip
