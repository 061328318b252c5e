"""The solver process of one slot: warm, never forked, and gone when its worker is.

Started as `python -m app.jobs.solver_process FD` with one end of a pipe. Messages are tuples: in come
`("solve", request)`, out go `("ready", devices)`, `("progress", progress)`, `("result", result)` and
`("failure", kind, text)`. Nothing here touches the database: the supervisor speaks for this process.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any

PARENT_CHECK_S = 0.5


def main(connection: Connection) -> None:
    """Answer requests until the pipe closes."""
    parent = os.getppid()
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    # JAX is imported here and only here: no process that has touched it is ever forked.
    import jax

    from app.solvers.progress import Progress
    from app.solvers.request import CheckedRequest
    from app.solvers.run import run

    def report(progress: Progress) -> None:
        connection.send(("progress", progress.to_json()))

    connection.send(("ready", [str(device) for device in jax.devices()]))
    while True:
        try:
            _, request = connection.recv()
        except EOFError:
            return
        connection.send(_answer(lambda given=request: run(CheckedRequest.from_json(given), report)))


def _answer(solve: Any) -> tuple[Any, ...]:
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
    main(Connection(int(sys.argv[1])))
