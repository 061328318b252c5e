"""Results as arrays."""

from __future__ import annotations

from app.api.results import _arrays


def test_every_trajectory_of_every_phase_has_its_array() -> None:
    phase = {"time": [0.0, 1.0], "states": {"x": [0.0, None]}, "controls": {}, "costates": {"x": [1.0, 1.0]}}
    arrays = dict(_arrays({**phase, "phases": [phase, phase]}))
    names = {"time", "states.x", "costates.x"}
    assert set(arrays) == names | {f"phases.{n}.{name}" for n in (0, 1) for name in names}
    assert {array.shape for array in arrays.values()} == {(2,)}
