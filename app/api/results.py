"""Routes on results: as JSON, as arrays, as a picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import numpy as np
import orjson
from fastapi import APIRouter, Header, Response

from app.api.context import Context, Shared
from app.api.problems import ApiError, documented
from app.front_plot import front_svg
from app.jobs.model import ENDED, Job
from app.plot import svg

NPZ = "application/x-npz"
FAMILIES = ("states", "controls", "costates")

router = APIRouter(
    prefix="/api/job/{job_id}", tags=["results"], responses=documented(404, 409, 410, 422, 503)
)


@router.get(
    "/result", response_class=Response, responses={200: {"content": {"application/json": {}, NPZ: {}}}}
)
def job_result(job_id: UUID, context: Shared, accept: Annotated[str, Header()] = "") -> Response:
    """The result alone, as JSON or, with `Accept: application/x-npz`, as NumPy arrays.

    Arrays are named `time`, `states.x`, `controls.u`, `costates.x`; of several phases also `phases.0.time`
    and so on, of a sweep also `rows.0.time` and so on.
    """
    result = _result(context, context.store.get(job_id))
    if "npz" not in accept:
        return Response(orjson.dumps(result), media_type="application/json")
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **dict(_arrays(result)))
    name = {"Content-Disposition": f'attachment; filename="{job_id}.npz"'}
    return Response(content.getvalue(), headers=name, media_type=NPZ)


def _arrays(result: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The trajectories in a result by name, shape (times,) each."""
    if (times := result.get("time")) is not None:
        yield f"{prefix}time", np.asarray(times, dtype=np.float64)
    for family in FAMILIES:
        for name, values in (result.get(family) or {}).items():
            yield f"{prefix}{family}.{name}", np.asarray(values, dtype=np.float64)
    for parts in ("phases", "rows"):
        for index, part in enumerate(result.get(parts) or []):
            yield from _arrays(part, f"{prefix}{parts}.{index}.")


@router.get("/plot.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
def job_plot(job_id: UUID, context: Shared) -> Response:
    """The trajectories as a picture: states, controls and costates over time. Of several objectives, the front."""
    job = context.store.get(job_id)
    result = _result(context, job)
    picture = front_svg if result.get("front") else svg
    return Response(picture(result, title=job.title), media_type="image/svg+xml")


def _result(context: Context, job: Job) -> dict[str, Any]:
    result = context.result(job)
    if result is None:
        remedy = "wait for its end" if job.status not in ENDED else "see its `error`"
        raise ApiError(409, f"The job is {job.status} and has no result: {remedy}.")
    return result
