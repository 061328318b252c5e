"""Puts the provider where the engine looks for Pulumi's own."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
FOLDERS = [str(TESTS / one) for one in ("", "engine", "cluster")]

SCRIPT = """#!{python}
import sys
sys.path[:0] = {folders!r}
from kubernetes_plugin.provider import Provider
from simulators.plugin import run
run(Provider({version!r}))
"""


def install(home: Path) -> None:
    """The plugin into a `PULUMI_HOME`, in the version that the program asks for."""
    number = version("pulumi-kubernetes")
    folder = home / "plugins" / f"resource-kubernetes-v{number}"
    folder.mkdir(parents=True)
    program = folder / "pulumi-resource-kubernetes"
    program.write_text(SCRIPT.format(python=sys.executable, folders=FOLDERS, version=number))
    program.chmod(0o755)
