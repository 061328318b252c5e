"""How much the product's namespace may hold: everything at its largest, and what comes before others go."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from infra.config.stack import StackConfig

TASKS = 3
"""Pods beside those that serve: a migration, a backup and a drill, each below a core and a GiB."""


@dataclass(frozen=True)
class Quota:
    """Pods, and what they request: cores and GiB."""

    pods: int
    cpu: int
    memory_gib: int


def quota(stack: StackConfig) -> Quota:
    """The quota of a stack's namespace."""
    kinds = list(_kinds(stack))
    return Quota(
        pods=sum(count for count, _, _ in kinds),
        cpu=math.ceil(sum(count * cpu for count, cpu, _ in kinds) / 1000),
        memory_gib=math.ceil(sum(count * memory for count, _, memory in kinds) / 1024),
    )


def _kinds(stack: StackConfig) -> Iterator[tuple[int, int, int]]:
    """Of each kind of pod: how many there may be at most, and the milli-cores and MiB that each requests."""
    api, workers, release = stack.api, stack.workers, stack.release
    twice = release.strategy == "blue-green"
    yield api.replicas.max + (api.replicas.max if twice else 1), api.cpu[0], api.memory[0]
    for _ in range(2 if stack.gpu else 1):
        yield workers.replicas.max + 1, workers.cpu[0], workers.memory[0]
    if stack.gpu:
        yield stack.gpu.headroom, workers.cpu[0], workers.memory[0]
    for service in stack.services.values():
        yield service.replicas.max + 1, service.cpu[0], service.memory[0]
    yield TASKS, 1000, 1024
    if release.strategy != "rolling":  # the comparison of builds, and the look at the end
        yield 2, workers.cpu[0], workers.memory[0]
