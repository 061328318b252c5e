"""From statement to structure: every name resolved in its place, every literal lifted into `k`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter

from app.errors import Faults
from app.problems.clashes import check_clashes
from app.problems.expression import MATHEMATICAL, Expression
from app.problems.scopes import Numbers, Scope, Symbols
from app.problems.statement import ZERO, Constraint, PhaseStatement, Statement
from app.problems.structure import Code, PhaseStructure, Resolved, Structure, TableLayout


class Resolution:
    """Resolves one statement; `structure`, `numbers`, `used` and `known` names are the outcome."""

    def __init__(self, statement: Statement, faults: Faults) -> None:
        self.statement = statement
        self.numbers = Numbers(statement.constants)
        self.used: set[str] = set()
        self._faults = faults
        self._tables = {name: index for index, name in enumerate(statement.tables)}
        self._shared: Symbols = {name: ("k", index) for index, name in enumerate(statement.constants)}
        self._shared |= {name: ("p", index) for index, name in enumerate(statement.parameters)}
        self._end_definitions: list[Code] = []
        self._definitions = [self._phase_definitions(phase) for phase in statement.phases]
        self.known = self._every_name()
        check_clashes(statement, faults)
        self._check_definitions()

    def structure(self) -> Structure:
        """The structure; faults are noted, not raised."""
        statement = self.statement
        phases = tuple(self._phase(index, phase) for index, phase in enumerate(statement.phases))
        terminal: list[Code] = []
        boundary: list[Code] = []
        for index, phase in enumerate(statement.phases):
            scope = self._end_scope(self._end_symbols(index, ""), self._definitions[index])
            prefix = f"{phase.path}." if phase.path else ""
            if phase.terminal_cost is not None:
                terminal.append(scope.resolve(phase.terminal_cost, f"{prefix}terminal_cost", self._faults))
            boundary += self._constraints(scope, phase.boundary_constraints)
        if len(phases) > 1 or statement.phases[0].name:
            symbols: Symbols = {}
            for index, phase in enumerate(statement.phases):
                symbols |= self._end_symbols(index, f"{phase.name}_")
            whole = self._end_scope(symbols, self._ordered(statement.definitions, "definitions"))
            if statement.terminal_cost is not None:
                terminal.append(whole.resolve(statement.terminal_cost, "terminal_cost", self._faults))
            boundary += self._constraints(whole, statement.boundary_constraints)
            boundary += self._constraints(whole, statement.links)
        if not terminal and all(phase.running_cost is None for phase in statement.phases):
            self._faults.add(
                "running_cost", "the problem has no cost", None, "running_cost, terminal_cost or both"
            )
        offset = len(self.numbers.entries)
        layouts = []
        for places, _ in statement.tables.values():
            layouts.append(TableLayout(offset, len(places)))
            offset += 2 * len(places)
        return Structure(
            maximise=statement.maximise,
            parameters=tuple(statement.parameters),
            phases=phases,
            end_definitions=tuple(self._end_definitions),
            terminal_costs=tuple(terminal),
            boundary=tuple(boundary),
            tables=tuple(layouts),
            n_k=offset,
        )

    def _phase(self, index: int, phase: PhaseStatement) -> PhaseStructure:
        prefix = f"{phase.path}." if phase.path else ""
        symbols: Symbols = dict(self._shared)
        symbols |= {name: ("x", i) for i, name in enumerate(phase.states)}
        symbols |= {name: ("u", i) for i, name in enumerate(phase.controls)}
        symbols["t"] = ("t", 0)
        if phase.t0.fixed:  # a fixed time is a number like any other
            symbols["t0"] = lambda _: self.numbers.add("t0", index)
        if phase.tf.fixed:
            symbols["tf"] = lambda _: self.numbers.add("tf", index)
        scope = self._scope(symbols, self._definitions[index], [], _point_hint(phase))
        return PhaseStructure(
            name=phase.name,
            states=phase.states,
            controls=phase.controls,
            dynamics=tuple(
                scope.resolve(phase.dynamics.get(name, ZERO), f"{prefix}dynamics.{name}", self._faults)
                for name in phase.states
            ),
            running_cost=None
            if phase.running_cost is None
            else scope.resolve(phase.running_cost, f"{prefix}running_cost", self._faults),
            path=tuple(self._constraints(scope, phase.path_constraints)),
            definitions=tuple(scope.compiled),
        )

    def _constraints(self, scope: Scope, constraints: tuple[Constraint, ...]) -> list[Code]:
        return [
            scope.resolve(constraint.expression, f"{constraint.path}.expr", self._faults)
            for constraint in constraints
        ]

    def _end_symbols(self, index: int, prefix: str) -> Symbols:
        """Names of the ends of one phase, each with `prefix` (of the phase, where several are in reach)."""
        phase = self.statement.phases[index]
        symbols: Symbols = {}
        for end in ("0", "f"):
            time: Resolved = (f"t{end}", index)
            here: Symbols = {"t": time, "t0": ("t0", index), "tf": ("tf", index)}
            symbols[f"{prefix}t{end}"] = time
            for i, state in enumerate(phase.states):
                symbols[f"{prefix}{state}_{end}"] = here[state] = (f"x{end}", index, i)
            # `t_0` for `t0`, and a definition at an end, as far as the user has not given the name away.
            scope = self._end_scope(here, self._definitions[index])
            softer: Symbols = {f"{prefix}t_{end}": time}
            softer |= {
                f"{prefix}{name}_{end}": self._defined(scope, name) for name in self._definitions[index]
            }
            symbols = {
                **{name: value for name, value in softer.items() if name not in self._shared},
                **symbols,
            }
        return symbols

    def _defined(self, scope: Scope, name: str) -> Callable[[str], Resolved]:
        def make(path: str) -> Resolved:
            code = scope.resolve(Expression((("name", name),), source=name), path, self._faults)
            return code[0] if code else ("d", 0)

        return make

    def _end_scope(self, symbols: Symbols, definitions: Mapping[str, Expression]) -> Scope:
        return self._scope({**self._shared, **symbols}, definitions, self._end_definitions, self._end_hint)

    def _end_hint(self, name: str) -> str | None:
        several = bool(self.statement.phases[0].name)
        for phase in self.statement.phases:
            prefix = f"{phase.name}_" if several else ""
            if name in phase.states:
                return f"the end values {prefix}{name}_0 and {prefix}{name}_f"
            if name in phase.controls:
                return "end values of states and times; a control has none"
        return None

    def _scope(
        self,
        symbols: Symbols,
        definitions: Mapping[str, Expression],
        compiled: list[Code],
        hint: Callable[[str], str | None],
    ) -> Scope:
        return Scope(
            symbols=symbols,
            definitions=definitions,
            order={name: index for index, name in enumerate(definitions)},
            compiled=compiled,
            numbers=self.numbers,
            tables=self._tables,
            known=self.known,
            used=self.used,
            hint=hint,
        )

    def _phase_definitions(self, phase: PhaseStatement) -> dict[str, Expression]:
        """The definitions in reach of a phase, each after those it uses; cycles are noted and cut."""
        top = self._ordered(self.statement.definitions, "definitions")
        return self._ordered({**top, **phase.definitions}, f"{phase.path}.definitions".lstrip("."))

    def _ordered(self, definitions: Mapping[str, Expression], path: str) -> dict[str, Expression]:
        left = dict(definitions)
        while True:
            uses = {name: sorted(expression.names & left.keys()) for name, expression in left.items()}
            try:
                return {name: left[name] for name in TopologicalSorter(uses).static_order()}
            except CycleError as error:
                cycle: list[str] = error.args[1][::-1]
                chain = " -> ".join(cycle)
                self._faults.add(f"{path}.{cycle[0]}", "the definition uses itself", chain, "no circle")
                left[cycle[0]] = ZERO

    def _every_name(self) -> set[str]:
        known = {"t", "t0", "tf", "t_0", "t_f", *MATHEMATICAL, *self._shared}
        several = bool(self.statement.phases[0].name)
        for phase, definitions in zip(self.statement.phases, self._definitions, strict=True):
            known |= {*phase.states, *phase.controls, *definitions}
            for name in (*phase.states, *definitions, "t"):
                known |= {f"{name}_0", f"{name}_f"}
                if several:
                    known |= {f"{phase.name}_{name}_0", f"{phase.name}_{name}_f"}
            if several:
                known |= {f"{phase.name}_t0", f"{phase.name}_tf"}
        return known

    def _check_definitions(self) -> None:
        """Unknown names and tables in definitions, whether used or not; each noted once."""
        for phase in self.statement.phases:
            prefix = f"{phase.path}." if phase.path else ""
            self._check_names(phase.definitions, f"{prefix}definitions")
        self._check_names(self.statement.definitions, "definitions")

    def _check_names(self, definitions: Mapping[str, Expression], path: str) -> None:
        scope = self._scope(
            dict.fromkeys(sorted(self.known, key=_by_kind), ("k", 0)), {}, [], lambda name: None
        )
        for name, expression in definitions.items():
            if not expression.names <= self.known or expression.tables - self._tables.keys():
                scope.resolve(expression, f"{path}.{name}", self._faults)


def _by_kind(name: str) -> tuple[bool, str]:
    """Plain names before those of end values, for suggestions."""
    return name.endswith(("_0", "_f")), name


def _point_hint(phase: PhaseStatement) -> Callable[[str], str | None]:
    def hint(name: str) -> str | None:
        if name in ("t0", "tf", "t_0", "t_f"):
            return (
                "'t'; the end times only where they are fixed, or in terminal_cost and boundary_constraints"
            )
        for end in ("_0", "_f"):
            if name.endswith(end) and name.removesuffix(end) in phase.states:
                return (
                    f"{name.removesuffix(end)!r}; end values only in terminal_cost and boundary_constraints"
                )
        return None

    return hint
