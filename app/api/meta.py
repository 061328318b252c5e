"""Routes on the service itself: what it is, whether it lives, what it offers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.api.context import Shared
from app.api.problems import ApiError, documented
from app.errors import InvalidInput
from app.jobs.schema import state
from app.observability.metrics import (
    BUILD,
    JOBS,
    JOBS_LIMIT,
    OLDEST_PENDING,
    SOLVER_JOBS,
    UP,
    WORKERS,
    metrics,
)
from app.problems.library import template, templates
from app.solvers.request import solvers
from app.version import BUILD_VERSION, SOLVER_VERSION, VERSION

router = APIRouter(tags=["service"])


class Health(BaseModel):
    """The process lives."""

    status: Literal["healthy"]
    timestamp: datetime
    version: str
    build: str = Field(description="The version with a digest of the sources.")
    gpu_available: bool = Field(description="Whether a worker that was heard of lately computes on a GPU.")
    workers: int = Field(description="Workers that were heard of lately.")


class Readiness(BaseModel):
    """Whether requests can be served, and the reasons."""

    ready: bool
    status: Literal["ready", "degraded", "not ready"]
    checks: dict[str, str]


@router.get("/health")
async def health(context: Shared) -> Health:
    """Whether the process lives; asks nothing of anybody else."""
    return Health(
        status="healthy",
        timestamp=datetime.now(UTC),
        version=VERSION,
        build=BUILD_VERSION,
        gpu_available=context.fleet.has_gpu,
        workers=len(context.fleet.workers),
    )


@router.get("/ready", responses={503: {"description": "Not ready, with the reasons.", "model": Readiness}})
def ready(context: Shared, response: Response) -> Readiness:
    """Whether requests can be served. Without Redis they can, only later: `degraded`."""
    try:
        schema = state(context.store.engine)
        database = "not migrated: run `costate migrate`" if schema == "behind" else "ready"
    except (OperationalError, PoolTimeout):
        database = "out of reach"
    redis = "ready" if context.queue.reachable() else "out of reach"
    usable = database == "ready"
    response.status_code = 200 if usable else 503
    checks = {"database": database, "redis": redis}
    if not usable:
        return Readiness(ready=False, status="not ready", checks=checks)
    return Readiness(ready=True, status="ready" if redis == "ready" else "degraded", checks=checks)


@router.get("/metrics", response_class=Response)
def exposition(context: Shared) -> Response:
    """Metrics in Prometheus' text format; without the database, its figures stay as they were."""
    try:
        counts = context.store.counts()
        for status in ("pending", "running"):
            metrics().set(JOBS, sum(counts[status].values()), status)
            for solver in solvers():
                metrics().set(SOLVER_JOBS, counts[status].get(solver.name, 0), solver.name, status)
        metrics().set(OLDEST_PENDING, context.store.oldest_pending_age_s())
        database = True
    except (DBAPIError, PoolTimeout):
        database = False
    metrics().set(UP, float(database), "database")
    metrics().set(UP, float(context.queue.reachable()), "redis")
    metrics().set(WORKERS, len(context.fleet.workers))
    metrics().set(JOBS_LIMIT, context.settings.max_pending)
    metrics().set(BUILD, 1.0, VERSION, SOLVER_VERSION)
    context.store.tell_connections()
    return Response(metrics().exposition("api"), media_type=CONTENT_TYPE_LATEST)


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


@router.get("/api/templates/{name}", responses=documented(404))
def one_template(name: str) -> dict[str, Any]:
    """A template with its problem."""
    try:
        return template(name).to_json()
    except InvalidInput as error:
        raise ApiError(404, f"There is no template {name[:100]!r}.", error.errors) from None
