"""Routes on jobs: follow, list, cancel."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import anyio
import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse, ServerSentEvent

from app.api.context import Context, Shared
from app.api.middleware import PATIENT
from app.api.problems import ApiError, documented
from app.api.views import FullJobView, JobView, Page, SolveRequest, brief
from app.errors import FieldError
from app.jobs.model import ENDED, Job, Status
from app.jobs.store import Filters
from app.solvers.request import CheckedRequest

MAX_WAIT_S = 60.0
STREAM_S = 900.0
"""Longest life of one event stream; clients connect again by themselves."""

FAREWELL_S = 2.0
"""For a stream to end by itself when the process is asked to stop."""

router = APIRouter(prefix="/api", tags=["jobs"])


@router.get("/job/{job_id}", response_model=FullJobView, responses=documented(404, 422, 503))
async def job_status(
    job_id: UUID,
    request: Request,
    context: Shared,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_S, description="Seconds to wait for the end.")] = 0.0,
    prefer: Annotated[str, Header(description="`respond-async, wait=N` (RFC 7240).")] = "",
) -> Response:
    """A job and, once there is one, its result; `?wait=` or `Prefer: wait=` answers when it has ended."""
    patience_s = max(wait, _preferred(prefer))
    request.scope.setdefault("state", {})[PATIENT] = patience_s > 0.0
    job = await _ended(context, job_id, patience_s)
    if request.headers.get("if-none-match") == _etag(job):
        return Response(status_code=304, headers={"ETag": _etag(job)})

    def answer() -> Response:
        whole = context.store.get(job_id)
        view = JobView(**brief(whole)).model_dump(mode="json") | {"result": context.result(whole)}
        headers = {"ETag": _etag(whole), "Cache-Control": "no-cache"}
        if whole.status not in ENDED:
            headers["Retry-After"] = "1"
        return Response(orjson.dumps(view), headers=headers, media_type="application/json")

    return await run_in_threadpool(answer)


def _etag(job: Job) -> str:
    return f'"{job.revision}"'


def _preferred(header: str) -> float:
    """Seconds of `Prefer: wait=N` (RFC 7240)."""
    found = re.search(r"(?:^|[,;\s])wait=([0-9]{1,6})(?:$|[,;\s])", header, re.ASCII)
    return min(float(found[1]), MAX_WAIT_S) if found else 0.0


async def _ended(context: Context, job_id: UUID, seconds: float) -> Job:
    """The job once it has ended, or as it is after `seconds`."""
    if seconds == 0.0:
        return await _look(context, job_id)
    deadline = time.monotonic() + seconds
    async with context.hub.changes(job_id) as changes:
        while True:
            job = await _look(context, job_id)
            left = deadline - time.monotonic()
            if job.status in ENDED or left <= 0 or context.hub.closing:
                return job
            await changes.wait(left)


async def _look(context: Context, job_id: UUID) -> Job:
    return await run_in_threadpool(lambda: context.store.get(job_id, lean=True))


@router.get("/job/{job_id}/request", responses=documented(404, 422, 503))
def job_request(job_id: UUID, context: Shared) -> SolveRequest:
    """What was asked, to be sent again as it is: templates, short forms and defaults are written out."""
    asked = CheckedRequest.from_json(context.store.get(job_id).request)
    return SolveRequest.model_validate(asked.body())


@router.get(
    "/job/{job_id}/events",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **documented(404, 422, 503)},
)
async def events(
    job_id: UUID, context: Shared, last_event_id: Annotated[str, Header()] = ""
) -> EventSourceResponse:
    """Progress as server-sent events: `progress` and `status`, each with the job's revision as its id.

    A stream tells the present state, so that nothing needs to be replayed: `Last-Event-ID` only spares what
    the client has seen. It ends with the job, or after 15 minutes.
    """
    await _look(context, job_id)
    seen = int(last_event_id) if re.fullmatch(r"[0-9]{1,18}", last_event_id, re.ASCII) else -1
    context.hub.room()  # refused with a status now; once the stream has begun it could only be broken off
    return EventSourceResponse(
        _stream(context, job_id, seen),
        ping=15,
        shutdown_event=anyio.Event(),
        shutdown_grace_period=FAREWELL_S,
    )


async def _stream(context: Context, job_id: UUID, seen: int) -> AsyncIterator[ServerSentEvent]:
    deadline, status = time.monotonic() + STREAM_S, ""
    async with context.hub.changes(job_id) as changes:
        while time.monotonic() < deadline and not context.hub.closing:
            job = await _look(context, job_id)
            if job.revision > seen:
                if job.progress is not None and job.status == "running":
                    yield _event("progress", job, job.progress)
                if job.status != status or job.status in ENDED:
                    yield _event("status", job, {"status": job.status, "outcome": job.outcome})
                seen, status = job.revision, job.status
            if job.status in ENDED:
                return
            await changes.wait(STREAM_S)


def _event(kind: str, job: Job, data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(orjson.dumps(data).decode(), event=kind, id=str(job.revision))


@router.get("/jobs", responses=documented(422, 503))
def jobs(
    context: Shared,
    status: Annotated[Status | None, Query()] = None,
    solver_type: Annotated[str | None, Query(pattern="^[a-z_]{1,40}$")] = None,
    since: Annotated[datetime | None, Query(description="Submitted at or after; UTC without offset.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", max_length=200)] = None,
) -> Page:
    """Jobs, newest first."""
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    filters = Filters(status=status, solver_type=solver_type, since=since)
    try:
        found, following = context.store.list(filters, limit=limit, cursor=cursor)
    except ValueError:
        fault = FieldError("cursor", "is no cursor", cursor, "the `next` of an earlier page")
        raise ApiError(422, "The cursor cannot be used.", [fault]) from None
    return Page(jobs=[JobView(**brief(job)) for job in found], next=following)


@router.post("/job/{job_id}/cancel", responses=documented(404, 409, 422, 503))
def cancel(job_id: UUID, context: Shared) -> JobView:
    """Cancel a job: one that waits at once, of one that runs the solver is stopped within seconds.

    A job that has ended, or whose cancellation was asked for, is refused with 409. A job that ended before
    its solver was stopped stays `completed`, with `cancel_requested_at`.
    """
    return JobView(**brief(context.store.cancel(job_id)))
