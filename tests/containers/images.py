"""The images that tests run: the product's own, from its Dockerfile, and the data stores'."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from containers.engine import Engine, NoEngineError, said
from infra.gotools.progress import say, telling

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = "python:3.11-slim-bookworm"
STAND_IN = "costate-base:bookworm"
PRODUCT = "costate:test"
STORES = "costate-stores:test"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


def base(engine: Engine) -> str:
    """The image that all others begin with: the official one, or Debian's packages of the same release.

    The stand-in trusts the authorities that this machine trusts, as a company's own base image would.
    """
    for image in (os.environ.get("BASE", OFFICIAL), STAND_IN):
        if engine.has(image):
            return image
    if engine.ask("pull", OFFICIAL).returncode == 0:
        return OFFICIAL
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        raise NoEngineError(f"{OFFICIAL} cannot be pulled, and there is no debootstrap to stand in for it")
    say(f"{OFFICIAL} cannot be pulled: a stand-in is made of Debian's packages")
    with tempfile.TemporaryDirectory(prefix="costate-") as room, telling("making a base image"):
        tree, archive = Path(room) / "tree", Path(room) / "tree.tar"
        include = "--include=ca-certificates,python3,python3-venv"
        command = ["debootstrap", "--variant=minbase", include, "bookworm", str(tree)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoEngineError(f"no base image could be made: {said(done)[-500:]}")
        shutil.copyfile(AUTHORITIES, tree / AUTHORITIES.relative_to("/"))
        leave_out = ["--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./var/cache/apt/archives/*.deb"]
        subprocess.run(["tar", "-C", str(tree), *leave_out, "-cf", str(archive), "."], check=True)
        engine.run("import", str(archive), STAND_IN)
    return STAND_IN


def product(engine: Engine, target: str = "cpu", tag: str = PRODUCT) -> str:
    """The product's image, of this checkout."""
    words = ["--build-arg", f"BASE={base(engine)}", "--target", target, "--tag", tag, str(ROOT)]
    with telling(f"building the image's target {target}"):
        engine.run("build", "--network", "host", *words)
    return tag


def stores(engine: Engine) -> str:
    """PostgreSQL and Redis in one image."""
    recipe = Path(__file__).with_name("stores.Dockerfile")
    words = ["--build-arg", f"BASE={base(engine)}", "--tag", STORES, "--file", str(recipe)]
    with (
        tempfile.TemporaryDirectory(prefix="costate-") as nothing,
        telling("building the data stores' image"),
    ):
        engine.run("build", "--network", "host", *words, nothing)
    return STORES
