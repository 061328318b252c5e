"""How long XLA compiled: what a result reports as `compile_s`."""

from __future__ import annotations

import jax.monitoring

_EVENTS = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)


class _Clock:
    """Seconds spent on tracing and compiling since the process started."""

    def __init__(self) -> None:
        self.seconds = 0.0
        jax.monitoring.register_event_duration_secs_listener(self._note)

    def _note(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event in _EVENTS:
            self.seconds += duration_secs


_clock = _Clock()


def compiled_seconds() -> float:
    """Seconds of tracing and compiling so far; take the difference of two readings."""
    return _clock.seconds
