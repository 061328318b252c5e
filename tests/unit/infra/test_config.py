"""The configuration of a stack: what it is by default, and how faults are told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.config import reference
from infra.config.environments import DEFAULTS
from infra.config.reading import load
from infra.config.stack import StackConfig
from infra.errors import ConfigError, ConfigFault

ROOT = Path(__file__).resolve().parents[3]
AWS = [{"platform": "aws", "region": "us-east-1"}]


def values(**parts: Any) -> dict[str, Any]:
    """As Pulumi hands them over: structures as JSON text."""
    return {
        f"costate:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in parts.items()
    }


def faults(**parts: Any) -> dict[str, Any]:
    with pytest.raises(ConfigError) as caught:
        load(values(**parts))
    return {fault.key.removeprefix("costate:"): fault for fault in caught.value.faults}


@pytest.mark.parametrize("file", sorted(ROOT.glob("Pulumi.*.yaml")), ids=lambda file: file.name)
def test_every_stack_of_the_checkout_is_valid(file: Path) -> None:
    given_values = yaml.safe_load(file.read_text())["config"]
    assert isinstance(
        load(
            {
                key: json.dumps(value) if not isinstance(value, str) else value
                for key, value in given_values.items()
            }
        ),
        StackConfig,
    )


@pytest.mark.parametrize(
    ("environment", "initial", "scale", "cpu_target", "gpus"),
    [
        ("development", 1, (1, 1), 70, None),
        ("staging", 2, (1, 5), 75, None),
        ("production", 5, (3, 20), 70, None),
        ("production-gpu", 3, (2, 10), 70, 1),
    ],
)
def test_environments_have_their_replicas_autoscaling_and_gpus(
    environment: str, initial: int, scale: tuple[int, int], cpu_target: int, gpus: int | None
) -> None:
    config = load(values(environment=environment, cells=AWS))
    assert (config.api.initial, config.api.cpu_target) == (initial, cpu_target)
    assert (config.api.replicas.min, config.api.replicas.max) == scale
    assert (config.gpu.per_worker if config.gpu else None) == gpus


def test_what_is_given_stands_above_the_environment_and_leaves_the_rest() -> None:
    config = load(values(environment="production", cells=AWS, api={"replicas": {"max": 40}}))
    assert (config.api.replicas.min, config.api.replicas.max) == (3, 40)
    assert config.api.initial == 5


def test_keys_of_other_namespaces_are_left_alone() -> None:
    assert load({**values(environment="local"), "aws:region": "eu-west-1"}) == load(
        values(environment="local")
    )


def test_every_fault_is_told_at_once_with_key_and_remedy() -> None:
    found = faults(
        environment="local", local={"api_port": 80, "redis": 1}, workers={"slots": "many"}, wokers={}
    )
    assert set(found) == {"local.api_port", "local.redis", "workers.slots", "wokers"}
    assert found["local.api_port"].given == 80
    assert "did you mean 'redis_port'?" in found["local.redis"].allowed
    assert "did you mean 'workers'?" in found["wokers"].allowed


def test_a_missing_environment_is_told() -> None:
    assert "is missing" in str(faults()["environment"])


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ({"api": {"replicas": {"min": 9, "max": 2}}}, "api.replicas.min"),
        ({"gpu": {"accelerator": "l4", "min": 3, "max": 1}}, "gpu.min"),
        ({"api": {"cpu": [900, 100]}}, "api.cpu"),
        ({"cells": [*AWS, *AWS]}, "cells.1"),
        ({"cells": [{"platform": "aws"}]}, "cells.0.region"),
        ({"cells": [{"platform": "gcp", "region": "us-central1"}]}, "cells.0.project"),
        ({"cells": [{**AWS[0], "role": "standby"}]}, "cells.0.role"),
        (
            {
                "cells": [
                    {"platform": "gcp", "region": "us-central1", "project": "one"},
                    {"platform": "gcp", "region": "us-east4", "project": "another", "role": "standby"},
                ]
            },
            "cells.1.project",
        ),
        ({"cells": [{"platform": "local"}]}, "environment"),
        ({"cells": [{"platform": "local"}, *AWS]}, "cells"),
        ({"cells": []}, "cells"),
        ({"database": {"backup_days": 1}}, "database.backup_days"),
        ({"services": {"Bad Name": {"image": "x"}}}, "services.Bad Name.[key]"),
        ({"local": {"api_port": 9000, "worker_port": 9000}}, "local.worker_port"),
        ({"gpu": {"accelerator": "k80"}}, "gpu.accelerator"),
        ({"monitoring": {"emails": ["a@example.org"]}}, "monitoring.smtp"),
        ({"monitoring": {"pagerduty": True}}, "monitoring.secret"),
        ({"monitoring": {"slack_channel": "operations"}}, "monitoring.slack_channel"),
        ({"monitoring": {"retention_days": 15}}, "monitoring.retention_days"),
    ],
)
def test_contradictions_are_found_by_key(parts: dict[str, Any], key: str) -> None:
    assert key in faults(**{"environment": "production", "cells": AWS, **parts})


def test_a_faulty_cell_is_told_once_and_not_also_as_a_missing_one() -> None:
    assert set(faults(environment="staging", cells=[{"platform": "moon"}])) == {"cells.0.platform"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from([*StackConfig.model_fields, "unknown"])


@given(st.dictionaries(keys, json_values, max_size=6), st.sampled_from([*DEFAULTS, "nowhere"]))
def test_any_values_are_a_configuration_or_a_list_of_faults(parts: dict[str, Any], environment: str) -> None:
    faults: tuple[ConfigFault, ...] = ()
    try:
        config = load(values(**{"environment": environment, **parts}))
    except ConfigError as error:
        faults = error.faults
    else:
        assert load(values(**config.model_dump(mode="json", exclude_none=True))) == config
    assert all(fault.key.startswith("costate:") for fault in faults)


@given(st.text())
def test_any_text_as_a_value_is_no_crash(text: str) -> None:
    with pytest.raises(ConfigError):
        load({"costate:environment": "local", "costate:api": text})


def test_the_models_need_no_pulumi() -> None:
    code = "import sys, infra.config.reading; sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_reference_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "config.md").read_text() == reference.page(), "run `make docs`"
