"""The FastAPI application, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from app import web
from app.api import jobs, meta, results, submission
from app.api.context import Context
from app.api.middleware import Observe
from app.api.problems import Problem, documented, handle
from app.api.views import SolveRequest
from app.observability import tracing
from app.settings import Settings
from app.version import VERSION

ABOUT = "Optimal control as a service: post a problem as data, get a verified optimal trajectory back."


class Service(FastAPI):
    """FastAPI, but for its own form of faults in the OpenAPI document: ours stands there."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = _ours(super().openapi())
        return self.openapi_schema


def application(settings: Settings) -> FastAPI:
    """The application of one API process."""

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        served.state.context = context = Context.of(settings)
        background = [asyncio.create_task(work) for work in (context.hub.listen(), context.fleet.follow())]
        yield
        context.hub.close()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        context.store.engine.dispose()
        # Here, for the server ends by the signal that stopped it.
        await asyncio.to_thread(tracing.farewell)

    made = Service(
        title="Costate",
        version=VERSION,
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # The framework's own span of each request; who sends it is told in app/observability/tracing.py.
        telemetry={
            "tracing": True,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
            "exclude": _untraced,
        },
    )
    handle(made)
    for router in (meta.router, submission.router, jobs.router, results.router, web.router):
        made.include_router(router)
    made.mount("/static", web.static)
    made.add_middleware(Observe)
    return made


def _untraced(scope: MutableMapping[str, Any]) -> bool:
    """Probes and files: among them what clients ask would not be found."""
    return not scope["path"].startswith("/api/")


def _ours(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for model in (Problem, SolveRequest):
        described = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= described.pop("$defs", {}) | {model.__name__: described}
    for path in document["paths"].values():
        for operation in path.values():
            _without_own_form(operation)
    return document


def _without_own_form(operation: dict[str, Any]) -> None:
    content = operation.get("responses", {}).get("422", {}).get("content", {})
    if "HTTPValidationError" in str(content):
        operation["responses"]["422"] = documented(422)[422]
