"""Points spread evenly over the unit simplex: shares of anchors, and reference directions of NSGA-III."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray


def lattice(objectives: int, most: int) -> NDArray[np.float64]:
    """As many points as are not more than `most`, at least the corners, (r, m).

    Das & Dennis, SIAM J. Optim. 8 (1998) 631-657, section 4: all multiples of 1/divisions that sum to 1.
    """
    divisions = 1
    while comb(divisions + objectives, objectives - 1) <= most:
        divisions += 1
    places = divisions + objectives - 1
    bars = combinations(range(places), objectives - 1)
    stars = [np.diff([-1, *cut, places]) - 1 for cut in bars]
    found: NDArray[np.float64] = np.array(stars) / divisions
    return found
