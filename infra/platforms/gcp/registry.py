"""Where images are kept."""

from __future__ import annotations

import pulumi
from pulumi_gcp import artifactregistry

from infra.contracts import RegistryFacts
from infra.place import Place
from infra.platforms.gcp.agents import Agents
from infra.platforms.gcp.keys import Keys
from infra.platforms.gcp.node_account import NodeAccount

IMAGE = "costate"
READER = "roles/artifactregistry.reader"
KEPT = 50
"""Newest images of each name that stay, however old."""
KEPT_DAYS = 90


class Registry(pulumi.ComponentResource):
    """Images with tags that never move, scanned when they are pushed.

    A standby's repository fetches from its primary's what its nodes ask for, and keeps it: what runs there is
    there. A repository over several regions would be one thing that both cells hang on, and one to push to
    twice would differ some day.
    """

    facts: RegistryFacts
    repository: artifactregistry.Repository

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        keys: Keys,
        agents: Agents,
        account: NodeAccount,
        primary: Registry | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Registry", name, None, opts)
        depends: list[pulumi.Resource] = [keys.grants["registry"]]
        if primary is not None:
            depends.append(
                self._reads(f"{place.name}-upstream", primary.repository, agents.members["registry"])
            )
        self.repository = artifactregistry.Repository(
            f"{place.name}-images",
            repository_id=place.name,
            location=place.region,
            description=f"Images of {place.name}",
            format="DOCKER",
            mode="STANDARD_REPOSITORY" if primary is None else "REMOTE_REPOSITORY",
            kms_key_name=keys.facts.data,
            docker_config=artifactregistry.RepositoryDockerConfigArgs(immutable_tags=True)
            if primary is None
            else None,
            remote_repository_config=None if primary is None else _upstream(primary),
            cleanup_policy_dry_run=False,
            cleanup_policies=_cleanup(),
            vulnerability_scanning_config=artifactregistry.RepositoryVulnerabilityScanningConfigArgs(
                enablement_config="INHERITED"
            ),
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=place.protect,
                depends_on=depends,
                # Its name is its address, so there cannot be two at a time.
                delete_before_replace=True,
            ),
        )
        self._reads(f"{place.name}-nodes", self.repository, account.member)
        self.facts = RegistryFacts(repository=pulumi.Output.concat(_address(self.repository), f"/{IMAGE}"))
        self.register_outputs({})

    def _reads(
        self, name: str, repository: artifactregistry.Repository, member: pulumi.Output[str]
    ) -> artifactregistry.RepositoryIamMember:
        return artifactregistry.RepositoryIamMember(
            name,
            project=repository.project,
            location=repository.location,
            repository=repository.repository_id,
            role=READER,
            member=member,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _address(repository: artifactregistry.Repository) -> pulumi.Output[str]:
    """A repository of Artifact Registry holds images of many names."""
    return pulumi.Output.format(
        "{}-docker.pkg.dev/{}/{}", repository.location, repository.project, repository.repository_id
    )


def _upstream(primary: Registry) -> artifactregistry.RepositoryRemoteRepositoryConfigArgs:
    return artifactregistry.RepositoryRemoteRepositoryConfigArgs(
        description="The repository of the primary cell",
        common_repository=artifactregistry.RepositoryRemoteRepositoryConfigCommonRepositoryArgs(
            uri=primary.repository.id
        ),
    )


def _cleanup() -> list[artifactregistry.RepositoryCleanupPolicyArgs]:
    """What is old goes, but never the newest of a name: keeping wins over deleting."""
    return [
        artifactregistry.RepositoryCleanupPolicyArgs(
            id="keep-newest",
            action="KEEP",
            most_recent_versions=artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs(
                keep_count=KEPT
            ),
        ),
        artifactregistry.RepositoryCleanupPolicyArgs(
            id="delete-old",
            action="DELETE",
            condition=artifactregistry.RepositoryCleanupPolicyConditionArgs(
                tag_state="ANY", older_than=f"{KEPT_DAYS}d"
            ),
        ),
    ]
