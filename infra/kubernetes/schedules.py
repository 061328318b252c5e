"""Backups of a database that runs in the cluster: a dump every night, and a drill that restores one every week."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi
from pulumi_kubernetes import batch, core, meta

from infra.kubernetes.pod import container, pod, template
from infra.kubernetes.process import Process

BACKUP, DRILL = "backup", "drill"
"""Names of the CronJobs: alerts on `kube_cronjob_status_last_successful_time` go by them."""

NIGHTLY, WEEKLY = "30 1 * * *", "30 3 * * 0"
SCRIPTS = "backup-scripts"
SCRIPTS_AT, WORK = "/etc/costate/backup", "/work"
FILES = ("dump.sh", "dump.sql", "counts.sql", "drill.sh")
LONGEST_S = 4 * 3600

SERVER_USER = 999
"""Whom PostgreSQL's programs run as: they refuse a user whom their image does not know."""


class Schedules(pulumi.ComponentResource):
    """The CronJobs `backup` and `drill`.

    PostgreSQL's own programs come from the server's image, the way to the object store from the product's: one
    container after the other, over a folder that both write.
    """

    def __init__(
        self,
        name: str,
        *,
        process: Process,
        tools: str,
        work_gib: int,
        days: int,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`process` is the product's image with its bindings, `tools` the image with `pg_dump`.

        `work_gib` is what a dump and what is restored from it may take; backups of `days` days are kept.
        """
        super().__init__("costate:kubernetes:Schedules", name, None, opts)
        self._name, self._namespace = name, namespace
        self._child = pulumi.ResourceOptions(parent=self)
        folder = Path(__file__).parent / "backup"
        core.v1.ConfigMap(
            f"{name}-scripts",
            metadata=meta.v1.ObjectMetaArgs(name=SCRIPTS, namespace=namespace),
            data={file: (folder / file).read_text() for file in FILES},
            opts=self._child,
        )
        ours = replace(
            process,
            mounts={**process.mounts, SCRIPTS: SCRIPTS_AT},
            scratch={**process.scratch, "work": WORK},
            scratch_gib=work_gib,
        )
        theirs = replace(ours, image=tools, user=SERVER_USER)

        def step(found: Process, called: str, *command: str) -> core.v1.ContainerArgs:
            return container(replace(found, name=called, command=command))

        self._job(
            replace(ours, name=BACKUP),
            NIGHTLY,
            step(theirs, "dump", "sh", f"{SCRIPTS_AT}/dump.sh", SCRIPTS_AT, WORK),
            step(ours, "keep", "costate", "backup", "keep", WORK, "--days", str(days)),
        )
        self._job(
            replace(ours, name=DRILL),
            WEEKLY,
            step(ours, "fetch", "costate", "backup", "fetch", WORK),
            step(theirs, "restore", "sh", f"{SCRIPTS_AT}/drill.sh", SCRIPTS_AT, WORK),
            step(ours, "report", "costate", "backup", "restored", WORK),
        )
        self.register_outputs({})

    def _job(self, process: Process, schedule: str, *steps: core.v1.ContainerArgs) -> None:
        *before, last = steps
        spec = pod(process, last)
        spec.init_containers = list(before)
        spec.restart_policy = "Never"
        batch.v1.CronJob(
            f"{self._name}-{process.name}",
            metadata=meta.v1.ObjectMetaArgs(
                name=process.name, namespace=self._namespace, labels=process.selector
            ),
            spec=batch.v1.CronJobSpecArgs(
                schedule=schedule,
                time_zone="Etc/UTC",
                concurrency_policy="Forbid",
                starting_deadline_seconds=3600,
                successful_jobs_history_limit=1,
                failed_jobs_history_limit=3,
                job_template=batch.v1.JobTemplateSpecArgs(
                    spec=batch.v1.JobSpecArgs(
                        backoff_limit=2,
                        active_deadline_seconds=LONGEST_S,
                        template=template(process, spec),
                    )
                ),
            ),
            opts=self._child,
        )
