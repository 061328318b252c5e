"""The page: plain files and no build step; `GET /` serves it to browsers and the API's card to programs."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from app.solvers.request import solvers
from app.version import VERSION

FOLDER = Path(__file__).parent / "static"
static = StaticFiles(directory=FOLDER)
router = APIRouter(tags=["service"])


@router.get("/", response_class=Response)
def index(request: Request) -> Response:
    """The page, or for programs what this is and where to go on."""
    if "text/html" in request.headers.get("accept", ""):
        return FileResponse(FOLDER / "index.html")
    return JSONResponse(
        {
            "message": "Costate: optimal control as a service",
            "version": VERSION,
            "docs": "/docs",
            "health": "/health",
            "solvers": [solver.name for solver in solvers()],
        }
    )


@router.get("/docs", include_in_schema=False)
def docs() -> Response:
    """The API, to read and to try."""
    return FileResponse(FOLDER / "docs.html")
