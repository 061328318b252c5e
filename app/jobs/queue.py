"""Celery on Redis carries job ids to workers: a hint; what it loses, the sweeper finds in the database."""

from __future__ import annotations

import ssl
import time
from functools import partial
from uuid import UUID

from celery import Celery
from celery.app.amqp import AMQP
from kombu import Connection
from kombu.exceptions import OperationalError
from redis import AuthenticationError, Redis, RedisError
from redis.credentials import CredentialProvider

from app.identity.login import IdentityError, LoginSource, anonymous
from app.observability.logs import log

TASK = "costate.solve"
QUEUE = "costate"
PAUSE_S = 5.0
"""After a failure: nobody's request waits for a Redis that is known to be silent."""


class Asking(CredentialProvider):
    """Logs each new connection in with what its source says then."""

    def __init__(self, login: LoginSource) -> None:
        self._login = login

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """User and password, or a password alone."""
        try:
            login = self._login()
        except IdentityError as error:
            # Who connects knows this one, and tries again later.
            raise AuthenticationError(str(error)) from error
        return (login.user, login.password) if login.user else (login.password,)


def celery(redis_url: str, login: LoginSource | None = None) -> Celery:
    """The Celery application of API and worker; `login` is asked for each new connection."""
    made = Celery("costate", broker=redis_url, amqp=AMQP if login is None else _asking(login))
    made.conf.update(
        task_default_queue=QUEUE,
        task_ignore_result=True,
        # A hint that is lost does no harm, one that is delivered late or twice neither: the row decides.
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_timeout": 2.0,
            "socket_connect_timeout": 1.0,
            "retry_on_timeout": False,
            "max_retries": 0,  # of one publication
        },
        task_publish_retry=False,
    )
    if redis_url.startswith("rediss://"):
        # Without this kombu encrypts, but talks to anybody.
        made.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    return made


def _asking(login: LoginSource) -> type[AMQP]:
    """Celery has no setting for it: its connections are kombu's, which take a provider."""

    class Amqp(AMQP):
        # Called like the class, never subclassed.
        Connection = partial(Connection, credential_provider=Asking(login))  # type: ignore[assignment]

    return Amqp


class Queue:
    """Tells workers of jobs."""

    def __init__(self, redis_url: str, login: LoginSource | None = None) -> None:
        self.celery = celery(redis_url, login)
        self._redis = Redis.from_url(
            redis_url if login is None else anonymous(redis_url),
            socket_timeout=1.0,
            socket_connect_timeout=1.0,
            credential_provider=None if login is None else Asking(login),
        )
        self._silent_until = 0.0

    def tell(self, job_id: UUID) -> bool:
        """Send a hint; False when Redis is out of reach, and for a while after without another try."""
        if time.monotonic() < self._silent_until:
            return False
        try:
            self.celery.send_task(TASK, args=[str(job_id)], queue=QUEUE)
        except (OperationalError, RedisError, OSError) as error:
            self._silent_until = time.monotonic() + PAUSE_S
            log("queue").warning("Redis takes no hints", error=str(error))
            return False
        return True

    def reachable(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False
