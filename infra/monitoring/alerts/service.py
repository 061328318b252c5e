"""What a client notices: errors, slow answers, nobody there."""

from __future__ import annotations

from app.observability.metrics import HTTP_REQUESTS
from infra.monitoring.recording import ERRORS, LATENCY, LATENCY_MEAN
from infra.monitoring.rule import Alert

ERROR_RATIO, P95_S, MEAN_S = 0.05, 2.0, 0.2
GATEWAY_ERROR_RATIO = 0.05
REFUSED_PER_S = 0.1

_GATEWAY = "sum(rate(envoy_http_downstream_rq_xx"

ALERTS = (
    Alert(
        name="ApiDown",
        # A process that does not answer leaves no trace in its own metrics: its scrape does, or its absence.
        expr='absent(up{job="api"} == 1)',
        after="2m",
        severity="critical",
        area="service",
        summary="No API process answers.",
        origin="our choice",
    ),
    Alert(
        name="ApiErrorsHigh",
        expr=f"{ERRORS} > {ERROR_RATIO}",
        after="5m",
        severity="warning",
        area="service",
        summary="More than 5 % of requests end with a fault of the service.",
        now="Of all requests: {{ $value | humanizePercentage }}.",
        origin="required: errors > 5 % for 5 min",
    ),
    Alert(
        name="ApiSlow",
        expr=f'{LATENCY}{{quantile="0.95"}} > {P95_S:g}',
        after="5m",
        severity="warning",
        area="service",
        summary="One request in twenty takes longer than 2 s.",
        now="95th percentile: {{ $value | humanizeDuration }}.",
        origin="required: p95 > 2 s",
    ),
    Alert(
        name="ApiLatencyRaised",
        expr=f"{LATENCY_MEAN} > {MEAN_S}",
        after="5m",
        severity="info",
        area="service",
        summary="Requests take longer than 200 ms on average.",
        now="Mean: {{ $value | humanizeDuration }}.",
        origin="required: > 200 ms on average for 5 min",
    ),
    Alert(
        name="JobsRefused",
        expr=f'sum(rate({HTTP_REQUESTS.name}{{route=~"/api/(solve|batch)",status="503"}}[5m]))'
        f" > {REFUSED_PER_S}",
        after="5m",
        severity="warning",
        area="service",
        summary="New jobs are refused.",
        now="Refused: {{ $value | humanize }}/s.",
        origin="our choice: six in a minute",
    ),
    Alert(
        name="GatewayErrorsHigh",
        expr=f'{_GATEWAY}{{envoy_response_code_class="5"}}[5m])) / {_GATEWAY}[5m])) > {GATEWAY_ERROR_RATIO}',
        after="5m",
        severity="critical",
        area="service",
        summary="The gateway answers more than 5 % of requests with a fault.",
        now="Of all requests: {{ $value | humanizePercentage }}.",
        origin="as errors of the API, seen from outside: also when no API process is there to count",
    ),
)
