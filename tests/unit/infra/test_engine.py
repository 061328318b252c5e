"""Getting the Pulumi engine: which one is taken, and what is said when there is none."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import PulumiCommand

from infra.engine import build, locate
from infra.engine.environment import ROOT, environment, passphrase
from infra.engine.errors import EngineError
from infra.engine.own_state import release_dead_locks, without_salt
from infra.gotools import ToolError, go


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
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: BytesIO())


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
        raise ToolError("Go could not be installed: no registry")

    monkeypatch.setattr(go, "find", no_go)
    with pytest.raises(EngineError) as caught:
        locate.engine()
    for words in ("no route to the release server", "Go could not be installed", "Install Pulumi"):
        assert words in str(caught.value)
    assert not list(locate.cache().glob("building-*"))


def test_an_installer_that_cannot_be_reached_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(*_: Any, timeout: float) -> BytesIO:
        raise TimeoutError(f"no answer in {timeout} s")

    monkeypatch.setattr(urllib.request, "urlopen", no_answer)
    monkeypatch.setattr(build, "build", lambda target: engine_in(target / "bin", "v3.259.0"))
    assert locate.engine().parent.name == f"{build.VERSION}-built"


def test_an_installation_that_breaks_off_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*, root: str) -> None:
        program(Path(root) / "bin", "pulumi")
        raise OSError("connection reset")

    monkeypatch.setattr(PulumiCommand, "install", half)
    monkeypatch.setattr(build, "build", lambda target: engine_in(target / "bin", "v3.259.0"))
    locate.engine()
    assert [folder.name for folder in locate.cache().iterdir() if folder.is_dir()] == [
        f"{build.VERSION}-built"
    ]


def test_the_salt_of_one_machine_stays_out_of_the_repositorys_file(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.local.yaml"
    file.write_text("config:\n  costate:environment: local\nencryptionsalt: v1:old\n")
    with without_salt(file):
        assert "encryptionsalt" not in file.read_text()
        file.write_text(file.read_text() + "encryptionsalt: v1:new\n")
    assert file.read_text() == "config:\n  costate:environment: local\n"


def test_a_file_with_encrypted_values_keeps_its_salt(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    text = "encryptionsalt: v1:mine\nconfig:\n  costate:token:\n    secure: v1:abc\n"
    file.write_text(text)
    with without_salt(file):
        assert file.read_text() == text
    assert file.read_text() == text


def test_the_lock_of_a_process_that_is_gone_is_released_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / ".pulumi" / "locks" / "organization" / "costate" / "local"
    folder.mkdir(parents=True)
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    for name, pid, host in (
        ("gone", gone.pid, socket.gethostname()),
        ("alive", os.getpid(), socket.gethostname()),
        ("elsewhere", gone.pid, "another-machine"),
    ):
        (folder / f"{name}.json").write_text(json.dumps({"pid": pid, "hostname": host}))
    assert release_dead_locks(tmp_path, "local") == [gone.pid]
    assert sorted(file.stem for file in folder.iterdir()) == ["alive", "elsewhere"]


def test_an_interrupted_command_ends_in_its_own_time() -> None:
    """The terminal sends the interrupt to all; Pulumi needs seconds to write its state and unlock the stack."""
    # Not a shell's trap: dash loses a signal that comes while it starts a command.
    command = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: (time.sleep(1), sys.exit(7)))
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""
    program = (
        "from infra.engine.__main__ import call; "
        f"raise SystemExit(call([{sys.executable!r}, '-c', {command!r}], {{}}))"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        start_new_session=True,
        cwd=ROOT,
    )
    assert caller.stdout is not None
    assert caller.stdout.readline() == b"ready\n"
    os.killpg(caller.pid, signal.SIGINT)
    assert caller.wait(timeout=60) == 7


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
