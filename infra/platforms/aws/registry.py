"""Where images are: immutable, scanned, encrypted, mirrored to the standby's region."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from infra.contracts import RegistryFacts
from infra.place import Place
from infra.platforms.aws.keys import Keys

UNTAGGED_DAYS = 14
KEPT = 200
"""Images kept; a rollback never reaches further back."""


class Registry(pulumi.ComponentResource):
    """One repository for the image of API, worker and migrations, which are one image."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        keys: Keys,
        primary: Registry | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Registry", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._place = place
        self.repository = aws.ecr.Repository(
            name,
            # A mirror takes the name of what it mirrors, so primary and standby are called alike.
            name=f"costate/{place.stack}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=keys.data)
            ],
            force_delete=not place.production,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        aws.ecr.LifecyclePolicy(name, repository=self.repository.name, policy=_retention(), opts=child)
        if primary is not None:
            self._mirror(name, primary)
        self.facts = RegistryFacts(repository=self.repository.repository_url)
        self.register_outputs({"repository": self.facts.repository})

    def _mirror(self, name: str, primary: Registry) -> None:
        """What is pushed to the primary's region arrives here, in a repository that is there before it."""
        rule = aws.ecr.ReplicationConfigurationReplicationConfigurationRuleArgs
        destination = aws.ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArgs
        only = aws.ecr.ReplicationConfigurationReplicationConfigurationRuleRepositoryFilterArgs
        aws.ecr.ReplicationConfiguration(
            f"{name}-mirror",
            # A setting of the primary's registry, of which an account has one in each region.
            region=primary._place.region,
            replication_configuration=aws.ecr.ReplicationConfigurationReplicationConfigurationArgs(
                rules=[
                    rule(
                        destinations=[
                            destination(region=self._place.region, registry_id=self.repository.registry_id)
                        ],
                        repository_filters=[only(filter=primary.repository.name, filter_type="PREFIX_MATCH")],
                    )
                ]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _retention() -> str:
    rules = [
        {
            "rulePriority": 1,
            "description": f"untagged images go after {UNTAGGED_DAYS} days",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "description": f"the last {KEPT} images stay",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT},
            "action": {"type": "expire"},
        },
    ]
    return json.dumps({"rules": rules})
