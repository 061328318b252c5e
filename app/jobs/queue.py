"""Celery on Redis carries job ids to workers: a hint; what it loses, the sweeper finds in the database."""

from __future__ import annotations

import ssl
import time
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from app.observability.logs import log

TASK = "costate.solve"
QUEUE = "costate"
PAUSE_S = 5.0
"""After a failure: nobody's request waits for a Redis that is known to be silent."""


def celery(redis_url: str) -> Celery:
    """The Celery application of API and worker."""
    made = Celery("costate", broker=redis_url)
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


class Queue:
    """Tells workers of jobs."""

    def __init__(self, redis_url: str) -> None:
        self.celery = celery(redis_url)
        self._redis = Redis.from_url(redis_url, socket_timeout=1.0, socket_connect_timeout=1.0)
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
