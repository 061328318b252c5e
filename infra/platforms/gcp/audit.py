"""Who did what in the project, kept where nobody can change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_gcp import logging, projects, storage

from infra.place import Place
from infra.platforms.gcp import bucket
from infra.platforms.gcp.keys import Keys

PRODUCTION_DAYS = 365
"""How long the trail of a production cell is kept; that of others as long as other logs."""

LOGGED: Mapping[str, Sequence[str]] = {
    "allServices": ("ADMIN_READ", "DATA_WRITE"),
    # Reading is logged where secrets are read; elsewhere it would be every result that is fetched.
    "cloudkms.googleapis.com": ("ADMIN_READ", "DATA_READ", "DATA_WRITE"),
    "secretmanager.googleapis.com": ("ADMIN_READ", "DATA_READ", "DATA_WRITE"),
    "sts.googleapis.com": ("ADMIN_READ", "DATA_READ", "DATA_WRITE"),
}
"""Besides what changes resources, which is logged always."""


class Audit(pulumi.ComponentResource):
    """Audit logs of the whole project, copied to a bucket with a retention period (locked in production)."""

    def __init__(
        self, name: str, *, place: Place, log_days: int, keys: Keys, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("costate:gcp:Audit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for service, kinds in LOGGED.items():
            projects.IAMAuditConfig(
                f"{place.name}-{service.split('.')[0].lower()}",
                project=place.account,
                service=service,
                audit_log_configs=[
                    projects.IAMAuditConfigAuditLogConfigArgs(log_type=kind) for kind in kinds
                ],
                opts=child,
            )
        days = PRODUCTION_DAYS if place.production else log_days
        trail = bucket.bucket(
            f"{place.name}-audit",
            place=place,
            location=place.region,
            key=keys.facts.data,
            granted=keys.grants["storage"],
            lifecycle=[bucket.deleted_after(days + 1)],
            retained_days=days,
            parent=self,
        )
        sink = logging.ProjectSink(
            f"{place.name}-audit",
            project=place.account,
            description="Audit trail",
            destination=pulumi.Output.concat("storage.googleapis.com/", trail.name),
            filter='logName:"cloudaudit.googleapis.com"',
            unique_writer_identity=True,
            opts=child,
        )
        storage.BucketIAMMember(
            f"{place.name}-audit-writer",
            bucket=trail.name,
            role="roles/storage.objectCreator",
            member=sink.writer_identity,
            opts=child,
        )
        logging.ProjectBucketConfig(
            f"{place.name}-logs",
            project=place.account,
            location="global",
            bucket_id="_Default",
            description="Logs of the project, but for its audit trail",
            retention_days=log_days,
            opts=child,
        )
        self.register_outputs({})
