"""Google's own service accounts in the project: what encrypts and copies with our keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Literal

import pulumi
from pulumi_gcp import projects

from infra.errors import InfraError
from infra.place import Place

Agent = Literal["registry", "cluster", "backup", "cache", "database", "disks", "storage", "transfer"]

IDENTITIES: Mapping[Agent, str] = {
    "registry": "artifactregistry.googleapis.com",
    "cluster": "container.googleapis.com",
    "backup": "gkebackup.googleapis.com",
    "cache": "memorystore.googleapis.com",
    "database": "sqladmin.googleapis.com",
}
"""Agents that are there only when asked for."""

ADDRESSES: Mapping[Agent, str] = {
    # Comes with its API.
    "disks": "service-{number}@compute-system.iam.gserviceaccount.com",
    # These two come when their API is first asked for them: docs/gcp.md does, before the first `up`.
    "storage": "service-{number}@gs-project-accounts.iam.gserviceaccount.com",
    "transfer": "project-{number}@storage-transfer-service.iam.gserviceaccount.com",
}


class Agents(pulumi.ComponentResource):
    """Service agents as members of IAM policies, and the number of the project, which their addresses carry."""

    number: pulumi.Output[str]

    def __init__(self, name: str, *, place: Place, opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:gcp:Agents", name, None, opts)
        identities = {
            agent: projects.ServiceIdentity(
                f"{name}-{agent}",
                project=place.account,
                service=service,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for agent, service in IDENTITIES.items()
        }
        self.number = identities["cluster"].email.apply(project_number)
        self.members: Mapping[Agent, pulumi.Output[str]] = {
            **{agent: pulumi.Output.concat("serviceAccount:", it.email) for agent, it in identities.items()},
            **{agent: self.number.apply(partial(_member, address)) for agent, address in ADDRESSES.items()},
        }
        self.register_outputs({})


def project_number(email: str) -> str:
    """Number of the project in the address of one of its service agents; no other resource tells it."""
    found = re.match(r"service-(\d+)@", email)
    if found is None:
        raise InfraError(f"{email!r} is not the address of a service agent (service-NUMBER@...)")
    return found[1]


def _member(address: str, number: str) -> str:
    return "serviceAccount:" + address.format(number=number)
