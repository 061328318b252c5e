"""Arrays in JSON: nested lists of numbers, or `{"re": ..., "im": ...}` of two such arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.errors import Faults

FORM = 'nested lists of numbers, or {"re": [...], "im": [...]}'


def read_array(value: Any, path: str, faults: Faults, shape: tuple[int | None, ...]) -> np.ndarray | None:
    """The array, complex128; None and a fault unless it has the shape asked for (None: any length)."""
    if isinstance(value, Mapping):
        unknown = [key for key in value if key not in ("re", "im")]
        if unknown or not value:
            faults.add(path, "must be an array", value, FORM)
            return None
        parts = {key: _real(part, f"{path}.{key}", faults, shape) for key, part in value.items()}
        if any(part is None for part in parts.values()):
            return None
        real, imaginary = parts.get("re"), parts.get("im")
        if real is not None and imaginary is not None and real.shape != imaginary.shape:
            faults.add(
                path, f"re is {_size(real.shape)}, im is {_size(imaginary.shape)}", None, "equal sizes"
            )
            return None
        total = np.zeros(next(part.shape for part in parts.values() if part is not None), complex)
        if real is not None:
            total += real
        if imaginary is not None:
            total += 1j * imaginary
        return total
    real = _real(value, path, faults, shape)
    return None if real is None else real.astype(complex)


def _real(value: Any, path: str, faults: Faults, shape: tuple[int | None, ...]) -> np.ndarray | None:
    wanted = _size(shape)
    if not isinstance(value, list) or not value:
        faults.add(path, "must be an array", value, f"{FORM}, {wanted}")
        return None
    if len(shape) == 1:
        for index, entry in enumerate(value):
            if isinstance(entry, bool) or not isinstance(entry, (int, float)) or not abs(entry) <= 1e100:
                faults.add(f"{path}.{index}", "must be a finite number", entry, FORM)
                return None
        rows = np.array(value, float)
    else:
        parts = [_real(row, f"{path}.{index}", faults, shape[1:]) for index, row in enumerate(value)]
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        if len({part.shape for part in found}) > 1:
            faults.add(path, "rows differ in length", None, wanted)
            return None
        rows = np.array(found)
    if shape[0] is not None and len(value) != shape[0]:
        faults.add(path, f"has {len(value)} entries", None, wanted)
        return None
    return rows


def _size(shape: tuple[int | None, ...]) -> str:
    return " x ".join("n" if length is None else str(length) for length in shape) + (
        " numbers" if len(shape) == 1 else ""
    )


def plain(array: np.ndarray) -> Any:
    """The inverse of `read_array`: nested lists, or `re` and `im` where it is complex."""
    if np.iscomplexobj(array):
        return {"re": array.real.tolist(), "im": array.imag.tolist()}
    return array.tolist()
