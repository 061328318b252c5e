"""Puts a simulator where the engine looks for each provider's plugin."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from infra.recorder.schema import PACKAGES

FOLDER = Path(__file__).resolve().parent.parent

SCRIPT = """#!{python}
import sys
sys.path.insert(0, {folder!r})
from simulators.plugin import serve
serve({package!r}, {version!r})
"""


def install(home: Path) -> None:
    """Plugins of every SDK into a `PULUMI_HOME`, in the versions that the program asks for."""
    for package, module in PACKAGES.items():
        number = version(module.replace("_", "-"))
        folder = home / "plugins" / f"resource-{package}-v{number}"
        folder.mkdir(parents=True)
        program = folder / f"pulumi-resource-{package}"
        text = SCRIPT.format(python=sys.executable, folder=str(FOLDER), package=package, version=number)
        program.write_text(text)
        program.chmod(0o755)
