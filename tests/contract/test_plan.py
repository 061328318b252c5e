"""What a plan tells of a stack that was recorded: everything in it, with a price or by name."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from estates import CLOUDS, Estate, recorded

from infra.costs import estimate
from infra.costs.estimate import TABLES
from infra.engine.environment import ROOT
from infra.errors import InfraError
from infra.plan import __main__ as plan
from infra.plan.diagram import diagram
from infra.plan.difference import difference
from infra.plan.preview import of_preview
from infra.plan.report import report
from infra.policy.judgement import judge
from infra.recorder import Recording

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_resource_of_a_cloud_has_a_price_or_is_known_to_have_none(cloud: str) -> None:
    for estate in (Estate(cloud, "development", gpu=True, spot=True), Estate(cloud, standby=True)):
        assert estimate(recorded(estate)).unpriced == {}, estate


def test_the_workload_costs_what_its_nodes_do() -> None:
    whole = estimate(recorded(Estate("aws", layer="all")))
    assert whole.unpriced == {}
    assert whole.total() == pytest.approx(estimate(recorded(Estate("aws"))).total())


def test_a_resource_without_a_price_is_named() -> None:
    (resource,) = [r for r in recorded(Estate("aws")).managed if r.type == "aws:rds/instance:Instance"]
    dear = replace(resource, inputs={**resource.inputs, "instanceClass": "db.x99.huge"})
    strange = replace(resource, type="aws:quantum/computer:Computer", name="q")
    told = estimate(Recording("prod", (dear, strange))).unpriced
    assert told == {
        dear.name: "no price of the database 'db.x99.huge'",
        "q": "aws:quantum/computer:Computer is in no price table",
    }


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_asked_for_more_costs_more(cloud: str) -> None:
    small, large = (estimate(recorded(Estate(cloud, env))).total() for env in ("development", "production"))
    assert 50 < small[0] < large[0]
    assert small[1] < large[1]
    plain, accelerated = (estimate(recorded(Estate(cloud, gpu=gpu))).total() for gpu in (False, True))
    assert plain[0] == pytest.approx(accelerated[0])  # a pool from zero costs nothing while it is empty
    assert plain[1] < accelerated[1]
    spot = estimate(recorded(Estate(cloud, spot=True))).total()
    assert spot[0] < plain[0]


def test_a_type_stands_in_one_list_of_its_table() -> None:
    for table in TABLES.values():
        assert not table.charges.keys() & table.free
        assert not table.charges.keys() & table.by_use.keys()
        assert not table.by_use.keys() & table.free
        assert date.fromisoformat(f"{table.checked}-01") > date(2025, 1, 1)


def test_the_picture_has_every_part_of_every_cell() -> None:
    recording = recorded(Estate("aws", standby=True))
    picture = Xml.fromstring(diagram(recording))  # noqa: S314 - our own text
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert {"prod-aws-us-east-1", "prod-aws-us-west-2"} <= set(words)
    parts = {(recording.cell(r), recording.layer(r)) for r in recording.managed}
    assert len([word for word in words if word and word.endswith(" resources")]) == len(parts)
    assert list(picture.iter(f"{SVG}line"))
    box = [float(number) for number in picture.attrib["viewBox"].split()]
    for found in picture.iter(f"{SVG}rect"):
        assert float(found.get("x", 0)) + float(found.attrib["width"]) <= box[2]
        assert float(found.get("y", 0)) + float(found.attrib["height"]) <= box[3]


def test_a_difference_tells_what_is_added_removed_and_changed() -> None:
    before, after = recorded(Estate("aws")), recorded(Estate("aws", gpu=True, protect=False))
    assert not difference(before, before)
    assert not difference(Recording.from_json(before.as_json()), before)
    found = difference(Recording.from_json(before.as_json()), after)
    assert any(r.type == "aws:eks/nodeGroup:NodeGroup" for r in found.added)
    assert not found.removed
    assert any("protect: True → False" in paths for _, paths in found.changed)
    back = difference(after, before)
    assert [r.urn for r in back.removed] == [r.urn for r in found.added]


def test_a_report_tells_of_all(tmp_path: Path) -> None:
    recording = recorded(Estate("aws", gpu=True))
    findings = judge(recording.managed, today=date(2026, 12, 1))
    text = report(recording, estimate(recording), findings, difference(recorded(Estate("aws")), recording))
    for words in (
        f"{len(recording.managed)} resources in 1 cells",
        "## Cost a month",
        "g4dn.xlarge, 0 to 4 nodes",
        "## Policy",
        "## What changes",
        "+ `prod-aws-us-east-1-cluster-pools-gpu-t4`",
    ):
        assert words in text


def test_the_engines_preview_can_be_planned_too() -> None:
    recorded_one = recorded(Estate("aws"), preview=True)
    steps = [
        {"op": "create", "urn": r.urn, "newState": {**r.as_json(), "id": ""}} for r in recorded_one.resources
    ]
    gone = {"op": "delete", "urn": "urn:pulumi:prod::costate::aws:s3/bucket:Bucket::old", "oldState": {}}
    found = of_preview(json.loads(json.dumps({"steps": [*steps, gone]})))
    assert found.stack == "prod"
    assert found.by_urn.keys() == recorded_one.by_urn.keys()
    assert estimate(found).total() == pytest.approx(estimate(recorded_one).total())
    with pytest.raises(InfraError, match="no preview"):
        of_preview({})


def test_the_command_writes_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.main(["dev", "--out", str(tmp_path)]) == 0
    assert "# Plan of the stack dev" in capsys.readouterr().out
    assert {file.name for file in tmp_path.iterdir()} == {"plan.md", "architecture.svg", "recording.json"}
    again = tmp_path / "again"
    assert plan.main(["dev", "--out", str(again), "--against", str(tmp_path / "recording.json")]) == 0
    assert "## What changes\n\nNothing." in (again / "plan.md").read_text()


def test_a_stack_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.main(["nowhere"]) == 1
    told = capsys.readouterr().err
    assert "no stack 'nowhere'" in told
    assert "prod" in told


def test_the_plan_needs_no_engine() -> None:
    program = "import sys; from infra.plan import __main__; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "infra.engine.locate" not in done.stdout.split()
