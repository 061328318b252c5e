"""`costate release ...`: each command ends with status 0 where the release may go on."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.errors import CostateError
from app.version import BUILD_VERSION

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


@commands.command()
def check(
    namespace: Annotated[
        str, typer.Option(help="Namespace of the cluster whose quotas are looked at, with kubectl.")
    ] = "",
) -> None:
    """Before: the database's schema, the queue and the quotas allow a release of this build.

    Database and queue are those of the process's own settings.
    """
    from app.identity.sources import database_login
    from app.jobs.schema import state
    from app.jobs.store import JobStore
    from app.release import preconditions
    from app.settings import settings

    given = settings()
    store = JobStore(given.database_url.get_secret_value(), database_login(given), pool_size=1)
    found = state(store.engine)
    faults = preconditions.schema(found)
    if found != "behind":  # an empty database has no jobs
        waiting = sum(store.counts()["pending"].values())
        faults += preconditions.queue(waiting, store.oldest_pending_age_s(), given.max_pending)
    store.engine.dispose()
    if namespace:
        faults += preconditions.quotas(_kubectl("get", "resourcequota", "--namespace", namespace))
    _refuse(faults)
    typer.echo(f"the database is {found}, the queue has room: {BUILD_VERSION} may be released")


def _kubectl(*words: str) -> dict[str, Any]:
    try:
        done = subprocess.run(["kubectl", *words, "--output", "json"], capture_output=True, check=True)
    except FileNotFoundError as error:
        raise RefusedError("kubectl is not on PATH") from error
    except subprocess.CalledProcessError as error:
        raise RefusedError(f"kubectl: {error.stderr.decode().strip()}") from error
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@commands.command("await")
def await_(
    url: Annotated[str, typer.Option(help="Address of the service.")],
    patience_s: Annotated[float, typer.Option(help="How long to wait for this build to take over.")],
) -> None:
    """While: wait until this build alone answers; what is to follow it may be released then."""
    from app.release.verification import taken_over

    _refuse(taken_over(url, BUILD_VERSION, patience_s=patience_s))
    typer.echo(f"{BUILD_VERSION} alone serves at {url}")


@commands.command()
def verify(
    url: Annotated[str, typer.Option(help="Address of the service.")],
    patience_s: Annotated[float, typer.Option(help="How long to wait for this build to take over.")] = 0.0,
    problem: Problems = [],  # noqa: B006 - as above
) -> None:
    """After: this build alone answers, is ready, and solves the fixed problems as is known."""
    from app.release.problems import chosen
    from app.release.verification import verified
    from app.version import SOLVER_VERSION

    problems = chosen(problem)
    _refuse(verified(url, problems, BUILD_VERSION, SOLVER_VERSION, patience_s))
    typer.echo(f"{BUILD_VERSION} serves at {url}: {len(problems)} problems solved as is known")


@commands.command()
def rollback(
    stack: Annotated[str, typer.Option(help="Pulumi stack, in whose program's folder this is run.")],
    image: Annotated[str, typer.Option(help="Image to go back to; the one before unless given.")] = "",
    namespace: Annotated[str, typer.Option(help="Namespace of the cluster.")] = "costate",
) -> None:
    """Go back to a former image by `pulumi up`, so that state and cluster keep saying the same.

    The schema stays: migrations only add, so the former build serves with it.
    """
    from app.release.former import former_image

    api = ("get", "replicaset", "--namespace", namespace, "--selector", "app.kubernetes.io/name=api")
    chosen = image or former_image(_kubectl(*api))
    typer.echo(f"back to {chosen}")
    for words in (["config", "set", "costate:image", chosen], ["up", "--yes", "--skip-preview"]):
        try:
            subprocess.run(["pulumi", *words, "--stack", stack], check=True)
        except FileNotFoundError as error:
            raise RefusedError("pulumi is not on PATH") from error
        except subprocess.CalledProcessError as error:
            raise RefusedError(f"pulumi {words[0]} failed: see above") from error


def _show(verdicts: list[Verdict]) -> None:
    table = Table("problem", "old", "new", "verdict")
    for verdict in verdicts:
        costs = [f"{answer.cost:.9g} ({answer.solver_version})" for answer in (verdict.old, verdict.new)]
        table.add_row(verdict.problem, *costs, "\n".join(verdict.faults) or "as before")
    Console(width=140).print(table)


def _refuse(faults: list[str]) -> None:
    if faults:
        raise RefusedError("\n  ".join(["the release must not go on:", *faults]))
