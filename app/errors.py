"""The errors a user can cause: each says where, what was given and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class CostateError(Exception):
    """Base of every error that Costate raises on purpose."""


@dataclass(frozen=True)
class FieldError:
    """One fault in the input.

    `field` is the dotted path in the request body, such as `problem_config.problem.dynamics.x`.
    `given` is what was found there (shortened), `allowed` what would be accepted, or the remedy.
    """

    field: str
    message: str
    given: Any = None
    allowed: str | None = None


class InvalidInput(CostateError):
    """A request that cannot be accepted; carries every fault found, not only the first."""

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
