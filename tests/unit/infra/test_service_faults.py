"""Faults of further services, each by its key, all at once."""

from __future__ import annotations

from typing import Any

import pytest

from infra.config.reading import load
from infra.config.stack import StackConfig
from infra.errors import ConfigError

IMAGE = {"image": "registry.example.org/reports:1"}


def configured(domain: str = "api.example.org", **services: Any) -> StackConfig:
    return load(
        {
            "costate:environment": "production",
            "costate:domain": domain,
            "costate:cells": [{"platform": "aws", "region": "us-east-1"}],
            "costate:services": services,
        }
    )


def keys(domain: str = "api.example.org", **services: Any) -> set[str]:
    with pytest.raises(ConfigError) as error:
        configured(domain, **services)
    return {fault.key.removeprefix("costate:services.") for fault in error.value.faults}


def test_an_image_is_enough() -> None:
    service = configured(reports=IMAGE).services["reports"]
    assert (service.port, service.health, service.replicas.max, service.bindings) == (8080, "/health", 1, ())


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"port": 80}, "port"),
        ({"health": "health"}, "health"),
        ({"ready": "no path"}, "ready"),
        ({"startup_s": 0}, "startup_s"),
        ({"replicas": {"min": 0, "max": 2}}, "replicas.min"),
        ({"replicas": {"min": 3, "max": 2}}, "replicas.min"),
        ({"cpu": [500, 100]}, "cpu"),
        ({"memory": [500, 100]}, "memory"),
        ({"bindings": ["queue"]}, "bindings.0"),
        ({"path": "/"}, "path"),
        ({"path": "/api/reports"}, "path"),
        ({"path": "/metrics"}, "path"),
        ({"reaches": ["worker"]}, "reaches"),
        ({"reaches": ["reports"]}, "reaches"),
        ({"environment": {"DATABASE_URL": "x"}}, "environment.DATABASE_URL"),
        ({"environment": {"COSTATE_PORT": "1"}}, "environment.COSTATE_PORT"),
        ({"scratch": ["/tmp"]}, "scratch"),  # noqa: S108 - a mount path
        ({"scratch": ["/a", "/a"]}, "scratch"),
        ({"scratch": ["a"]}, "scratch.0"),
        ({"image": ""}, "image"),
        ({"imag": "x"}, "imag"),
    ],
)
def test_a_fault_is_told_by_its_key(given: dict[str, Any], key: str) -> None:
    assert f"reports.{key}" in keys(reports={**IMAGE, **given})


@pytest.mark.parametrize("name", ["api", "worker", "migrations"])
def test_names_of_the_product_are_taken(name: str) -> None:
    assert name in keys(**{name: IMAGE})


def test_a_path_needs_a_domain_and_belongs_to_one_service() -> None:
    path = {**IMAGE, "path": "/reports"}
    assert keys(domain="", reports=path) == {"reports.path"}
    assert keys(reports=path, others={**IMAGE, "path": "/reports/"}) == {"others.path"}
    assert configured(reports=path, others={**IMAGE, "path": "/reports/other"})


def test_a_path_that_only_begins_like_one_of_the_apis_is_free() -> None:
    assert configured(reports={**IMAGE, "path": "/apiary"})


def test_faults_of_all_services_are_told_at_once() -> None:
    assert keys(api=IMAGE, one={**IMAGE, "cpu": [2, 1]}, two={**IMAGE, "path": "/api"}) == {
        "api",
        "one.cpu",
        "two.path",
    }
