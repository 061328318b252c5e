"""Tokens as OAuth 2.0 gives them (RFC 6749, section 5.1): asked for in one request."""

from __future__ import annotations

import time
from typing import Any

import httpx

from app.identity.login import IdentityError
from app.identity.token import Token

TIMEOUT_S, RETRIES = 5.0, 2
"""Of one request; and how often a connection that is not made is tried again."""


def ask(what: str, remedy: str, method: str, url: str, **request: Any) -> Token:
    """The token that the issuer at a URL answers with; IdentityError named after `what`."""
    begun = time.time()
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=RETRIES), timeout=TIMEOUT_S) as client:
            answer = client.request(method, url, **request)
            if answer.is_error:
                raise IdentityError(what, _refusal(answer), remedy)
            given = answer.json()
            return Token(str(given["access_token"]), begun + float(given["expires_in"]))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise IdentityError(what, f"{url}: {error!r}", remedy) from error
    except (KeyError, TypeError, ValueError) as error:
        raise IdentityError(what, f"the answer of {url} holds none", remedy) from error


def _refusal(answer: httpx.Response) -> str:
    """Why the issuer gave none, in its own words where it has any."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    why = told.get("error_description") or told.get("error") if isinstance(told, dict) else None
    return f"{answer.request.url} answers {answer.status_code}{f': {why}' if why else ''}"
