"""`costate release ...`: each command ends with status 0 where the release may go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.errors import CostateError

if TYPE_CHECKING:
    from app.release.judgement import Verdict

commands = typer.Typer(
    no_args_is_help=True, help="Checks before, while and after a new build takes over.", add_completion=False
)
Problems = Annotated[
    list[str], typer.Option("--problem", help="One of the fixed problems; all unless named.")
]


class RefusedError(CostateError):
    """The release must not go on."""


@commands.command()
def compare(
    old: Annotated[str, typer.Option(help="Address of the service that runs.")],
    new: Annotated[
        str, typer.Option(help="Address of the one that shall take over; this build itself unless given.")
    ] = "",
    problem: Problems = [],  # noqa: B006 - typer reads it, nobody changes it
) -> None:
    """Have old and new solve the same problems, and compare costs and residuals."""
    from contextlib import ExitStack

    from app.client import Client
    from app.release.answers import from_service, from_this_build
    from app.release.judgement import compare as judged
    from app.release.problems import chosen

    with ExitStack() as held:
        running = held.enter_context(Client(old))
        coming = held.enter_context(Client(new)) if new else None
        verdicts = []
        for asked in chosen(problem):
            before = from_service(running, asked)
            after = from_service(coming, asked) if coming is not None else from_this_build(asked)
            verdicts.append(judged(asked, before, after))
    _show(verdicts)
    _refuse([f"{verdict.problem}: {fault}" for verdict in verdicts for fault in verdict.faults])


def _show(verdicts: list[Verdict]) -> None:
    table = Table("problem", "old", "new", "verdict")
    for verdict in verdicts:
        costs = [f"{answer.cost:.9g} ({answer.solver_version})" for answer in (verdict.old, verdict.new)]
        table.add_row(verdict.problem, *costs, "\n".join(verdict.faults) or "as before")
    Console(width=140).print(table)


def _refuse(faults: list[str]) -> None:
    if faults:
        raise RefusedError("\n  ".join(["the release must not go on:", *faults]))
