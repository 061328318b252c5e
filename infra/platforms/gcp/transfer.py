"""One bucket's objects copied to another, again and again."""

from __future__ import annotations

import pulumi
from pulumi_gcp import storage

from infra.place import Place
from infra.platforms.gcp.agents import Agents

SOURCE_ROLES = ("roles/storage.legacyBucketReader", "roles/storage.objectViewer")
SINK_ROLES = ("roles/storage.legacyBucketReader", "roles/storage.objectUser")
"""What Storage Transfer Service asks for on each bucket; the legacy role is the only one that reads a bucket."""


class Copy(pulumi.ComponentResource):
    """New and changed objects of `source` go to `sink`; what is deleted stays there.

    A scheduled job rather than one bucket over two regions: each cell keeps a bucket of its own under a key of
    its own region, so that neither a lost region, nor a lost key, nor a wrong deletion takes both. Rather than
    a stream of events, because it needs no rights on the project's Pub/Sub.
    """

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        agents: Agents,
        source: pulumi.Output[str],
        sink: pulumi.Output[str],
        every_s: int,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Copy", name, None, opts)
        rights: list[pulumi.Resource] = [
            storage.BucketIAMMember(
                f"{name}-{side}-{role.rsplit('.', 1)[-1]}",
                bucket=bucket,
                role=role,
                member=agents.members["transfer"],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for side, bucket, roles in (("source", source, SOURCE_ROLES), ("sink", sink, SINK_ROLES))
            for role in roles
        ]
        storage.TransferJob(
            f"{name}-job",
            description=f"{name}: new objects every {every_s // 60} minutes",
            project=place.account,
            transfer_spec=storage.TransferJobTransferSpecArgs(
                gcs_data_source=storage.TransferJobTransferSpecGcsDataSourceArgs(bucket_name=source),
                gcs_data_sink=storage.TransferJobTransferSpecGcsDataSinkArgs(bucket_name=sink),
                transfer_options=storage.TransferJobTransferSpecTransferOptionsArgs(
                    overwrite_when="DIFFERENT",
                    delete_objects_unique_in_sink=False,
                    delete_objects_from_source_after_transfer=False,
                ),
            ),
            schedule=storage.TransferJobScheduleArgs(
                schedule_start_date=storage.TransferJobScheduleScheduleStartDateArgs(
                    year=2026, month=1, day=1
                ),
                repeat_interval=f"{every_s}s",
            ),
            logging_config=storage.TransferJobLoggingConfigArgs(
                log_actions=["COPY"], log_action_states=["FAILED"]
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=rights),
        )
        self.register_outputs({})
