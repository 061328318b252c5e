"""Objects against the schemas of Kubernetes: nothing unknown, nothing missing, in every supported version."""

from __future__ import annotations

from functools import cache
from typing import Any

import kubernetes_validate
from kubernetes_validate import utils

VERSIONS = ("1.35", "1.36", "1.37")

# The library reads its files, of some megabytes, anew for every object.
utils.schema_contents = cache(utils.schema_contents)


def accepted(manifest: dict[str, Any]) -> None:
    """ValidationError where a version would refuse it."""
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)
