"""Linear interpolation of many columns at once: NumPy's takes one, and searches the places anew for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Interpolation:
    """From values at `here (K,)`, not decreasing, to those at `there`, of any shape; beyond the ends they stay.

    The same numbers as `numpy.interp` gives, bit by bit.
    """

    def __init__(self, here: Array, there: Array) -> None:
        self._left = np.clip(np.searchsorted(here, there, side="right") - 1, 0, max(len(here) - 2, 0))
        self._right = np.minimum(self._left + 1, len(here) - 1)
        width = here[self._right] - here[self._left]
        away = np.maximum(there, here[0]) - here[self._left]
        self._width = np.where((width > 0.0) & (away > 0.0), width, 1.0)[..., None]
        self._from = away[..., None]
        self._beyond = (there >= here[-1])[..., None]

    def __call__(self, values: Array) -> Array:
        """Values `(K, n)` at the places there, `(..., n)`."""
        left, right = values.take(self._left, axis=0), values.take(self._right, axis=0)
        found: Array = np.where(self._beyond, values[-1], (right - left) / self._width * self._from + left)
        return found
