"""The page of platforms is what the program declares now."""

from __future__ import annotations

from pathlib import Path

from infra.platforms_reference import page

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_platforms_is_up_to_date() -> None:
    assert (ROOT / "docs" / "platforms.md").read_text() == page(), "run `make docs`"
