"""promtool and amtool: those on PATH, else built. Run by itself, it sees to it that both are there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from infra.gotools import Module, Tool, programs

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
    return _had("promtool", PROMTOOL)


def amtool() -> Path:
    """Alertmanager's checker of configurations and routes."""
    return _had("amtool", AMTOOL)


def _had(name: str, tool: Tool) -> Path:
    """On PATH (Debian: `prometheus`, `prometheus-alertmanager`), else from Go modules, once a machine."""
    found = shutil.which(name)
    return Path(found) if found else programs(tool) / name


if __name__ == "__main__":
    sys.stdout.write(f"{promtool()}\n{amtool()}\n")
