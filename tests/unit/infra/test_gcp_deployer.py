"""The role that docs/gcp.md has an operator create is enough for what a stack declares, and for no more."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

from infra import platforms
from infra.recorder import Recording, record

DOCS = Path(platforms.__path__[0]).parents[1] / "docs"

KINDS = {
    "artifactregistry/repository": "artifactregistry.repositories",
    "artifactregistry/repositoryIamMember": "artifactregistry.repositories",
    "certificatemanager/certificate": "certificatemanager.certs",
    "certificatemanager/certificateMap": "certificatemanager.certmaps",
    "certificatemanager/certificateMapEntry": "certificatemanager.certmapentries",
    "certificatemanager/dnsAuthorization": "certificatemanager.dnsauthorizations",
    "compute/network": "compute.networks",
    "compute/uRLMap": "compute.urlMaps",
    "compute/sSLPolicy": "compute.sslPolicies",
    "compute/routerNat": "compute.routers",
    "compute/securityPolicy": "compute.securityPolicies",
    "compute/targetHttpProxy": "compute.targetHttpProxies",
    "compute/targetHttpsProxy": "compute.targetHttpsProxies",
    "compute/address": "compute.addresses",
    "compute/globalAddress": "compute.globalAddresses",
    "container/nodePool": "container.clusters",
    "dns/dnsManagedZoneIamMember": "dns.managedZones",
    "dns/policy": "dns.policies",
    "dns/recordSet": "dns.resourceRecordSets",
    "kms/cryptoKey": "cloudkms.cryptoKeys",
    "kms/cryptoKeyIAMMember": "cloudkms.cryptoKeys",
    "kms/keyRing": "cloudkms.keyRings",
    "logging/projectBucketConfig": "logging.buckets",
    "logging/projectSink": "logging.sinks",
    "networkconnectivity/serviceConnectionPolicy": "networkconnectivity.serviceConnectionPolicies",
    "projects/iAMAuditConfig": "resourcemanager.projects",
    "projects/iAMCustomRole": "iam.roles",
    "projects/iAMMember": "resourcemanager.projects",
    "projects/service": "serviceusage.services",
    "projects/serviceIdentity": "serviceusage.services",
    "serviceaccount/account": "iam.serviceAccounts",
    "serviceaccount/iAMMember": "iam.serviceAccounts",
    "sql/database": "cloudsql.databases",
    "sql/databaseInstance": "cloudsql.instances",
    "sql/user": "cloudsql.users",
    "storage/bucketIAMMember": "storage.buckets",
    "storage/transferJob": "storagetransfer.jobs",
}
"""Types whose permissions are not called as they are."""

ON_THE_BILLING_ACCOUNT = {"billing/budget"}


@cache
def stack() -> Recording:
    here = {
        "platform": "gcp",
        "region": "us-central1",
        "project": "p",
        "billing_account": "0" * 6 + "-000000" * 2,
    }
    return record(
        {
            "costate:environment": "development",
            "costate:layer": "platform",
            "costate:domain": "api.example.org",
            "costate:cells": [here, here | {"region": "us-east4", "role": "standby"}],
            "costate:shutdown": {"stop": "20:00", "start": "07:00"},
            "costate:budget": {"alert_emails": ["a@example.org"]},
            "costate:gpu": {"accelerator": "t4", "precision": "float32"},
        },
        "dev",
    )


def permissions() -> set[str]:
    role = yaml.safe_load((DOCS / "gcp_deployer.yaml").read_text())
    found: list[str] = role["includedPermissions"]
    assert len(found) == len(set(found))
    return set(found)


def kinds() -> set[str]:
    """What permissions are needed on, such as `compute.networks`."""
    types = {resource.type.split(":")[1] for resource in stack().managed} - ON_THE_BILLING_ACCOUNT
    return {KINDS.get(kind, kind.replace("/", ".") + "s") for kind in types}


def test_whatever_a_stack_declares_can_be_made_and_read() -> None:
    allowed = permissions()
    lacking = [kind for kind in kinds() if f"{kind}.get" not in allowed and f"{kind}.list" not in allowed]
    assert not lacking
    # The project, and the log bucket that every project has, are there before.
    made = kinds() - {"resourcemanager.projects", "logging.buckets", "serviceusage.services"}
    assert not [kind for kind in made if f"{kind}.create" not in allowed]


def test_nothing_is_allowed_that_no_stack_declares() -> None:
    # Operations are how the answer to a call is waited for; the others come with what they belong to.
    besides = re.compile(
        r"[a-zA-Z]+\.(\w*[oO]perations)\.|compute\.(projects|instanceGroupManagers)\.|dns\.(changes|networks)\."
        r"|cloudkms\.cryptoKeyVersions\.|storage\.objects\.|storagetransfer\.projects\."
    )
    extra = [p for p in permissions() if p.rsplit(".", 1)[0] not in kinds() and not besides.match(p)]
    assert not extra


def test_every_role_that_a_stack_grants_on_the_project_is_one_that_the_docs_let_it_grant() -> None:
    text = (DOCS / "gcp.md").read_text()
    granted = {resource.plain["role"] for resource in stack().of("gcp:projects/iAMMember:IAMMember")}
    predefined = {role for role in granted if role.startswith("roles/")}
    assert predefined
    assert not [role for role in predefined if f"'{role}'" not in text]
