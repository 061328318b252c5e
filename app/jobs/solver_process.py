"""The solver process of one slot: warm, never forked, and gone when its worker is.

Started as `python -m app.jobs.solver_process FD PARENT` with one end of a pipe and the worker's process id.
Messages are tuples: in come `("solve", attempt, request)`, out go `("ready", devices)`,
`("progress", attempt, progress)`, `("result", attempt, result)` and `("failure", attempt, kind, text)`, where
`attempt` names the job and the attempt at it. Nothing here touches the database: the supervisor does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

PARENT_CHECK_S = 0.5


def main(connection: Connection, parent: int) -> None:
    """Answer requests until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to the whole group
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    # JAX is imported here and only here: no process that has touched it is ever forked.
    import jax

    from app.solvers.progress import Progress
    from app.solvers.request import CheckedRequest
    from app.solvers.run import run

    connection.send(("ready", [str(device) for device in jax.devices()]))
    import app.solvers.collocation.sweep  # noqa: F401 - what most jobs need, while none is there

    while True:
        try:
            _, attempt, request = connection.recv()
        except EOFError:
            return

        def report(progress: Progress, attempt: str = attempt) -> None:
            connection.send(("progress", attempt, progress.to_json()))

        answer = _answer(partial(run, CheckedRequest.from_json(request), report))
        connection.send((answer[0], attempt, *answer[1:]))


def _answer(solve: Callable[[], dict[str, Any]]) -> tuple[Any, ...]:
    try:
        return ("result", solve())
    except MemoryError:
        return ("failure", "out_of_memory", "The solver ran out of memory; try fewer mesh intervals.")
    except Exception as error:  # noqa: BLE001 - a fault of a solver fails its job, not the process
        traceback.print_exc()
        return ("failure", "solver_fault", f"{type(error).__name__}: {error}")


def _die_with(parent: int) -> None:
    """End at once when the parent is gone: a computation cannot be interrupted otherwise."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_S)
    os._exit(1)


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])), int(sys.argv[2]))
