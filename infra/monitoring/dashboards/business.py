"""What the service is used for: jobs, answers, and how good they are."""

from __future__ import annotations

from app.observability.metrics import (
    JOB_ITERATIONS,
    JOB_RESULTS,
    JOB_SOLVE,
    JOBS_DEAD,
    JOBS_FINISHED,
    JOBS_SUBMITTED,
    SOLVER_JOBS,
)
from infra.monitoring.alerts.jobs import CONVERGED_RATIO
from infra.monitoring.dashboards.board import Board, Number, Panel, Query
from infra.monitoring.recording import CONVERGED, QUEUE

_ENDED = f'{JOBS_FINISHED.name}{{outcome=~"completed|failed|solver_process_lost|fault"}}'
_DONE = f'{JOBS_FINISHED.name}{{outcome="completed"}}'

BOARD = Board(
    uid="costate-business",
    title="Costate: business",
    about="What the service is used for: jobs, answers, and how good they are.",
    hours=24,
    rows=(
        (
            "Today",
            (
                Number("Jobs running and waiting", "Now.", (Query(f"sum({QUEUE})"),)),
                Number("Jobs completed", "In a day.", (Query(f"sum(increase({_DONE}[24h]))"),)),
                Number(
                    "Success", "Of the jobs that ended in a day.",
                    (Query(f"sum(increase({_DONE}[24h])) / sum(increase({_ENDED}[24h]))"),),
                    "percentunit", 0.99, low=True,
                ),
                Number(
                    "Given up", "In a day: jobs that bring their solver process down.",
                    (Query(f"sum(increase({JOBS_DEAD.name}[24h]))"),), limit=1,
                ),
            ),
        ),
        (
            "Jobs",
            (
                Panel(
                    "Completed in an hour", "By solver.",
                    (Query(f"sum by (solver) (increase({_DONE}[1h]))", "{{solver}}"),), stacked=True,
                ),
                Panel(
                    "Submitted in an hour", "By solver; answers from the cache among them.",
                    (Query(f"sum by (solver) (increase({JOBS_SUBMITTED.name}[1h]))", "{{solver}}"),),
                    stacked=True,
                ),
                Panel(
                    "Answered from the cache", "Of the submitted.",
                    (
                        Query(
                            f'sum(increase({JOBS_SUBMITTED.name}{{cached="true"}}[1h]))'
                            f" / sum(increase({JOBS_SUBMITTED.name}[1h]))",
                            "cached",
                        ),
                    ),
                    "percentunit",
                ),
                Panel(
                    "Queue", "Waiting jobs by solver.",
                    (Query(f'max by (solver) ({SOLVER_JOBS.name}{{status="pending"}})', "{{solver}}"),),
                    stacked=True,
                ),
            ),
        ),
        (
            "Answers",
            (
                Panel(
                    "How jobs end", "In an hour.",
                    (Query(f"sum by (outcome) (increase({JOBS_FINISHED.name}[1h]))", "{{outcome}}"),),
                    stacked=True,
                ),
                Panel(
                    "Success by solver", "Of the jobs that ended in an hour.",
                    (
                        Query(
                            f"sum by (solver) (increase({_DONE}[1h]))"
                            f" / sum by (solver) (increase({_ENDED}[1h]))",
                            "{{solver}}",
                        ),
                    ),
                    "percentunit",
                ),
                Panel(
                    "Converged", "Of the answers.", (Query(CONVERGED, "{{solver}}"),), "percentunit",
                    CONVERGED_RATIO,
                ),
                Panel(
                    "What answers say", "In an hour, by status.",
                    (Query(f"sum by (status) (increase({JOB_RESULTS.name}[1h]))", "{{status}}"),), stacked=True,
                ),
                Panel(
                    "Time to solve", "Mean of a job, without compiling.",
                    (
                        Query(
                            f"sum by (solver) (rate({JOB_SOLVE.name}_sum[1h]))"
                            f" / sum by (solver) (rate({JOB_SOLVE.name}_count[1h]))",
                            "{{solver}}",
                        ),
                    ),
                    "s",
                ),
                Panel(
                    "Iterations", "Mean of an answer.",
                    (
                        Query(
                            f"sum by (solver) (rate({JOB_ITERATIONS.name}_sum[1h]))"
                            f" / sum by (solver) (rate({JOB_ITERATIONS.name}_count[1h]))",
                            "{{solver}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)  # fmt: skip
