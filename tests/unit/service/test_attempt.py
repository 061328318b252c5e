"""The supervisor's side of a solve, with a slot and a database that do as they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from app.jobs import attempt as module
from app.jobs.attempt import Attempt
from app.jobs.leases import Claim, Leases, Outcome
from app.jobs.slot import ProcessLostError, Slot
from app.settings import Settings
from app.solvers.request import CheckedRequest
from app.storage import Storage, StorageUnreachable

REQUEST = CheckedRequest("collocation", {}, {"time_limit_s": 1.0}, "digest", "structure")
CLAIM = Claim(UUID(int=1), 2, "owner", REQUEST, 0.5)
NAME = f"{CLAIM.job_id}/2"
DOWN = OperationalError("SELECT 1", {}, Exception("the server is gone"))


class FakeSlot:
    """Answers with the given messages; an exception among them is raised."""

    def __init__(self, *messages: Any) -> None:
        self._messages = list(messages)
        self.restarts: list[str] = []

    def send(self, attempt: str, request: object) -> None:
        assert attempt == NAME

    def receive(self, timeout_s: float) -> Any:
        message = self._messages.pop(0) if self._messages else None
        if isinstance(message, Exception):
            raise message
        return message

    def memory_mb(self) -> float:
        return 1.0

    def restart(self, reason: str) -> None:
        self.restarts.append(reason)


class FakeLeases:
    """Notes how the attempt ended; `beats` are the answers to heartbeats, the last one for ever."""

    def __init__(self, *beats: Any, down: int = 0) -> None:
        self._beats, self._down = list(beats) or [False], down
        self.ends: list[tuple[str, Outcome | None]] = []

    def heartbeat(self, *_: object) -> Any:
        answer = self._beats.pop(0) if len(self._beats) > 1 else self._beats[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def __getattr__(self, name: str) -> Callable[..., bool]:
        def end(_: Claim, outcome: Outcome | None = None) -> bool:
            if self._down > 0:
                self._down -= 1
                raise DOWN
            self.ends.append((name, outcome))
            return True

        return end


class FullStorage:
    def create(self, key: str, content: bytes) -> bool:
        raise StorageUnreachable("no answer")


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.0)


def attempt(slot: FakeSlot, leases: FakeLeases, **settings: Any) -> None:
    given = Settings(
        database_url="postgresql://h/d",  # type: ignore[arg-type] - pydantic makes secrets of texts
        redis_url="redis://h/0",  # type: ignore[arg-type] - as above
        storage_url="file:///nowhere",
        cache_dir="/nowhere",  # type: ignore[arg-type] - and paths
        **settings,
    )
    made = Attempt(CLAIM, cast("Slot", slot), cast("Leases", leases), cast("Storage", FullStorage()), given)
    made.run(threading.Event())


def test_an_answer_to_another_attempt_is_never_taken_for_the_one_to_this() -> None:
    leases = FakeLeases()
    stale = ("result", f"{CLAIM.job_id}/1", {"status": "converged", "cost": 1.0})
    attempt(FakeSlot(stale, ("result", NAME, {"status": "converged", "cost": 2.0})), leases)
    [(how, outcome)] = leases.ends
    assert how == "finish"
    assert outcome is not None
    assert outcome.summary == {"status": "converged", "cost": 2.0}


def test_whatever_goes_wrong_the_slot_works_on_nothing_afterwards() -> None:
    slot, leases = FakeSlot(), FakeLeases(ValueError("a fault of ours"))
    with pytest.raises(ValueError, match="a fault of ours"):
        attempt(slot, leases)
    assert slot.restarts == ["fault"]


def test_a_database_that_is_away_for_a_moment_costs_no_result() -> None:
    leases = FakeLeases(DOWN, False, down=2)
    attempt(FakeSlot(None, None, ("result", NAME, {"cost": 2.0})), leases)
    assert [how for how, _ in leases.ends] == ["finish"]


def test_a_lease_that_could_not_be_renewed_in_time_is_given_up() -> None:
    slot, leases = FakeSlot(), FakeLeases(DOWN)
    attempt(slot, leases, lease_s=0.05)
    assert (slot.restarts, leases.ends) == (["lease"], [])


def test_a_large_result_that_storage_does_not_take_stays_in_its_row() -> None:
    leases = FakeLeases()
    attempt(FakeSlot(("result", NAME, {"time": [0.0] * 100})), leases, inline_result_bytes=10)
    [(_, outcome)] = leases.ends
    assert outcome is not None
    assert outcome.result_key is None
    assert outcome.result is not None
    assert outcome.result["time"] == [0.0] * 100


def test_a_lost_process_is_replaced_and_the_job_given_back() -> None:
    slot, leases = FakeSlot(ProcessLostError("signal 9")), FakeLeases()
    attempt(slot, leases)
    assert (slot.restarts, [how for how, _ in leases.ends]) == (["lost"], ["lost"])


def test_a_fault_of_the_solver_fails_the_job_with_its_reason() -> None:
    leases = FakeLeases()
    attempt(FakeSlot(("failure", NAME, "solver_fault", "ValueError: \0no")), leases)
    [(_, outcome)] = leases.ends
    assert outcome is not None
    assert outcome.error == {"code": "solver_fault", "detail": "ValueError: no"}
