"""Every template solved with default options, pictured and listed: `python benchmarks/gallery.py [NAME ...]`.

Writes docs/gallery.md and docs/gallery/NAME.svg. Templates that are not named keep their picture and line.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from app.plot import svg
from app.problems.library import Template, templates
from app.solvers.request import check
from app.solvers.run import run

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "gallery"
HEAD = """# Gallery

Templates of the library, solved with default options by `make gallery`. The cost is in the problem's own
sense; iterations are of all meshes and starts together.
`POST /api/solve` with `{"solver_type": "collocation", "problem_config": {"template": NAME}}` gives the same.

| template | problem | status | cost | mesh intervals | iterations |
| --- | --- | --- | --- | --- | --- |
"""


def main() -> None:
    """Solve, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args().names
    FOLDER.mkdir(exist_ok=True)
    facts = FOLDER / "facts.json"
    known: dict[str, Any] = json.loads(facts.read_text()) if facts.exists() else {}
    for found in templates():
        if not asked or found.name in asked:
            known[found.name] = solved(found)
            facts.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    lines = [line(found, known[found.name]) for found in templates() if found.name in known]
    pictures = [
        f"## {found.title}\n\n{found.description}\n\n![{found.title}](gallery/{found.name}.svg)\n\n"
        f"Source: {found.source}.\n"
        for found in templates()
        if found.name in known
    ]
    (DOCS / "gallery.md").write_text(HEAD + "\n".join([*lines, "", *pictures]))


def solved(found: Template) -> dict[str, Any]:
    """The figures of one template; its picture is written."""
    request = check("collocation", {"template": found.name})
    result = run(request, lambda _: None)
    (FOLDER / f"{found.name}.svg").write_text(svg(result, title=found.title) + "\n")
    figures = {
        "status": result["status"],
        "cost": result["cost"],
        "intervals": result["mesh"]["intervals"],
        "iterations": result["iterations"],
    }
    print(f"{found.name}: {figures}", flush=True)
    return figures


def line(found: Template, figures: dict[str, Any]) -> str:
    """A row of the table."""
    return (
        f"| [`{found.name}`](#{found.title.lower().replace(' ', '-').replace(',', '')}) | {found.title} | "
        f"{figures['status']} | {figures['cost']:.8g} | {figures['intervals']} | {figures['iterations']} |"
    )


if __name__ == "__main__":
    main()
