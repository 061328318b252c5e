"""After a release: whether the build that was to take over did, and whether what it serves is right."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from app.client import Client, ClientError
from app.release.answers import Answer, from_service
from app.release.judgement import alone
from app.release.problems import Problem

HEARD = 20
"""Answers in a row, each on a connection of its own, after which no pod of another build is supposed to be left."""

PAUSE_S = 5.0


def taken_over(url: str, build: str, *, patience_s: float) -> list[str]:
    """Faults after waiting until `build` alone answers: none, or which build answers instead."""
    deadline = time.monotonic() + patience_s
    while True:
        found = _heard(url, build)
        if found is None:
            return []
        if time.monotonic() > deadline:
            return [
                f"{url} is answered by {found}, not by {build} alone: the rollout goes on, or was taken back"
            ]
        time.sleep(PAUSE_S)


def _heard(url: str, build: str) -> str | None:
    """The first that is not `build`."""
    for _ in range(HEARD):
        with Client(url, timeout_s=5.0) as client:
            try:
                found = client.get("/health").get("build", "a build that does not tell")
            except ClientError as error:
                return f"nobody ({error})"
        if found != build:
            return str(found)
    return None


def state(client: Client) -> list[str]:
    """Faults of what the service says of itself."""
    try:
        ready = client.get("/ready")
    except ClientError as error:
        return [f"not ready: {error}"]
    return unready(ready, client.get("/health"))


def unready(ready: dict[str, Any], health: dict[str, Any]) -> list[str]:
    """Faults in the answers of `/ready` and `/health`."""
    faults = [f"{name} is {said}" for name, said in ready["checks"].items() if said != "ready"]
    return faults if health["workers"] else [*faults, "no worker was heard of lately"]


def solved(
    problems: Sequence[Problem], solver_version: str, answer: Callable[[Problem], Answer]
) -> list[str]:
    """Faults of the answers to the fixed problems, held against what is known."""
    faults = []
    for problem in problems:
        given = answer(problem)
        faults += [f"{problem.name}: {fault}" for fault in alone(problem, given)]
        if given.solver_version and given.solver_version != solver_version:
            faults.append(f"{problem.name}: solved by {given.solver_version}, not by {solver_version}")
    return faults


def verified(
    url: str, problems: Sequence[Problem], build: str, solver_version: str, patience_s: float
) -> list[str]:
    """All faults; the problems are asked only of a service that is ready."""
    if faults := taken_over(url, build, patience_s=patience_s):
        return faults
    with Client(url) as client:
        return state(client) or solved(
            problems, solver_version, lambda problem: from_service(client, problem)
        )
