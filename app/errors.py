"""The errors a user can cause: each says where, what was given and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_FAULTS = 50  # faults carried by one error; more help nobody
MAX_SHOWN = 200  # characters of the given value that are repeated back


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


class InvalidInput(CostateError):  # noqa: N818 - the name the parts agreed on
    """A request that cannot be accepted; carries every fault found, not only the first."""

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))

    def under(self, prefix: str) -> InvalidInput:
        """The same faults with `prefix` before each field, for whoever holds the larger document."""
        return InvalidInput(
            [replace(error, field=f"{prefix}.{error.field}".rstrip(".")) for error in self.errors]
        )


class Faults:
    """Collects faults while a document is read, so that all are reported at once."""

    def __init__(self) -> None:
        self._errors: list[FieldError] = []

    def __len__(self) -> int:
        return len(self._errors)

    @property
    def full(self) -> bool:
        """Whether no more are taken; who looks for remedies may stop."""
        return len(self._errors) >= MAX_FAULTS

    def add(self, field: str, message: str, given: Any = None, allowed: str | None = None) -> None:
        """Note one fault; what is noted already and what is beyond MAX_FAULTS is dropped."""
        if self.full:
            return
        error = FieldError(field, message, shorten(given), allowed)
        if error not in self._errors:
            self._errors.append(error)

    def extend(self, error: InvalidInput) -> None:
        """Note the faults of an error that was raised further in."""
        self._errors.extend(error.errors[: MAX_FAULTS - len(self._errors)])

    def check(self) -> None:
        """Raise InvalidInput when there is any fault."""
        if self._errors:
            raise InvalidInput(self._errors)


def shorten(given: Any) -> Any:
    """`given` itself when it is short and JSON can hold it, else a text that says what it is."""
    if given is None or isinstance(given, bool):
        return given
    if isinstance(given, int) and abs(given) < 2**53:
        return given
    if isinstance(given, float):
        return given if given == given and abs(given) != float("inf") else str(given)
    if isinstance(given, str):
        return given if len(given) <= MAX_SHOWN else given[:MAX_SHOWN] + "..."
    if isinstance(given, (list, tuple, dict)) and not given:
        return given
    if isinstance(given, (list, tuple)):
        return f"a list of {len(given):,}"
    if isinstance(given, dict):
        return f"an object with {len(given):,} keys"
    return f"a number of {given.bit_length():,} bits" if isinstance(given, int) else type(given).__name__


def from_pydantic(error: ValidationError, prefix: str = "") -> InvalidInput:
    """Pydantic's faults as ours: the field is `prefix` and pydantic's own location, joined by dots."""
    faults = Faults()
    for detail in error.errors(include_url=False):
        path = ".".join([*([prefix] if prefix else []), *(str(part) for part in detail["loc"])])
        context = detail.get("ctx", {})
        bounds = [f"{key.replace('_', ' ')} {value}" for key, value in context.items() if key in _LIMITS]
        allowed = context.get("expected") or (", ".join(bounds) if bounds else None)
        faults.add(path, detail["msg"], detail.get("input"), None if allowed is None else str(allowed))
    return InvalidInput(faults._errors)


_LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length", "multiple_of")
