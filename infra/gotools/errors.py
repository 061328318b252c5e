"""What can go wrong while a program is built."""

from __future__ import annotations


class ToolError(Exception):
    """A program could not be built; the message says what was tried and ends with the command's own words."""


class NoGoError(ToolError):
    """There is no Go: neither on PATH nor as a package."""
