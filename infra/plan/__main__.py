"""`python -m infra.plan STACK`: the plan of a stack into a folder, with no account and no engine."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import yaml

from infra.config.reading import load
from infra.costs import estimate
from infra.engine.environment import ROOT
from infra.errors import InfraError
from infra.plan.diagram import diagram
from infra.plan.difference import difference
from infra.plan.preview import of_preview
from infra.plan.report import report
from infra.policy.judgement import judge
from infra.recorder import Recording, record


def main(arguments: list[str] | None = None) -> int:
    """Write plan.md, architecture.svg and recording.json: 0, or 1 where anything is at fault."""
    parser = argparse.ArgumentParser(prog="python -m infra.plan", description=__doc__)
    parser.add_argument("stack", help="name of the stack: its configuration is Pulumi.<stack>.yaml")
    parser.add_argument(
        "--preview", type=Path, help="output of `pulumi preview --json` instead of a recording"
    )
    parser.add_argument("--against", type=Path, help="recording.json of another plan, to tell what changes")
    parser.add_argument("--out", type=Path, help="folder; .costate/plan/<stack> unless said")
    options = parser.parse_args(arguments)
    folder: Path = options.out or ROOT / ".costate" / "plan" / options.stack
    try:
        values = configuration(options.stack)
        stack = load(values)
        found = recording(options.stack, values, options.preview)
        before = Recording.from_json(json.loads(options.against.read_text())) if options.against else None
    except (InfraError, OSError, json.JSONDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    findings = judge(found.managed, stack.policy_exceptions, today=datetime.now(UTC).date())
    text = report(found, estimate(found), findings, difference(before, found) if before else None)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.md").write_text(text)
    (folder / "architecture.svg").write_text(diagram(found))
    (folder / "recording.json").write_text(json.dumps(found.as_json(), indent=1, sort_keys=True))
    sys.stdout.write(f"{text}\nWritten into {folder}: plan.md, architecture.svg, recording.json\n")
    return 1 if found.faults else 0


def configuration(stack: str) -> dict[str, object]:
    """The values of a stack's file; InfraError where there is none."""
    file = ROOT / f"Pulumi.{stack}.yaml"
    if not file.exists():
        known = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
        raise InfraError(f"no stack {stack!r}: there is no {file.name}; stacks: {', '.join(known)}")
    return dict((yaml.safe_load(file.read_text()) or {}).get("config", {}))


def recording(stack: str, values: dict[str, object], preview: Path | None) -> Recording:
    """What is planned: of the engine's preview where one is given, else recorded."""
    if preview is not None:
        return of_preview(json.loads(preview.read_text()))
    return record(values, stack)


if __name__ == "__main__":
    sys.exit(main())
