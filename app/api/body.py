"""Reading a JSON body: bounded in size and depth, and with the place of a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from app.api.problems import ApiError
from app.errors import FieldError

MAX_DEPTH = 32
"""Nested brackets; a problem needs about eight."""

LARGE = 50_000
"""Bytes from which a body is read in a thread, so that others need not wait."""


async def json_object(request: Request, limit: int) -> dict[str, Any]:
    """The body as an object; ApiError 413, 400 or 422."""
    text = await _bounded(request, limit)
    return await run_in_threadpool(_parsed, text) if len(text) > LARGE else _parsed(text)


def _parsed(text: bytes) -> dict[str, Any]:
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
    if b"\\u0000" in text and (field := _with_nul(body, "")) is not None:
        fault = FieldError(field, "holds the character U+0000", None, "text without it")
        raise ApiError(422, f"{field}: the character U+0000 cannot be stored.", [fault])
    return body


def _with_nul(value: Any, path: str) -> str | None:
    """Where a text (or a key) holds U+0000, which PostgreSQL does not store; None when none does."""
    if isinstance(value, str):
        return path if "\0" in value else None
    if isinstance(value, dict):
        if any("\0" in key for key in value):
            return path or "body"
        items: Iterable[tuple[Any, Any]] = value.items()
    else:
        items = enumerate(value) if isinstance(value, list) else ()
    found = (_with_nul(inner, f"{path}.{key}".lstrip(".")) for key, inner in items)
    return next((field for field in found if field is not None), None)


_REMEDY = "JSON: names and texts in double quotes, no trailing comma; NaN and Infinity are no JSON numbers"


async def _bounded(request: Request, limit: int) -> bytes:
    """The body, read no further than `limit` bytes."""
    declared = request.headers.get("content-length", "")
    chunks: list[bytes] = []
    size = int(declared) if declared.isdecimal() and len(declared) < 20 else 0
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
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        first = token[0][:1]
        if first == b'"':
            continue
        depth += 1 if first in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


# A string or a bracket. Possessive, and a string that does not end still matches: linear whatever is sent.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.|\\\Z)*+"?|[\[\]{}]', re.DOTALL)


def _around(text: bytes, position: int) -> str:
    return text[max(0, position - 20) : position + 20].decode(errors="replace")
