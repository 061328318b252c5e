"""Trajectories as a picture: small multiples over time, in SVG, one panel for each quantity."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, PANEL, GAP, LEFT, TOP = 860, 120, 34, 74, 44
COLUMNS = 2
SEEN = 0.4  # pixels: points nearer to each other are drawn as one
COLOURS = {"states": "#2f7fc1", "controls": "#d9822b", "costates": "#3a9e5f"}
# Attributes rather than a style sheet: the service's own policy for browsers forbids inline styles.
TEXT = 'font-family="system-ui,sans-serif" font-size="12" fill="#444"'


@dataclass(frozen=True)
class Curve:
    """One quantity over time; `pieces` has one `(times, values)` for each phase."""

    name: str
    family: str
    pieces: tuple[tuple[Sequence[float], Sequence[float]], ...]


def svg(result: dict[str, Any], *, title: str = "") -> str:
    """The picture of a `result` object; of several phases the curves join."""
    curves = list(_curves(result.get("phases") or [result]))
    rows = max(1, math.ceil(len(curves) / COLUMNS))
    height = TOP + rows * (PANEL + GAP) + 16
    width = (WIDTH - COLUMNS * LEFT) // COLUMNS - 6
    panels = [
        _panel(
            curve, LEFT + (index % COLUMNS) * (width + LEFT), TOP + (index // COLUMNS) * (PANEL + GAP), width
        )
        for index, curve in enumerate(curves)
    ]
    cost = f"cost {result['cost']:.8g}" if isinstance(result.get("cost"), float | int) else ""
    heading = " · ".join(filter(None, (title, str(result.get("status", "")), cost)))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {TEXT}>',
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            f'<text font-size="15" fill="#111" x="{LEFT}" y="24">{escape(heading)}</text>',
            *(panels or [f'<text x="{LEFT}" y="{TOP + 20}">no trajectory</text>']),
            "</svg>",
        ]
    )


def _curves(phases: Sequence[dict[str, Any]]) -> Iterator[Curve]:
    for family in COLOURS:
        names = dict.fromkeys(name for phase in phases for name in (phase.get(family) or {}))
        for name in names:
            pieces = [
                (phase["time"], phase[family][name]) for phase in phases if name in (phase.get(family) or {})
            ]
            yield Curve(name, family, tuple((times, values) for times, values in pieces if len(times)))


def _panel(curve: Curve, left: float, top: float, width: float) -> str:
    times = [time for piece in curve.pieces for time in piece[0]]
    values = [value for piece in curve.pieces for value in piece[1]]
    if not times:
        return ""
    across, up = spread(times), spread(values, 0.06)

    def place(time: float, value: float) -> tuple[float, float]:
        x = left + width * (time - across[0]) / (across[1] - across[0])
        return x, top + PANEL * (up[1] - value) / (up[1] - up[0])

    lines = [
        f'<polyline fill="none" stroke-width="1.8" stroke="{COLOURS[curve.family]}" points="'
        + " ".join(
            f"{x:.1f},{y:.1f}" for x, y in thinned([place(*point) for point in zip(*piece, strict=True)])
        )
        + '"/>'
        for piece in curve.pieces
    ]
    label = curve.name if curve.family != "costates" else f"costate of {curve.name}"
    ticks = "".join(
        f'<text x="{left - 6}" y="{y}" text-anchor="end">{value:.4g}</text>'
        for value, y in ((up[1], top + 10), (up[0], top + PANEL))
    )
    ends = "".join(
        f'<text x="{x}" y="{top + PANEL + 15}" text-anchor="{anchor}">{value:.4g}</text>'
        for value, x, anchor in ((across[0], left, "start"), (across[1], left + width, "end"))
    )
    frame = f'<rect fill="none" stroke="#bbb" x="{left}" y="{top}" width="{width}" height="{PANEL}"/>'
    name = f'<text x="{left + 6}" y="{top - 5}">{escape(label)}</text>'
    return "\n".join([frame, name, ticks, ends, *lines])


def thinned(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """The points without those that lie on the one before, as far as anybody can see; the last stays."""
    last = (math.inf, math.inf)
    for index, point in enumerate(points):
        if max(abs(point[0] - last[0]), abs(point[1] - last[1])) >= SEEN or index == len(points) - 1:
            yield point
            last = point


def spread(values: Sequence[float], margin: float = 0.0) -> tuple[float, float]:
    """Lowest and highest, never equal."""
    low, high = min(values), max(values)
    if high - low <= 1e-6 * max(abs(low), abs(high), 1e-300):
        # A level line is drawn in the middle; around a large number one would make no difference.
        around = max(1.0, 1e-3 * abs(low))
        return low - around, high + around
    return low - margin * (high - low), high + margin * (high - low)
