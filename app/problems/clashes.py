"""Names given twice: each may mean one thing only, and none may be that of an end value."""

from __future__ import annotations

from app.errors import Faults
from app.problems.statement import PhaseStatement, Statement


def check_clashes(statement: Statement, faults: Faults) -> None:
    """Note every name with two meanings, at the later of them."""
    shared: dict[str, str] = dict.fromkeys(statement.constants, "a constant")
    groups = [("parameters", name, "a parameter") for name in statement.parameters]
    groups += [("definitions", name, "a definition") for name in statement.definitions]
    for field, name, kind in groups:
        if name in shared:
            faults.add(f"{field}.{name}", f"{name!r} is {shared[name]} too", name, "another name")
        shared.setdefault(name, kind)
    ends: dict[str, str] = {}
    for phase in statement.phases:
        _check_phase(phase, shared, faults)
        repeated = phase.name in [other.name for other in statement.phases if other is not phase]
        for state in phase.states if phase.name and not repeated else ():
            for end in ("0", "f"):
                name = f"{phase.name}_{state}_{end}"
                owner = shared.get(name, ends.get(name))
                if owner is not None:
                    what = f"also the end value of state {state!r} in phase {phase.name!r}"
                    faults.add(f"{phase.path}.name", f"{name!r} is {owner}, but {what}", name, "another name")
                ends[name] = f"the end value of state {state!r} in phase {phase.name!r}"


def _check_phase(phase: PhaseStatement, shared: dict[str, str], faults: Faults) -> None:
    prefix = f"{phase.path}." if phase.path else ""
    taken = dict(shared)
    for field, kind, names in (
        ("states", "a state", phase.states),
        ("controls", "a control", phase.controls),
    ):
        for name in names:
            if name in taken:
                faults.add(f"{prefix}{field}", f"{name!r} is {taken[name]} too", name, "another name")
            taken.setdefault(name, kind)
    for name in phase.definitions:
        if taken.get(name) not in (None, "a definition"):
            faults.add(f"{prefix}definitions.{name}", f"{name!r} is {taken[name]} too", name, "another name")
        taken[name] = "a definition"
    for state in phase.states:
        for end in (f"{state}_0", f"{state}_f"):
            if end in taken:
                message = f"{end!r} is {taken[end]}, but also the end value of state {state!r}"
                faults.add(f"{prefix}states", message, end, "another name")
