"""The command `costate`: the processes of the service, and its client."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.backups.command import commands as backup_commands
from app.errors import CostateError
from app.release.commands import commands as release
from app.version import VERSION

application = typer.Typer(
    no_args_is_help=True,
    help="Optimal control as a service.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
application.add_typer(release, name="release")
application.add_typer(backup_commands, name="backup")
Url = Annotated[str, typer.Option(envvar="COSTATE_URL", help="Address of the service.")]
HERE = "http://127.0.0.1:8000"
SAMPLE, SAMPLE_COST, SAMPLE_TOLERANCE = "brachistochrone", 1.801603122453087, 1e-4
"""The cycloid's time from (0, 10) m to (10, 5) m, in seconds (analytic)."""


@application.command()
def api() -> None:
    """Serve HTTP."""
    from app.api.server import serve
    from app.observability import logs, tracing
    from app.settings import settings

    given = settings()
    logs.configure(given, "api")
    tracing.configure(given, "api")
    serve(given)


@application.command()
def worker() -> None:
    """Take jobs and solve them."""
    from app.jobs.health import serve
    from app.jobs.worker import Worker
    from app.observability import logs, tracing
    from app.settings import settings

    given = settings()
    logs.configure(given, "worker")
    tracing.configure(given, "worker")
    made = Worker(given)
    serve(made, given.host, given.worker_port)
    made.run()
    tracing.farewell()


@application.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from psycopg import OperationalError as PsycopgError
    from sqlalchemy.exc import OperationalError

    from app.identity.sources import database_login
    from app.jobs.connection import engine
    from app.jobs.roles import Roles, let_in
    from app.jobs.schema import migrate as apply
    from app.settings import settings

    given = settings()
    url, login = given.database_url.get_secret_value(), database_login(given)
    made = engine(url, login, pool_size=1)
    try:
        apply(made)
        let_in(url, login, Roles(given.database_writers, given.database_readers))
    except (OperationalError, PsycopgError) as error:
        raise CostateError(f"the database is out of reach: {getattr(error, 'orig', error)}") from error
    finally:
        made.dispose()


@application.command()
def health() -> None:
    """Ask the API or the worker of this machine or container whether it is well."""
    from app.health import check

    typer.echo(check())


@application.command()
def version() -> None:
    """Print the version."""
    typer.echo(VERSION)


@application.command()
def solve(
    file: Annotated[
        Path | None, typer.Argument(help="A problem (ocp/1) as JSON; - for standard input.")
    ] = None,
    template: Annotated[str, typer.Option(help="A template's name instead of a file.")] = "",
    solver: Annotated[str, typer.Option(help="Which solver.")] = "collocation",
    output: Annotated[Path | None, typer.Option(help="Where to write the whole result.")] = None,
    limit_s: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 600.0,
    url: Url = HERE,
) -> None:
    """Solve a problem on a running service."""
    from app.client import Client

    if (file is None) == (not template):
        raise typer.BadParameter("give either a file or --template NAME")
    config: dict[str, Any] = {"template": template} if template else {"problem": _read(file)}
    with Client(url) as client:
        job_id = client.solve(solver, config)["job_id"]
        job = _watched(client, job_id, limit_s)
    _show(job, url)
    if output is not None and job["result"] is not None:
        output.write_text(json.dumps(job["result"], indent=1))
    if (job["result"] or {}).get("status") != "converged":
        raise typer.Exit(1)


def _read(file: Path | None) -> Any:
    text = sys.stdin.read() if file is None or str(file) == "-" else file.read_text()
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"{file} is no JSON: {error}") from None


def _watched(client: Any, job_id: str, limit_s: float) -> dict[str, Any]:
    """Follow a job with a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("waiting for a worker", total=1.0)

        def seen(job: dict[str, Any]) -> None:
            stage = job["stage"] or {}
            bar.update(task, completed=job["progress"], description=stage.get("message") or job["status"])

        job: dict[str, Any] = client.wait(job_id, limit_s=limit_s, seen=seen)
        return job


def _show(job: dict[str, Any], url: str) -> None:
    result = job["result"] or {}
    rows = {"job": job["job_id"], "status": result.get("status") or job["status"], "cost": result.get("cost")}
    rows |= {f"parameter {name}": value for name, value in (result.get("parameters") or {}).items()}
    rows |= {f"{name[:-2]} time": f"{value:.3f} s" for name, value in (result.get("timings") or {}).items()}
    rows["message"] = result.get("message") or (job["error"] or {}).get("detail")
    rows["page"] = f"{url}/#job={job['job_id']}"
    table = Table(show_header=False, box=None)
    for name, value in rows.items():
        if value is not None:
            table.add_row(name, str(value))
    Console().print(table)


@application.command()
def jobs(limit: int = 20, url: Url = HERE) -> None:
    """List the newest jobs."""
    from app.client import Client

    table = Table("job", "title", "solver", "status", "cost")
    with Client(url) as client:
        for job in client.jobs(limit=limit):
            cost = "" if job["cost"] is None else f"{job['cost']:.8g}"
            table.add_row(
                job["job_id"], job["title"], job["solver_type"], job["outcome"] or job["status"], cost
            )
    Console().print(table)


@application.command()
def check_sample(url: Url = HERE) -> None:
    """Solve a problem with a known answer on a running service, and compare."""
    from app.client import Client

    begun = time.monotonic()
    with Client(url) as client:
        job_id = client.solve("collocation", {"template": SAMPLE})["job_id"]
        job = _watched(client, job_id, 300.0)
    elapsed = time.monotonic() - begun
    result = job["result"] or {}
    cost = float(result.get("cost", "nan"))
    if result.get("status") != "converged" or not abs(cost - SAMPLE_COST) <= SAMPLE_TOLERANCE:
        detail = (job["error"] or {}).get("detail") or result.get("message")
        raise CostateError(f"the sample {SAMPLE} gave {cost} instead of {SAMPLE_COST:.4f}: {detail}")
    parts = [f"{name[:-2]} {value:.2f} s" for name, value in result["timings"].items() if value is not None]
    again = "answered before" if job["cached"] else ", ".join(parts)
    typer.echo(f"Solved {SAMPLE}: {cost:.6f} s (exact {SAMPLE_COST:.6f} s) in {elapsed:.2f} s ({again})")
    typer.echo(f"Open {url}/#job={job_id}")


def main() -> None:
    """Run the command line; errors are one message on stderr and exit status 1."""
    try:
        application()
    except CostateError as error:
        typer.echo(f"costate: {error}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
