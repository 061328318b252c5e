"""Objectives of the service, and alerts on how fast their error budgets are spent.

Windows and burn rates are those of the Site Reliability Workbook (Beyer et al. 2018), chapter 5, table 5-8: a
long window says that it matters, a short one that it still goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.observability.metrics import HTTP_DURATION, HTTP_REQUESTS, JOB_WAIT, JOBS_FINISHED
from infra.monitoring.rule import Alert, Group, Recording, Severity

PERIOD = "30d"
"""Over which a budget is counted."""

LEAST_BAD = 5
"""Bad events in the long window below which nobody is told: of ten requests in the night, one may fail."""

PROBES = "/health|/ready|/metrics"
"""Routes that people do not use."""

UNTIMED = rf"{PROBES}|/api/job/\\{{job_id\\}}/events|.*\\?wait"
"""Routes whose duration is asked for by the client: streams, and requests that wait for a job."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """A share of events that has to be good. `bad` and `all` are selectors' rates over a window."""

    name: str
    title: str
    """What is promised."""
    target: float
    bad: Callable[[str], str]
    total: Callable[[str], str]
    origin: str

    @property
    def budget(self) -> float:
        """Share of events that may be bad."""
        return round(1.0 - self.target, 6)

    @property
    def alert(self) -> str:
        """First part of its alerts' names."""
        return "".join(part.title() for part in self.name.split("_"))


def _counted(metric: str, matchers: str, window: str) -> str:
    return f"sum(increase({metric}{{{matchers}}}[{window}]))"


def _none_is_zero(counted: str) -> str:
    """Where nothing failed yet there may be no series of failures at all."""
    return f"({counted} or vector(0))"


def _slower(metric: str, matchers: str, le: str, window: str) -> str:
    """Observations above a bound, which has to be one of the histogram's buckets."""
    within = _counted(f"{metric}_bucket", f'{matchers}le="{le}"', window)
    return f"({_counted(f'{metric}_count', matchers.rstrip(','), window)} - {within})"


_ENDS = 'outcome=~"completed|failed|solver_process_lost|fault"'
"""Ends that a job stops at; the others are its owner's wish, or go on elsewhere."""

_LIMIT_S = {"latency": "1.0", "time_to_start": "60.0"}

OBJECTIVES: tuple[Objective, ...] = (
    Objective(
        name="availability",
        title="99.9 % of requests are answered without a fault of the service",
        target=0.999,
        bad=lambda window: _none_is_zero(
            _counted(HTTP_REQUESTS.name, f'route!~"{PROBES}",status=~"5.."', window)
        ),
        total=lambda window: _counted(HTTP_REQUESTS.name, f'route!~"{PROBES}"', window),
        origin="required: availability 99.9 %",
    ),
    Objective(
        name="latency",
        title="99 % of requests are answered within a second",
        target=0.99,
        bad=lambda window: _slower(HTTP_DURATION.name, f'route!~"{UNTIMED}",', _LIMIT_S["latency"], window),
        total=lambda window: _counted(f"{HTTP_DURATION.name}_count", f'route!~"{UNTIMED}"', window),
        origin="half of the 2 s at which the 95th percentile has to alert",
    ),
    Objective(
        name="job_success",
        title="99 % of jobs end with an answer",
        target=0.99,
        bad=lambda window: _counted(
            JOBS_FINISHED.name, 'outcome=~"failed|solver_process_lost|fault"', window
        ),
        total=lambda window: _counted(JOBS_FINISHED.name, _ENDS, window),
        origin="our choice; time limits and memory limits that a request runs into count as failures",
    ),
    Objective(
        name="time_to_start",
        title="95 % of jobs start within a minute",
        target=0.95,
        bad=lambda window: _slower(JOB_WAIT.name, "", _LIMIT_S["time_to_start"], window),
        total=lambda window: _counted(f"{JOB_WAIT.name}_count", "", window),
        origin="our choice: the age of the oldest job at which another worker is started",
    ),
)


@dataclass(frozen=True)
class Burn:
    """Spending the budget `rate` times as fast as would use it up in the period, over two windows."""

    rate: float
    long: str
    short: str


FAST = (Burn(14.4, "1h", "5m"), Burn(6.0, "6h", "30m"))
SLOW = (Burn(3.0, "1d", "2h"), Burn(1.0, "3d", "6h"))
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


def error_ratio(window: str) -> str:
    """Name of the recording of bad events' share over a window; the label `slo` says of what."""
    return f"slo:errors:ratio_{window}"


def bad_events(window: str) -> str:
    """Name of the recording of bad events in a window."""
    return f"slo:errors:increase_{window}"


TARGET = "slo:target:ratio"
"""Name of the recording of what is promised."""


def recordings() -> Iterator[Recording]:
    """For every objective: its target, and its bad events, in number and as a share, over every window."""
    for objective in OBJECTIVES:
        labels = {"slo": objective.name}
        yield Recording(name=TARGET, expr=f"vector({objective.target})", labels=labels)
        for window in WINDOWS:
            yield _ratio(objective, window)
            yield Recording(name=bad_events(window), expr=objective.bad(window), labels=labels)


def _ratio(objective: Objective, window: str) -> Recording:
    share = f"{objective.bad(window)} / {objective.total(window)}"
    return Recording(name=error_ratio(window), expr=share, labels={"slo": objective.name})


def alerts() -> Iterator[Alert]:
    """Two for every objective: spent fast, somebody is called; spent slowly, somebody looks."""
    for objective in OBJECTIVES:
        yield _burns(objective, "Fast", FAST, "critical", "2m")
        yield _burns(objective, "Slowly", SLOW, "warning", "15m")


def _burns(objective: Objective, pace: str, burns: tuple[Burn, ...], severity: Severity, after: str) -> Alert:
    def over(burn: Burn) -> str:
        of, limit = f'{{slo="{objective.name}"}}', f"{burn.rate * objective.budget:.6g}"
        return (
            f"({error_ratio(burn.long)}{of} > {limit}"
            f" and {error_ratio(burn.short)}{of} > {limit}"
            f" and {bad_events(burn.long)}{of} > {LEAST_BAD})"
        )

    jobs = objective.name in ("job_success", "time_to_start")
    return Alert(
        name=f"{objective.alert}BudgetBurns{pace}",
        expr="\nor ".join(over(burn) for burn in burns),
        after=after,
        severity=severity,
        area="jobs" if jobs else "service",
        summary=f"The error budget is spent too fast: {objective.title}.",
        now="Bad events: {{ $value | humanizePercentage }}.",
        origin=f"{objective.origin}; burn rates of the SRE workbook, table 5-8",
    )


GROUPS = (
    Group(name="slo", rules=(*recordings(), *alerts())),
    # Long and seldom: only the dashboard of what is left of the budget reads it.
    Group(name="slo-period", rules=[_ratio(objective, PERIOD) for objective in OBJECTIVES], interval="5m"),
)
