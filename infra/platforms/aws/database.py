"""PostgreSQL on RDS: private, encrypted, TLS only, its password kept and rotated by AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.catalog.aws import CATALOG
from infra.config import stores
from infra.contracts import DatabaseFacts
from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.data_access import data_access
from infra.platforms.aws.keys import Keys
from infra.platforms.aws.logs import log_group
from infra.platforms.aws.network import Network
from infra.platforms.aws.ordering import after

PORT = 5432
NAME = "costate"
EXPORTS = ("postgresql", "upgrade")
AUTHORITY = "rds-ca-rsa2048-g1"
ROOTS = Path(__file__).with_name("rds_roots")
"""By region, the certificate of that authority, which no system trusts by itself
(https://truststore.pki.rds.amazonaws.com)."""

GROWTH = 4
"""Storage grows by itself up to so many times what it begins with."""

PARAMETERS = {"rds.force_ssl": "1", "log_min_duration_statement": "1000", "log_lock_waits": "1"}
"""No connection without TLS; statements above a second and waits for locks are logged."""


class Database(pulumi.ComponentResource):
    """The primary's own database; in a standby cell a replica of the primary's, in another region."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        database: stores.Database,
        log_days: int,
        network: Network,
        nodes: pulumi.Output[str],
        keys: Keys,
        primary: Database | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Database", name, None, opts)
        self._name, self._place = name, place
        self._child = pulumi.ResourceOptions(parent=self)
        # The name is known before the database is: log groups and the schedule of shutdowns are made of it.
        self.identifier = naming.named("aws:database", place.name)
        logs = [
            log_group(
                f"{name}-{kind}",
                f"/aws/rds/instance/{self.identifier}/{kind}",
                days=log_days,
                key=keys.logs,
                parent=self,
            )
            for kind in EXPORTS
        ]
        # RDS would make the log groups itself, without key or end, were they not there.
        group = after(self._access(network, nodes).id, logs)
        self.instance = self._instance(database, group, network, keys, primary)
        # A replica has its primary's users and passwords.
        self.secret: pulumi.Output[str] = primary.secret if primary else self._secret()
        self.secret_key: pulumi.Output[str] = primary.secret_key if primary else keys.data
        self.secret_region: str = primary.secret_region if primary else place.region
        self.facts = DatabaseFacts(
            id=self.instance.arn,
            host=self.instance.address,
            port=PORT,
            name=NAME,
            user=pulumi.Output.from_input(NAME),
            authentication="secret",
            secret=self.secret,
            authority=pulumi.Output.from_input((ROOTS / f"{place.region}.pem").read_text()),
        )
        self.register_outputs({"host": self.facts.host})

    def _access(self, network: Network, nodes: pulumi.Output[str]) -> aws.ec2.SecurityGroup:
        return data_access(self._name, vpc=network.facts.id, nodes=nodes, port=PORT, parent=self)

    def _instance(
        self,
        database: stores.Database,
        group: pulumi.Output[str],
        network: Network,
        keys: Keys,
        primary: Database | None,
    ) -> aws.rds.Instance:
        place, tier = self._place, CATALOG.databases[database.size]
        subnets = aws.rds.SubnetGroup(
            self._name,
            description=f"Data subnets of {place.name}",
            subnet_ids=list(network.facts.data_subnets),
            opts=self._child,
        )
        parameters = aws.rds.ParameterGroup(
            f"{self._name}-v{database.version}",
            family=f"postgres{database.version}",
            description=f"TLS only, for {place.name}",
            parameters=[
                aws.rds.ParameterGroupParameterArgs(name=key, value=value)
                for key, value in PARAMETERS.items()
            ],
            opts=self._child,
        )
        return aws.rds.Instance(
            self._name,
            identifier=self.identifier,
            instance_class=tier.sku,
            storage_type="gp3",
            max_allocated_storage=tier.storage_gib * GROWTH,
            storage_encrypted=True,
            kms_key_id=keys.data,
            multi_az=database.highly_available,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[group],
            publicly_accessible=False,
            port=PORT,
            parameter_group_name=parameters.name,
            ca_cert_identifier=AUTHORITY,
            iam_database_authentication_enabled=True,
            backup_retention_period=database.backup_days,
            backup_window="01:00-02:00",
            maintenance_window="sun:02:30-sun:03:30",
            copy_tags_to_snapshot=True,
            delete_automated_backups=not place.production,
            auto_minor_version_upgrade=True,
            enabled_cloudwatch_logs_exports=list(EXPORTS),
            database_insights_mode="standard",
            performance_insights_enabled=True,
            performance_insights_kms_key_id=keys.data,
            performance_insights_retention_period=7,
            monitoring_interval=60,
            monitoring_role_arn=self._monitoring(keys).arn,
            deletion_protection=place.protect,
            skip_final_snapshot=not place.production,
            final_snapshot_identifier=f"{self.identifier}-final" if place.production else None,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
            **_origin(database, tier.storage_gib, keys, primary),
        )

    def _monitoring(self, keys: Keys) -> iam.Role:
        return iam.Role(
            f"{self._place.name}-db-monitor",
            description=f"Enhanced monitoring of {self.identifier}",
            trusts=iam.trust("monitoring.rds.amazonaws.com", account=keys.account),
            managed=["service-role/AmazonRDSEnhancedMonitoringRole"],
            opts=self._child,
        )

    def _secret(self) -> pulumi.Output[str]:
        """ARN of the secret in which RDS keeps user and password; neither stands in the state."""
        return self.instance.master_user_secrets.apply(lambda secrets: str(secrets[0].secret_arn))


def _origin(
    database: stores.Database, storage_gib: int, keys: Keys, primary: Database | None
) -> dict[str, Any]:
    """Where the data comes from: a new database, or the one that is followed (by ARN: another region)."""
    if primary is not None:
        return {"replicate_source_db": primary.instance.arn}
    return {
        "engine": "postgres",
        "engine_version": database.version,
        "allocated_storage": storage_gib,
        "db_name": NAME,
        "username": NAME,
        "manage_master_user_password": True,
        "master_user_secret_kms_key_id": keys.data,
    }
