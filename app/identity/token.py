"""Tokens that end: one is kept until shortly before, then a new one is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.identity.login import IdentityError
from app.observability.logs import log

MARGIN_S = 120.0
"""A token that ends sooner is renewed: connecting takes time, and clocks differ."""

RETRY_S = 5.0
"""While the issuer fails and the old token still holds, it is not asked again for so long."""


@dataclass(frozen=True)
class Token:
    """A password for a time; it is not shown."""

    value: str = field(repr=False)
    expires_at: float
    """Seconds since 1970, UTC."""


class Renewed:
    """The current token of an issuer; safe to share between threads."""

    def __init__(self, issue: Callable[[], Token], *, clock: Callable[[], float] = time.time) -> None:
        self._issue, self._clock = issue, clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._not_before = 0.0

    def __call__(self) -> Token:
        """A token that holds for a while; IdentityError when there is none."""
        with self._lock:
            now = self._clock()
            held = self._token
            if held is not None and (held.expires_at - now > MARGIN_S or now < self._not_before):
                return held
            try:
                self._token = self._issue()
            except IdentityError as error:
                if held is None or held.expires_at <= now:
                    raise
                self._not_before = min(now + RETRY_S, held.expires_at)
                log("identity").warning("a token is not renewed; the old one still holds", error=str(error))
                return held
            return self._token
