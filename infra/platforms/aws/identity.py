"""Who the workload is in AWS: one role for each service account, with the least it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from infra.contracts import ACCOUNTS, NAMESPACES, Account, IdentityFacts, ServiceAccountFacts
from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.cache import Cache
from infra.platforms.aws.cluster import Cluster
from infra.platforms.aws.database import Database
from infra.platforms.aws.keys import Keys
from infra.platforms.aws.pod_identity import associate, pod_trust
from infra.platforms.aws.storage import BACKUPS, RESULTS, Storage

READ = ("s3:GetObject",)
WRITE = (*READ, "s3:PutObject", "s3:AbortMultipartUpload")


class Identity(pulumi.ComponentResource):
    """Pod Identity: the tie is in AWS, so the service accounts carry no mark of it."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        domain: str,
        cluster: Cluster,
        database: Database,
        cache: Cache,
        storage: Storage,
        keys: Keys,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Identity", name, None, opts)
        self._place = place
        rights = self._rights(domain, database, cache, storage, keys)
        for account in ACCOUNTS:
            role = iam.Role(
                f"{place.name}-{account}",
                description=f"Service account {account} of {place.name}",
                trusts=pod_trust(),
                statements=rights.get(account, ()),
                opts=pulumi.ResourceOptions(parent=self),
            )
            associate(
                f"{name}-{account}",
                cluster=cluster.control_plane.name,
                namespace=NAMESPACES[account],
                account=account,
                role=role,
                parent=self,
            )
        nothing: pulumi.Output[Mapping[str, str]] = pulumi.Output.from_input({})
        self.facts = IdentityFacts(
            accounts={account: ServiceAccountFacts(nothing, nothing) for account in ACCOUNTS},
            secret_store=pulumi.Output.from_input(
                {"aws": {"service": "SecretsManager", "region": place.region}}
            ),
        )
        self.register_outputs({})

    def _rights(
        self, domain: str, database: Database, cache: Cache, storage: Storage, keys: Keys
    ) -> Mapping[Account, Sequence[iam.Statement]]:
        """What each may do; who is not in it may do nothing in AWS (`migrations` speaks SQL only)."""
        connect = iam.allow(["elasticache:Connect"], [cache.group.arn, cache.user.arn])
        through_s3 = self._through("s3", [self._place.region])
        read = [
            *_objects(storage.results.arn, RESULTS, READ),
            iam.allow(["kms:Decrypt"], keys.data, when=through_s3),
        ]
        store = iam.allow(["kms:Decrypt", "kms:GenerateDataKey"], keys.data, when=through_s3)
        rights: dict[Account, Sequence[iam.Statement]] = {
            "api": [connect, *read],
            "worker": [connect, *_objects(storage.results.arn, RESULTS, WRITE), store],
            "backup": [*_objects(storage.results.arn, BACKUPS, WRITE), store],
            "external-secrets": [
                iam.allow(
                    ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                    [
                        database.secret,
                        # Secrets that people put there for this cell.
                        pulumi.Output.format(
                            "arn:aws:secretsmanager:{0}:{1}:secret:costate/{2}/*",
                            self._place.region,
                            keys.account,
                            self._place.name,
                        ),
                    ],
                ),
                # A standby reads the secret of its primary, in the primary's region.
                iam.allow(
                    ["kms:Decrypt"],
                    [keys.data, database.secret_key],
                    when=self._through("secretsmanager", [self._place.region, database.secret_region]),
                ),
            ],
        }
        if domain:
            rights["cert-manager"] = _records(
                [f"_acme-challenge.{domain}", f"_acme-challenge.*.{domain}"], ["TXT"]
            )
            rights["external-dns"] = _records([f"*.{domain}"], ["A", "AAAA", "CNAME", "TXT"])
        return rights

    def _through(self, service: str, regions: Sequence[str]) -> dict[str, dict[str, list[str]]]:
        """Keys may be used through this service only."""
        via = [f"{service}.{region}.amazonaws.com" for region in dict.fromkeys(regions)]
        return {"StringEquals": {"kms:ViaService": via}}


def _objects(bucket: pulumi.Output[str], folder: str, actions: Sequence[str]) -> list[iam.Statement]:
    """Objects of one folder, and their list."""
    within = {"StringLike": {"s3:prefix": [f"{folder}/*"]}}
    return [
        iam.allow(["s3:ListBucket"], bucket, when=within),
        iam.allow(actions, pulumi.Output.concat(bucket, f"/{folder}/*")),
    ]


def _records(names: Sequence[str], types: Sequence[str]) -> list[iam.Statement]:
    """Change these records. The zone may be another cell's and is not known here: names limit it instead."""
    return [
        iam.allow(
            ["route53:ChangeResourceRecordSets"],
            "arn:aws:route53:::hostedzone/*",
            when={
                "ForAllValues:StringLike": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": list(names)
                },
                "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": list(types)},
            },
        ),
        iam.allow(["route53:ListResourceRecordSets"], "arn:aws:route53:::hostedzone/*"),
        iam.allow(["route53:GetChange"], "arn:aws:route53:::change/*"),
        # To find a zone by its name knows no resource: AWS takes only "*" here.
        iam.allow(["route53:ListHostedZones", "route53:ListHostedZonesByName"], "*"),
    ]
