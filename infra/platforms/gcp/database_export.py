"""A dump of the database every night, in another region under a key of that region."""

from __future__ import annotations

import pulumi
from pulumi_gcp import projects, storage

from infra.place import Place
from infra.platforms.gcp.database import NAME, Database
from infra.platforms.gcp.scheduled_workflow import ScheduledWorkflow

FOLDER = "database"
"""Of the vault: one object a day, named by its date."""


class DatabaseExport(pulumi.ComponentResource):
    """Cloud SQL's own backups are encrypted by the key of its region and are lost with it; a dump is not."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        database: Database,
        vault: storage.Bucket,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:DatabaseExport", name, None, opts)
        instance = database.instance
        writer = storage.BucketIAMMember(
            f"{place.name}-vault-database",
            bucket=vault.name,
            role="roles/storage.objectUser",
            member=pulumi.Output.concat("serviceAccount:", instance.service_account_email_address),
            opts=pulumi.ResourceOptions(parent=self),
        )
        ScheduledWorkflow(
            f"{name}-nightly",
            place=place,
            purpose="export",
            steps=_steps(place, instance.name, vault.name),
            permissions=["cloudsql.instances.export", "cloudsql.instances.get"],
            condition=projects.IAMMemberConditionArgs(
                title="database-of-the-cell",
                expression=pulumi.Output.format(
                    "resource.type == 'sqladmin.googleapis.com/Instance' && "
                    "resource.name == 'projects/{}/instances/{}'",
                    place.account,
                    instance.name,
                ),
            ),
            schedules={"export-nightly": ("30 1 * * *", {})},
            timezone="UTC",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[writer]),
        )
        self.register_outputs({})


def _steps(place: Place, instance: pulumi.Output[str], vault: pulumi.Output[str]) -> pulumi.Output[str]:
    """One call, made by a machine that is not the database's own (`offload`), and waited for."""
    return pulumi.Output.json_dumps(
        {
            "main": {
                "params": ["args"],
                "steps": [
                    {
                        "export": {
                            "call": "googleapis.sqladmin.v1.instances.export",
                            "args": {
                                "project": place.account,
                                "instance": instance,
                                "body": {
                                    "exportContext": {
                                        "fileType": "SQL",
                                        "offload": True,
                                        "databases": [NAME],
                                        "uri": pulumi.Output.concat(
                                            '${"gs://',
                                            vault,
                                            f'/{FOLDER}/" + text.substring(time.format(sys.now()), 0, 10)'
                                            ' + ".sql.gz"}',
                                        ),
                                    }
                                },
                                "connector_params": {"timeout": 21600},
                            },
                        }
                    }
                ],
            }
        }
    )
