"""Routes on the service itself: what it is, whether it lives, what it offers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import OperationalError

from app.api.context import Shared
from app.jobs.schema import current
from app.observability.metrics import JOBS, OLDEST_PENDING, metrics
from app.problems.library import template, templates
from app.solvers.request import solvers
from app.version import VERSION

router = APIRouter(tags=["service"])
STATUSES = ("pending", "running", "completed", "failed", "cancelled")


@router.get("/health")
def health() -> dict[str, Any]:
    """Whether the process lives; asks nothing of anybody else."""
    return {"status": "healthy", "timestamp": datetime.now(UTC), "version": VERSION}


@router.get("/ready", responses={503: {"description": "Not ready, with the reasons."}})
def ready(context: Shared, response: Response) -> dict[str, Any]:
    """Whether requests can be served. Without Redis they can, only later: `degraded`."""
    try:
        database = "ready" if current(context.store.engine) else "not migrated: run `costate migrate`"
    except OperationalError:
        database = "out of reach"
    redis = "ready" if context.queue.reachable() else "out of reach"
    usable = database == "ready"
    response.status_code = 200 if usable else 503
    status = "ready" if usable and redis == "ready" else "degraded" if usable else "not ready"
    return {"ready": usable, "status": status, "checks": {"database": database, "redis": redis}}


@router.get("/metrics", response_class=Response)
def exposition(context: Shared) -> Response:
    """Metrics in Prometheus' text format."""
    counts = context.store.counts()
    for status in STATUSES:
        metrics().set(JOBS, counts.get(status, 0), status)
    metrics().set(OLDEST_PENDING, context.store.oldest_pending_age_s())
    return Response(generate_latest(metrics().registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/solvers")
def list_solvers() -> dict[str, Any]:
    """The solvers and the options of each as JSON schema."""
    return {"solvers": [vars(solver) for solver in solvers()]}


@router.get("/api/templates")
def list_templates() -> dict[str, Any]:
    """The template library, without the problems themselves."""
    return {
        "templates": [
            {key: value for key, value in found.to_json().items() if key != "problem"}
            for found in templates()
        ]
    }


@router.get("/api/templates/{name}")
def one_template(name: str) -> dict[str, Any]:
    """A template with its problem."""
    return template(name).to_json()
