"""Building a tool: its programs compiled, its files copied, into a folder that appears whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from infra.gotools import go
from infra.gotools.progress import say, telling
from infra.gotools.tool import Files, Module, Tool


def build(tool: Tool, target: Path) -> None:
    """Build into `target`, programs into its `bin`. Raises ToolError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as work:
        room = Path(work)
        command = go.find(room, tool.wrappers)
        made = room / "made"
        (made / "bin").mkdir(parents=True)
        for module in tool.modules:
            names = ", ".join(module.programs)
            say(f"Building {names} from source (once on this machine, about {module.duration})")
            compile_programs(command, module, made / "bin")
        for files in tool.files:
            copy(command, files, made, room)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    say(f"Built {tool.name} {tool.version} in {target}")


def compile_programs(command: str, module: Module, folder: Path) -> None:
    """Compile the programs of a module, saying every half minute that it goes on."""
    for name, package in module.programs.items():
        words = [command, "build", "-mod=readonly", "-trimpath", "-ldflags", f"-s -w {module.flags}".strip()]
        if module.tags:
            words += ["-tags", ",".join(module.tags)]
        with telling(f"building {name}"):
            go.run([*words, "-o", str(folder / name), package], module.folder, f"{name} could not be built")


def copy(command: str, files: Files, target: Path, room: Path) -> None:
    """Copy files of a module, which is downloaded if it is not there; those in `bin` can be run."""
    wrapper = files.wrapper
    if wrapper is None:
        wrapper = room
        (room / "go.mod").write_text("module costate.invalid/files\n")
    answer = go.run([command, "mod", "download", "-json", files.module], wrapper, "a module is missing")
    source = Path(json.loads(answer)["Dir"])
    for path, place in files.paths.items():
        at = target / place
        at.parent.mkdir(parents=True, exist_ok=True)
        if (source / path).is_dir():
            # Modules are read-only on disk; copies must be removable.
            shutil.copytree(source / path, at, copy_function=shutil.copyfile)
            for each in (at, *at.rglob("*/")):
                each.chmod(0o755)
        else:
            shutil.copyfile(source / path, at)
            at.chmod(0o755 if place.startswith("bin/") else 0o644)
