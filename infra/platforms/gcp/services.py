"""The APIs of Google Cloud that a cell uses, enabled in its project."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import projects

from infra.place import Place

ALWAYS = (
    "artifactregistry",
    "billingbudgets",
    "cloudkms",
    "cloudresourcemanager",
    "cloudscheduler",
    "compute",
    "container",
    "containerscanning",
    "dns",
    "gkebackup",
    "iam",
    "iamcredentials",
    "logging",
    "memorystore",
    "monitoring",
    "networkconnectivity",
    "secretmanager",
    "sqladmin",
    "storage",
    "storagetransfer",
    "workflows",
)
PUBLIC = ("certificatemanager",)
"""What a public name asks for besides."""


def services(*, public: bool) -> tuple[str, ...]:
    """Names of the APIs, without their domain."""
    return ALWAYS + PUBLIC * public


class Services(pulumi.ComponentResource):
    """APIs stay enabled when the cell goes: other things of the project may use them."""

    def __init__(
        self, name: str, *, place: Place, enabled: Sequence[str], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("costate:gcp:Services", name, None, opts)
        for service in enabled:
            projects.Service(
                f"{name}-{service}",
                project=place.account,
                service=f"{service}.googleapis.com",
                disable_on_destroy=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
