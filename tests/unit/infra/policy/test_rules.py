"""Each rule of the policy has inputs that keep it and inputs that break it, in the SDK's own names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN
from unit.infra.policy.cases import CASES

from infra.config.stack import PolicyException
from infra.policy.judgement import judge
from infra.policy.rule import Rule, kind
from infra.policy.rules import ALL
from infra.recorder import schema

RULES = {rule.id: rule for rule in ALL}
TODAY = date(2026, 12, 1)


@dataclass(frozen=True)
class Declared:
    type: str
    plain: dict[str, Any]
    name: str = "thing"
    urn: str = "urn:pulumi:prod::costate::x::thing"
    custom: bool = field(default=True)


def test_ids_are_unique_and_every_rule_has_a_case() -> None:
    assert len(RULES) == len(ALL)
    assert RULES.keys() == CASES.keys()


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_accepts_what_keeps_it_and_refuses_what_breaks_it(rule: Rule) -> None:
    token, good, bad = CASES[rule.id]
    if good or "keys" not in rule.id:  # of what is forbidden altogether there is no good one
        assert not rule.faults(token, good)
    assert rule.faults(token, bad)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_speaks_of_inputs_that_the_sdk_knows(rule: Rule) -> None:
    token, good, bad = CASES[rule.id]
    unknown = [
        fault
        for inputs in (good, bad)
        for fault in schema.faults("thing", token, inputs)
        if "is missing" not in fault.message
    ]
    assert not unknown


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_is_about_types_that_there_are(rule: Rule) -> None:
    for found in rule.types:
        if found == "*":
            continue
        package, module, name = found.split(":")
        slash = "" if package == "azure-native" else f"/{name[0].lower()}{name[1:]}"
        token = f"{package}:{module}{slash}:{name}"
        assert schema.schema(token).inputs
        assert kind(token) == found


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_no_rule_stumbles_over_what_is_not_known_yet(rule: Rule) -> None:
    token, good, _ = CASES[rule.id]
    rule.faults(token, dict.fromkeys(good, UNKNOWN))


def test_a_gpu_pool_needs_its_taint_on_every_cloud() -> None:
    rule = RULES["gpu-pool-tainted"]
    google = {"nodeConfig": {"guestAccelerators": [{"type": "nvidia-l4", "count": 1}]}}
    azure = {"vmSize": "Standard_NC4as_T4_v3"}
    assert rule.faults("gcp:container/nodePool:NodePool", google)
    assert rule.faults("azure-native:containerservice:AgentPool", azure)
    azure |= {"nodeTaints": ["nvidia.com/gpu=present:NoSchedule"]}
    google["nodeConfig"]["taints"] = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    assert not rule.faults("gcp:container/nodePool:NodePool", google)
    assert not rule.faults("azure-native:containerservice:AgentPool", azure)
    assert not rule.faults("azure-native:containerservice:AgentPool", {"vmSize": "Standard_D4s_v5"})


def test_an_exception_excuses_one_rule_of_one_resource_until_its_last_day() -> None:
    excuse = PolicyException(
        rule="aws-subnet-addresses", resource="::thing", reason="a bastion for the move", until=TODAY
    )
    public = Declared("aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": True})
    (found,) = judge([public], [excuse], today=TODAY)
    assert found.excused == excuse
    assert "a bastion for the move" in str(found)
    (found,) = judge([public], [excuse], today=date(2026, 12, 2))
    assert found.excused is None
    other = Declared("aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": True}, urn="urn:pulumi:x::other")
    (found,) = judge([other], [excuse], today=TODAY)
    assert found.excused is None
    assert found.rule.remedy in str(found)


def test_components_are_not_judged() -> None:
    assert not judge([Declared("costate:aws:Network", {"tags": {}}, custom=False)], today=TODAY)
