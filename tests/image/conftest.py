"""Needs docker or podman, or root on Debian: the image is built from the Dockerfile and run as a cluster would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from containers import images
from containers.engine import Engine, NoEngineError
from containers.engine import engine as any_engine
from containers.product import CONFINED, POSTGRES, Product
from live import eventually


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    try:
        with any_engine() as found:
            images.base(found)
            yield found
    except NoEngineError as error:
        pytest.skip(f"NO CONTAINER ENGINE, THE IMAGE IS NOT TESTED: {error}")


@pytest.fixture(scope="session")
def product(engine: Engine) -> Iterator[Product]:
    """The product, its schema made and its processes healthy."""
    image, stores, mark = images.product(engine), images.stores(engine), uuid4().hex[:8]
    names = {part: f"costate-{part}-{mark}" for part in ("postgres", "redis", "api", "worker")}
    together = ("--network", f"container:{names['postgres']}")

    def start(part: str, *words: str) -> None:
        engine.run("run", "--detach", "--name", names[part], *words)

    try:
        start("postgres", "--network", "none", stores, "sh", "-euc", POSTGRES)
        start("redis", *together, stores, "redis-server", "--bind", "127.0.0.1", "--save", "")
        ready: Any = ("exec", names["postgres"], "pg_isready", "--quiet", "--host", "127.0.0.1")
        eventually(lambda: engine.ask(*ready).returncode == 0, seconds=120, what="PostgreSQL answers")
        engine.run("run", "--rm", *together, *CONFINED, image, "migrate")
        start("api", *together, *CONFINED, image)
        # Results lie in a folder here, which the worker writes and the API reads.
        start("worker", *together, *CONFINED, "--volumes-from", names["api"], image, "worker")
        made = Product(engine, image, images.base(engine), names["api"], names["worker"])
        for container in (made.api, made.worker):
            eventually(
                lambda one=container: made.health(one) == "healthy",
                seconds=180,
                what=f"{container} is healthy",
            )
        yield made
    finally:
        for name in reversed(names.values()):
            engine.ask("rm", "--force", "--volumes", name)
