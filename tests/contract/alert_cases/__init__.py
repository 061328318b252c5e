"""What every alert is tried with: measurements at which it fires, at which it is silent, and just below.

A new alert without cases fails `tests/unit/monitoring`; promtool runs them in `tests/contract/test_alerts.py`.
"""

from alert_cases import gpu, jobs, nodes, platform, pods, service, slo, stores
from alert_cases.case import Cases

CASES: dict[str, Cases] = {
    **service.CASES,
    **jobs.CASES,
    **stores.CASES,
    **pods.CASES,
    **nodes.CASES,
    **gpu.CASES,
    **platform.CASES,
    **slo.CASES,
}
