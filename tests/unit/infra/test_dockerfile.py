"""What the Dockerfile says is what the objects on Kubernetes count on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from infra.kubernetes.process import USER
from infra.kubernetes.processes import API_PORT, CACHE, WORKER_PORT
from infra.platforms.existing.storage import PATH

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_image_runs_as_the_user_that_pods_run_as() -> None:
    assert set(re.findall(r"^USER (.*)$", DOCKERFILE, re.M)) == {f"{USER}:{USER}"}
    assert re.search(rf"useradd --uid {USER} --gid {USER} .*\bappuser\b", DOCKERFILE)


def test_its_volumes_are_where_pods_mount_theirs() -> None:
    [volumes] = re.findall(r"^VOLUME (.*)$", DOCKERFILE, re.M)
    assert json.loads(volumes) == [CACHE, PATH]
    assert f"COSTATE_CACHE_DIR={CACHE}" in DOCKERFILE
    assert f"COSTATE_STORAGE_URL=file://{PATH}" in DOCKERFILE


def test_its_ports_are_those_that_pods_listen_on() -> None:
    assert f"EXPOSE {API_PORT} {WORKER_PORT}" in DOCKERFILE


def test_it_is_built_by_the_uv_of_the_checkout_checked_by_hash() -> None:
    pinned, *lines = (ROOT / "image" / "uv.txt").read_text().splitlines()
    [version] = re.findall(r"^UV_VERSION := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert pinned.split()[0] == f"uv=={version}"
    assert lines
    assert all(line.strip().startswith("--hash=sha256:") for line in lines)


def test_nothing_goes_to_the_engine_but_what_the_image_is_made_of() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M) for word in line.split()[:-1]
    } | {"image"}
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert {word.split("/")[0] for word in copied} == allowed
