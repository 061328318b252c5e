"""The rules, one file a cloud; `ALL` has them all."""

from __future__ import annotations

from infra.policy.rule import Rule
from infra.policy.rules import aws, azure, everywhere, gcp

ALL: tuple[Rule, ...] = (*everywhere.RULES, *aws.RULES, *gcp.RULES, *azure.RULES)
