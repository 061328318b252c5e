"""Getting the Pulumi engine: which one is taken, and what is said when there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import PulumiCommand

from infra.engine import build, locate
from infra.engine.environment import environment, passphrase
from infra.engine.errors import EngineError


def program(folder: Path, name: str, text: str = "exit 0") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def engine_in(folder: Path, version: str) -> Path:
    program(folder, "pulumi", f"echo {version}")
    program(folder, "pulumi-language-python")
    return folder


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on PATH but the shell, nothing cached, no way to install."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/bin")

    def unreachable(**_: Any) -> None:
        raise OSError("no route to the release server")

    monkeypatch.setattr(PulumiCommand, "install", unreachable)


def test_an_engine_on_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = engine_in(tmp_path / "theirs", "v3.272.0")
    monkeypatch.setenv("PATH", f"{folder}:/bin")
    assert locate.engine() == folder


@pytest.mark.parametrize("version", ["v3.100.0", "v2.9.9", "nonsense"])
def test_an_old_engine_on_path_is_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("PATH", f"{engine_in(tmp_path / 'theirs', version)}:/bin")
    cached = engine_in(locate.cache() / f"{build.VERSION}-built" / "bin", "v3.259.0")
    assert locate.engine() == cached


def test_an_engine_without_python_host_is_left_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "theirs", "pulumi", "echo v3.272.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'theirs'}:/bin")
    assert locate.on_path() is None


def test_the_sdks_installer_comes_before_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PulumiCommand, "install", lambda *, root: engine_in(Path(root) / "bin", "v3.272.0"))
    assert locate.engine().parent.parent == locate.cache()


def test_where_nothing_works_the_error_tells_what_was_tried_and_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_go(*_: Any) -> str:
        raise EngineError("Go could not be installed: no registry")

    monkeypatch.setattr(build, "find_go", no_go)
    with pytest.raises(EngineError) as caught:
        locate.engine()
    for words in ("no route to the release server", "Go could not be installed", "Install Pulumi"):
        assert words in str(caught.value)
    assert not list(locate.cache().glob("building-*"))


def test_a_failed_build_shows_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="could not be built: missing module"):
        build.run(["/bin/sh", "-c", "echo missing module >&2; exit 1"], tmp_path, "pulumi could not be built")


def test_the_passphrase_is_made_once_and_private(tmp_path: Path) -> None:
    first = passphrase(tmp_path / "sub" / "passphrase")
    text = first.read_text()
    assert passphrase(first).read_text() == text
    assert first.stat().st_mode & 0o077 == 0


def test_a_local_stack_has_its_own_state_unless_the_user_chose_one(tmp_path: Path) -> None:
    chosen = {"PATH": "/bin", "PULUMI_BACKEND_URL": "s3://mine", "PULUMI_CONFIG_PASSPHRASE": ""}
    ours = environment(tmp_path, local=True, given={"PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1"})
    assert ours["PULUMI_BACKEND_URL"].endswith(".costate/state")
    assert "PYTHONDONTWRITEBYTECODE" not in ours
    assert environment(tmp_path, local=True, given=chosen)["PULUMI_BACKEND_URL"] == "s3://mine"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment(tmp_path, local=True, given=chosen)


def test_a_cloud_stack_uses_the_users_own_login(tmp_path: Path) -> None:
    assert "PULUMI_BACKEND_URL" not in environment(tmp_path, local=False, given={"PATH": "/bin"})


def test_the_environments_python_stands_first_on_path(tmp_path: Path) -> None:
    variables = environment(tmp_path, local=False, given={"PATH": "/bin"})
    python = subprocess.run(
        ["/usr/bin/env", "which", "python"], env=variables, capture_output=True, text=True, check=True
    )
    assert "/bin/python" in python.stdout
    assert variables["PATH"].split(":")[1:] == [str(tmp_path), "/bin"]
