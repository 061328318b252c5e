from __future__ import annotations

from alert_cases.case import Cases, Series, counter, level

REQUESTS = "costate_http_requests_total"
DURATION = "costate_http_request_duration_seconds"
SOLVE = 'job="api",method="POST",route="/api/solve"'


def answered(share: float) -> Series:
    """1000 requests a minute, of which this share fails."""
    return {
        f'{REQUESTS}{{{SOLVE},status="202"}}': counter(1000 * (1 - share)),
        f'{REQUESTS}{{{SOLVE},status="500"}}': counter(1000 * share),
        f'{REQUESTS}{{job="api",method="GET",route="/ready",status="503"}}': counter(500),
    }


def slow(share: float) -> Series:
    """This share of requests takes between 2 and 2.5 s, the rest less than half a second."""
    fast = 1000 * (1 - share)
    return {
        **{f'{DURATION}_bucket{{{SOLVE},le="{le}"}}': counter(fast) for le in ("0.5", "1.0", "2.0")},
        **{f'{DURATION}_bucket{{{SOLVE},le="{le}"}}': counter(1000) for le in ("2.5", "+Inf")},
        f'{DURATION}_bucket{{job="api",method="GET",route="/api/job/{{job_id}}?wait",le="2.0"}}': counter(0),
        f'{DURATION}_bucket{{job="api",method="GET",route="/api/job/{{job_id}}?wait",le="+Inf"}}': counter(
            9e4
        ),
    }


def mean(seconds: float) -> Series:
    waiting = 'job="api",method="GET",route="/api/job/{job_id}/events"'
    return {
        f"{DURATION}_sum{{{SOLVE}}}": counter(1000 * seconds),
        f"{DURATION}_count{{{SOLVE}}}": counter(1000),
        f"{DURATION}_sum{{{waiting}}}": counter(90_000),
        f"{DURATION}_count{{{waiting}}}": counter(100),
    }


def envoy(share: float) -> Series:
    name = "envoy_http_downstream_rq_xx"
    return {
        f'{name}{{envoy_response_code_class="2"}}': counter(1000 * (1 - share)),
        f'{name}{{envoy_response_code_class="5"}}': counter(1000 * share),
    }


CASES = {
    "ApiDown": Cases(
        series=lambda up: {
            'up{job="api",pod="api-1"}': level(0),
            'up{job="api",pod="api-2"}': level(up),
            'up{job="worker",pod="worker-1"}': level(1),
        },
        firing=0, below=1, silent=1, at="5m",
        more=(("nobody is scraped", {'up{job="worker"}': level(1)}, True),),
    ),
    "ApiErrorsHigh": Cases(series=answered, firing=0.06, below=0.05, silent=0.0, at="20m", now="6%"),
    "ApiSlow": Cases(
        series=slow, firing=0.06, below=0.05, silent=0.0, at="20m",
        labels={"quantile": "0.95"}, now="2.083s",
    ),
    "ApiLatencyRaised": Cases(series=mean, firing=0.25, below=0.2, silent=0.05, at="20m", now="250ms"),
    "JobsRefused": Cases(
        series=lambda refused: {
            f'{REQUESTS}{{{SOLVE},status="503"}}': counter(refused),
            f'{REQUESTS}{{{SOLVE},status="202"}}': counter(100),
        },
        firing=12, below=6, silent=0, at="20m", now="200m",
    ),
    "GatewayErrorsHigh": Cases(series=envoy, firing=0.06, below=0.05, silent=0.0, at="20m", now="6%"),
}  # fmt: skip
