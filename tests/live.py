"""Real servers and processes for tests: PostgreSQL, Redis, API and workers on free ports."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psutil
import psycopg

from infra.platforms.local.binaries import postgres_bin, redis_server, unprivileged

HOST = "127.0.0.1"
PASSWORD = "of-these-tests"
T = TypeVar("T")
DOUBLE_INTEGRATOR: dict[str, Any] = {
    "states": ["x", "v"],
    "controls": ["u"],
    "time": {"t0": 0, "tf": 1},
    "dynamics": {"x": "v", "v": "u"},
    "running_cost": "u^2",
    "initial": {"x": 0, "v": 0},
    "final": {"x": 1, "v": 0},
}


def free_port() -> int:
    """A port nobody uses: below those the system gives to outgoing connections, and by chance, since test
    processes run side by side."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                return port


def eventually(ask: Callable[[], T], *, seconds: float, what: str) -> T:
    """The first true answer; AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


class Running:
    """A process with its log; it is stopped with all of its children."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        self.log = log
        self.url = ""
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.pid).children(recursive=True)

    def solver(self) -> psutil.Process:
        """The solver process of a worker with one slot."""
        [process] = [child for child in self.children() if "app.jobs.solver_process" in child.cmdline()]
        return process

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a crash would: the process alone, its children are left to notice."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self.process.wait(10)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])


class DataStores:
    """One PostgreSQL and one Redis server; each service gets a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres_port, self.redis_port = free_port(), free_port()
        environment = os.environ | {"PGPASSWORD": PASSWORD}
        initdb = [sys.executable, "-m", "infra.platforms.local.initdb", str(folder / "postgres"), "costate"]
        subprocess.run(initdb, env=environment, check=True, stdout=subprocess.DEVNULL)
        self.postgres = self.start_postgres()
        self.redis = self.start_redis()

    def start_postgres(self) -> Running:
        settings = {
            "listen_addresses": HOST,
            "port": self.postgres_port,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        data = str(self.folder / "postgres")
        command = [*unprivileged(), str(postgres_bin() / "postgres"), "-D", data, *words]
        running = Running(command, self.folder / "postgres.log", dict(os.environ))
        eventually(self._answers, seconds=20, what="PostgreSQL answers")
        return running

    def stop_postgres(self) -> None:
        """At once: open connections are cut."""
        self.postgres.signal(signal.SIGINT)
        self.postgres.process.wait(20)

    def start_redis(self) -> Running:
        command = [str(redis_server()), "--port", str(self.redis_port), "--bind", HOST, "--save", ""]
        return Running([*command, "--databases", "64"], self.folder / "redis.log", dict(os.environ))

    def database_url(self, name: str = "costate") -> str:
        return f"postgresql://costate:{PASSWORD}@{HOST}:{self.postgres_port}/{name}"

    def new_database(self) -> str:
        name = f"test_{uuid4().hex[:12]}"
        with psycopg.connect(self.database_url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.database_url(name)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.database_url(), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        self.redis.stop()
        self.stop_postgres()


class Service:
    """API and workers on one database; Redis is shared, in a numbered database of its own."""

    _redis_databases = iter(range(64))

    def __init__(self, stores: DataStores, folder: Path, compiled: Path) -> None:
        self.stores, self.folder = stores, folder
        self.database_url = stores.new_database()
        self.redis_url = f"redis://{HOST}:{stores.redis_port}/{next(self._redis_databases)}"
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.environment = os.environ | {
            "COSTATE_DATABASE_URL": self.database_url,
            "COSTATE_REDIS_URL": self.redis_url,
            "COSTATE_STORAGE_URL": (folder / "objects").as_uri(),
            "COSTATE_CACHE_DIR": str(compiled),
            "COSTATE_PORT": str(self.port),
            "COSTATE_LEASE_S": "4",
            "COSTATE_SWEEP_S": "0.5",
            "COSTATE_WORKER_GRACE_S": "1",
            "COSTATE_WARM_TEMPLATES": "false",
        }
        self.workers: list[Running] = []
        self.processes: list[Running] = []  # also those that never became ready
        self.http = httpx.Client(base_url=self.url, timeout=70)
        self.command("migrate")

    def command(self, *words: str) -> None:
        subprocess.run([sys.executable, "-m", "app.cli", *words], env=self.environment, check=True)

    def start_api(self, **settings: str) -> Running:
        self.api = self._start("api", self.port, settings)
        return self.api

    def start_worker(self, **settings: str) -> Running:
        port = free_port()
        worker = self._start("worker", port, {"COSTATE_WORKER_PORT": str(port), **settings})
        worker.url = f"http://{HOST}:{port}"
        self.workers.append(worker)
        return worker

    def _start(self, kind: str, port: int, settings: dict[str, str]) -> Running:
        log = self.folder / f"{kind}-{uuid4().hex[:4]}.log"
        running = Running([sys.executable, "-m", "app.cli", kind], log, {**self.environment, **settings})
        self.processes.append(running)

        def ready() -> bool:
            code = running.process.poll()
            assert code is None, f"{kind} ended with {code}:\n{running.tail()}"
            try:
                return httpx.get(f"http://{HOST}:{port}/ready", timeout=5).status_code == 200
            except httpx.TransportError:
                return False

        eventually(ready, seconds=60, what=f"{kind} is ready")
        return running

    def post(self, body: Any, **headers: str) -> httpx.Response:
        return self.http.post("/api/solve", json=body, headers=headers)

    def submit(self, body: Any) -> str:
        answer = self.post(body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def job(self, job_id: str, wait: float = 0) -> dict[str, Any]:
        answer = self.http.get(f"/api/job/{job_id}", params={"wait": wait})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def until(self, job_id: str, *statuses: str, seconds: float = 60) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] in statuses else None

        found = eventually(there, seconds=seconds, what=f"job {job_id} is {' or '.join(statuses)}")
        assert found is not None
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query).fetchall()

    def stop(self) -> None:
        self.http.close()
        for process in reversed(self.processes):
            process.stop()
