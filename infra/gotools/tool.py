"""A tool: what is built from which modules, as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """Programs of one wrapper module, whose `go.mod` and `go.sum` fix every version and checksum."""

    folder: Path
    """Where `go.mod` and `go.sum` are."""
    programs: Mapping[str, str]
    """Packages to compile, by the name of the program."""
    duration: str
    """How long the first build takes on two cores, as told to whoever waits."""
    flags: str = ""
    """Further flags of the linker, such as `-X package.variable=value`."""
    tags: tuple[str, ...] = ()
    """Build tags."""


@dataclass(frozen=True)
class Files:
    """Files that a module ships beside its code."""

    module: str
    """Path of the module; with `@v1.2.3` where the wrapper does not fix its version."""
    paths: Mapping[str, str]
    """Path in the tool's folder (`bin/...` for what can be run), by path in the module; a folder is taken whole."""
    wrapper: Path | None = None
    """Folder of the wrapper module that fixes the version, if none is named, and its checksum."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """Programs that are built and cached together."""

    name: str
    """Folder in the cache."""
    version: str
    modules: tuple[Module, ...]
    files: tuple[Files, ...] = field(default=())

    @property
    def wrappers(self) -> set[Path]:
        """Folders of all wrapper modules."""
        return {one.folder for one in self.modules} | {one.wrapper for one in self.files if one.wrapper}

    @property
    def key(self) -> str:
        """Version and a digest of all that decides the outcome: another recipe is another build."""
        digest = hashlib.sha256()
        for module in self.modules:
            for name in ("go.mod", "go.sum"):
                digest.update((module.folder / name).read_bytes())
            digest.update(repr((sorted(module.programs.items()), module.flags, module.tags)).encode())
        for files in self.files:
            digest.update(repr((files.module, sorted(files.paths.items()))).encode())
        return f"{self.version}-{digest.hexdigest()[:8]}"
