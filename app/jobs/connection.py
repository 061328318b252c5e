"""Connections to PostgreSQL: each asks anew who logs in, so that a changed password or token is used at once."""

from __future__ import annotations

import asyncio
from typing import Any

import certifi
import orjson
import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError

from app.identity.login import IdentityError, Login, LoginSource

CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""For libpq: a server that is gone without a word is noticed (seconds; the last in milliseconds)."""

FROZEN_S = 10
"""A process that is suspended amid a transaction keeps its rows no longer: nobody could take its jobs over."""


def engine(url: str, login: LoginSource | None = None, *, pool_size: int = 10) -> Engine:
    """A pool of connections; `login` is asked for each new one."""
    made = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=5.0,
        connect_args=_settings(url),
        # Numbers that are not finite become null: JSON has none, and PostgreSQL refuses them.
        json_serializer=lambda value: orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
        json_deserializer=orjson.loads,
    )

    @event.listens_for(made, "handle_error", retval=True)
    def cut_off(context: ExceptionContext) -> OperationalError | None:
        """To who comes back from a suspension, the database did not answer."""
        error = context.original_exception
        if not isinstance(error, errors.IdleInTransactionSessionTimeout):
            return None
        return OperationalError(context.statement, None, error, connection_invalidated=True)

    if login is not None:

        @event.listens_for(made, "do_connect")
        def log_in(dialect: Any, record: Any, words: Any, settings: dict[str, Any]) -> None:
            settings |= _words(_asked(login))

    return made


async def connect(url: str, login: LoginSource | None = None) -> psycopg.AsyncConnection[Any]:
    """One connection without transactions, for listening."""
    words = await asyncio.to_thread(parameters, url, login)
    return await psycopg.AsyncConnection.connect(url, autocommit=True, **words)


def parameters(url: str, login: LoginSource | None) -> dict[str, Any]:
    """What psycopg is told beside the address; it may ask an issuer over the network."""
    return {**_settings(url), **({} if login is None else _words(_asked(login)))}


def _asked(login: LoginSource) -> Login:
    """To whoever connects, a login that is not to be had is a database out of reach, for a while maybe."""
    try:
        return login()
    except IdentityError as error:
        raise psycopg.OperationalError(str(error)) from error


def _words(login: Login) -> dict[str, str]:
    return {"user": login.user, "password": login.password}


def _settings(url: str) -> dict[str, Any]:
    given = conninfo_to_dict(url)
    options = f"-c idle_in_transaction_session_timeout={FROZEN_S}s {given.get('options') or ''}".rstrip()
    settings = {**CONNECTION, "options": options}
    if given.get("sslrootcert") != "system":
        return settings
    # The OpenSSL inside psycopg's wheel does not know where this system keeps its authorities.
    return {**settings, "sslrootcert": certifi.where()}
