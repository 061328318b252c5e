"""Find a Chromium for the browser tests, or get one: run as a script by `make test-browser`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def executable() -> str | None:
    """Path of a Chromium: one on PATH, else the one that Playwright has downloaded."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
        return path if Path(path).exists() else None


def install() -> None:
    """Download Playwright's Chromium; where that is out of reach, take the distribution's package."""
    download = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if download.returncode == 0 and executable():
        return
    if shutil.which("apt-get"):
        as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
        subprocess.run([*as_root, "apt-get", "update", "--quiet"], check=True)
        subprocess.run([*as_root, "apt-get", "install", "--quiet", "--yes", "chromium"], check=True)


if __name__ == "__main__":
    if not executable():
        install()
    if not (found := executable()):
        sys.exit("The browser tests need Chromium on PATH: install your system's `chromium` package.")
    sys.stdout.write(f"Browser tests use {found}\n")
