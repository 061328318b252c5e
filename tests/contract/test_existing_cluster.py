"""A cluster that is there already: what stands in for managed services, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from estates import TODAY, Estate, recorded
from test_workload import of_kind, pods, short

from infra import checks
from infra.config.reading import load
from infra.config.stack import StackConfig
from infra.errors import ConfigError
from infra.platforms.existing import certificate, password
from infra.platforms.existing.certificate import RENEWED_BEFORE, VALID
from infra.platforms.existing.registry import repository
from infra.recorder import Recording
from infra.recorder.values import Secret

BARE = Estate("existing", "development", gpu=True, layer="all")
WHOLE = Estate("existing", "production-gpu", gpu=True, layer="all")
BOTH = pytest.mark.parametrize("estate", [BARE, WHOLE], ids=["bare", "whole"])


def secret(recording: Recording, name: str) -> dict[str, str]:
    found = next(
        one for one in recording.resources if one.name.endswith(name) and one.type.endswith(":Secret")
    )
    assert isinstance(found.inputs["stringData"], Secret)
    return dict(found.plain["stringData"])


@BOTH
def test_only_the_path_and_the_context_of_a_kubeconfig_are_kept(estate: Estate) -> None:
    provider = next(one for one in recorded(estate).resources if one.type == "pulumi:providers:kubernetes")
    assert provider.plain["context"] == "admin@home"
    assert provider.plain.get("kubeconfig", "") == ""


@BOTH
def test_no_password_or_key_is_in_the_stored_recording(estate: Estate) -> None:
    text = json.dumps(recorded(estate).as_json())
    generated = [one for one in recorded(estate).resources if one.type.startswith("pulumi-python:dynamic")]
    assert len(generated) == 4
    for one in generated:
        for key in one.additional_secret_outputs:
            assert f"{one.name}-{key}" not in text


@BOTH
@pytest.mark.parametrize("name", ["api", "worker", "migrations", "schedules-backup"])
def test_both_data_stores_are_asked_over_tls_with_their_certificates_checked(
    estate: Estate, name: str
) -> None:
    container = pods(recorded(estate))[name]["containers"][0]
    told = {one["name"]: one["value"] for one in container["env"]}
    database, cache = told["COSTATE_DATABASE_URL"], told["COSTATE_REDIS_URL"]
    assert database.startswith("postgresql://costate@postgres")
    assert "sslmode=verify-full&sslrootcert=/etc/costate/authorities/database.pem" in database
    assert cache.startswith("rediss://@valkey")
    assert "ssl_cert_reqs=required&ssl_ca_certs=/etc/costate/authorities/cache.pem" in cache
    mounted = {one["mountPath"] for one in container["volumeMounts"]}
    assert "/etc/costate/authorities" in mounted
    for variable in ("COSTATE_DATABASE_PASSWORD_FILE", "COSTATE_REDIS_PASSWORD_FILE"):
        assert told[variable].rpartition("/")[0] in mounted


@BOTH
def test_only_the_product_reaches_the_data_stores(estate: Estate) -> None:
    policies = {
        name: one["spec"] for name, one in of_kind(recorded(estate), "NetworkPolicy").items()
        if one["metadata"]["namespace"] == "costate-data"
    }  # fmt: skip
    assert policies["network-flows-deny-all"]["podSelector"] == {}
    inside = {"costate", "cnpg-system", "monitoring"} if estate is WHOLE else {"costate"}
    for name in ("network-flows-postgres", "network-flows-valkey"):
        for rule in policies[name]["ingress"]:
            for peer in rule["from"]:
                spaces = peer.get("namespaceSelector", {}).get("matchLabels", {})
                assert set(spaces.values()) <= inside
                assert spaces or peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "postgres"


@BOTH
def test_migrations_wait_until_the_data_stores_answer(estate: Estate) -> None:
    recording = recorded(estate)
    servers = {
        one.urn for one in recording.resources
        if one.type.endswith((":StatefulSet", ":Cluster")) and "existing" in one.name
    }  # fmt: skip
    assert len(servers) == 2
    job = next(
        one for one in recording.resources if one.name.endswith("-migrations") and one.type.endswith(":Job")
    )
    assert servers <= set(job.dependencies)


def test_the_operator_keeps_three_servers_where_availability_is_asked_for() -> None:
    spec = of_kind(recorded(WHOLE), "Cluster")["database-servers-cluster"]["spec"]
    assert spec["instances"] == 3
    assert spec["postgresql"]["synchronous"] == {"method": "any", "number": 1, "dataDurability": "preferred"}
    assert spec["bootstrap"]["initdb"]["secret"] == {"name": "postgres-login"}
    assert spec["certificates"] == {
        "serverTLSSecret": "postgres-certificate", "serverCASecret": "postgres-certificate",
    }  # fmt: skip
    # The policies of the namespace are by these labels.
    assert spec["inheritedMetadata"]["labels"]["app.kubernetes.io/name"] == "postgres"


@BOTH
def test_the_database_is_dumped_every_night_and_restored_every_week(estate: Estate) -> None:
    recording = recorded(estate)
    jobs = {one["metadata"]["name"]: one["spec"] for one in of_kind(recording, "CronJob").values()}
    assert jobs.keys() == {"backup", "drill"}, "alerts go by these names"
    assert jobs["backup"]["schedule"].endswith("* * *")
    assert jobs["drill"]["schedule"].endswith("* * 0")
    found = {short(name).removeprefix("schedules-"): pod for name, pod in pods(recording).items()}
    steps = {
        name: [one["name"] for one in [*found[name]["initContainers"], *found[name]["containers"]]]
        for name in jobs
    }
    assert steps == {"backup": ["dump", "keep"], "drill": ["fetch", "restore", "report"]}
    postgres = found["backup"]["initContainers"][0]
    assert postgres["image"].startswith("docker.io/library/postgres:17")
    assert postgres["securityContext"]["runAsUser"] == 999


@BOTH
def test_a_drill_cannot_reach_the_database_it_is_a_drill_for(estate: Estate) -> None:
    policies = of_kind(recorded(estate), "NetworkPolicy")
    ports = {port["port"] for rule in policies["flows-drill"]["spec"]["egress"] for port in rule["ports"]}
    assert 5432 not in ports
    assert 5432 in {
        port["port"] for rule in policies["flows-backup"]["spec"]["egress"] for port in rule["ports"]
    }


def test_without_add_ons_nothing_of_theirs_is_declared() -> None:
    recording = recorded(BARE)
    foreign = ("keda.sh", "gateway.", "cert-manager.io", "external-secrets.io", "cnpg.io")
    for one in recording.resources:
        assert not any(group in str(one.plain.get("apiVersion", "")) for group in foreign), one.name
        assert not one.type.endswith((":Release", ":HorizontalPodAutoscaler"))
    workers = of_kind(recording, "Deployment")["worker"]
    assert workers["spec"]["replicas"] == 1


def test_the_api_answers_on_a_port_of_the_nodes_where_there_is_no_domain() -> None:
    recording = recorded(BARE)
    service = of_kind(recording, "Service")["api"]["spec"]
    assert (service["type"], service["ports"][0]["nodePort"]) == ("NodePort", 30443)
    assert recording.outputs["url"] == "http://127.0.0.1:30443"
    quota = next(one for name, one in of_kind(recording, "ResourceQuota").items() if name == "namespace")
    assert quota["spec"]["hard"]["services.nodeports"] == "1"


def given(**parts: Any) -> StackConfig:
    values = {
        "environment": "development", "image": "costate:1",
        "cells": [{"platform": "existing", "context": "admin@home"}],
    }  # fmt: skip
    return load({f"costate:{key}": value for key, value in {**values, **parts}.items()})


S3 = {"bucket": "results", "endpoint": "https://store.home:9000", "access_key": "a", "secret_key": "hidden"}


def test_an_s3_store_needs_no_volume_and_its_key_is_a_secret() -> None:
    from infra.recorder import record

    values = WHOLE.values() | {"costate:existing": {"database": "operator", "s3": S3}}
    recording = record(values, "prod", today=TODAY)
    assert "results" not in of_kind(recording, "PersistentVolumeClaim")
    assert secret(recording, "bindings-worker")["AWS_SECRET_ACCESS_KEY"] == "hidden"
    assert "hidden" not in json.dumps(recording.as_json())
    worker = pods(recording)["worker"]["containers"][0]
    told = {one["name"]: one["value"] for one in worker["env"]}
    assert told["COSTATE_STORAGE_URL"] == "s3://results"
    assert told["AWS_ENDPOINT"] == "https://store.home:9000"
    ports = [
        port["port"]
        for rule in of_kind(recording, "NetworkPolicy")["flows-worker"]["spec"]["egress"]
        for port in rule["ports"]
    ]
    assert 9000 in ports


CELL = {"platform": "existing", "context": "admin@home"}


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ({"image": ""}, "image"),
        ({"layer": "platform"}, "layer"),
        ({"shutdown": {"stop": "20:00", "start": "07:00"}}, "shutdown"),
        ({"gpu": {"accelerator": "l4", "spot": True}}, "gpu.spot"),
        ({"gpu": {"accelerator": "l4", "fallbacks": ["t4"]}}, "gpu.fallbacks"),
        ({"cluster": {"node_autoscaler": "karpenter"}}, "cluster.node_autoscaler"),
        ({"cache": {"highly_available": True}}, "cache.highly_available"),
        (
            {"existing": {"database": "plain"}, "database": {"highly_available": True}},
            "database.highly_available",
        ),
        ({"existing": {"database": "plain", "snapshot_class": "x"}}, "existing.snapshot_class"),
        ({"domain": "a.example.org", "addons": {"gateway": "absent"}}, "domain"),
        ({"cells": [CELL, CELL | {"region": "b", "role": "standby"}]}, "cells.1.role"),
        ({"cells": [CELL | {"cidr": "10.1.0.0/16"}]}, "cells.0.cidr"),
        ({"cells": [CELL | {"account": "012345678901"}]}, "cells.0.account"),
        ({"cells": [{"platform": "aws", "region": "us-east-1", "context": "x"}]}, "cells.0.context"),
    ],
)
def test_what_an_existing_cluster_has_not_is_told_by_key(parts: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checks.check(given(**parts), "home", TODAY)
    found = {fault.key.removeprefix("costate:"): fault for fault in caught.value.faults}
    assert key in found
    assert found[key].allowed, "a remedy"


def test_every_fault_of_a_cell_on_an_existing_cluster_is_told_at_once() -> None:
    cell = {"platform": "existing", "region": "A B", "kubeconfig": "relative/path", "node_port": 80}
    with pytest.raises(ConfigError) as caught:
        given(cells=[cell])
    assert {fault.key.removeprefix("costate:cells.0.") for fault in caught.value.faults} >= {
        "kubeconfig", "node_port",
    }  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        given(cells=[{"platform": "existing", "region": "A B"}])
    assert {fault.key.removeprefix("costate:cells.0.") for fault in caught.value.faults} >= {
        "context", "region",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("costate:1", "costate"),
        ("registry.home:5000/team/costate:1", "registry.home:5000/team/costate"),
        ("ghcr.io/a/costate@sha256:00", "ghcr.io/a/costate"),
        ("registry.home:5000/costate", "registry.home:5000/costate"),
    ],
)
def test_the_repository_of_an_image_is_found(image: str, name: str) -> None:
    assert repository(image) == name


class TestMadeOnce:
    def test_passwords_differ_and_stay(self) -> None:
        provider = password._Provider()
        first, second = (provider.create({"purpose": "database"}) for _ in range(2))
        assert first.outs["value"] != second.outs["value"]
        assert len(first.outs["value"]) >= 32
        assert not provider.diff(first.id, first.outs, {"purpose": "database"}).changes
        assert provider.diff(first.id, first.outs, {"purpose": "cache"}).replaces == ["purpose"]

    def test_a_certificate_names_its_hosts_and_is_made_anew_in_its_last_year(self) -> None:
        provider = certificate._Provider()
        made = provider.create({"hosts": ["postgres.costate-data.svc", "postgres"]}).outs
        found = x509.load_pem_x509_certificate(made["certificate"].encode())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["postgres.costate-data.svc", "postgres"]
        assert not provider.diff("", made, made).changes
        old = made | {"until": (datetime.now(UTC) + RENEWED_BEFORE - timedelta(days=1)).isoformat()}
        assert provider.diff("", old, made).replaces == ["hosts"]
        assert VALID > RENEWED_BEFORE
