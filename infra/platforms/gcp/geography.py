"""Where other clouds' regions are, in terms of Google's: Cloud DNS answers by its own regions only."""

from __future__ import annotations

from collections.abc import Mapping

from infra.catalog.gcp import REGIONS
from infra.errors import InfraError

NEAREST: Mapping[str, str] = {
    # AWS
    "us-east-1": "us-east4",
    "us-east-2": "us-east4",
    "us-west-2": "us-west1",
    "eu-west-1": "europe-west1",
    "eu-west-2": "europe-west1",
    "eu-central-1": "europe-west4",
    "ap-northeast-1": "asia-northeast1",
    "ap-southeast-2": "asia-southeast1",
    # Azure
    "eastus": "us-east4",
    "eastus2": "us-east4",
    "centralus": "us-central1",
    "southcentralus": "us-central1",
    "westus2": "us-west1",
    "westus3": "us-west1",
    "westeurope": "europe-west4",
    "northeurope": "europe-west1",
    "uksouth": "europe-west1",
    "swedencentral": "europe-west4",
    "japaneast": "asia-northeast1",
    "southeastasia": "asia-southeast1",
    "australiaeast": "asia-southeast1",
}


def location(region: str) -> str:
    """The region of Google's nearest to a region of any cloud's catalogue."""
    if region in REGIONS:
        return region
    if region not in NEAREST:
        raise InfraError(f"no region of Google Cloud is known to be near {region!r}: add it to NEAREST")
    return NEAREST[region]
