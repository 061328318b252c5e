"""The plan as Markdown: fit for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from infra.costs import Estimate
from infra.costs.estimate import TABLES
from infra.plan.difference import Difference
from infra.policy.judgement import Finding
from infra.recorder import Recording

SHOWN = 30
"""Entries of a list; more are counted."""


def report(
    recording: Recording, costs: Estimate, findings: Sequence[Finding], change: Difference | None = None
) -> str:
    """The whole plan."""
    sections = [_head(recording), _faults(recording), _resources(recording), _costs(costs), _policy(findings)]
    if change is not None:
        sections.append(_change(change))
    return "\n".join(line for section in sections for line in section) + "\n"


def _head(recording: Recording) -> Iterator[str]:
    cells = sorted({recording.cell(resource) for resource in recording.managed} - {""})
    yield f"# Plan of the stack {recording.stack}"
    yield ""
    yield f"{len(recording.managed)} resources in {len(cells)} cells: {', '.join(cells)}."
    yield ""


def _faults(recording: Recording) -> Iterator[str]:
    told = [*map(str, recording.faults), *recording.warnings]
    if told:
        yield "## Faults and warnings"
        yield ""
        yield from _listed(told)
        yield ""


def _resources(recording: Recording) -> Iterator[str]:
    counted = Counter((recording.cell(r), recording.layer(r)) for r in recording.managed)
    cells = sorted({cell for cell, _ in counted})
    parts = sorted({part for _, part in counted})
    protected = Counter(recording.cell(r) for r in recording.managed if r.protect)
    yield "## Resources"
    yield ""
    yield from _table(
        ["Part", *cells],
        [
            *([part or "(none)", *(str(counted[cell, part] or "") for cell in cells)] for part in parts),
            ["**all**", *(f"**{sum(n for (c, _), n in counted.items() if c == cell)}**" for cell in cells)],
            ["protected", *(str(protected[cell]) for cell in cells)],
        ],
    )
    yield ""


def _costs(costs: Estimate) -> Iterator[str]:
    low, high = costs.total()
    yield "## Cost a month"
    yield ""
    dates = ", ".join(f"{name} {table.checked}" for name, table in TABLES.items())
    yield (
        f"**{_usd(low)} to {_usd(high)}**: fewest to most nodes, without traffic and without what is charged by "
        f"use. List prices of {dates}; check them before you rely on them."
    )
    yield ""
    rows = []
    for cell in costs.cells():
        least, most = costs.total(cell)
        rows.append([cell or "(none)", _usd(least), _usd(most)])
    yield from _table(["Cell", "least", "most"], rows)
    yield ""
    dear = sorted(costs.lines, key=lambda line: -line.charge.high)[:SHOWN]
    yield from _table(
        ["Resource", "Charge", "least", "most"],
        [[line.resource, line.charge.what, _usd(line.charge.low), _usd(line.charge.high)] for line in dear],
    )
    yield ""
    if costs.by_use:
        yield "Charged by use, not in the sum:"
        yield ""
        kinds: dict[str, list[str]] = {}
        for resource, unit in costs.by_use.items():
            kinds.setdefault(unit, []).append(resource)
        yield from _listed([f"{unit}: {', '.join(sorted(names))}" for unit, names in kinds.items()])
        yield ""
    if costs.unpriced:
        yield "**Without a price, not in the sum:**"
        yield ""
        yield from _listed([f"{resource}: {why}" for resource, why in costs.unpriced.items()])
        yield ""


def _policy(findings: Sequence[Finding]) -> Iterator[str]:
    yield "## Policy"
    yield ""
    if findings:
        yield from _listed([f"{finding.rule.severity}: {finding}" for finding in findings])
    else:
        yield "Every rule is kept."
    yield ""


def _change(change: Difference) -> Iterator[str]:
    yield "## What changes"
    yield ""
    if not change:
        yield "Nothing."
        yield ""
        return
    yield f"{len(change.added)} added, {len(change.removed)} removed, {len(change.changed)} changed."
    yield ""
    lines = [f"+ `{found.name}` ({found.type})" for found in change.added]
    lines += [f"- `{found.name}` ({found.type})" for found in change.removed]
    lines += [f"~ `{found.name}` ({found.type}): {'; '.join(paths[:5])}" for found, paths in change.changed]
    yield from _listed(lines)
    yield ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _listed(lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:SHOWN]:
        yield f"- {line}"
    if len(lines) > SHOWN:
        yield f"- and {len(lines) - SHOWN} more"


def _usd(amount: float) -> str:
    return f"${amount:,.0f}"
