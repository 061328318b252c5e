"""Runs the stack's program against the recorder."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.stack import run_in_stack

from infra import checks, estate
from infra.config.reading import load
from infra.recorder.monitor import Monitor
from infra.recorder.recording import Recording

PROJECT = "costate"

UNSAID: Any = ...
"""What an alias holds where it says nothing."""


def record(
    values: Mapping[str, Any],
    stack_name: str,
    *,
    preview: bool = False,
    today: date | None = None,
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> Recording:
    """What the stack of this configuration (`costate:` keys) declares.

    A preview is run with every output that only a provider knows left unknown. Raises ConfigError for a
    configuration that cannot be used, and whatever the program raises. `others` are the outputs of stacks that
    this one refers to, by name.
    """
    told: list[str] = []

    def program() -> None:
        stack = load(values)
        told.extend(checks.check(stack, stack_name, today or datetime.now(UTC).date()))
        for name, value in estate.build(stack, stack_name).items():
            pulumi.export(name, value)

    found = recorded(program, stack_name, preview=preview, others=others)
    return Recording(found.stack, found.resources, found.faults, (*told, *found.warnings), found.outputs)


def recorded(
    program: Callable[[], None],
    stack_name: str,
    *,
    preview: bool = False,
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> Recording:
    """What any program declares."""
    # The SDK keeps its settings in context variables: in a context of its own a run leaves no trace.
    return contextvars.copy_context().run(_run, program, stack_name, preview, others)


def _run(
    program: Callable[[], None],
    stack_name: str,
    preview: bool,
    others: Mapping[str, Mapping[str, Any]] | None,
) -> Recording:
    monitor, heard = Monitor(preview=preview, others=others), _Heard()
    logger = logging.Logger("recorder")
    logger.addHandler(heard)

    def observed() -> None:
        pulumi.runtime.register_stack_transformation(_without_other_versions)
        program()

    async def run() -> None:
        pulumi.runtime.set_mocks(
            monitor.mocks, project=PROJECT, stack=stack_name, preview=preview, logger=logger, monitor=monitor
        )
        settings.ROOT.set(None)  # `run_in_stack` makes the stack's own
        settings.SETTINGS.outputs = set()  # what an earlier run that failed has left waiting is not ours
        await run_in_stack(observed)

    with warnings.catch_warnings(), _keeping_all(), asyncio.Runner() as runner:
        # The SDKs tell the engine too where an input is going away.
        warnings.simplefilter("ignore", DeprecationWarning)
        runner.run(run())
    return Recording(
        stack_name,
        tuple(monitor.recorded),
        tuple(monitor.faults),
        tuple(dict.fromkeys(heard.messages)),
        monitor.outputs,
    )


@contextmanager
def _keeping_all() -> Iterator[None]:
    """Without looking for garbage, which takes half of the time of a program that makes little of it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _without_other_versions(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    """The resource without the names that its type has in other versions of an API.

    SDKs give them for states of old programs. Nothing of them is recorded, and they are two thirds of the
    time that a program for Azure takes.
    """
    if not args.opts.aliases:
        return None
    opts = copy.copy(args.opts)
    opts.aliases = [
        alias
        for alias in args.opts.aliases
        if not isinstance(alias, pulumi.Alias) or alias.type_ is UNSAID or alias.name is not UNSAID
    ]
    return pulumi.ResourceTransformationResult(args.props, opts)


class _Heard(logging.Handler):
    """Keeps what the program tells the engine."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text."""
        self.messages.append(record.getMessage())
