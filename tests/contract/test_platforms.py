"""Platforms are alike: same files and classes, one cloud never loads another, and what is not there is told."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from estates import CLOUDS, CLUSTERS, Estate

from infra import checks, platforms
from infra.config.reading import load
from infra.errors import ConfigError
from infra.recorder.schema import PACKAGES

PARTS = (
    "keys", "network", "registry", "cluster", "identity", "database", "cache", "storage", "edge", "backup",
    "governance", "routing",
)  # fmt: skip
SDKS = {"aws": "pulumi_aws", "gcp": "pulumi_gcp", "azure": "pulumi_azure_native"}
FOLDER = Path(platforms.__path__[0])


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("part", PARTS)
def test_every_cloud_has_the_same_files_and_classes(cloud: str, part: str) -> None:
    tree = ast.parse((FOLDER / cloud / f"{part}.py").read_text())
    assert part.capitalize() in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize("cloud", CLUSTERS)
def test_a_component_is_called_as_its_class(cloud: str) -> None:
    for file in sorted((FOLDER / cloud).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                "ComponentResource" in ast.unparse(b) for b in node.bases
            ):
                tokens = re.findall(r"costate:\w+:\w+", ast.unparse(node))
                assert tokens == [f"costate:{cloud}:{node.name}"], f"{file.name}: {node.name}"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_clouds_sdk_is_imported_only_inside_its_folder(cloud: str) -> None:
    root = FOLDER.parent
    for file in sorted(root.rglob("*.py")):
        if FOLDER / cloud in file.parents:
            continue
        text = file.read_text()
        assert not re.search(rf"^\s*(from|import) {SDKS[cloud]}", text, re.MULTILINE), file


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_stack_on_one_cloud_loads_no_other_sdk(cloud: str) -> None:
    program = (
        "import json, sys; from infra.recorder import record; "
        "values, name = json.loads(sys.argv[1]); record(values, name); "
        "print(json.dumps(sorted({module.split('.')[0] for module in sys.modules})))"
    )
    given = json.dumps([Estate(cloud, "development").values(), "dev"])
    done = subprocess.run(
        [sys.executable, "-c", program, given],
        capture_output=True,
        text=True,
        check=True,
        cwd=FOLDER.parents[1],
    )
    loaded = set(json.loads(done.stdout))
    assert SDKS[cloud] in loaded
    assert not loaded & {sdk for other, sdk in SDKS.items() if other != cloud}


def test_the_configuration_is_checked_without_any_sdk() -> None:
    program = (
        "import sys, datetime; from infra import checks; from infra.config.reading import load; "
        "checks.check(load({'costate:environment': 'production', 'costate:cells': "
        "[{'platform': 'aws', 'region': 'us-east-1'}]}), 'prod', datetime.date(2026, 12, 1)); "
        "print(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=FOLDER.parents[1]
    )
    assert not set(done.stdout.split()) & set(PACKAGES.values())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gpu", {"accelerator": "l4"}),
        ("services", {"notebook": {"image": "jupyter:1"}}),
        ("domain", "api.example.org"),
        ("database", {"highly_available": True}),
        ("cache", {"highly_available": True}),
        ("api", {"replicas": {"max": 3}}),
    ],
)
def test_what_a_platform_has_not_is_told_by_key(key: str, value: Any) -> None:
    stack = load({"costate:environment": "local", f"costate:{key}": value})
    with pytest.raises(ConfigError) as caught:
        checks.check(stack, "local", date(2026, 12, 1))
    assert caught.value.faults[0].key.startswith(f"costate:{key}")
