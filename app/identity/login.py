"""What a data store is told when a connection is made, and the error when there is nothing to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from app.errors import CostateError


class IdentityError(CostateError):
    """There is no login for a data store: why, and the remedy."""

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(f"no {what}: {why.rstrip('.')}. {remedy}")


@dataclass(frozen=True)
class Login:
    """User and password; the password is not shown."""

    user: str
    password: str = field(repr=False)


LoginSource = Callable[[], Login]
"""Asked at every new connection; IdentityError."""


@dataclass(frozen=True)
class Address:
    """Where a data store is, and whom the address names as user."""

    host: str
    port: int
    user: str
    has_password: bool

    @classmethod
    def of(cls, url: str, default_port: int) -> Address:
        """The parts of a URL."""
        parts = urlsplit(url)
        user = unquote(parts.username or "")
        return cls(parts.hostname or "", parts.port or default_port, user, bool(parts.password))


def anonymous(url: str) -> str:
    """The URL without user and password, for clients that take these apart from it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
