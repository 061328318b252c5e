"""The configurations that every cloud is recorded in: environments x accelerators x spot, and a standby pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from infra.catalog import CATALOGS
from infra.recorder import Recording, record

CLOUDS = sorted(CATALOGS)
CLUSTERS = [*CLOUDS, "existing"]
"""Wherever the workload can run."""
PLACES: dict[str, dict[str, Any]] = {
    "aws": {"platform": "aws", "region": "us-east-1"},
    "gcp": {
        "platform": "gcp",
        "region": "us-central1",
        "project": "a-project",
        "billing_account": "012345-6789AB-CDEF01",
    },
    "azure": {"platform": "azure", "region": "eastus"},
    "existing": {"platform": "existing", "region": "home", "context": "admin@home", "node_port": 30443},
}
STANDBYS = {"aws": "us-west-2", "gcp": "us-east1", "azure": "westus2"}
ENVIRONMENTS = ("development", "staging", "production", "production-gpu")
ACCELERATOR = "t4"
TODAY = date(2026, 12, 1)
"""What is in support on this day stays so for these tests."""
LOWER = "organization/costate/lower"


@dataclass(frozen=True)
class Estate:
    """One configuration of one cloud."""

    cloud: str
    environment: str = "production"
    gpu: bool = False
    spot: bool = False
    standby: bool = False
    layer: str = "platform"
    """The promises are the managed platform's; those of the workload are tested by themselves."""
    protect: bool | None = None
    """As `costate:protect`; None leaves it to the environment."""

    def __str__(self) -> str:
        parts = [
            self.cloud,
            self.environment,
            "gpu" if self.gpu else "cpu",
            "spot" if self.spot else "on-demand",
        ]
        extra = ["standby"] * self.standby + [f"protect={self.protect}"] * (self.protect is not None)
        return "-".join([*parts, *extra])

    @property
    def protected(self) -> bool:
        return self.environment.startswith("production") if self.protect is None else self.protect

    @property
    def production(self) -> bool:
        return self.environment.startswith("production")

    @property
    def name(self) -> str:
        """Of the stack."""
        return "prod" if self.production else self.environment[:3]

    def values(self) -> dict[str, Any]:
        """As in a stack's configuration."""
        cells: list[dict[str, Any]] = [PLACES[self.cloud]]
        if self.standby:
            cells.append(PLACES[self.cloud] | {"region": STANDBYS[self.cloud], "role": "standby"})
        gpu = {"accelerator": ACCELERATOR, "precision": "float32", "min": 0, "max": 4, "spot": self.spot}
        values: dict[str, Any] = {
            "environment": self.environment,
            "layer": self.layer,
            "platform_stack": LOWER if self.layer == "workload" else "",
            "domain": "api.example.org",
            "owner": "optimisation",
            "cells": cells,
            "gpu": gpu if self.gpu else None,
            "nodes": {"spot": self.spot},
            "budget": {"alert_emails": ["operations@example.org"]},
        }
        if self.cloud == "existing":
            values |= self._existing()
        elif self.environment == "development":
            values["shutdown"] = {"stop": "20:00", "start": "07:00"}
        if self.protect is not None:
            values["protect"] = self.protect
        return {f"costate:{key}": value for key, value in values.items()}

    def _existing(self) -> dict[str, Any]:
        """In development with nothing that is not ours; else with everything."""
        bare = self.environment == "development"
        given: dict[str, Any] = {
            "image": "registry.home:5000/costate:1",
            "cache": {"highly_available": False},
            "existing": {"database": "plain" if bare else "operator"},
        }
        return given | ({"domain": "", "addons": {"default": "absent"}} if bare else {})


def matrix(cloud: str) -> list[Estate]:
    """Every combination of one cloud; staging, which is production made smaller, in its two extremes."""
    plain = [
        Estate(cloud, environment, gpu, spot)
        for environment in ENVIRONMENTS
        for gpu in (False, True)
        for spot in (False, True)
        if (gpu or environment != "production-gpu") and (gpu == spot or environment != "staging")
    ]
    return [*plain, Estate(cloud, standby=True)]


@cache
def recorded(estate: Estate, preview: bool = False) -> Recording:
    """The recording of a configuration; kept, because it takes seconds."""
    others = {}
    if estate.layer == "workload":
        lower = recorded(replace(estate, layer="platform"), preview)
        others = {LOWER: lower.outputs or {}}
    return record(estate.values(), estate.name, preview=preview, today=TODAY, others=others)
