"""Going back: which image was before, and what is done with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.release.former import NothingBeforeError, former_image


def history(*made: tuple[int, str], mark: str = "deployment.kubernetes.io/revision") -> dict[str, Any]:
    return {
        "items": [
            {
                "metadata": {"annotations": {mark: str(revision)}},
                "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
            }
            for revision, image in made
        ]
    }


@pytest.mark.parametrize("mark", ["deployment.kubernetes.io/revision", "rollout.argoproj.io/revision"])
def test_the_image_before_is_the_newest_other_one(mark: str) -> None:
    # Revision 10 is newer than 9, and 11 changed only the configuration.
    assert former_image(history((9, "a"), (11, "c"), (10, "c"), (8, "z"), mark=mark)) == "a"


@pytest.mark.parametrize("made", [(), ((1, "a"),), ((1, "a"), (2, "a"))])
def test_where_nothing_was_before_that_is_said(made: tuple[tuple[int, str], ...]) -> None:
    with pytest.raises(NothingBeforeError, match="--image"):
        former_image(history(*made))


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A kubectl that tells a history and a pulumi that notes what it is told; `pulumi up` fails where asked."""
    told = tmp_path / "history.json"
    told.write_text(json.dumps(history((1, "registry/costate:1"), (2, "registry/costate:2"))))
    scripts = {
        "kubectl": f"cat {told}",
        "pulumi": f'echo "$@" >> {tmp_path}/said; [ "$1" != "$FAILING" ]',
    }
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def rolled_back(programs: Path, *words: str, failing: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "FAILING": failing}
    command = [sys.executable, "-m", "app.cli", "release", "rollback", "--stack", "prod", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_pulumi_is_told_the_image_before_and_brings_it_up(programs: Path) -> None:
    done = rolled_back(programs)
    assert done.returncode == 0, done.stderr
    assert (programs / "said").read_text().splitlines() == [
        "config set costate:image registry/costate:1 --stack prod",
        "up --yes --skip-preview --stack prod",
    ]


def test_an_image_that_is_named_goes_before_the_history(programs: Path) -> None:
    rolled_back(programs, "--image", "registry/costate@sha256:0")
    assert "costate:image registry/costate@sha256:0 " in (programs / "said").read_text()


def test_a_rollback_that_fails_is_no_success(programs: Path) -> None:
    done = rolled_back(programs, failing="up")
    assert done.returncode == 1
    assert "pulumi up failed" in done.stderr
    done = rolled_back(programs, failing="config")
    assert (done.returncode, "pulumi config failed" in done.stderr) == (1, True)
