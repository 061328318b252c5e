"""`make cluster-up`, `cluster-down`, and a way in: commands about the cluster of this checkout.

python command.py up            build what it takes, start it, wait until it is ready
python command.py run COMMAND   run a command inside, where the cluster's addresses are
python command.py down          end it, and leave nothing behind
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "cluster")]

from containers import images  # noqa: E402 - these are found only now
from containers.engine import Engine, NoEngineError, engine, install  # noqa: E402
from tools.control_plane import KUBERNETES  # noqa: E402
from tools.node import CONTAINERD, COREDNS, KUBELET, METRICS_SERVER  # noqa: E402

from infra.gotools import ToolError, programs  # noqa: E402
from infra.gotools.progress import say, telling  # noqa: E402
from node.machine import PAUSE  # noqa: E402
from node.place import FOLDER, HIDDEN, ROOT, Cluster, noted  # noqa: E402

PACKAGES = {
    "/usr/sbin/runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "/usr/sbin/conntrack": "conntrack",
    "/usr/sbin/nft": "nftables",
}
CGROUPS = Path("/sys/fs/cgroup")
NEXT = "costate:next"
"""Another name of the product's image: what a rolling update goes to."""

START_S, END_S = 900.0, 60.0


class ClusterError(Exception):
    """The cluster could not be started, or is not there."""


def up() -> None:
    """Start the cluster, if it does not run."""
    if noted() is not None:
        say("The cluster runs already")
        return
    if _groups_of_pods():
        raise ClusterError("a kubelet keeps pods on this machine already: a second one would disturb it")
    install(PACKAGES)
    for tool in (KUBERNETES, CONTAINERD, KUBELET, COREDNS, METRICS_SERVER):
        programs(tool)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with engine() as found:
        _save(found, FOLDER / "images.tar")
    for place in HIDDEN:
        Path(place).mkdir(exist_ok=True)
    with telling("starting the cluster"):
        _start()
    say("The cluster is up; `make cluster-down` ends it")


def run(*command: str) -> int:
    """The command's exit status."""
    found = noted()
    if found is None:
        raise ClusterError("no cluster runs: make cluster-up starts one")
    enter = ["nsenter", "--target", str(found.pid), "--net", "--pid", "--mount", f"--wdns={Path.cwd()}"]
    return subprocess.run([*enter, *command], check=False).returncode


def down() -> None:
    """End the cluster; harmless where none runs."""
    found = noted()
    if found is not None:
        process = psutil.Process(found.pid)
        process.send_signal(signal.SIGKILL)  # the first process of its namespaces: the kernel ends the rest
        process.wait(60)
        for root in _groups_of_pods():
            _remove(root)
    shutil.rmtree(FOLDER, ignore_errors=True)
    for place in HIDDEN:
        if Path(place).exists() and not any(Path(place).iterdir()):
            Path(place).rmdir()
    say("The cluster is ended" if found else "No cluster runs")


def _save(found: Engine, to: Path) -> None:
    """All images that need an engine, in one archive."""
    product, stores, pause = images.product(found), images.stores(found), PAUSE.rpartition("/")[2]
    with tempfile.TemporaryDirectory() as room:
        (Path(room) / "Dockerfile").write_text(
            f'FROM {images.base(found)}\nENTRYPOINT ["sleep", "infinity"]\n'
        )
        found.run("build", "--tag", pause, room)
    found.run("tag", product, NEXT)
    with telling("saving the images"):
        found.run("save", "--output", str(to), product, NEXT, stores, pause)


def _start() -> None:
    alone = ["unshare", "--net", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child"]
    path = os.pathsep.join(map(str, (ROOT, TESTS, TESTS / "cluster")))
    with (FOLDER / "life.log").open("w") as log:
        outer = subprocess.Popen(
            [*alone, sys.executable, "-m", "node.life", str(FOLDER)],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_S
    while not (FOLDER / "ready").exists():
        if outer.poll() is not None or time.monotonic() > deadline:
            tail = (FOLDER / "life.log").read_text()[-3000:]
            outer.kill()
            raise ClusterError(f"the cluster did not come up:\n{tail}")
        children = psutil.Process(outer.pid).children()
        if children and not (FOLDER / "cluster.json").exists():
            Cluster(children[0].pid, children[0].create_time()).write()
        time.sleep(0.5)


def _groups_of_pods() -> list[Path]:
    """Control groups in which a kubelet keeps pods."""
    return [*CGROUPS.glob("kubepods"), *CGROUPS.glob("*/kubepods")]


def _remove(root: Path) -> None:
    """A control group and those in it, as soon as the last of their processes is gone."""
    deadline = time.monotonic() + END_S
    for group in (*sorted(filter(Path.is_dir, root.rglob("*")), reverse=True), root):
        while True:
            try:
                group.rmdir()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def main() -> int:
    """The command that the words name."""
    match sys.argv[1:]:
        case ["up"]:
            up()
        case ["down"]:
            down()
        case ["run", *command] if command:
            return run(*command)
        case words:
            raise ClusterError(f"up, down or run COMMAND, not {' '.join(words)!r}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ClusterError, NoEngineError, ToolError) as error:
        say(str(error))
        sys.exit(1)
