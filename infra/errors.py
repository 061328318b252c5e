"""Errors of the infrastructure program: each names the configuration key and the remedy."""

from __future__ import annotations

from dataclasses import dataclass


class InfraError(Exception):
    """Base of every error that the infrastructure program raises on purpose."""


@dataclass(frozen=True)
class ConfigFault:
    """One fault of the configuration: its key, what was given, what is allowed."""

    key: str
    message: str
    given: object = None
    allowed: str = ""

    def __str__(self) -> str:
        given = "" if self.given is None else f" (given: {self.given!r})"
        allowed = f"; {self.allowed}" if self.allowed else ""
        return f"{self.key}: {self.message}{given}{allowed}"


class ConfigError(InfraError):
    """A configuration that cannot be used; carries every fault, not only the first."""

    def __init__(self, faults: list[ConfigFault]) -> None:
        self.faults = tuple(faults)
        noun = "fault" if len(faults) == 1 else "faults"
        lines = [f"  {fault}" for fault in faults]
        super().__init__("\n".join([f"The configuration has {len(faults)} {noun}:", *lines]))
