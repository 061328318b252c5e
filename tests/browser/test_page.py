"""What a person does on the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from chromium import executable
from live import DOUBLE_INTEGRATOR, Service
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

SOLVE_MS = 60_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = executable()
    assert path, "no Chromium: `make test-browser` gets one"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    opened = browser.new_page(base_url=service.url, viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda told: complaints.append(told.text) if "Content Security Policy" in told.text else None,
    )
    opened.goto("/")
    expect(opened.locator("#template option")).not_to_have_count(0)
    yield opened
    opened.close()
    assert not complaints


def state(page: Page, problem: object) -> None:
    page.fill("#problem", problem if isinstance(problem, str) else json.dumps(problem))


def test_a_template_is_chosen_solved_and_shown(page: Page) -> None:
    page.select_option("#template", "brachistochrone")
    expect(page.locator("#problem")).to_have_value(re.compile('"v": "g\\*cos\\(th\\)"'))
    page.click("#submit")
    expect(page.locator("#verdict .badge")).to_have_text("converged", timeout=SOLVE_MS)
    expect(page.locator("#figures")).to_contain_text("1.8016")
    expect(page.locator("#plots canvas")).not_to_have_count(0)
    expect(page.locator("#jobs tr").first).to_contain_text("converged")


def test_an_own_problem_is_solved_and_its_address_can_be_shared(page: Page) -> None:
    state(page, {**DOUBLE_INTEGRATOR, "title": "Mine"})
    page.click("#submit")
    expect(page.locator("#verdict .badge")).to_have_text("converged", timeout=SOLVE_MS)
    expect(page.locator("#figures")).to_contain_text("12")
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    expect(page.locator("#verdict .badge")).to_have_text("converged")


def test_a_job_is_followed_to_its_end_though_its_events_are_refused_at_first(page: Page) -> None:
    page.route("**/events", lambda route: route.fulfill(status=503), times=1)
    state(page, {**DOUBLE_INTEGRATOR, "title": "Followed"})
    page.click("#submit")
    expect(page.locator("#verdict .badge")).to_have_text("converged", timeout=SOLVE_MS)


def test_a_job_that_is_opened_brings_its_own_statement(page: Page, service: Service) -> None:
    options = {"segments": 20}
    body = {"solver_type": "pmp", "problem_config": {"problem": DOUBLE_INTEGRATOR}, "solver_config": options}
    job_id = service.submit(body)
    page.goto(f"/#job={job_id}")
    page.reload()
    expect(page.locator("#problem")).to_have_value(re.compile(r'^\{\s+"states".*"v": "u"', re.DOTALL))
    expect(page.locator("#solver")).to_have_value("pmp")
    expect(page.locator("#option-segments")).to_have_value("20")
    expect(page.locator("#option-tolerance")).to_have_value("")


def test_a_draft_stays_until_the_statement_of_a_job_is_asked_for(page: Page, service: Service) -> None:
    job_id = service.submit({"solver_type": "collocation", "problem_config": {"template": "brachistochrone"}})
    state(page, "{}")
    page.goto(f"/#job={job_id}")
    page.reload()
    expect(page.locator("#verdict .badge")).to_have_text("converged", timeout=SOLVE_MS)
    expect(page.locator("#problem")).to_have_value("{}")
    page.click("#edit")
    expect(page.locator("#problem")).to_have_value(re.compile("cos\\(th\\)"))


def test_nobody_edits_or_sends_a_statement_that_is_about_to_be_replaced(page: Page) -> None:
    held: list[Route] = []
    page.route("**/templates/container_crane", lambda route: held.append(route))
    page.select_option("#template", "container_crane")
    expect(page.locator("#problem")).not_to_be_editable()
    expect(page.locator("#submit")).to_be_disabled()
    page.select_option("#template", "brachistochrone")
    expect(page.locator("#problem")).to_be_editable()
    held[0].continue_()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#problem")).to_have_value(re.compile("cos\\(th\\)"))


def test_problems_with_several_objectives_are_stated_on_the_page(page: Page) -> None:
    objectives = [{"name": "energy", "running": "u^2"}, {"name": "miss", "terminal": "(x_f - 1)^2"}]
    free = {**DOUBLE_INTEGRATOR, "final": {}}
    state(page, {"problem": free, "objectives": objectives})
    page.select_option("#solver", "multi_objective")
    page.click("#check")
    expect(page.locator("#faults")).to_contain_text("Understood")


def test_a_trajectory_is_shown_in_the_plane(page: Page) -> None:
    page.select_option("#template", "brachistochrone")
    page.click("#submit")
    expect(page.locator("#verdict .badge")).to_have_text("converged", timeout=SOLVE_MS)
    page.select_option("#view", "plane")
    expect(page.locator("#plots figcaption")).to_have_text("y against x")


def test_faults_stand_beside_the_statement_and_nothing_is_lost(page: Page) -> None:
    wrong = json.dumps({**DOUBLE_INTEGRATOR, "dynamics": {"x": "vv", "v": "u"}})
    state(page, wrong)
    page.click("#submit")
    expect(page.locator("#faults")).to_contain_text("problem_config.problem.dynamics.x")
    expect(page.locator("#faults")).to_contain_text("did you mean 'v'?")
    page.reload()
    expect(page.locator("#problem")).to_have_value(wrong)


def test_text_that_is_no_json_is_told_with_its_line(page: Page) -> None:
    state(page, '{\n  "states": ["x",\n}')
    page.click("#submit")
    expect(page.locator("#faults")).to_contain_text("line 3")


def test_a_check_says_what_was_understood(page: Page) -> None:
    state(page, DOUBLE_INTEGRATOR)
    page.click("#check")
    expect(page.locator("#faults")).to_contain_text("2 states, 1 controls")


def test_a_running_job_shows_progress_and_can_be_cancelled(page: Page) -> None:
    page.select_option("#template", "goddard_rocket")
    page.click("summary:has-text('Solver options')")
    page.fill("#option-mesh_intervals", "2000")
    page.fill("#option-tolerance", "1e-12")
    page.fill("#option-multi_start", "64")
    page.fill("#option-max_refinements", "50")
    page.click("#submit")
    expect(page.locator("#status")).to_have_text("running", timeout=SOLVE_MS)
    page.click("#cancel")
    expect(page.locator("#status")).to_have_text("cancelled", timeout=SOLVE_MS)
    expect(page.locator("#cancel")).to_be_hidden()


def test_the_page_of_the_api_needs_nothing_from_elsewhere(page: Page, service: Service) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/docs")
    expect(page.locator("[data-path='/api/solve']")).to_be_visible(timeout=SOLVE_MS)
    page.locator("[data-path='/health']").click()
    page.click("button:has-text('Execute')")
    expect(page.locator(".live-responses-table")).to_contain_text("healthy")
    assert [url for url in asked if not url.startswith((f"{service.url}/", "data:"))] == []


def test_a_front_is_drawn(page: Page, service: Service) -> None:
    options = {"population": 20, "generations": 20}
    request = {
        "solver_type": "multi_objective",
        "problem_config": {"template": "zdt1"},
        "solver_config": options,
    }
    job_id = service.submit(request)
    service.job(job_id, wait=60)
    page.goto(f"/#job={job_id}")
    page.reload()
    expect(page.locator("#figures")).to_contain_text("hypervolume")
    picture = page.locator("#plots img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
