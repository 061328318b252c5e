"""Traces: one for each request, from its arrival to the stored result; sent as OTLP over HTTP.

Nothing is recorded or sent unless an endpoint is set. Spans leave in a thread of their own: a collector that is
slow or gone costs spans, never a request or a job. A trace goes from process to process as a `traceparent` (W3C
Trace Context), which stands in the job's row. What OpenTelemetry's own variables say of sampling, headers and
certificates (`OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS`, ...) holds.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.settings import Settings
from app.version import VERSION

EXPORT_S = 5.0
"""How long a batch is tried to be sent."""

FAREWELL_S = 2.0
"""How long a process that ends waits for its last spans to leave."""

HEADER = "traceparent"

_FORM = TraceContextTextMapPropagator()


def configure(settings: Settings, process: Literal["api", "worker"]) -> None:
    """Record and send from now on, if there is an endpoint; to be called once, and `farewell` at the end."""
    if settings.otlp_endpoint is None:
        return
    # Imported only where they are used: an SDK, protobuf and an HTTP client.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create(
        {
            "service.namespace": "costate",
            "service.name": f"costate-{process}",
            "service.version": VERSION,
            "service.instance.id": socket.gethostname(),
            "deployment.environment.name": settings.environment,
        }
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(
        BatchSpanProcessor(
            OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_S)
        )
    )
    trace.set_tracer_provider(provider)


def farewell() -> None:
    """Send what is left; a collector that does not answer is not waited for."""
    shutdown = getattr(trace.get_tracer_provider(), "shutdown", None)
    if shutdown is not None:  # the provider is the SDK's, not the one without effect
        last = threading.Thread(target=shutdown, name="last spans", daemon=True)
        last.start()
        last.join(FAREWELL_S)


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    within: Context | None = None,
    begun_ns: int | None = None,
    **attributes: str | float | int | bool,
) -> Iterator[Span]:
    """A span that is current while this lasts; an exception is noted in it. Attributes are put under `costate.`.

    `within` is the context it belongs to, the present one unless given; `begun_ns` (since 1970) is when it began,
    if before now.
    """
    given = {f"costate.{key}": value for key, value in attributes.items()}
    with tracer().start_as_current_span(
        name, context=within, kind=kind, attributes=given, start_time=begun_ns
    ) as made:
        yield made


def tracer() -> trace.Tracer:
    """What makes spans; of no effect before `configure`, or without an endpoint."""
    return trace.get_tracer("costate", VERSION)


def failed(failing: Span, why: str) -> None:
    """Mark a span as one that went wrong."""
    failing.set_status(Status(StatusCode.ERROR, why))


def told(traceparent: str | None) -> Context:
    """The context that another process tells of; one of its own when that is None or not understood."""
    return _FORM.extract({} if traceparent is None else {HEADER: traceparent}, Context())


def current() -> str | None:
    """What another process is told of the present span; None where nothing is traced."""
    carrier: dict[str, str] = {}
    _FORM.inject(carrier)
    return carrier.get(HEADER)


def trace_id(traceparent: str | None) -> str | None:
    """The id by which the trace is found, 32 hexadecimal digits; None when it is not recorded."""
    found = trace.get_current_span(told(traceparent)).get_span_context()
    return trace.format_trace_id(found.trace_id) if found.trace_flags.sampled else None
