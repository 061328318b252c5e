"""Routes on jobs: submit, follow, list, cancel, results and pictures."""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import numpy as np
import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from sse_starlette import EventSourceResponse, ServerSentEvent

from app.api.body import json_object
from app.api.context import Context, Shared
from app.api.hub import wait
from app.api.problems import ApiError
from app.api.views import FullJobView, JobView, SolveRequest, Submitted, brief, submitted
from app.errors import FieldError, InvalidInput, from_pydantic
from app.jobs.model import ENDED, Job, Status
from app.jobs.store import Filters
from app.observability.metrics import JOBS_SUBMITTED, metrics
from app.plot import svg
from app.solvers.request import CheckedRequest, check

MAX_WAIT_S = 60.0
LOOK_AGAIN_S = 2.0
"""Waiters look at the row so often even when nothing was told."""

STREAM_S = 900.0
"""Longest life of one event stream; clients connect again by themselves."""

MAX_BATCH = 256

router = APIRouter(prefix="/api", tags=["jobs"])
JSON_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SolveRequest.model_json_schema()}},
    }
}


def checked(body: dict[str, Any]) -> tuple[CheckedRequest, str]:
    """The request in a body, and a title for people; InvalidInput."""
    try:
        given = SolveRequest.model_validate(body)
    except ValidationError as error:
        raise from_pydantic(error) from None
    request = check(given.solver_type, given.problem_config, given.solver_config)
    stated = given.problem_config.get("problem")
    title = given.problem_config.get("template") or (stated.get("title") if isinstance(stated, dict) else "")
    return request, str(title or "")[:200]


def enqueue(context: Context, job: Job) -> None:
    """Tell the queue; when it does not answer, the sweeper finds the row."""
    if job.status == "pending" and context.queue.tell(job.id):
        context.store.enqueued(job.id)


@router.post("/solve", status_code=202, response_model=Submitted, openapi_extra=JSON_BODY)
async def solve(
    request: Request,
    context: Shared,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Accept a problem: the job is stored before this answers; one `Idempotency-Key`, one job."""
    body = await json_object(request, context.settings.max_body_bytes)

    def accept() -> Job:
        asked, title = checked(body)
        idempotency = None
        if idempotency_key:
            digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
            idempotency = (idempotency_key, digest)
        job, new = context.store.submit(
            asked, title=title, idempotency=idempotency, max_pending=context.settings.max_pending
        )
        if new:
            metrics().count(JOBS_SUBMITTED, job.solver_type, str(job.cached).lower())
            enqueue(context, job)
        return job

    job = await run_in_threadpool(accept)
    headers = {
        "Location": f"/api/job/{job.id}",
        "Operation-Location": f"/api/job/{job.id}",
        "Retry-After": "1",
    }
    return JSONResponse(submitted(job).model_dump(mode="json"), 202, headers)


@router.post("/batch", status_code=202, openapi_extra={"requestBody": {"content": {"application/json": {}}}})
async def batch(request: Request, context: Shared) -> dict[str, Any]:
    """Accept several requests at once (`{"requests": [...]}`): all of them, or none when any is at fault."""
    body = await json_object(request, context.settings.max_body_bytes)
    requests = body.get("requests")
    if not isinstance(requests, list) or not 1 <= len(requests) <= MAX_BATCH:
        fault = FieldError("requests", "must be a list of requests", None, f"1 to {MAX_BATCH} of them")
        raise ApiError(422, "The batch has no usable `requests`.", [fault])

    def accept() -> dict[str, Any]:
        asked: list[tuple[CheckedRequest, str]] = []
        faults: list[FieldError] = []
        for index, given in enumerate(requests):
            try:
                asked.append(checked(given if isinstance(given, dict) else {}))
            except InvalidInput as error:
                faults += error.under(f"requests.{index}").errors
        if faults:
            raise InvalidInput(faults)
        batch_id = uuid4()
        jobs = [context.store.submit(one, title=title, batch_id=batch_id)[0] for one, title in asked]
        for job in jobs:
            metrics().count(JOBS_SUBMITTED, job.solver_type, str(job.cached).lower())
            enqueue(context, job)
        return {
            "batch_id": batch_id,
            "status_url": f"/api/batch/{batch_id}",
            "jobs": [submitted(job) for job in jobs],
        }

    return await run_in_threadpool(accept)


@router.get("/batch/{batch_id}")
def batch_status(batch_id: UUID, context: Shared) -> dict[str, Any]:
    """How far a batch has come."""
    jobs, _ = context.store.list(Filters(batch_id=batch_id), limit=MAX_BATCH, cursor=None)
    if not jobs:
        raise ApiError(404, f"There is no batch {batch_id}.")
    ended = sum(job.status in ENDED for job in jobs)
    return {
        "batch_id": batch_id,
        "status": "completed" if ended == len(jobs) else "running",
        "total": len(jobs),
        "completed": ended,
        "progress": 100.0 * ended / len(jobs),
        "jobs": [JobView(**brief(job)) for job in reversed(jobs)],
    }


@router.get("/job/{job_id}", response_model=FullJobView)
async def job_status(
    job_id: UUID,
    request: Request,
    context: Shared,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_S, description="Seconds to wait for the end.")] = 0.0,
    prefer: Annotated[str, Header()] = "",
) -> Response:
    """A job and, once there is one, its result; `?wait=` or `Prefer: wait=` answers when it has ended."""
    job = await _ended(context, job_id, max(wait, _preferred(prefer)))
    etag = f'"{job.revision}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    result = await run_in_threadpool(context.result, job)
    view = JobView(**brief(job)).model_dump(mode="json")
    headers = {"ETag": etag} | ({} if job.status in ENDED else {"Retry-After": "1"})
    return Response(orjson.dumps(view | {"result": result}), headers=headers, media_type="application/json")


def _preferred(header: str) -> float:
    """Seconds of `Prefer: wait=N` (RFC 7240)."""
    for part in header.replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        if name == "wait" and value.isdigit():
            return min(float(value), MAX_WAIT_S)
    return 0.0


async def _ended(context: Context, job_id: UUID, seconds: float) -> Job:
    """The job once it has ended, or as it is after `seconds`."""
    deadline = time.monotonic() + seconds
    async with context.hub.changes(job_id) as change:
        while True:
            job = await run_in_threadpool(context.store.get, job_id)
            left = deadline - time.monotonic()
            if job.status in ENDED or left <= 0 or context.hub.closing.is_set():
                return job
            await wait(change, min(left, LOOK_AGAIN_S))


@router.get("/job/{job_id}/events")
async def events(
    job_id: UUID, context: Shared, last_event_id: Annotated[str, Header()] = ""
) -> EventSourceResponse:
    """Progress as server-sent events: `progress` and `status`, each with the job's revision as its id.

    A stream tells the present state, so that nothing needs to be replayed: `Last-Event-ID` only spares what
    the client has seen.
    """
    await run_in_threadpool(context.store.get, job_id)
    seen = int(last_event_id) if last_event_id.isdigit() else -1
    return EventSourceResponse(_stream(context, job_id, seen), ping=15)


async def _stream(context: Context, job_id: UUID, seen: int) -> AsyncIterator[ServerSentEvent]:
    deadline, status = time.monotonic() + STREAM_S, ""
    async with context.hub.changes(job_id) as change:
        while time.monotonic() < deadline and not context.hub.closing.is_set():
            job = await run_in_threadpool(context.store.get, job_id)
            if job.revision > seen:
                if job.progress is not None and job.status == "running":
                    yield _event("progress", job, job.progress)
                if job.status != status or job.status in ENDED:
                    yield _event("status", job, {"status": job.status, "outcome": job.outcome})
                seen, status = job.revision, job.status
            if job.status in ENDED:
                return
            await wait(change, LOOK_AGAIN_S)


def _event(kind: str, job: Job, data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(orjson.dumps(data).decode(), event=kind, id=str(job.revision))


@router.get("/job/{job_id}/result")
def job_result(job_id: UUID, context: Shared, accept: Annotated[str, Header()] = "") -> Response:
    """The result alone, as JSON or, with `Accept: application/x-npz`, as NumPy arrays."""
    job = context.store.get(job_id)
    result = _result(context, job)
    if "npz" not in accept:
        return Response(orjson.dumps(result), media_type="application/json")
    arrays = {"time": np.asarray(result.get("time", []))}
    for family in ("states", "controls", "costates"):
        arrays |= {
            f"{family}.{name}": np.asarray(values) for name, values in (result.get(family) or {}).items()
        }
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    name = {"Content-Disposition": f'attachment; filename="{job_id}.npz"'}
    return Response(content.getvalue(), headers=name, media_type="application/x-npz")


@router.get("/job/{job_id}/plot.svg")
def job_plot(job_id: UUID, context: Shared) -> Response:
    """The trajectories as a picture."""
    job = context.store.get(job_id)
    return Response(svg(_result(context, job), title=job.title), media_type="image/svg+xml")


def _result(context: Context, job: Job) -> dict[str, Any]:
    result = context.result(job)
    if result is None:
        remedy = "wait for its end" if job.status not in ENDED else "see its `error`"
        raise ApiError(409, f"The job is {job.status} and has no result: {remedy}.")
    return result


@router.get("/jobs")
def jobs(
    context: Shared,
    status: Annotated[Status | None, Query()] = None,
    solver_type: Annotated[str | None, Query()] = None,
    since: Annotated[datetime | None, Query(description="Submitted at or after.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> dict[str, Any]:
    """Jobs, newest first."""
    filters = Filters(status=status, solver_type=solver_type, since=since)
    try:
        found, following = context.store.list(filters, limit=limit, cursor=cursor)
    except ValueError:
        fault = FieldError("cursor", "is no cursor", cursor, "the `next` of an earlier page")
        raise ApiError(422, "The cursor cannot be used.", [fault]) from None
    return {"jobs": [JobView(**brief(job)) for job in found], "next": following}


@router.post("/job/{job_id}/cancel", response_model=JobView)
def cancel(job_id: UUID, context: Shared) -> JobView:
    """Cancel a job: one that waits at once, of one that runs the solver is stopped within seconds."""
    return JobView(**brief(context.store.cancel(job_id)))


@router.post("/validate", openapi_extra=JSON_BODY)
async def validate(request: Request, context: Shared) -> dict[str, Any]:
    """Check a request without submitting it: what was understood, or the faults a submission would get."""
    body = await json_object(request, context.settings.max_body_bytes)
    asked, _ = await run_in_threadpool(checked, body)
    return {"valid": True, **understood(asked), "digest": asked.digest, "structure": asked.structure}


def understood(request: CheckedRequest) -> dict[str, Any]:
    """What a request says, in short."""
    phases = request.problem.get("phases") or [request.problem]
    shape = [{key: list(phase.get(key) or []) for key in ("states", "controls")} for phase in phases]
    words = [f"{len(phase['states'])} states, {len(phase['controls'])} controls" for phase in shape]
    summary = "; ".join(words) if len(words) == 1 else f"{len(words)} phases: {'; '.join(words)}"
    return {"summary": summary, "phases": shape, "options": request.options, "warnings": []}


async def close(context: Context, listener: asyncio.Task[None]) -> None:
    """Let waiters go and stop listening."""
    context.hub.close()
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)
