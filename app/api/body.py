"""Reading a JSON body: bounded in size and depth, and with the place of a fault."""

from __future__ import annotations

import re
from typing import Any

import orjson
from fastapi import Request

from app.api.problems import ApiError
from app.errors import FieldError

MAX_DEPTH = 32
"""Nested brackets; a problem needs about eight."""


async def json_object(request: Request, limit: int) -> dict[str, Any]:
    """The body as an object; ApiError 413, 400 or 422."""
    text = await _bounded(request, limit)
    if _depth(text) > MAX_DEPTH:
        raise ApiError(422, "The body is nested too deeply.", [_at("body", f"at most {MAX_DEPTH} levels")])
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        fault = FieldError("body", f"no JSON at {where}: {error.msg}", _around(text, error.pos), _REMEDY)
        raise ApiError(400, f"The body is no JSON: {error.msg} at {where}.", [fault]) from None
    if not isinstance(body, dict):
        raise ApiError(422, "The body must be a JSON object.", [_at("body", "an object: {...}")])
    return body


_REMEDY = "JSON: names and texts in double quotes, no trailing comma; NaN and Infinity are no JSON numbers"


async def _bounded(request: Request, limit: int) -> bytes:
    """The body, read no further than `limit` bytes."""
    declared = request.headers.get("content-length", "")
    chunks: list[bytes] = []
    size = int(declared) if declared.isdigit() else 0
    if size <= limit:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                break
            chunks.append(chunk)
    if size > limit:
        remedy = [_at("body", f"at most {limit:,} bytes")]
        raise ApiError(413, f"The body is larger than {limit:,} bytes.", remedy)
    return b"".join(chunks)


def _at(field: str, allowed: str) -> FieldError:
    return FieldError(field, "cannot be accepted", None, allowed)


def _depth(text: bytes) -> int:
    """How deep brackets are nested outside of strings; a bound, not a parser."""
    outside = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", text)
    depth = deepest = 0
    for bracket in re.findall(rb"[\[\]{}]", outside):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _around(text: bytes, position: int) -> str:
    return text[max(0, position - 20) : position + 20].decode(errors="replace")
