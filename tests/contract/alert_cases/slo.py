from __future__ import annotations

from collections.abc import Callable

from alert_cases.case import Cases, Series
from infra.monitoring.slo import OBJECTIVES, Objective

EACH_MINUTE = 1000
HOURS = 60


Events = Callable[[str, str, str], Series]
"""Series of the good, of the bad and of all events."""


def split(good: str, bad: str) -> Events:
    """Good and bad events are counted apart."""
    return lambda within, beyond, every: {good: within, bad: beyond}


def histogram(name: str, labels: str, le: str) -> Events:
    """Events within the bound are in a bucket; the count has all of them."""
    return lambda within, beyond, every: {
        f'{name}_bucket{{{labels},le="{le}"}}': within,
        f"{name}_count{{{labels}}}": every,
    }


_HTTP = 'costate_http_requests_total{route="/api/solve",status='
_JOBS = 'costate_jobs_finished_total{solver="pmp",outcome='
EVENTS = {
    "availability": split(f'{_HTTP}"202"}}', f'{_HTTP}"500"}}'),
    "latency": histogram("costate_http_request_duration_seconds", 'method="POST",route="/api/solve"', "1.0"),
    "job_success": split(f'{_JOBS}"completed"}}', f'{_JOBS}"failed"}}'),
    "time_to_start": histogram("costate_job_wait_seconds", 'solver="pmp"', "60.0"),
}  # fmt: skip


def history(objective: Objective, *parts: tuple[int, float]) -> Series:
    """Events over parts of time: minutes, and the share of them that is bad."""
    good, bad, within, beyond = [], [], 0.0, 0.0
    for minutes, share in parts:
        step, lost = EACH_MINUTE * (1 - share), EACH_MINUTE * share
        good.append(f"{within + step:g}+{step:g}x{minutes - 1}")
        bad.append(f"{beyond + lost:g}+{lost:g}x{minutes - 1}")
        within, beyond = within + step * minutes, beyond + lost * minutes
    return EVENTS[objective.name](" ".join(good), " ".join(bad), f"{EACH_MINUTE}+{EACH_MINUTE}x3000")


def few(objective: Objective) -> Series:
    """All events are bad, but there are only three in an hour."""
    three = "0x630 1x20 2x20 3x20"
    return EVENTS[objective.name]("0x3000", three, three)


def fast(objective: Objective) -> Cases:
    """Looked at after 10 quiet hours and one that is not: 14.4 times over an hour, 6 times over six."""

    def hour(rate: float) -> Series:
        return history(objective, (10 * HOURS, 0.0), (80, rate * objective.budget))

    def six(rate: float) -> Series:
        return history(objective, (4 * HOURS, 0.0), (440, rate * objective.budget))

    return Cases(
        series=hour, firing=15, below=14, silent=0, at="670m", labels={"slo": objective.name},
        now=percent(15 * objective.budget),
        more=(
            ("six hours just below", six(5.9), False),
            ("over again", history(objective, (10 * HOURS, 0.0), (50, 15 * objective.budget), (30, 0.0)), False),
            ("few events", few(objective), False),
        ),
    )  # fmt: skip


def slow(objective: Objective) -> Cases:
    """Looked at after 28 hours: three times over a day; once over three days, of which there were only so many."""

    def day(rate: float) -> Series:
        return history(objective, (28 * HOURS, rate * objective.budget))

    return Cases(
        series=day, firing=3.1, below=0.99, silent=0, at="1675m", labels={"slo": objective.name},
        now=percent(3.1 * objective.budget),
        more=(
            ("over again", history(objective, (20 * HOURS, 3.1 * objective.budget), (8 * HOURS, 0.0)), False),
        ),
    )  # fmt: skip


def percent(share: float) -> str:
    return f"{100 * share:.4g}%"


CASES = {
    f"{objective.alert}BudgetBurns{pace}": make(objective)
    for objective in OBJECTIVES
    for pace, make in (("Fast", fast), ("Slowly", slow))
}
