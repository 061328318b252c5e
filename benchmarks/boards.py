"""Pictures of the boards with a running Prometheus' own data: `python benchmarks/boards.py URL FOLDER [MINUTES]`.

Grafana draws them for people; this draws every query of every panel without it, one SVG a board.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from xml.sax.saxutils import escape

import httpx

from infra.monitoring.dashboards import BOARDS, Board, Number, Panel, Query, Table

WIDTH, HEIGHT, COLUMNS = 330, 200, 4
COLOURS = ("#3366cc", "#dc3912", "#109618", "#ff9900", "#990099", "#0099c6", "#dd4477", "#66aa00")
SHOWN = 7
"""Series that a legend names."""

Line = tuple[str, list[tuple[float, float]]]
"""A series: its name, and times with values."""


def asked(url: str, query: Query, minutes: float) -> list[Line]:
    """The series of a query over the last minutes, without what is no number."""
    end = time.time()
    window = {"start": end - 60 * minutes, "end": end, "step": max(1.0, minutes * 60 / 240)}
    answer = httpx.get(f"{url}/api/v1/query_range", params={"query": query.expr, **window}).json()
    if answer["status"] != "success":
        raise SystemExit(f"{query.expr}: {answer}")
    return [
        (named(query, one["metric"]), [(at, float(v)) for at, v in one["values"] if v not in ("NaN", "+Inf")])
        for one in answer["data"]["result"]
    ]


def named(query: Query, labels: dict[str, str]) -> str:
    """A series' name, by the legend's template or by all of its labels."""
    if query.legend:
        return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), query.legend)
    return ", ".join(f"{key}={value}" for key, value in labels.items() if key != "__name__")


def human(value: float, unit: str) -> str:
    """A number with its unit, as Grafana would write it, roughly."""
    if unit == "percentunit":
        return f"{100 * value:.4g} %"
    if unit in ("bytes", "Bps"):
        return f"{value / 2**20:.4g} MiB{'/s' if unit == 'Bps' else ''}"
    return f"{value:.4g} {({'s': 's', 'reqps': '/s', 'percent': '%'}).get(unit, '')}".strip()


def drawn(panel: Panel, lines: list[Line], x: int, y: int) -> list[str]:
    """One panel as SVG."""
    frame = f'width="{WIDTH - 10}" height="{HEIGHT - 10}" fill="#fff" stroke="#ddd"'
    parts = [
        f'<g transform="translate({x},{y})"><rect {frame}/>',
        f'<text x="8" y="18" class="title">{escape(panel.title[:52])}</text>',
    ]
    lines = [line for line in lines if line[1]]
    if not lines:
        parts.append('<text x="8" y="80" class="none">no data</text>')
    elif isinstance(panel, Number):
        parts += _number(panel, lines)
    elif isinstance(panel, Table):
        rows = [f"{name or 'value'}: {human(values[-1][1], panel.unit)}" for name, values in lines]
        parts += [
            f'<text x="8" y="{38 + 14 * at}">{escape(row[:60])}</text>' for at, row in enumerate(rows[:10])
        ]
    else:
        parts += _lines(panel, lines)
    return [*parts, "</g>"]


def _number(panel: Number, lines: list[Line]) -> list[str]:
    value = lines[0][1][-1][1]
    bad = panel.limit is not None and (value < panel.limit if panel.low else value >= panel.limit)
    colour = "#c00" if bad else "#080"
    return [f'<text x="20" y="110" class="number" fill="{colour}">{human(value, panel.unit)}</text>']


def _lines(panel: Panel, lines: list[Line]) -> list[str]:
    points = [point for _, values in lines for point in values]
    first, last = min(at for at, _ in points), max(at for at, _ in points)
    top = max((value for _, value in points), default=1.0) or 1.0
    wide, high = WIDTH - 30, HEIGHT - 90
    parts = [
        f'<text x="8" y="32">{human(top, panel.unit)}</text>',
        f'<line x1="8" x2="{8 + wide}" y1="{36 + high}" y2="{36 + high}" stroke="#999"/>',
    ]
    for number, (name, values) in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(
            f"{8 + wide * (at - first) / ((last - first) or 1):.1f},{36 + high * (1 - value / top):.1f}"
            for at, value in values
        )
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
        if number < SHOWN:
            column, row = number % 2, number // 2
            parts.append(
                f'<text x="{8 + column * 155}" y="{high + 50 + 12 * row}" fill="{colour}">'
                f"{escape(f'{name[:18]} {human(values[-1][1], panel.unit)}')}</text>"
            )
    return parts


def picture(url: str, board: Board, minutes: float) -> str:
    """The whole board as SVG."""
    parts, y = [], 40
    for title, panels in board.rows:
        parts.append(f'<text x="10" y="{y}" class="row">{escape(title)}</text>')
        y += 10
        for number, panel in enumerate(panels):
            lines = [line for query in panel.queries for line in asked(url, query, minutes)]
            x = 10 + WIDTH * (number % COLUMNS)
            parts += drawn(panel, lines, x, y + HEIGHT * (number // COLUMNS))
        y += HEIGHT * -(-len(panels) // COLUMNS) + 25
    style = (
        "text{font:10px sans-serif}.title{font-weight:bold;font-size:12px}.row{font-size:15px;font-weight:bold}"
        ".number{font-size:30px}.none{fill:#999;font-size:13px}"
    )
    size = f'width="{COLUMNS * WIDTH + 20}" height="{y}"'
    head = f'<text x="10" y="18" class="row">{escape(board.title)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>'
        f'<rect width="100%" height="100%" fill="#f6f6f6"/>{head}{"".join(parts)}</svg>'
    )


def main(url: str, folder: str, minutes: str = "10") -> None:
    """Draw all boards."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        (Path(folder) / f"{board.uid}.svg").write_text(picture(url.rstrip("/"), board, float(minutes)))
        print(f"{folder}/{board.uid}.svg")


if __name__ == "__main__":
    main(*sys.argv[1:])
