"""Several objectives through the API."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from live import DOUBLE_INTEGRATOR, Service, eventually

SVG = "{http://www.w3.org/2000/svg}"
OBJECTIVES = [{"name": "effort", "running": "u^2"}, {"name": "speed", "running": "v^2"}]
CONTROL = {
    "solver_type": "multi_objective",
    "problem_config": {"problem": DOUBLE_INTEGRATOR, "objectives": OBJECTIVES},
    "solver_config": {"points": 7, "mesh_intervals": 16},
}
EVOLVED = {
    "solver_type": "multi_objective",
    "problem_config": {"template": "zdt1"},
    "solver_config": {"population": 40, "generations": 500},
}


@pytest.mark.parametrize("request_body", [CONTROL, EVOLVED])
def test_a_front_is_solved_and_drawn(service: Service, request_body: dict[str, object]) -> None:
    job_id = service.submit(request_body)
    ended = ("completed", "failed")
    job = eventually(
        lambda: (found := service.job(job_id, wait=30))["status"] in ended and found,
        seconds=240,
        what="the front is solved, its programs compiled before",
    )
    assert (job["status"], job["outcome"]) == ("completed", "converged")
    result = job["result"]
    assert result["verification"]["passed"]
    assert result["hypervolume"] > 0
    picture = ElementTree.fromstring(service.http.get(f"/api/job/{job_id}/plot.svg").text)  # noqa: S314 - our own picture
    assert len(picture.findall(f"{SVG}circle")) == len(result["front"]) + 1  # and the knee


def test_validate_names_the_objectives_and_the_method_that_does_not_suit(service: Service) -> None:
    answer = service.http.post("/api/validate", json=CONTROL).json()
    assert answer["summary"] == "a control problem; objectives effort, speed"
    assert service.http.post("/api/validate", json=EVOLVED).json()["summary"].startswith("30 variables")
    refused = service.http.post("/api/validate", json={**CONTROL, "solver_config": {"method": "nsga2"}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "solver_config.method"
