"""promtool and amtool: on PATH, else Debian's, else built. Run by itself, it sees to it that both are there."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.gotools import Module, Tool, programs
from infra.gotools.cache import cache, locked

WRAPPER = Path(__file__).parent / "modules" / "monitoring"

PROMTOOL = Tool(
    name="promtool",
    version="0.315.0",
    modules=(
        Module(WRAPPER, {"promtool": "github.com/prometheus/prometheus/cmd/promtool"}, "3 to 6 minutes"),
    ),
)
AMTOOL = Tool(
    name="amtool",
    version="0.34.2",
    modules=(Module(WRAPPER, {"amtool": "github.com/prometheus/alertmanager/cmd/amtool"}, "2 minutes"),),
)


def promtool() -> Path:
    """Prometheus' checker of rules; it runs their tests, too."""
    return on_path_or_packaged("promtool", "prometheus") or programs(PROMTOOL) / "promtool"


def amtool() -> Path:
    """Alertmanager's checker of configurations and routes."""
    return on_path_or_packaged("amtool", "prometheus-alertmanager") or programs(AMTOOL) / "amtool"


def on_path_or_packaged(name: str, package: str) -> Path | None:
    """The program on PATH, else out of the distribution's package, which is unpacked and not installed."""
    if found := shutil.which(name):
        return Path(found)
    folder = cache("debian") / package
    program = folder / "usr" / "bin" / name
    if not program.exists() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        with locked(folder.parent, package):
            if not program.exists():
                _unpack(package, folder)
    return program if program.exists() else None


def _unpack(package: str, folder: Path) -> None:
    """Installing it would need root and start a server; a failure leaves the folder without the program."""
    with tempfile.TemporaryDirectory() as room:
        fetch = ["apt-get", "download", "--quiet", package]
        if subprocess.run(fetch, cwd=room, check=False).returncode:
            # A new machine has no lists of packages yet.
            subprocess.run(["apt-get", "update", "--quiet"], check=False)
            subprocess.run(fetch, cwd=room, check=False)
        for archive in Path(room).glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder)], check=True)


if __name__ == "__main__":
    sys.stdout.write(f"{promtool()}\n{amtool()}\n")
