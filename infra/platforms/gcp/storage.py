"""Where results are kept."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_gcp import storage

from infra.contracts import Account, ObjectStoreFacts
from infra.place import Place
from infra.platforms.gcp import bucket
from infra.platforms.gcp.agents import Agents
from infra.platforms.gcp.identity import Identity
from infra.platforms.gcp.keys import Keys
from infra.platforms.gcp.transfer import Copy

COPIED_EVERY_S = 3600
"""How far a standby's bucket may be behind: the least that Storage Transfer Service allows."""

ROLES: Mapping[Account, str] = {
    "api": "roles/storage.objectUser",
    "worker": "roles/storage.objectUser",
    "backup": "roles/storage.objectViewer",
}


class Storage(pulumi.ComponentResource):
    """A bucket of the cell; a standby's gets what its primary's has."""

    facts: ObjectStoreFacts

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        keys: Keys,
        agents: Agents,
        identity: Identity,
        primary: Storage | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Storage", name, None, opts)
        self.bucket = bucket.bucket(
            f"{place.name}-results",
            place=place,
            location=place.region,
            key=keys.facts.data,
            granted=keys.grants["storage"],
            lifecycle=[bucket.cheaper_after(90), bucket.old_versions_deleted_after(30)],
            parent=self,
        )
        for account, role in ROLES.items():
            storage.BucketIAMMember(
                f"{place.name}-results-{account}",
                bucket=self.bucket.name,
                role=role,
                member=identity.members[account],
                opts=pulumi.ResourceOptions(parent=self),
            )
        if primary is not None:
            Copy(
                f"{place.name}-copy",
                place=place,
                agents=agents,
                source=primary.bucket.name,
                sink=self.bucket.name,
                every_s=COPIED_EVERY_S,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.facts = ObjectStoreFacts(
            id=self.bucket.name, url=pulumi.Output.concat("gs://", self.bucket.name)
        )
        self.register_outputs({})
