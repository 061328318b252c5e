"""Whatever is sent, the answer names the field and the service stays up."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any
from uuid import uuid4

import pytest
from live import DOUBLE_INTEGRATOR, Service


def changed(**parts: Any) -> dict[str, Any]:
    problem = {**copy.deepcopy(DOUBLE_INTEGRATOR), **parts}
    return {"solver_type": "collocation", "problem_config": {"problem": problem}}


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown solver": ({"solver_type": "magic", "problem_config": {}}, "solver_type"),
    "unknown name": (changed(dynamics={"x": "vv", "v": "u"}), "problem_config.problem.dynamics.x"),
    "import": (changed(running_cost="__import__('os')"), "problem_config.problem.running_cost"),
    "10 MB expression": (changed(running_cost="1+" * 900_000 + "u"), "problem_config.problem.running_cost"),
    "nested brackets": (
        changed(running_cost="(" * 10_000 + "u" + ")" * 10_000),
        "problem_config.problem.running_cost",
    ),
    "missing dynamics": (changed(dynamics={"x": "v"}), "problem_config.problem.dynamics.v"),
    "initial of a stranger": (changed(initial={"x": 0, "v": 0, "w": 1}), "problem_config.problem.initial.w"),
    "reversed bounds": (changed(control_bounds={"u": [1, -1]}), "problem_config.problem.control_bounds.u"),
    "NaN as text": (changed(initial={"x": "nan", "v": 0}), "problem_config.problem.initial.x"),
    "time backwards": (changed(time={"t0": 1, "tf": 0}), "problem_config.problem.time.tf"),
    "U+0000": (changed(title="a\0b"), "problem_config.problem.title"),
    "no cost": (changed(running_cost=None), "problem_config.problem.running_cost"),
    "unknown option": ({**changed(), "solver_config": {"toleranze": 1}}, "solver_config.toleranze"),
    "option out of range": (
        {**changed(), "solver_config": {"max_iterations": 0}},
        "solver_config.max_iterations",
    ),
    "unknown key": ({**changed(), "priority": 1}, "priority"),
    "seed form with wrong size": (
        {
            "solver_type": "collocation",
            "problem_config": {
                "n_states": 2,
                "n_controls": 1,
                "t0": 0,
                "tf": 1,
                "initial_state": [0],
                "target_state": [1, 0],
            },
        },
        "problem_config.initial_state",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_refused_with_its_field_and_nothing_is_stored(service: Service, case: str) -> None:
    body, field = CASES[case]
    before = service.rows("SELECT count(*) FROM jobs")
    answer = service.post(body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [fault["field"] for fault in answer.json()["errors"]], answer.text
    assert service.rows("SELECT count(*) FROM jobs") == before
    assert service.http.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b'{"solver_type": "collocation",', 400),
        (b'{"solver_type": NaN}', 400),
        (b"\xff\xfe", 400),
        (b'{"solver_type": 1e999}', 400),
        (b'{"solver_type": "\\ud800"}', 400),
        (b'"' + b'\\"' * 900_000, 400),
        (b"", 400),
        (b"[]", 422),
        (b"[" * 50_000, 422),
        (b'{"a":' * 50_000, 422),
        (json.dumps({"solver_type": "x" * 2_100_000}).encode(), 413),
    ],
)
def test_what_is_no_json_object_is_refused_before_it_is_read(
    service: Service, text: bytes, status: int
) -> None:
    answer = service.http.post("/api/solve", content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["errors"][0]["field"] == "body"


def test_a_body_without_declared_length_is_bounded_too(service: Service) -> None:
    chunks = (b" " * 100_000 for _ in range(30))
    assert service.http.post("/api/solve", content=chunks).status_code == 413


def test_every_fault_of_a_request_is_told_at_once(service: Service) -> None:
    body = changed(dynamics={"x": "vv", "v": "u+w"}, control_bounds={"u": [1, -1]}) | {
        "solver_config": {"tolerance": -1}
    }
    fields = {fault["field"] for fault in service.post(body).json()["errors"]}
    expected = {"dynamics.x", "dynamics.v", "control_bounds.u"}
    assert {f"problem_config.problem.{name}" for name in expected} | {"solver_config.tolerance"} <= fields


def test_an_unknown_job_is_404_and_a_bad_id_names_itself(service: Service) -> None:
    unknown = service.http.get(f"/api/job/{uuid4()}")
    assert unknown.status_code == 404
    assert "There is no job" in unknown.json()["detail"]
    bad = service.http.get("/api/job/not-an-id")
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["field"] == "job_id"


def test_unknown_addresses_methods_and_cursors_are_problems_too(service: Service) -> None:
    for answer, status in (
        (service.http.get("/nowhere"), 404),
        (service.http.delete("/api/solve"), 405),
        (service.http.get("/api/jobs", params={"cursor": "zzz"}), 422),
        (service.http.get("/api/jobs", params={"status": "lost"}), 422),
        (service.http.get("/api/templates/none"), 404),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_odd_headers_and_parameters_are_passed_over_or_refused(service: Service, quick: Any) -> None:
    job_id = service.submit(quick(1.0))
    path = f"/api/job/{job_id}"
    for value in (b"wait=\xb2", b"wait=99999999999999999999", b"wait=", b"wait=-1"):
        assert service.http.get(path, headers={b"Prefer": value}).status_code == 200
    service.job(job_id, wait=60)
    for value in (b"\xb2", b"9" * 5_000, b"-1"):
        assert service.http.get(f"{path}/events", headers={b"Last-Event-ID": value}).status_code == 200
    refused: list[tuple[str, str]] = [
        ("solver_type", "a\0"),
        ("since", "yesterday"),
        ("limit", "0"),
        ("cursor", base64.urlsafe_b64encode(b'["2026-01-01", 5]').decode()),
        ("cursor", base64.urlsafe_b64encode(b'["0001-01-01T00:00:00+23:59", "x"]').decode()),
        ("cursor", "\u00fc"),
    ]
    for name, value in refused:
        answer = service.http.get("/api/jobs", params={name: value})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name), answer.text
    assert service.http.get(path, params={"wait": "nan"}).status_code == 422
    assert service.http.get("/api/jobs", params={"since": "2026-01-01"}).status_code == 200
