"""Celery on Redis carries job ids to workers: a hint; what it loses, the sweeper finds in the database."""

from __future__ import annotations

from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

TASK = "costate.solve"
QUEUE = "costate"


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
        broker_transport_options={"socket_timeout": 2.0, "socket_connect_timeout": 1.0},
        task_publish_retry=False,
    )
    return made


class Queue:
    """Tells workers of jobs."""

    def __init__(self, redis_url: str) -> None:
        self.celery = celery(redis_url)
        self._redis = Redis.from_url(redis_url, socket_timeout=1.0, socket_connect_timeout=1.0)

    def tell(self, job_id: UUID) -> bool:
        """Send a hint; False when Redis is out of reach."""
        try:
            self.celery.send_task(TASK, args=[str(job_id)], queue=QUEUE)
        except (OperationalError, OSError):
            return False
        return True

    def reachable(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False
