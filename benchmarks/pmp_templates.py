"""Every template that `pmp` takes, solved with default options: `python benchmarks/pmp_templates.py [NAME ...]`.

Prints the table of docs/solvers_pmp.md, and draws docs/pmp/NAME.svg of those in PICTURED.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

from app.errors import InvalidInput
from app.plot import svg
from app.problems.library import template, templates
from app.solvers.request import check
from app.solvers.run import run

FOLDER = Path(__file__).parents[1] / "docs" / "pmp"
PICTURED = ("goddard_rocket",)
HEAD = """| template | status | cost | by collocation | largest residual | arcs | warm, s (estimate included) |
| --- | --- | --- | --- | --- | --- | --- |"""


def main() -> None:
    """Solve, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    names = parser.parse_args().names or [found.name for found in templates()]
    FOLDER.mkdir(exist_ok=True)
    print(HEAD)
    for name in names:
        try:
            request = check("pmp", {"template": name})
        except InvalidInput:
            continue  # path constraints, several phases, matrices
        run(request, lambda _: None)
        began = time.perf_counter()
        result = run(request, lambda _: None)
        print(line(name, result, time.perf_counter() - began), flush=True)
        if name in PICTURED:
            (FOLDER / f"{name}.svg").write_text(svg(result, title=template(name).title) + "\n")


def line(name: str, result: dict[str, Any], seconds: float) -> str:
    """A row of the table."""
    arcs = Counter(arc["kind"] for arc in result["arcs"])
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(arcs.items()))
    residual = result["optimality_residual"]
    worst = "" if residual is None else f"{residual:.0e}"
    costs = [
        "" if cost is None else f"{cost:.{digits}g}"
        for cost, digits in ((result["cost"], 11), (result["estimate"]["cost"], 6))
    ]
    return f"| `{name}` | {result['status']} | {costs[0]} | {costs[1]} | {worst} | {kinds} | {seconds:.2f} |"


if __name__ == "__main__":
    main()
