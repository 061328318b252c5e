"""Standard test problems with known fronts, as data: examples by name, and what the benchmark runs.

ZDT1-3: Zitzler, Deb & Thiele, Evolutionary Computation 8 (2000) 173-195, section 3. DTLZ2: Deb, Thiele,
Laumanns & Zitzler, CEC 2002, equation 9.
"""

from __future__ import annotations

from typing import Any


def _variables(count: int) -> dict[str, Any]:
    return {f"x{index}": {"lower": 0, "upper": 1} for index in range(1, count + 1)}


def _zdt(ratio: str) -> dict[str, Any]:
    total = " + ".join(f"x{index}" for index in range(2, 31))
    return {
        "variables": _variables(30),
        "definitions": {"g": f"1 + 9*({total})/29"},
        "objectives": [{"name": "f1", "expr": "x1"}, {"name": "f2", "expr": f"g*({ratio})"}],
    }


TEST_PROBLEMS: dict[str, dict[str, Any]] = {
    "zdt1": _zdt("1 - sqrt(x1/g)"),
    "zdt2": _zdt("1 - (x1/g)^2"),
    "zdt3": _zdt("1 - sqrt(x1/g) - x1/g*sin(10*pi*x1)"),
    "dtlz2": {
        "variables": _variables(12),
        "definitions": {"g": " + ".join(f"(x{index} - 0.5)^2" for index in range(3, 13))},
        "objectives": [
            {"name": "f1", "expr": "(1 + g)*cos(x1*pi/2)*cos(x2*pi/2)"},
            {"name": "f2", "expr": "(1 + g)*cos(x1*pi/2)*sin(x2*pi/2)"},
            {"name": "f3", "expr": "(1 + g)*sin(x1*pi/2)"},
        ],
    },
}
