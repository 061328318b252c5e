"""What a matrix problem may say, and what is answered when it says something else."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from app.errors import InvalidInput
from app.solvers.magnus.request import check, parse

QUBIT: dict[str, Any] = {"kind": "schroedinger", "dimensions": 2, "H0": "sz", "initial": "0", "tf": 1}
CONTROLLED: dict[str, Any] = {
    **QUBIT,
    "controls": [{"name": "u", "operator": "sx", "lower": -1, "upper": 1}],
    "target": {"state": "1"},
    "slices": 4,
}
LINEAR: dict[str, Any] = {"kind": "linear", "A0": [[0, 1], [-1, 0]], "initial": [1, 0], "tf": 1}
DECAY: dict[str, Any] = {**QUBIT, "kind": "lindblad", "collapse": [{"operator": "sm", "rate": 0.1}]}


def faults(matrices: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as raised:
        check({"matrices": matrices})
    return {fault.field.removeprefix("matrices."): fault.message for fault in raised.value.errors}


@pytest.mark.parametrize("matrices", [QUBIT, CONTROLLED, LINEAR, DECAY])
def test_canonical_data_state_the_same_problem(matrices: dict[str, Any]) -> None:
    data, structure = check({"matrices": {**matrices, "title": "an example"}})
    assert data == {"matrices": matrices}
    assert check(data) == (data, structure)


def test_numbers_do_not_change_the_structure_but_shapes_do() -> None:
    same = {**QUBIT, "H0": "2.5*sx + 0.1*sz", "tf": 9}
    assert check({"matrices": QUBIT})[1] == check({"matrices": same})[1]
    assert check({"matrices": QUBIT})[1] != check({"matrices": {**QUBIT, "dimensions": 3, "H0": "n"}})[1]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"kind": "heat"}, "kind", "unknown kind"),
        ({"kind": ["schroedinger"]}, "kind", "unknown kind"),
        ({"H0": "sq"}, "H0", "unknown operator 'sq'"),
        ({"H0": "sin(sx)"}, "H0", "'sin' of an operator"),
        ({"H0": "sx/0"}, "H0", "division by zero"),
        ({"H0": "1/sx"}, "H0", "division by an operator"),
        ({"H0": "sx*"}, "H0", "ends too early"),
        ({"H0": "i*sx"}, "H0", "not Hermitian"),
        ({"H0": [[0, 1], [2, 0]]}, "H0", "not Hermitian"),
        ({"H0": [[0, 1, 0], [1, 0, 0], [0, 0, 0]]}, "H0.0", "has 3 entries"),
        ({"H0": [[0, 1], [1]]}, "H0.1", "has 1 entries"),
        ({"H0": [[0, None], [1, 0]]}, "H0.0.1", "finite number"),
        ({"H0": {"re": [[0, 1], [1, 0]], "imag": []}}, "H0", "must be an array"),
        ({"A0": [[1]]}, "A0", "has no 'A0'"),
        ({"initial": [1, 1]}, "initial", "has norm 1.4142136"),
        ({"initial": [1, 0, 0]}, "initial", "has 3 entries"),
        ({"initial": "2"}, "initial", "unknown state"),
        ({"initial": None}, "initial", "missing"),
        ({"dimensions": [2, "2"]}, "dimensions", "levels of each subsystem"),
        ({"dimensions": 10**9}, "dimensions", "levels of each subsystem"),
        ({"tf": None}, "tf", "missing"),
        ({"tf": -1}, "tf", "must come after t0"),
        ({"tf": "x"}, "tf", "unknown name 'x'"),
        ({"times": [0.5, 0.1]}, "times", "must rise"),
        ({"times": 10**7}, "times", "must be times"),
        (
            {"terms": [{"operator": "sx", "amplitude": "1/(t - 0.5)"}]},
            "terms.0.amplitude",
            "not finite at t = 0.5",
        ),
        ({"terms": [{"operator": "sx", "amplitude": "w*t"}]}, "terms.0.amplitude", "unknown name 'w'"),
        ({"terms": [{"amplitude": "t"}]}, "terms.0.operator", "missing"),
        ({"terms": [{"operator": "sx", "amp": "t"}]}, "terms.0.amp", "unknown key"),
        ({"constants": {"sx": 1}}, "constants.sx", "is an operator"),
        ({"slices": 5}, "slices", "only for a control problem"),
        ({"hamiltonian": "sx"}, "hamiltonian", "unknown key"),
    ],
)
def test_each_fault_is_named_with_its_field(change: dict[str, Any], field: str, words: str) -> None:
    found = faults({**QUBIT, **change})
    assert field in found
    assert words in found[field]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"target": None}, "target", "missing"),
        ({"target": {"gate": "cnot"}, "initial": None}, "target.gate", "is 4 x 4"),
        ({"target": {"gate": "nota", "initial": None}}, "target.initial", "unknown key"),
        ({"target": {"gate": "2*sx"}, "initial": None}, "target.gate", "not unitary"),
        ({"target": {"gate": "x"}}, "initial", "all basis states"),
        ({"target": {"state": "1", "gate": "x"}}, "target", "a state or a gate"),
        ({"target": {"gate": "x", "subspace": [0, 0]}, "initial": None}, "target.subspace", "basis states"),
        ({"controls": [{"operator": "sx"}]}, "controls.0.name", "must be a name"),
        (
            {"controls": [{"name": "u", "operator": "sx", "lower": 2, "upper": 1}]},
            "controls.0.lower",
            "above upper",
        ),
        (
            {"controls": [{"name": "u", "operator": "sx", "guess": [1, 2]}]},
            "controls.0.guess",
            "has 2 entries",
        ),
        ({"controls": [{"name": "u", "operator": "sx"}] * 2}, "controls", "given twice"),
        ({"slices": 0}, "slices", "whole number"),
        ({"smoothness": -1}, "smoothness", "must be a number"),
        ({"spread": {"d": {"half_width": 1}}}, "spread.d", "unknown constant"),
        ({"constants": {"d": 0}, "spread": {"d": {}}}, "spread.d", "how the constant spreads"),
        (
            {"constants": {"d": 0}, "spread": {"d": {"half_width": -1}}},
            "spread.d.half_width",
            "must be a number",
        ),
        ({"constants": {"d": 0}, "H0": "d*sz", "spread": {"d": {"values": [0, 1]}}}, "H0", "has a spread"),
    ],
)
def test_each_fault_of_a_control_problem_is_named(change: dict[str, Any], field: str, words: str) -> None:
    found = faults({**CONTROLLED, **change})
    assert field in found
    assert words in found[field]


@pytest.mark.parametrize(
    ("matrices", "field", "words"),
    [
        ({**LINEAR, "A0": {"im": [[0, 1], [1, 0]]}}, "A0", "must be real"),
        ({**LINEAR, "source": ["1"]}, "source", "has 1 entries"),
        (
            {**DECAY, "collapse": [{"operator": "sm", "rate": "t - 0.5"}]},
            "collapse.0.rate",
            "rate is negative at t = 0",
        ),
        ({**DECAY, "initial": [[1, 0], [0, 1]]}, "initial", "has trace 2"),
        ({**DECAY, "initial": [[2, 0], [0, -1]]}, "initial", "negative eigenvalue"),
        ("sx", "", "must be an object"),
    ],
)
def test_faults_of_other_kinds_are_named(matrices: Any, field: str, words: str) -> None:
    found = faults(matrices)
    assert words in found[field or "matrices"]


def test_all_faults_are_reported_at_once() -> None:
    assert set(faults({**QUBIT, "H0": "sq", "tf": -1, "initial": [3, 0], "colour": 1})) == {
        "H0", "tf", "initial", "colour",
    }  # fmt: skip


def test_arrays_may_be_complex_and_states_rounded() -> None:
    statement = parse(
        {
            "matrices": {
                "kind": "schroedinger",
                "H0": {"re": [[1, 0], [0, -1]], "im": [[0, -1], [1, 0]]},
                "initial": {"re": [0.70710678, 0], "im": [0, 0.70710678]},
                "tf": "2*pi",
            }
        }
    )
    assert statement.terms[0].matrix == pytest.approx(np.array([[1, -1j], [1j, -1]]))
    assert np.linalg.norm(statement.initial) == pytest.approx(1, abs=1e-15)
    assert statement.times[-1] == pytest.approx(2 * np.pi)


def test_a_request_is_checked_without_jax() -> None:
    code = (
        "import sys, app.solvers.magnus.request, app.solvers.magnus.options; sys.exit('jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
