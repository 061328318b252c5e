"""Every fault as RFC 9457 problem+json that names the field, what was given and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from app.api.hub import TooManyWaitsError
from app.errors import CostateError, FieldError, InvalidInput, shorten
from app.jobs.store import (
    IdempotencyConflictError,
    IdempotencyInFlightError,
    NotCancellableError,
    QueueFullError,
    UnknownJobError,
)
from app.observability.logs import log
from app.storage import ObjectMissing, StorageUnreachable

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One fault of a request."""

    field: str = Field(description="Dotted path in the body, or the name of a parameter.")
    message: str
    given: Any = Field(None, description="What was found there, shortened.")
    allowed: str | None = Field(None, description="What would be accepted, or the remedy.")


class Problem(BaseModel):
    """RFC 9457: what went wrong, and every field at fault."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: list[Fault] = []


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the statuses that are answered with a problem document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(statuses)
    }


class ApiError(CostateError):
    """A refusal with its status and, where there are any, the fields at fault."""

    def __init__(self, status: int, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, tuple(errors)


def problem(
    status: int, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """A problem document as a response."""
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if request_id := structlog.contextvars.get_contextvars().get("request"):
        body["request_id"] = request_id
    if errors:
        body["errors"] = [
            {key: value for key, value in vars(error).items() if value is not None} for error in errors
        ]
    return Response(orjson.dumps(body), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


# Errors that mean the same wherever they come from: status, and headers for the client.
STATUSES: dict[type[CostateError], tuple[int, dict[str, str]]] = {
    UnknownJobError: (404, {}),
    ObjectMissing: (410, {}),
    NotCancellableError: (409, {}),
    IdempotencyConflictError: (422, {}),
    IdempotencyInFlightError: (409, {"Retry-After": "1"}),
    QueueFullError: (503, {"Retry-After": "10"}),
    TooManyWaitsError: (503, {"Retry-After": "5"}),
    StorageUnreachable: (503, {"Retry-After": "5"}),
}


def handle(application: FastAPI) -> None:
    """Answer every error of the application as a problem document."""

    @application.exception_handler(InvalidInput)
    async def invalid(_: Request, error: InvalidInput) -> Response:
        count = len(error.errors)
        detail = str(error) if count == 1 else f"The request has {count} faults."
        return problem(422, detail, error.errors)

    @application.exception_handler(ApiError)
    async def refused(_: Request, error: ApiError) -> Response:
        return problem(error.status, error.detail, error.errors)

    @application.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> Response:
        faults = [_fault(detail) for detail in error.errors()]
        return problem(422, "; ".join(f"{fault.field}: {fault.message}" for fault in faults), faults)

    @application.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        detail = "There is nothing at this address; see /docs." if error.status_code == 404 else error.detail
        return problem(error.status_code, detail, headers=error.headers)

    @application.exception_handler(OperationalError)
    async def unreachable(_: Request, error: OperationalError) -> Response:
        log("api").error("the database is out of reach", error=str(error.orig))
        return problem(503, "The database is out of reach; try again.", headers={"Retry-After": "5"})

    @application.exception_handler(PoolTimeout)
    async def crowded(_: Request, error: PoolTimeout) -> Response:
        log("api").error("no database connection was free in time", error=str(error))
        return problem(503, "The service is busy; try again.", headers={"Retry-After": "5"})

    @application.exception_handler(DataError)
    async def unstorable(_: Request, error: DataError) -> Response:
        log("api").warning("the database refuses a value", error=str(error.orig))
        return problem(422, "The request holds a value that cannot be stored or looked up.")

    for kind, (status, headers) in STATUSES.items():
        application.add_exception_handler(kind, _stated(status, headers))


def _stated(status: int, headers: Mapping[str, str]) -> Any:
    async def answer(_: Request, error: Exception) -> Response:
        return problem(status, DETAILS.get(type(error), "{}").format(error), headers=headers)

    return answer


DETAILS: dict[type[Exception], str] = {
    UnknownJobError: "There is no job {}.",
    ObjectMissing: "The result is no longer kept ({}).",
    NotCancellableError: "Not cancelled: {}.",
    IdempotencyConflictError: "The Idempotency-Key {} was used with another body; take a new key.",
    IdempotencyInFlightError: "A request with the Idempotency-Key {} is being accepted; ask again.",
    QueueFullError: "The service is full: {}.",
    TooManyWaitsError: "The service is full: {}; ask without waiting.",
    StorageUnreachable: "The object store is out of reach; try again.",
}


def _fault(detail: Mapping[str, Any]) -> FieldError:
    """One fault of FastAPI's validation; the first part of its place says body, path or query."""
    field = ".".join(str(part) for part in detail["loc"][1:]) or str(detail["loc"][0])
    allowed = (detail.get("ctx") or {}).get("expected")
    return FieldError(
        field, detail["msg"], shorten(detail.get("input")), None if allowed is None else str(allowed)
    )
