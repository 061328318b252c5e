"""What a configuration asks of clouds that they have not: told before any resource, all at once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from infra import checks
from infra.config.reading import load
from infra.config.stack import StackConfig
from infra.errors import ConfigError

TODAY = date(2026, 12, 1)
AWS = {"platform": "aws", "region": "us-east-1"}


def stack(**values: Any) -> StackConfig:
    given = {"environment": "staging", "cells": [AWS], **values}
    return load({f"costate:{key}": value for key, value in given.items()})


def keys(given: StackConfig, name: str = "staging", today: date = TODAY) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        checks.check(given, name, today)
    return [fault.key for fault in caught.value.faults]


def test_an_unknown_region_is_told_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"costate:cells\.0\.region.*'us-east-9'.*us-east-1"):
        checks.check(stack(cells=[{**AWS, "region": "us-east-9"}]), "staging", TODAY)


def test_overlapping_ranges_are_told() -> None:
    cells = [{**AWS, "cidr": "10.3.0.0/16"}, {"platform": "azure", "region": "eastus", "cidr": "10.3.0.0/16"}]
    assert keys(stack(cells=cells)) == ["costate:cells.1.cidr"]


def test_high_availability_on_a_size_without_it_is_told() -> None:
    azure = {"platform": "azure", "region": "eastus"}
    assert keys(stack(cells=[azure], database={"size": "small", "highly_available": True})) == [
        "costate:database.highly_available"
    ]


def test_a_name_beyond_the_limit_is_told() -> None:
    assert "costate:cells.0" in keys(stack(), name="staging-for-the-team-that-writes-long-names")


def test_kubernetes_out_of_support_is_told() -> None:
    assert keys(stack(), today=date(2030, 1, 1)) == ["costate:cluster.version"]


def test_a_policy_exception_that_is_over_is_told() -> None:
    over = {"rule": "x", "resource": "y", "reason": "until the vendor mends it", "until": "2026-11-30"}
    assert keys(stack(policy_exceptions=[over])) == ["costate:policy_exceptions.0.until"]


def test_a_shutdown_that_karpenters_nodes_would_survive_is_told() -> None:
    given = stack(shutdown={"stop": "19:00", "start": "07:00"}, cluster={"node_autoscaler": "karpenter"})
    assert keys(given) == ["costate:shutdown"]


def test_a_standby_in_another_subscription_is_told() -> None:
    azure = {"platform": "azure", "region": "eastus", "subscription": "one"}
    cells = [azure, {**azure, "region": "westus3", "role": "standby", "subscription": "another"}]
    assert keys(stack(cells=cells, database={"size": "medium"})) == ["costate:cells.1.subscription"]


def test_a_database_without_replica_is_told_where_a_standby_needs_one() -> None:
    azure = {"platform": "azure", "region": "eastus"}
    cells = [azure, {**azure, "region": "westus3", "role": "standby"}]
    assert keys(stack(cells=cells, database={"size": "small"})) == ["costate:database.size"]
    assert checks.check(stack(cells=[azure], database={"size": "small"}), "staging", TODAY) == []


def test_a_standby_in_another_account_is_told() -> None:
    cells = [
        {**AWS, "account": "111111111111"},
        {**AWS, "region": "us-west-2", "role": "standby", "account": "222222222222"},
    ]
    assert keys(stack(cells=cells)) == ["costate:cells.1.account"]


def test_karpenter_is_for_aws() -> None:
    gcp = {"platform": "gcp", "region": "us-central1", "project": "p"}
    assert keys(stack(cells=[gcp], cluster={"node_autoscaler": "karpenter"})) == [
        "costate:cluster.node_autoscaler"
    ]


def test_all_faults_are_told_at_once() -> None:
    cells = [{**AWS, "region": "mars"}, {"platform": "azure", "region": "eastus", "cidr": "10.0.0.0/24"}]
    assert keys(stack(cells=cells, gpu={"accelerator": "h200"}))[0] == "costate:cells.0.region"
    assert {"costate:gpu.accelerator", "costate:cells.1.cidr"} <= set(
        keys(stack(cells=cells, gpu={"accelerator": "h200"}))
    )


def test_a_gpu_that_is_slow_in_float64_is_warned_of() -> None:
    (warning,) = checks.check(stack(gpu={"accelerator": "l4"}), "staging", TODAY)
    assert "1/64" in warning
    assert not checks.check(stack(gpu={"accelerator": "l4", "precision": "float32"}), "staging", TODAY)
