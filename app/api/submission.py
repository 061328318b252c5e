"""Routes that accept problems: one, several at once, or only to be checked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from app.api.body import json_object
from app.api.context import Context, Shared
from app.api.problems import ApiError, documented
from app.api.views import (
    BatchAccepted,
    BatchRequest,
    BatchView,
    JobView,
    SolveRequest,
    Submitted,
    Understood,
    brief,
    submitted,
)
from app.errors import FieldError, InvalidInput, from_pydantic
from app.jobs.model import ENDED, Job
from app.jobs.store import Filters
from app.observability.metrics import JOBS_SUBMITTED, metrics
from app.observability.tracing import span
from app.problems.model import parse
from app.solvers.multi_objective.black_box import BlackBox
from app.solvers.multi_objective.request import read as read_objectives
from app.solvers.request import CheckedRequest, check

MAX_BATCH = 256

router = APIRouter(prefix="/api", tags=["jobs"])


def _body(model: type[SolveRequest | BatchRequest]) -> dict[str, Any]:
    """For OpenAPI: the body, which is read by `json_object` rather than by FastAPI."""
    content = {
        "application/json": {"schema": model.model_json_schema(ref_template="#/components/schemas/{model}")}
    }
    return {"requestBody": {"required": True, "content": content}}


def checked(body: dict[str, Any]) -> tuple[CheckedRequest, str]:
    """The request in a body, and a title for people; InvalidInput."""
    try:
        given = SolveRequest.model_validate(body)
    except ValidationError as error:
        raise from_pydantic(error) from None
    with span("check", solver=given.solver_type):
        request = check(given.solver_type, given.problem_config, given.solver_config)
    stated = given.problem_config.get("problem")
    title = given.problem_config.get("template") or (stated.get("title") if isinstance(stated, dict) else "")
    return request, str(title or "")[:200]


def accepted(context: Context, jobs: Sequence[Job]) -> None:
    """Count new jobs and tell the queue; when that does not answer, idle workers find the rows."""
    for job in jobs:
        metrics().count(JOBS_SUBMITTED, job.solver_type, str(job.cached).lower())
    waiting = [job.id for job in jobs if job.status == "pending"]
    if not waiting:
        return
    with span("tell the queue", jobs=len(waiting)):
        if untold := [job_id for job_id in waiting if not context.queue.tell(job_id)]:
            context.store.untold(untold)


@router.post(
    "/solve",
    status_code=202,
    response_model=Submitted,
    openapi_extra=_body(SolveRequest),
    responses=documented(400, 409, 413, 422, 503),
)
async def solve(
    request: Request,
    context: Shared,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Accept a problem: the job is stored before this answers.

    Requests with one `Idempotency-Key` and the same body are one job. A question that was answered before is
    completed at once (`cached`).
    """
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
            accepted(context, [job])
        return job

    job = await run_in_threadpool(accept)
    headers = {
        "Location": f"/api/job/{job.id}",
        "Operation-Location": f"/api/job/{job.id}",
        "Retry-After": "1",
    }
    return JSONResponse(submitted(job).model_dump(mode="json"), 202, headers)


@router.post(
    "/batch",
    status_code=202,
    openapi_extra=_body(BatchRequest),
    responses=documented(400, 413, 422, 503),
)
async def batch(request: Request, context: Shared, response: Response) -> BatchAccepted:
    """Accept several requests at once: all of them, or none when any is at fault."""
    body = await json_object(request, context.settings.max_body_bytes)
    asked = await run_in_threadpool(_checked_batch, body)
    batch_id = uuid4()

    def accept() -> list[Job]:
        jobs = context.store.submit_batch(asked, batch_id, max_pending=context.settings.max_pending)
        accepted(context, jobs)
        return jobs

    jobs = await run_in_threadpool(accept)
    status_url = f"/api/batch/{batch_id}"
    response.headers["Location"] = status_url
    return BatchAccepted(batch_id=batch_id, status_url=status_url, jobs=[submitted(job) for job in jobs])


def _checked_batch(body: dict[str, Any]) -> list[tuple[CheckedRequest, str]]:
    requests = body.get("requests")
    if not isinstance(requests, list) or not 1 <= len(requests) <= MAX_BATCH:
        fault = FieldError("requests", "must be a list of requests", None, f"1 to {MAX_BATCH} of them")
        raise ApiError(422, "The batch has no usable `requests`.", [fault])
    asked: list[tuple[CheckedRequest, str]] = []
    faults: list[FieldError] = []
    for index, given in enumerate(requests):
        try:
            asked.append(checked(given if isinstance(given, dict) else {}))
        except InvalidInput as error:
            faults += error.under(f"requests.{index}").errors
    if faults:
        raise InvalidInput(faults)
    return asked


@router.get("/batch/{batch_id}", responses=documented(404, 422))
def batch_status(batch_id: UUID, context: Shared) -> BatchView:
    """How far a batch has come."""
    jobs, _ = context.store.list(Filters(batch_id=batch_id), limit=MAX_BATCH, cursor=None)
    if not jobs:
        raise ApiError(404, f"There is no batch {batch_id}.")
    ended = sum(job.status in ENDED for job in jobs)
    return BatchView(
        batch_id=batch_id,
        status="completed" if ended == len(jobs) else "running",
        total=len(jobs),
        completed=ended,
        progress=100.0 * ended / len(jobs),
        jobs=[JobView(**brief(job)) for job in reversed(jobs)],
    )


@router.post("/validate", openapi_extra=_body(SolveRequest), responses=documented(400, 413, 422))
async def validate(request: Request, context: Shared) -> Understood:
    """Check a request without submitting it: what was understood, or the faults a submission would get."""
    body = await json_object(request, context.settings.max_body_bytes)
    return await run_in_threadpool(lambda: understood(checked(body)[0]))


def understood(request: CheckedRequest) -> Understood:
    """What a request says, in short."""
    common = {"options": request.options, "digest": request.digest, "structure": request.structure}
    if "matrices" in request.problem:
        return Understood(valid=True, summary="matrices", phases=[], warnings=[], **common)
    if "objectives" in request.problem:
        return _understood_front(request, common)
    problem = parse(request.problem)
    shape = [{"states": list(phase.states), "controls": list(phase.controls)} for phase in problem.phases]
    words = [f"{len(phase['states'])} states, {len(phase['controls'])} controls" for phase in shape]
    summary = words[0] if len(words) == 1 else f"{len(words)} phases: {'; '.join(words)}"
    if problem.parameters:
        summary += f"; {len(problem.parameters)} parameters"
    return Understood(valid=True, summary=summary, phases=shape, warnings=list(problem.warnings), **common)


def _understood_front(request: CheckedRequest, common: dict[str, Any]) -> Understood:
    found = read_objectives(request.problem)
    names = ", ".join(objective.name for objective in found.objectives)
    what = (
        f"{len(found.problem.parameters)} variables" if isinstance(found, BlackBox) else "a control problem"
    )
    warnings = list(found.problem.warnings)
    return Understood(
        valid=True, summary=f"{what}; objectives {names}", phases=[], warnings=warnings, **common
    )
