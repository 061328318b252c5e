"""How jobs look from outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.jobs.model import ENDED, Job
from app.observability.tracing import trace_id


class Links(BaseModel):
    """Where to go on from a job."""

    self: str
    events: str
    cancel: str
    request: str
    result: str
    plot: str


class JobView(BaseModel):
    """A job, without its result."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job_id": "6f1c…", "status": "running"}]})

    job_id: UUID
    status: str = Field(description="pending, running, completed, failed or cancelled")
    solver_type: str
    title: str
    progress: float = Field(description="Share done, 0 to 1.")
    stage: dict[str, Any] | None = Field(description="What the solver last told of itself.")
    attempt: int
    submitted_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    cancel_requested_at: datetime | None
    cached: bool = Field(description="Whether an earlier answer to the same question was taken.")
    outcome: str | None = Field(description="The result's own status, such as `converged`.")
    cost: float | None
    error: dict[str, Any] | None
    batch_id: UUID | None
    trace_id: str | None = Field(description="Of the trace of the request, where it is recorded.")
    links: Links


class FullJobView(JobView):
    """A job with its result."""

    result: dict[str, Any] | None


class Submitted(BaseModel):
    """The answer to a request that was accepted."""

    job_id: UUID
    status: str
    cached: bool
    links: Links


class Page(BaseModel):
    """A page of jobs."""

    jobs: list[JobView]
    next: str | None = Field(description="`cursor` of the following page; null on the last.")


class BatchAccepted(BaseModel):
    """The answer to a batch that was accepted."""

    batch_id: UUID
    status_url: str
    jobs: list[Submitted]


class BatchView(BaseModel):
    """How far a batch has come."""

    batch_id: UUID
    status: str = Field(description="running, or completed when every job has ended")
    total: int
    completed: int = Field(description="Jobs that have ended, however.")
    progress: float = Field(description="Share ended, in percent.")
    jobs: list[JobView]


class Understood(BaseModel):
    """What a request says."""

    valid: bool
    summary: str
    phases: list[dict[str, list[str]]] = Field(description="Names of states and controls of each phase.")
    options: dict[str, Any] = Field(description="Every option, defaults filled in.")
    warnings: list[str] = Field(description="What is allowed but probably not meant.")
    digest: str = Field(description="Equal digests have equal answers.")
    structure: str = Field(description="Equal structures share compiled programs.")


class SolveRequest(BaseModel):
    """What `POST /api/solve` takes; the problem itself is checked by the solver's own rules."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"solver_type": "collocation", "problem_config": {"template": "brachistochrone"}},
                {
                    "solver_type": "collocation",
                    "problem_config": {
                        "problem": {
                            "states": ["x", "v"],
                            "controls": ["u"],
                            "time": {"t0": 0, "tf": 1},
                            "dynamics": {"x": "v", "v": "u"},
                            "running_cost": "u^2",
                            "initial": {"x": 0, "v": 0},
                            "final": {"x": 1, "v": 0},
                        }
                    },
                    "solver_config": {"tolerance": 1e-6},
                },
            ]
        },
    )

    solver_type: str
    problem_config: dict[str, Any]
    solver_config: dict[str, Any] | None = None


class BatchRequest(BaseModel):
    """What `POST /api/batch` takes."""

    requests: list[SolveRequest] = Field(min_length=1, max_length=256)


def links(job_id: UUID) -> Links:
    """The addresses of a job."""
    base = f"/api/job/{job_id}"
    return Links(
        self=base,
        events=f"{base}/events",
        cancel=f"{base}/cancel",
        request=f"{base}/request",
        result=f"{base}/result",
        plot=f"{base}/plot.svg",
    )


def submitted(job: Job) -> Submitted:
    """A job as it is accepted."""
    return Submitted(job_id=job.id, status=job.status, cached=job.cached, links=links(job.id))


def brief(job: Job) -> dict[str, Any]:
    """The fields of `JobView`."""
    progress = 1.0 if job.status == "completed" else float((job.progress or {}).get("fraction") or 0.0)
    same = ("status", "solver_type", "title", "attempt", "submitted_at", "started_at", "completed_at")
    return {
        "job_id": job.id,
        "progress": progress,
        "stage": None if job.status in ENDED else job.progress,
        "links": links(job.id),
        "trace_id": trace_id(job.trace),
        **{name: getattr(job, name) for name in same},
        **{
            name: getattr(job, name)
            for name in ("cancel_requested_at", "cached", "outcome", "cost", "error", "batch_id")
        },
    }
