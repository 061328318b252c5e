"""What the clouds offer, as data: intents (`medium`, `l4`) to each cloud's own names. No resource, no cloud SDK."""

from __future__ import annotations

from collections.abc import Mapping

from infra.catalog import aws, azure, gcp
from infra.catalog.model import Catalog

CATALOGS: Mapping[str, Catalog] = {"aws": aws.CATALOG, "gcp": gcp.CATALOG, "azure": azure.CATALOG}
