"""What can go wrong on the way to an engine."""

from __future__ import annotations


class EngineError(Exception):
    """No engine could be had; the message says what was tried and what to do."""
