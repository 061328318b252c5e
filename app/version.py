"""The version of Costate; answers carry it, so that a cached one is never older than the code."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("costate")
