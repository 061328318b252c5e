"""A few calls of Google's APIs at a set time, as an account that may do nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_gcp import cloudscheduler, projects, serviceaccount, workflows

from infra import naming
from infra.place import Place

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class ScheduledWorkflow(pulumi.ComponentResource):
    """A workflow, its schedules and its account.

    Each schedule (cron) hands its own words to the workflow, which finds them under `args`. The account's role
    is made of single permissions and, where the service knows conditions, bound by one to a single resource.
    """

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        purpose: str,
        steps: pulumi.Input[str],
        permissions: Sequence[str],
        condition: projects.IAMMemberConditionArgs | None,
        schedules: Mapping[str, tuple[str, Mapping[str, Any]]],
        timezone: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:ScheduledWorkflow", name, None, opts)
        self._place, self._purpose = place, purpose
        account = serviceaccount.Account(
            f"{place.name}-{purpose}",
            account_id=naming.named("gcp:service-account", place.name, purpose),
            display_name=f"{purpose} of {place.name}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        rights = self._rights(account, permissions, condition)
        workflow = workflows.Workflow(
            f"{place.name}-{purpose}",
            region=place.region,
            description=f"{purpose} of {place.name}",
            service_account=account.id,
            source_contents=steps,
            call_log_level="LOG_ERRORS_ONLY",
            deletion_protection=place.protect,
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=rights),
        )
        for schedule, (cron, words) in schedules.items():
            self._job(schedule, cron, words, timezone, workflow, account)
        self.register_outputs({})

    def _rights(
        self,
        account: serviceaccount.Account,
        permissions: Sequence[str],
        condition: projects.IAMMemberConditionArgs | None,
    ) -> list[pulumi.Resource]:
        name, project = f"{self._place.name}-{self._purpose}", self._place.account
        role = projects.IAMCustomRole(
            name,
            role_id=name.replace("-", "_"),
            title=f"{self._purpose} of {self._place.name}",
            permissions=list(permissions),
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Neither executions of workflows nor log entries can be named in a policy: these two roles are on the
        # project, and allow no more than to start a workflow and to write a line of log.
        roles: dict[str, pulumi.Input[str]] = {
            "start": "roles/workflows.invoker",
            "log": "roles/logging.logWriter",
            "do": role.id,
        }
        return [
            projects.IAMMember(
                f"{name}-{kind}",
                project=project,
                role=granted,
                member=pulumi.Output.concat("serviceAccount:", account.email),
                condition=condition if kind == "do" else None,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for kind, granted in roles.items()
        ]

    def _job(
        self,
        schedule: str,
        cron: str,
        words: Mapping[str, Any],
        timezone: str,
        workflow: workflows.Workflow,
        account: serviceaccount.Account,
    ) -> None:
        cloudscheduler.Job(
            f"{self._place.name}-{schedule}",
            region=self._place.region,
            description=f"{schedule} of {self._place.name}",
            schedule=cron,
            time_zone=timezone,
            attempt_deadline="60s",
            retry_config=cloudscheduler.JobRetryConfigArgs(
                retry_count=3, min_backoff_duration="60s", max_backoff_duration="600s"
            ),
            http_target=cloudscheduler.JobHttpTargetArgs(
                http_method="POST",
                uri=pulumi.Output.concat(
                    "https://workflowexecutions.googleapis.com/v1/", workflow.id, "/executions"
                ),
                body=_base64(json.dumps({"argument": json.dumps(dict(words))})),
                headers={"Content-Type": "application/json"},
                oauth_token=cloudscheduler.JobHttpTargetOauthTokenArgs(
                    service_account_email=account.email, scope=SCOPE
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
