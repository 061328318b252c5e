"""What is told while a program is being got: on stderr, for stdout belongs to the command that is run."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

EVERY_S = 30.0


def say(text: str) -> None:
    """One line, at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Say every half minute that something goes on, and for how long it has."""
    begun, finished = time.monotonic(), threading.Event()

    def tell() -> None:
        while not finished.wait(EVERY_S):
            say(f"  still {what}: {time.monotonic() - begun:.0f} s")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        finished.set()
        teller.join()
