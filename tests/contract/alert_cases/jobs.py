from __future__ import annotations

from alert_cases.case import Cases, Series, counter, jump, level

OLDEST = "costate_jobs_oldest_pending_age_seconds"


def waiting(pending: float) -> Series:
    """The queue as two API processes tell it."""
    return {f'costate_jobs{{status="pending",pod="api-{n}"}}': level(pending) for n in (1, 2)}


def stuck(free: float) -> Series:
    return {
        **waiting(7),
        'costate_worker_slots{state="free",pod="worker-1"}': level(free),
        'costate_worker_slots{state="busy",pod="worker-1"}': level(2 - free),
        OLDEST: "0+60x400",
    }


def respawned(lost: float) -> Series:
    name = "costate_solver_respawns_total"
    return {
        f'{name}{{reason="lost",pod="worker-1"}}': jump(lost),
        f'{name}{{reason="cancel",pod="worker-1"}}': jump(100),
    }


def converging(share: float) -> Series:
    name = 'costate_job_results_total{solver="pmp",status='
    return {f'{name}"converged"}}': counter(100 * share), f'{name}"infeasible"}}': counter(100 * (1 - share))}


CASES = {
    "NoWorkers": Cases(
        series=lambda workers: {**waiting(3), 'costate_workers{pod="api-1"}': level(workers)},
        firing=0, below=1, silent=5, at="20m", labels={"status": "pending"}, now="3",
        more=(("nothing waits", {**waiting(0), "costate_workers": level(0)}, False),),
    ),
    "QueueStuck": Cases(
        series=stuck, firing=1, below=0, silent=0, at="20m", labels={"status": "pending"}, now="7",
        more=(
            ("taken within a minute", {**stuck(1), OLDEST: level(59)}, False),
            ("nothing waits", {**stuck(1), **waiting(0)}, False),
        ),
    ),
    "JobsWaitLong": Cases(
        series=lambda age: {OLDEST: level(age)},
        firing=901, below=900, silent=0, at="20m", now="15m 1s",
    ),
    "QueueNearlyFull": Cases(
        series=lambda pending: {**waiting(pending), "costate_jobs_pending_limit": level(10_000)},
        firing=8_100, below=8_000, silent=0, at="20m", labels={"status": "pending"}, now="81%",
    ),
    "DeadLetters": Cases(
        series=lambda dead: {"costate_jobs_dead_letters_total": jump(dead)},
        firing=1, below=0, silent=0, at="70m", now="1",
    ),
    "SolverProcessesLost": Cases(
        series=respawned, firing=3, below=2, silent=0, at="70m", labels={"reason": "lost"}, now="3",
    ),
    "SolverMemoryHigh": Cases(
        series=lambda size: {'costate_solver_memory_bytes{pod="worker-1"}': level(size)},
        firing=6.1e9, below=6e9, silent=1e9, at="30m", labels={"pod": "worker-1"}, now="5.681Gi",
    ),
    "AnswersDoNotConverge": Cases(
        series=converging, firing=0.49, below=0.5, silent=0.9, at="120m", labels={"solver": "pmp"}, now="49%",
    ),
}  # fmt: skip
