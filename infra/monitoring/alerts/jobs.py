"""Jobs that do not start, do not end, or end badly."""

from __future__ import annotations

from app.observability.metrics import JOBS_DEAD, JOBS_LIMIT, RESPAWNS, SLOTS, SOLVER_MEMORY, WORKERS
from infra.monitoring.recording import CONVERGED, OLDEST, QUEUE
from infra.monitoring.rule import Alert

OLDEST_S = 15 * 60
FULL_RATIO = 0.8
RESTARTS = 3
CONVERGED_RATIO = 0.5
MEMORY_BYTES = 6_000_000_000

ALERTS = (
    Alert(
        name="NoWorkers",
        expr=f'{QUEUE}{{status="pending"}} > 0 and on () max({WORKERS.name}) == 0',
        after="5m",
        severity="critical",
        area="jobs",
        summary="Jobs wait and no worker lives.",
        now="Waiting: {{ $value }}.",
        origin="our choice: a worker is up in less",
    ),
    Alert(
        name="QueueStuck",
        expr=f'{QUEUE}{{status="pending"}} > 0 and on () sum({SLOTS.name}{{state="free"}}) > 0'
        f" and on () {OLDEST} > 60",
        after="5m",
        severity="critical",
        area="jobs",
        summary="Jobs wait although solver processes are free.",
        now="Waiting: {{ $value }}.",
        origin="our choice: a free slot takes a waiting job within seconds",
    ),
    Alert(
        name="JobsWaitLong",
        expr=f"{OLDEST} > {OLDEST_S}",
        after="5m",
        severity="warning",
        area="jobs",
        summary="The oldest job has waited longer than 15 minutes.",
        now="Waiting for {{ $value | humanizeDuration }}.",
        origin="our choice",
    ),
    Alert(
        name="QueueNearlyFull",
        expr=f'{QUEUE}{{status="pending"}} / on () group_left () max({JOBS_LIMIT.name}) > {FULL_RATIO}',
        after="5m",
        severity="warning",
        area="jobs",
        summary="The queue is nearly full; then new jobs are refused.",
        now="Full to {{ $value | humanizePercentage }}.",
        origin="our choice",
    ),
    Alert(
        name="DeadLetters",
        expr=f"sum(increase({JOBS_DEAD.name}[1h])) >= 1",
        after="",
        severity="warning",
        area="jobs",
        summary="A job was given up after its last attempt: it brings its solver process down.",
        now="In the last hour: {{ $value | humanize }}.",
        origin="our choice: each of them is looked at",
    ),
    Alert(
        name="SolverProcessesLost",
        expr=f'sum by (reason) (increase({RESPAWNS.name}{{reason=~"lost|start|fault|memory"}}[15m]))'
        f" >= {RESTARTS}",
        after="",
        severity="warning",
        area="jobs",
        summary="Solver processes are started again and again: {{ $labels.reason }}.",
        now="In 15 minutes: {{ $value | humanize }}.",
        origin="as restarts of containers: three",
    ),
    Alert(
        name="SolverMemoryHigh",
        expr=f"max by (pod) ({SOLVER_MEMORY.name}) > {MEMORY_BYTES:g}",
        after="10m",
        severity="info",
        area="jobs",
        summary="A solver process in {{ $labels.pod }} is larger than it is meant to stay.",
        now="Now {{ $value | humanize1024 }}B.",
        origin="COSTATE_SOLVER_MEMORY_MB's default",
    ),
    Alert(
        name="AnswersDoNotConverge",
        expr=f"{CONVERGED} < {CONVERGED_RATIO}",
        after="30m",
        severity="info",
        area="jobs",
        summary="Less than half of the answers of {{ $labels.solver }} have converged.",
        now="Converged: {{ $value | humanizePercentage }}.",
        origin="our choice: mostly the problems' fault, but a release may have done it",
    ),
)
