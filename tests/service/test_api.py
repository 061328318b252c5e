"""What a client of the API can rely on."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from live import Service, eventually


def test_a_problem_is_accepted_solved_and_its_answer_verified(service: Service, quick: Any) -> None:
    answer = service.post(quick(1.5))
    assert answer.status_code == 202
    assert answer.headers["location"] == answer.json()["links"]["self"]
    job = service.job(answer.json()["job_id"], wait=60)
    assert (job["status"], job["outcome"], job["progress"]) == ("completed", "converged", 1.0)
    assert job["result"]["cost"] == pytest.approx(12 * 1.5**2, rel=1e-6)
    assert set(job["result"]["timings"]) >= {"queue_s", "compile_s", "solve_s"}
    assert job["result"]["verification"]


def test_the_seeds_short_form_is_understood(service: Service) -> None:
    config = {
        "n_states": 2,
        "n_controls": 1,
        "t0": 0.0,
        "tf": 1.0,
        "initial_state": [0.0, 0.0],
        "target_state": [1.0, 0.0],
    }
    solver = {"max_iterations": 100, "tolerance": 1e-6}
    job_id = service.submit({"solver_type": "collocation", "problem_config": config, "solver_config": solver})
    assert service.job(job_id, wait=60)["outcome"] == "converged"


def test_a_sweep_comes_back_with_every_row(service: Service, quick: Any) -> None:
    request = quick(1.0)
    way = [0.5, 1.0, 2.0]
    problem = {
        **request["problem_config"]["problem"],
        "constants": {"way": way},
        "final": {"x": "way", "v": 0},
    }
    job_id = service.submit({**request, "problem_config": {"problem": problem}})
    job = service.job(job_id, wait=60)
    assert (job["status"], job["outcome"]) == ("completed", "converged")
    rows = job["result"]["rows"]
    assert [row["constants"] for row in rows] == [{"way": value} for value in way]
    assert [row["cost"] for row in rows] == pytest.approx([12 * value**2 for value in way], rel=1e-6)
    assert [row["states"]["x"][-1] for row in rows] == pytest.approx(way)
    answer = service.http.get(f"/api/job/{job_id}/result", headers={"Accept": "application/x-npz"})
    with np.load(io.BytesIO(answer.content)) as arrays:
        np.testing.assert_allclose(arrays["rows.2.states.x"], rows[2]["states"]["x"])
        np.testing.assert_allclose(arrays["states.x"], rows[0]["states"]["x"])


def test_the_same_question_is_answered_at_once_the_second_time(service: Service, quick: Any) -> None:
    first = service.job(service.submit(quick(1.25)), wait=60)
    second = service.post(quick(1.25)).json()
    assert (second["status"], second["cached"]) == ("completed", True)
    assert service.job(second["job_id"])["result"] == first["result"]


def test_what_was_asked_can_be_asked_again(service: Service) -> None:
    asked = {"solver_type": "collocation", "problem_config": {"template": "brachistochrone"}}
    job_id = service.submit(asked)
    answer = service.http.get(service.job(job_id)["links"]["request"])
    assert answer.status_code == 200
    body = answer.json()
    assert body["problem_config"]["problem"]["dynamics"]
    service.job(job_id, wait=60)
    assert service.post(body).json()["cached"]
    assert service.http.get(f"/api/job/{uuid4()}/request").status_code == 404


def test_an_idempotency_key_gives_the_same_job(service: Service, quick: Any) -> None:
    key = {"Idempotency-Key": "a-key-of-this-test"}
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: service.post(quick(0.75), **key), range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    changed = service.post(quick(0.76), **key)
    assert changed.status_code == 422
    assert "a-key-of-this-test" in changed.json()["detail"]


def test_progress_and_end_are_streamed(service: Service, quick: Any) -> None:
    job_id = service.submit(quick(2.25))
    with service.http.stream("GET", f"/api/job/{job_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = [line.split(":", 1)[1].strip() for line in stream.iter_lines() if line.startswith("event:")]
    assert events[-1] == "status"


def test_a_poll_with_an_etag_costs_nothing_when_nothing_changed(service: Service, quick: Any) -> None:
    job_id = service.submit(quick(2.5))
    service.job(job_id, wait=60)
    first = service.http.get(f"/api/job/{job_id}")
    again = service.http.get(f"/api/job/{job_id}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_prefer_wait_is_the_same_as_the_query(service: Service, quick: Any) -> None:
    job_id = service.submit(quick(2.75))
    answer = service.http.get(f"/api/job/{job_id}", headers={"Prefer": "respond-async, wait=60"})
    assert answer.json()["status"] == "completed"


def test_results_come_as_json_arrays_and_pictures(service: Service, quick: Any) -> None:
    job_id = service.submit(quick(3.0))
    result = service.job(job_id, wait=60)["result"]
    assert service.http.get(f"/api/job/{job_id}/result").json() == result
    npz = service.http.get(f"/api/job/{job_id}/result", headers={"Accept": "application/x-npz"})
    with np.load(io.BytesIO(npz.content)) as arrays:
        np.testing.assert_array_equal(arrays["states.x"], result["states"]["x"])
    picture = service.http.get(f"/api/job/{job_id}/plot.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.count("<polyline") == 5  # two states, a control, two costates


def test_a_result_too_large_for_the_row_is_kept_in_storage(bare_service: Service, quick: Any) -> None:
    bare_service.start_worker(COSTATE_INLINE_RESULT_BYTES="100")
    job_id = bare_service.submit(quick(1.0))
    assert bare_service.job(job_id, wait=60)["result"]["cost"] == pytest.approx(12.0, rel=1e-6)
    assert bare_service.rows("SELECT result IS NULL, result_key FROM jobs") == [
        (True, f"results/{job_id}/1.json")
    ]
    assert (bare_service.folder / "objects" / "results" / job_id / "1.json").exists()


def test_a_batch_is_taken_whole_or_not_at_all(service: Service, quick: Any) -> None:
    bad = {"requests": [quick(4.0), {"solver_type": "magic", "problem_config": {}}]}
    refused = service.http.post("/api/batch", json=bad)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "requests.1.solver_type"
    taken = service.http.post("/api/batch", json={"requests": [quick(4.0), quick(4.25)]}).json()
    for job in taken["jobs"]:
        assert service.job(job["job_id"], wait=60)["outcome"] == "converged"
    status = service.http.get(taken["status_url"]).json()
    assert (status["status"], status["total"], status["completed"], status["progress"]) == (
        "completed",
        2,
        2,
        100.0,
    )


def test_jobs_are_listed_with_filters_and_pages(service: Service, quick: Any) -> None:
    ids = [service.submit(quick(5.0 + n / 8)) for n in range(3)]
    for job_id in ids:
        service.job(job_id, wait=60)
    page = service.http.get("/api/jobs", params={"limit": 2, "status": "completed"}).json()
    assert [job["job_id"] for job in page["jobs"]] == ids[:0:-1]
    following = service.http.get("/api/jobs", params={"limit": 2, "cursor": page["next"]}).json()
    assert following["jobs"][0]["job_id"] == ids[0]


def test_validate_says_what_was_understood_and_stores_nothing(service: Service, quick: Any) -> None:
    before = service.rows("SELECT count(*) FROM jobs")
    answer = service.http.post("/api/validate", json=quick(1.0)).json()
    assert answer["valid"]
    assert answer["phases"] == [{"states": ["x", "v"], "controls": ["u"]}]
    assert service.rows("SELECT count(*) FROM jobs") == before


def test_templates_can_be_solved_as_they_are_shown(service: Service) -> None:
    shown = service.http.get("/api/templates").json()["templates"]
    names = [template["name"] for template in shown]
    assert "brachistochrone" in names
    problem = service.http.get("/api/templates/brachistochrone").json()["problem"]
    body = {"solver_type": "collocation", "problem_config": {"problem": problem}}
    assert service.http.post("/api/validate", json=body).json()["valid"]


def test_the_service_describes_itself(service: Service) -> None:
    assert service.http.get("/").json()["docs"] == "/docs"
    assert service.http.get("/health").json()["status"] == "healthy"
    assert service.http.get("/ready").json()["status"] == "ready"
    assert "collocation" in [solver["name"] for solver in service.http.get("/api/solvers").json()["solvers"]]
    document = service.http.get("/openapi.json").json()
    assert {"/api/solve", "/api/job/{job_id}", "/api/jobs", "/api/validate"} <= set(document["paths"])
    metrics = service.http.get("/metrics").text
    assert 'costate_jobs{status="pending"}' in metrics
    assert 'route="/api/solvers"' in metrics


def test_pages_may_load_nothing_from_elsewhere(service: Service) -> None:
    for path in ("/", "/docs"):
        answer = service.http.get(path, headers={"Accept": "text/html"})
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"]
        assert "//" not in answer.text.replace("http://www.w3.org/", ""), "an address elsewhere"


def test_the_command_line_solves_a_file_and_says_what_is_wrong(service: Service, quick: Any) -> None:
    import subprocess
    import sys

    file = service.folder / "problem.json"
    output = service.folder / "result.json"
    command = [
        sys.executable,
        "-m",
        "app.cli",
        "solve",
        str(file),
        "--url",
        service.url,
        "--output",
        str(output),
    ]
    file.write_text(json.dumps(quick(1.0)["problem_config"]["problem"]))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(output.read_text())["status"] == "converged"
    file.write_text('{"states": ["x"]}')
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "problem_config.problem" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_every_refusal_is_documented_in_its_own_form(service: Service) -> None:
    document = service.http.get("/openapi.json").json()
    assert "HTTPValidationError" not in json.dumps(document)
    assert {"Problem", "Fault", "SolveRequest"} <= set(document["components"]["schemas"])
    accepted = document["paths"]["/api/solve"]["post"]
    assert set(accepted["responses"]) >= {"202", "400", "409", "413", "422", "503"}
    assert "application/problem+json" in accepted["responses"]["422"]["content"]
    assert accepted["requestBody"]["content"]["application/json"]["schema"]["examples"]
    reached = {name.rsplit("/", 1)[1] for name in _references(document)}
    assert reached <= set(document["components"]["schemas"])


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def test_health_tells_of_the_workers(service: Service) -> None:
    eventually(
        lambda: service.http.get("/health").json()["workers"] == 1, seconds=15, what="the worker is known"
    )
    assert service.http.get("/health").json()["gpu_available"] is False


def test_validate_warns_of_what_is_probably_not_meant(service: Service, quick: Any) -> None:
    body = quick(1.0)
    body["problem_config"]["problem"]["constants"] = {"unheard_of": 1.0}
    warnings = service.http.post("/api/validate", json=body).json()["warnings"]
    assert any("unheard_of" in warning for warning in warnings)
