"""The queue is a hint: nobody waits for it."""

from __future__ import annotations

import ssl
from typing import Any
from uuid import UUID

import pytest
from kombu.exceptions import OperationalError
from redis import RedisError

from app.jobs.queue import Queue, celery


@pytest.mark.parametrize("error", [OperationalError("gone"), RedisError("OOM"), OSError("refused")])
def test_a_silent_redis_is_not_asked_again_for_a_while(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    queue, asked = Queue("redis://127.0.0.1:1/0"), []

    def send(*args: Any, **_: Any) -> None:
        asked.append(args)
        raise error

    monkeypatch.setattr(queue.celery, "send_task", send)
    assert [queue.tell(UUID(int=number)) for number in range(3)] == [False, False, False]
    assert len(asked) == 1


def test_an_encrypted_redis_must_prove_who_it_is() -> None:
    assert celery("rediss://:secret@cache:6379/0").conf.broker_use_ssl == {"ssl_cert_reqs": ssl.CERT_REQUIRED}
