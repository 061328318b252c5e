"""The spans of one attempt at a job: how long it waited, then each stage that its solver tells of."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind

from app.jobs.leases import Claim
from app.observability import tracing


class AttemptSpans:
    """One span for the attempt; in it one at a time for what is being done.

    The solver process records nothing itself: it may be killed at any time, and its supervisor hears of each stage.
    """

    def __init__(self, whole: Span) -> None:
        self._whole = whole
        self._stage: Span | None = None
        self._name = ""

    def stage(self, name: str) -> None:
        """The solver tells of a stage, mostly of the one that it is in already."""
        if name != self._name:
            self.done()
            self._name, self._stage = name, tracing.tracer().start_span(name)

    def done(self) -> None:
        """The present stage is over."""
        if self._stage is not None:
            self._stage.end()
        self._name, self._stage = "", None

    def ended(self, how: str) -> None:
        """Note how the attempt ended."""
        self._whole.set_attribute("costate.outcome", how)
        if how not in ("completed", "cancelled", "released"):
            tracing.failed(self._whole, how)

    def answered(self, status: str, timings: Mapping[str, float | None]) -> None:
        """Note what the solver says of its answer and of its time; not every solver measures every part."""
        self._whole.set_attribute("costate.result", status)
        for name, seconds in timings.items():
            if seconds is not None:
                self._whole.set_attribute(f"costate.{name}", seconds)


@contextmanager
def attempt_spans(claim: Claim) -> Iterator[AttemptSpans]:
    """The attempt's span is current while this lasts; the first one's begins when the job was submitted."""
    begun_ns = time.time_ns() - (round(claim.waited_s * 1e9) if claim.attempt == 1 else 0)
    about: dict[str, str | int] = {
        "job": str(claim.job_id),
        "attempt": claim.attempt,
        "solver": claim.request.solver_type,
    }
    with tracing.span(
        f"job {claim.request.solver_type}",
        kind=SpanKind.CONSUMER,
        within=tracing.told(claim.trace),
        begun_ns=begun_ns,
        **about,
    ) as whole:
        if claim.attempt == 1:
            tracing.tracer().start_span("queue", start_time=begun_ns).end()
        spans = AttemptSpans(whole)
        try:
            yield spans
        finally:
            spans.done()
