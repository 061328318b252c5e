"""Images without an engine: one program in an archive of docker's form."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path


def of_program(program: Path, name: str, to: Path, *folders: str) -> None:
    """An image `name` of one static program and empty folders, written to the file `to`."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tree:
        for folder in folders:
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            tree.addfile(entry)
        tree.add(program, arcname=program.name)
    content = layer.getvalue()
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": [f"/{program.name}"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]},
        }
    ).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(to, "w") as image:
        for path, data in (("manifest.json", manifest), ("config.json", config), ("layer.tar", content)):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            image.addfile(entry, io.BytesIO(data))
