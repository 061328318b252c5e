"""What every answer has, also when a route fails."""

from __future__ import annotations

import asyncio

import httpx
from fastapi import FastAPI

from app.api.middleware import Observe
from app.api.problems import handle


def answer(path: str) -> httpx.Response:
    application = FastAPI()
    handle(application)

    @application.get("/fails")
    def fails() -> None:
        raise ZeroDivisionError("a secret")

    application.add_middleware(Observe)
    transport = httpx.ASGITransport(application)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    return asyncio.run(ask())


def test_a_fault_of_ours_is_a_problem_with_the_request_id_and_no_secrets() -> None:
    failed = answer("/fails")
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert failed.json()["request_id"] == failed.headers["x-request-id"]
    assert "secret" not in failed.text
    assert "content-security-policy" in failed.headers


def test_every_problem_carries_the_request_id() -> None:
    missing = answer("/nowhere")
    assert missing.json()["request_id"] == missing.headers["x-request-id"]
