from __future__ import annotations

import json
import re
from pathlib import Path

from app.problems.expression import FUNCTIONS
from app.problems.intake import MAX_ROWS, SHARED_KEYS
from app.problems.phase_intake import PHASE_KEYS
from app.problems.reader import MAX_TEXT
from app.solvers.request import check

TEXT = (Path(__file__).parents[3] / "docs" / "problems.md").read_text()


def test_every_example_of_the_page_is_accepted() -> None:
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
    assert len(examples) == 5
    for example in examples:
        is_problem = "states" in example or "phases" in example
        check("collocation", {"problem": example} if is_problem else example)


def test_the_page_names_every_key_function_and_limit() -> None:
    for name in (*PHASE_KEYS, *SHARED_KEYS):
        assert f"`{name}`" in TEXT, name
    for function in FUNCTIONS:
        assert re.search(rf"\b{function}\b", TEXT), function
    assert f"{MAX_TEXT:,} characters together" in TEXT
    assert f"{MAX_ROWS:,} rows" in TEXT
