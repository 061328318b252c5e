"""The FastAPI application, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import web
from app.api import jobs, meta
from app.api.context import Context
from app.api.middleware import Observe
from app.api.problems import handle
from app.settings import Settings
from app.version import VERSION

ABOUT = "Optimal control as a service: post a problem as data, get a verified optimal trajectory back."


def application(settings: Settings) -> FastAPI:
    """The application of one API process."""

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        served.state.context = context = Context.of(settings)
        listener = asyncio.create_task(context.hub.listen())
        yield
        await jobs.close(context, listener)
        context.store.engine.dispose()

    made = FastAPI(title="Costate", version=VERSION, description=ABOUT, lifespan=lifespan)
    handle(made)
    made.include_router(meta.router)
    made.include_router(jobs.router)
    made.include_router(web.router)
    made.mount("/static", web.static)
    made.add_middleware(Observe)
    return made
