"""The architecture as a picture (SVG): cells, their parts, and who needs whom; drawn without any other program."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

from infra.recorder import Recording

BOX, HIGH, GAP, HEAD, EDGE = 168, 46, 26, 44, 24
PER_ROW = 4
COLOURS = {
    "aws": ("#fff4e5", "#b35c00"),
    "gcp": ("#e8f0fe", "#1a56c4"),
    "azure": ("#e5f3fb", "#00619e"),
}
PLAIN = ("#f4f4f4", "#444444")

ORDER = (
    "Routing", "Edge", "Network", "Cluster", "Identity", "Registry", "Database", "Cache", "Storage", "Keys",
    "Backup", "Governance",
)  # fmt: skip
"""From outside to inside; parts of other names stand after them."""


@dataclass(frozen=True)
class Place:
    """Where a part's box is."""

    x: int
    y: int

    @property
    def middle(self) -> tuple[int, int]:
        """Centre of the box."""
        return self.x + BOX // 2, self.y + HIGH // 2


def diagram(recording: Recording) -> str:
    """The picture as SVG text."""
    parts = _parts(recording)
    width = EDGE * 2 + PER_ROW * BOX + (PER_ROW + 1) * GAP
    boxes: list[str] = []
    places: dict[tuple[str, str], Place] = {}
    top = EDGE
    for cell in sorted(parts):
        rows = -(-len(parts[cell]) // PER_ROW)
        height = HEAD + rows * (HIGH + GAP) + 4
        boxes.append(_cell(cell, top, width, height))
        for index, (name, count) in enumerate(parts[cell].items()):
            place = Place(
                EDGE + GAP + (index % PER_ROW) * (BOX + GAP), top + HEAD + (index // PER_ROW) * (HIGH + GAP)
            )
            places[cell, name] = place
            boxes.append(_part(cell, name, count, place))
        top += height + GAP
    drawn = [pair for pair in sorted(_needs(recording)) if set(pair) <= places.keys()]
    lines = [_arrow(places[one], places[other]) for one, other in drawn]
    return "\n".join([_head(width, top, recording.stack), *lines, *boxes, "</svg>", ""])


def _parts(recording: Recording) -> dict[str, dict[str, int]]:
    """Number of resources by cell and part."""
    inside = [resource for resource in recording.managed if recording.cell(resource)]
    counted = Counter((recording.cell(resource), recording.layer(resource)) for resource in inside)
    rank = {name: index for index, name in enumerate(ORDER)}
    ordered = sorted(counted.items(), key=lambda item: (item[0][0], rank.get(item[0][1], 99), item[0][1]))
    found: dict[str, dict[str, int]] = {}
    for (cell, part), count in ordered:
        found.setdefault(cell, {})[part] = count
    return found


def _needs(recording: Recording) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """Which part is built on which: a resource of the one depends on a resource of the other."""
    found = set()
    for resource in recording.managed:
        here = recording.cell(resource), recording.layer(resource)
        for urn in resource.dependencies:
            if other := recording.by_urn.get(urn):
                there = recording.cell(other), recording.layer(other)
                if there != here:
                    found.add((here, there))
    return found


def _head(width: int, height: int, stack: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="13" role="img"><title>Architecture of {escape(stack)}</title>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#9a9a9a"/></marker></defs>'
        f'<rect width="{width}" height="{height}" fill="white"/>'
    )


def _colours(cell: str) -> tuple[str, str]:
    return next((colours for cloud, colours in COLOURS.items() if f"-{cloud}-" in cell), PLAIN)


def _cell(cell: str, top: int, width: int, height: int) -> str:
    _, ink = _colours(cell)
    frame = f'x="{EDGE}" y="{top}" width="{width - 2 * EDGE}" height="{height}" rx="8"'
    return (
        f'<rect {frame} fill="none" stroke="{ink}"/>'
        f'<text x="{EDGE + GAP}" y="{top + 26}" font-weight="bold" fill="{ink}">{escape(cell)}</text>'
    )


def _part(cell: str, name: str, count: int, place: Place) -> str:
    fill, ink = _colours(cell)
    middle = f'x="{place.middle[0]}" text-anchor="middle"'
    return (
        f'<rect x="{place.x}" y="{place.y}" width="{BOX}" height="{HIGH}" rx="5" fill="{fill}" stroke="{ink}"/>'
        f'<text {middle} y="{place.y + 20}" fill="{ink}">{escape(name)}</text>'
        f'<text {middle} y="{place.y + 36}" font-size="11" fill="#555555">{count} resources</text>'
    )


def _arrow(one: Place, other: Place) -> str:
    """From the edge of one box to the edge of the other."""
    (x1, y1), (x2, y2) = one.middle, other.middle
    dx, dy = x2 - x1, y2 - y1
    across = BOX / 2 / abs(dx) if dx else 1.0
    down = HIGH / 2 / abs(dy) if dy else 1.0
    inside = min(across, down, 0.5)
    start = f'x1="{x1 + dx * inside:.0f}" y1="{y1 + dy * inside:.0f}"'
    end = f'x2="{x2 - dx * inside:.0f}" y2="{y2 - dy * inside:.0f}"'
    return f'<line {start} {end} stroke="#bbbbbb" marker-end="url(#tip)"/>'
