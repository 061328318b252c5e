"""Fronts as a picture: one panel for each pair of objectives, every point a dot, the knee marked, in SVG."""

from __future__ import annotations

from html import escape
from itertools import combinations
from typing import Any

from app.plot import COLOURS, TEXT, WIDTH, spread

PANEL, GAP, LEFT, TOP = 300, 64, 84, 56
MOST = 3  # pairs drawn side by side
DOT, KNEE = COLOURS["states"], COLOURS["controls"]


def front_svg(result: dict[str, Any], *, title: str = "") -> str:
    """The picture of a `result` object that has `trade_off`."""
    columns = result["trade_off"]["columns"]
    pairs = list(combinations(result["trade_off"]["axes"], 2))[:MOST]
    knee = (result.get("knee") or {}).get("index")
    width = (WIDTH - len(pairs) * LEFT) // len(pairs) - 8
    panels = [
        _panel(pair, (columns[pair[0]], columns[pair[1]]), knee, LEFT + index * (width + LEFT), width)
        for index, pair in enumerate(pairs)
    ]
    volume = result.get("hypervolume")
    words = [title, str(result.get("status", "")), f"{len(result['front'])} points"]
    words += [f"hypervolume {volume:.6g}"] if volume is not None else []
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {TOP + PANEL + GAP}" role="img" {TEXT}>',
            f'<rect width="{WIDTH}" height="{TOP + PANEL + GAP}" fill="#fff"/>',
            f'<text font-size="15" fill="#111" x="{LEFT}" y="24">{escape(" · ".join(filter(None, words)))}</text>',
            *panels,
            "</svg>",
        ]
    )


def _panel(
    names: tuple[str, str],
    values: tuple[list[float], list[float]],
    knee: int | None,
    left: float,
    width: float,
) -> str:
    across, up = spread(values[0], 0.06), spread(values[1], 0.06)

    def dot(index: int, radius: float, colour: str) -> str:
        x = left + width * (values[0][index] - across[0]) / (across[1] - across[0])
        y = TOP + PANEL * (up[1] - values[1][index]) / (up[1] - up[0])
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>'

    dots = [dot(index, 3, DOT) for index in range(len(values[0]))]
    dots += [] if knee is None else [dot(knee, 6, KNEE)]
    bottom = TOP + PANEL
    labels = [
        (left, TOP - 8, "start", names[1]),
        (left + width / 2, bottom + 34, "middle", names[0]),
        (left - 6, TOP + 10, "end", f"{max(values[1]):.4g}"),
        (left - 6, bottom, "end", f"{min(values[1]):.4g}"),
        (left, bottom + 16, "start", f"{min(values[0]):.4g}"),
        (left + width, bottom + 16, "end", f"{max(values[0]):.4g}"),
    ]
    texts = [f'<text x="{x}" y="{y}" text-anchor="{at}">{escape(words)}</text>' for x, y, at, words in labels]
    frame = f'<rect fill="none" stroke="#bbb" x="{left}" y="{TOP}" width="{width}" height="{PANEL}"/>'
    return "\n".join([frame, *texts, *dots])
