"""IAM policies as documents and roles that carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.platforms.aws.ordering import after

Statement = Mapping[str, Any]


def allow(
    actions: Sequence[str],
    resources: pulumi.Input[Any],
    *,
    when: Mapping[str, Mapping[str, Any]] | None = None,
    who: Mapping[str, Any] | str | None = None,
    sid: str | None = None,
) -> Statement:
    """A statement that allows: `who` in resource policies, `when` as `{operator: {key: value}}`."""
    return _statement("Allow", actions, resources, when, who, sid)


def deny(
    actions: Sequence[str],
    resources: pulumi.Input[Any],
    *,
    when: Mapping[str, Mapping[str, Any]] | None = None,
    who: Mapping[str, Any] | str | None = None,
    sid: str | None = None,
) -> Statement:
    """A statement that denies, whatever others allow."""
    return _statement("Deny", actions, resources, when, who, sid)


def _statement(
    effect: str,
    actions: Sequence[str],
    resources: pulumi.Input[Any],
    when: Mapping[str, Mapping[str, Any]] | None,
    who: Mapping[str, Any] | str | None,
    sid: str | None,
) -> Statement:
    parts = {"Sid": sid, "Principal": who, "Condition": when}
    given = {key: part for key, part in parts.items() if part is not None}
    return {"Effect": effect, "Action": list(actions), "Resource": resources, **given}


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy of these statements, as JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(
    service: str, *, account: pulumi.Input[str] | None = None, tagged: bool = False
) -> pulumi.Output[str]:
    """Who may assume a role: a service of AWS.

    With `account` only on behalf of that account, so that nobody else has the service act in our role; for
    services whose documentation says that they tell it. `tagged` is for a service that marks its sessions
    (Pod Identity).
    """
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["sts:AssumeRole", "sts:TagSession"] if tagged else ["sts:AssumeRole"],
    }
    if account is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return document(statement)


class Role(pulumi.ComponentResource):
    """A role with one inline policy of `statements` and AWS's own policies `managed`, by name."""

    def __init__(
        self,
        name: str,
        *,
        description: str,
        trusts: pulumi.Input[str],
        statements: Sequence[Statement] = (),
        managed: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Role", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        made = aws.iam.Role(name, description=description, assume_role_policy=trusts, opts=child)
        self.rights: list[pulumi.CustomResource] = []
        if statements:
            self.rights.append(
                aws.iam.RolePolicy(name, role=made.name, policy=document(*statements), opts=child)
            )
        self.rights += [
            aws.iam.RolePolicyAttachment(
                f"{name}-{policy.rsplit('/', 1)[-1]}",
                role=made.name,
                policy_arn=f"arn:aws:iam::aws:policy/{policy}",
                opts=child,
            )
            for policy in managed
        ]
        # Known once the role has its rights, so that nothing acts in it before or after it has them.
        self.arn = after(made.arn, self.rights)
        self.name = after(made.name, self.rights)
        self.own_arn = made.arn
        """For what would be replaced with another role, and so may not wait for a right that is added later:
        it depends on `rights` instead."""
        self.register_outputs({"arn": self.arn})
