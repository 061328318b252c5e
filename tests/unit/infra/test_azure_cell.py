"""What a cell on Azure decides for itself, beyond the promises that every cloud keeps."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from infra.bootstrap.azure.__main__ import main
from infra.bootstrap.azure.resource_types import PROVIDERS, TYPES
from infra.bootstrap.azure.role import ACTIONS, FOLLOWED, PRIVILEGED, condition, role
from infra.catalog.azure import CATALOG, DATABASE_TIERS, PAIRS
from infra.cidr import plan
from infra.errors import ConfigError
from infra.platforms.azure.firewall import rules, security_rules
from infra.platforms.azure.time_zones import windows_name
from infra.recorder import Recording, Resource, record

HERE = {"platform": "azure", "region": "eastus"}
THERE = {"platform": "azure", "region": "westus3", "role": "standby"}
AWS = {"platform": "aws", "region": "us-east-1"}
DOMAIN = "api.example.org"


@cache
def _recorded(given: str) -> Recording:
    return record(json.loads(given), "prod")


def built(environment: str, *cells: dict[str, str], **values: Any) -> Recording:
    given = {"environment": environment, "layer": "platform", "cells": cells, **values}
    return _recorded(json.dumps({f"costate:{key}": value for key, value in given.items()}))


def pair() -> Recording:
    return built("production", HERE, THERE, domain=DOMAIN)


def small() -> Recording:
    shutdown = {"stop": "20:00", "start": "06:30", "timezone": "Europe/Berlin"}
    return built(
        "development",
        HERE,
        shutdown=shutdown,
        nodes={"spot": True},
        cluster={"public_access": ["192.0.2.0/24"]},
    )


def of(recording: Recording, kind: str, name: str = "") -> list[Resource]:
    return [r for r in recording.resources if r.type.endswith(f":{kind}") and name in r.name]


def one(recording: Recording, kind: str, name: str = "") -> Resource:
    (found,) = of(recording, kind, name)
    return found


def test_every_region_has_a_pair_and_every_machine_stands_in_known_regions() -> None:
    assert PAIRS.keys() == CATALOG.regions.keys()
    for machines in CATALOG.accelerators.values():
        assert all(machine.regions <= CATALOG.regions.keys() for machine in machines)
        assert [m.accelerators for m in machines] == sorted(m.accelerators for m in machines)
    assert {
        tier.sku.removeprefix("Standard_")[0] for tier in CATALOG.databases.values()
    } <= DATABASE_TIERS.keys()


@pytest.mark.parametrize("behind_front", [True, False])
def test_every_security_group_ends_in_denial_both_ways(behind_front: bool) -> None:
    (network,) = plan([""])
    for tier, allowed in rules(network, (), behind_front=behind_front).items():
        listed = security_rules(allowed)
        assert [rule.direction for rule in listed if rule.access == "Deny"] == ["Inbound", "Outbound"], tier
        priorities = [rule.priority for rule in listed[:-2]]
        assert len(set(priorities)) == len(priorities)
        assert all(isinstance(each, int) and each < 4096 for each in priorities)


@pytest.mark.parametrize(("behind_front", "users"), [(True, "AzureFrontDoor.Backend"), (False, "Internet")])
def test_from_outside_only_the_entry_of_nodes_is_reached(behind_front: bool, users: str) -> None:
    (network,) = plan([""])
    entered = {
        (tier, rule.source, rule.ports)
        for tier, allowed in rules(network, (), behind_front=behind_front).items()
        for rule in allowed
        if rule.direction == "Inbound"
        and not rule.source[0][0].isdigit()
        and rule.source[0] != "VirtualNetwork"
    }
    assert entered == {
        ("nodes", (users,), ("443",)),
        ("nodes", ("Internet",), ("80",)),
        ("nodes", ("AzureLoadBalancer",), ("*",)),
        ("control-plane", ("AzureLoadBalancer",), ("9988",)),
    }


def test_a_time_zone_is_told_to_azure_in_windows_words() -> None:
    assert windows_name("Europe/Berlin") == "W. Europe Standard Time"
    with pytest.raises(ConfigError, match=r"costate:shutdown\.timezone"):
        windows_name("Europe/Atlantis")


def test_pools_of_nodes_stand_in_one_zone_each_with_the_subnet_of_the_zone() -> None:
    pools = [pool.plain for pool in of(pair(), "AgentPool", "eastus-cluster-cpu")]
    assert [pool["availabilityZones"] for pool in pools] == [["1"], ["2"], ["3"]]
    assert [pool["vnetSubnetID"].split("/")[-1][-1] for pool in pools] == ["1", "2", "3"]
    assert sum(pool["minCount"] for pool in pools) == 3
    assert sum(pool["maxCount"] for pool in pools) == 20
    assert all(len(pool["agentPoolName"]) <= 12 and pool["agentPoolName"].isalnum() for pool in pools)


def test_pools_are_made_one_after_the_other() -> None:
    pools = of(pair(), "AgentPool", "eastus-cluster")
    assert len(pools) == 5
    for before, after in pairwise(pools):
        assert before.urn in after.dependencies


def test_interruptible_pools_are_marked_and_not_surged() -> None:
    pool = one(small(), "AgentPool", "cpu").plain
    assert pool["scaleSetPriority"] == "Spot"
    assert pool["nodeTaints"] == ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"]
    assert "upgradeSettings" not in pool


def test_the_control_plane_is_private_unless_ranges_are_given() -> None:
    closed = one(pair(), "ManagedCluster", "eastus").plain["apiServerAccessProfile"]
    assert closed["enablePrivateCluster"]
    assert "authorizedIPRanges" not in closed
    opened = one(small(), "ManagedCluster").plain["apiServerAccessProfile"]
    assert opened["authorizedIPRanges"] == ["192.0.2.0/24"]
    assert not opened["enablePrivateCluster"]
    assert closed["enableVnetIntegration"] is opened["enableVnetIntegration"] is True


def test_nobody_logs_in_with_a_password() -> None:
    for server in of(pair(), "Server"):
        assert server.plain["authConfig"]["passwordAuth"] == "Disabled"
        assert "administratorLoginPassword" not in server.plain
    databases = [r for r in of(pair(), "Database") if "redis" in r.type]
    assert [r.plain["accessKeysAuthentication"] for r in databases] == ["Disabled", "Disabled"]
    assert all(not account.plain["allowSharedKeyAccess"] for account in of(pair(), "StorageAccount"))
    kubeconfig = str(dict(pair().outputs)["azure-eastus-kubeconfig"])
    assert "kubelogin" in kubeconfig
    assert "client-key-data" not in kubeconfig
    assert "token:" not in kubeconfig


def test_backups_that_go_to_the_paired_region_have_a_key_there() -> None:
    server = one(pair(), "Server", "eastus").plain
    assert server["backup"]["geoRedundantBackup"] == "Enabled"
    assert "recovery" in server["dataEncryption"]["geoBackupUserAssignedIdentityId"]
    assert sorted(vault.plain["location"] for vault in of(pair(), "Vault")) == [
        "eastus",
        "eastus",
        "westus",
        "westus3",
    ]
    assert one(small(), "Server").plain["backup"]["geoRedundantBackup"] == "Disabled"


def test_a_standby_follows_its_primary() -> None:
    replica = one(pair(), "Server", "westus3")
    assert replica.plain["createMode"] == "Replica"
    assert replica.plain["sourceServerResourceId"] == one(pair(), "Server", "eastus").id
    policies = of(pair(), "ObjectReplicationPolicy")
    assert len({policy.plain["sourceAccount"] for policy in policies}) == 1
    assert {policy.plain["accountName"] for policy in policies} == {
        account.plain.get("accountName") or account.id.split("/")[-1]
        for account in of(pair(), "StorageAccount")
        if account.id in (policies[0].plain["sourceAccount"], policies[0].plain["destinationAccount"])
    }
    assert len(of(pair(), "Registry", "prodazure")) == 1
    assert one(pair(), "Replication").plain["location"] == "westus3"
    assert len(of(pair(), "VirtualNetworkPeering")) == 2


def test_a_domain_has_one_front_door_over_all_cells() -> None:
    recording = built("production", HERE, AWS, domain=DOMAIN)
    origins = {origin.plain["originName"]: origin.plain for origin in of(recording, "AFDOrigin")}
    assert set(origins) == {"prod-azure-eastus", "prod-aws-us-east-1"}
    assert all(origin["originHostHeader"] == DOMAIN for origin in origins.values())
    assert all(origin["enforceCertificateNameCheck"] for origin in origins.values())
    (association,) = one(recording, "SecurityPolicy").plain["parameters"]["associations"]
    assert association["domains"][0]["id"] == one(recording, "AFDCustomDomain").id
    assert all(route.plain["linkToDefaultDomain"] == "Disabled" for route in of(recording, "Route", "front"))
    sets = one(recording, "Policy", "waf").plain["managedRules"]["managedRuleSets"]
    assert [each["ruleSetType"] for each in sets] == [
        "Microsoft_DefaultRuleSet",
        "Microsoft_BotManagerRuleSet",
    ]


def test_primaries_are_asked_before_standbys() -> None:
    priorities = {origin.plain["originName"]: origin.plain["priority"] for origin in of(pair(), "AFDOrigin")}
    assert priorities == {"prod-azure-eastus": 1, "prod-azure-westus3": 2}


def test_without_a_domain_there_is_no_front_door() -> None:
    assert not [r for r in small().resources if r.type.startswith(("azure-native:cdn", "azure-native:dns:"))]


def test_a_sleeping_cell_is_stopped_and_started_by_the_clock_and_by_nothing_more() -> None:
    stop, start = (one(small(), "Workflow", moment).plain["definition"] for moment in ("-stop", "-start"))
    assert stop["triggers"]["clock"]["recurrence"]["schedule"]["hours"] == [20]
    assert len(stop["triggers"]["clock"]["recurrence"]["schedule"]["weekDays"]) == 7
    assert start["triggers"]["clock"]["recurrence"]["schedule"] == {
        "weekDays": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
        "hours": [6],
        "minutes": [30],
    }
    called = [action["inputs"]["uri"] for action in stop["actions"].values()]
    assert {uri.split("?")[0].rsplit("/", 1)[1] for uri in called} == {"stop"}
    definitions = of(small(), "RoleDefinition")
    actions = {right for each in definitions for right in each.plain["permissions"][0]["actions"]}
    assert {action.rsplit("/", 2)[-2] if action.endswith("action") else "read" for action in actions} == {
        "read",
        "start",
        "stop",
    }


def test_the_deployers_role_covers_what_is_made_and_nothing_else() -> None:
    made = {r.type for recording in (pair(), small()) for r in recording.resources if r.custom}
    assert {kind for kind in made if kind.startswith("azure-native:")} == set(TYPES)
    actions = role("a-subscription")["Actions"]
    assert all(f"{TYPES[kind]}/write" in actions for kind in TYPES)
    wild = {action for action in actions if "*" in action}
    assert wild == {*FOLLOWED} - {f for f in FOLLOWED if "*" not in f} | {
        f"Microsoft.Network/dnsZones/*/{right}" for right in ("read", "write", "delete")
    }
    assert {action.split("/")[0] for action in (*actions, *ACTIONS)} <= {*PROVIDERS}


def test_the_deployer_cannot_give_the_right_to_give_rights(capsys: pytest.CaptureFixture[str]) -> None:
    assert all(each in condition() for each in PRIVILEGED.values())
    assert main(["condition"]) == 0
    assert capsys.readouterr().out.strip() == condition()
    assert main(["role", "--subscription", "a-subscription"]) == 0
    assert json.loads(capsys.readouterr().out)["AssignableScopes"] == ["/subscriptions/a-subscription"]
