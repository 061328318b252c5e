"""Who reaches whom: pairs that may and pairs that may not, evaluated against the network policies of production."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from estates import CLOUDS, Estate, recorded
from network import Host, Pod, passes
from test_workload import of_kind

from infra.recorder import Recording

EVERY = pytest.mark.parametrize(
    "cloud", [pytest.param(cloud, marks=pytest.mark.xdist_group(cloud)) for cloud in CLOUDS]
)
PRODUCT = "costate"
CACHE_PORT = {"aws": 6379, "azure": 10000, "gcp": 6379}
TOKENS = {"aws": ("169.254.170.23", 80), "azure": ("203.0.113.7", 443), "gcp": ("169.254.169.254", 80)}
"""Where a pod asks for the tokens of its identity: EKS' agent, Entra, Google's metadata server."""

DATA, ELSEWHERE, OUTSIDE = "10.0.209.5", "10.0.1.5", "203.0.113.7"
"""Addresses: among the data stores, among the nodes, and of somebody in the internet."""

OTHERS: dict[str, Pod] = {
    "gateway": Pod("envoy-gateway-system", {"app.kubernetes.io/name": "envoy"}),
    "keda": Pod("keda", {"app": "keda-operator"}),
    "prometheus": Pod("monitoring", {"app.kubernetes.io/name": "prometheus"}),
    "dns": Pod("kube-system", {"k8s-app": "kube-dns"}),
    "another of kube-system": Pod("kube-system", {"k8s-app": "metrics-server"}),
    "stranger": Pod("default", {"app": "stranger"}),
    "stranger beside the product": Pod(PRODUCT, {"app": "stranger"}),
    "stranger with the API's labels": Pod(
        "default", {"app.kubernetes.io/name": "api", "app.kubernetes.io/part-of": "costate"}
    ),
}
PROCESSES = ("api", "worker", "worker-gpu", "migrations")
ALLOWED: list[tuple[str, str, int]] = [
    ("gateway", "api", 8000),
    ("keda", "api", 8000),
    ("prometheus", "api", 8000),
    ("prometheus", "worker", 8001),
    ("prometheus", "worker-gpu", 8001),
    *((process, DATA, 5432) for process in PROCESSES),
    *((process, "dns", 53) for process in PROCESSES),
    *((process, OUTSIDE, 443) for process in PROCESSES),
]
DENIED: list[tuple[str, str, int]] = [
    ("gateway", "worker", 8001),
    ("gateway", "api", 8001),
    ("keda", "worker", 8001),
    ("prometheus", "migrations", 8000),
    (OUTSIDE, "api", 8000),
    (ELSEWHERE, "worker", 8001),
    *(
        (name, to, port)
        for name in OTHERS
        if "stranger" in name
        for to, port in (("api", 8000), ("worker", 8001))
    ),
    ("api", "worker", 8001),
    ("worker", "api", 8000),
    ("worker", "worker-gpu", 8001),
    ("worker", "stranger", 80),
    ("api", "another of kube-system", 53),
    ("stranger beside the product", DATA, 5432),
    ("stranger beside the product", OUTSIDE, 443),
    *((process, DATA, 22) for process in PROCESSES),
    *((process, ELSEWHERE, 5432) for process in PROCESSES),
    *((process, OUTSIDE, 80) for process in PROCESSES),
]


def production(cloud: str) -> Recording:
    return recorded(Estate(cloud, "production-gpu", gpu=True, layer="all"))


@cache
def policies(cloud: str) -> tuple[dict[str, Any], ...]:
    return tuple(of_kind(production(cloud), "NetworkPolicy").values())


@cache
def hosts(cloud: str) -> dict[str, Host]:
    """Every name of the tables; the product's pods have the labels that their templates give them."""
    found: dict[str, Host] = {**OTHERS, **{address: address for address in (DATA, ELSEWHERE, OUTSIDE)}}
    for kind in ("Deployment", "Rollout", "Job"):
        for made in of_kind(production(cloud), kind).values():
            labels = made["spec"]["template"]["metadata"]["labels"]
            if made["metadata"]["namespace"] == PRODUCT and labels["app.kubernetes.io/name"] in PROCESSES:
                found[labels["app.kubernetes.io/name"]] = Pod(PRODUCT, labels)
    assert found.keys() >= set(PROCESSES)
    return found


def reached(cloud: str, source: str, target: str, port: int) -> bool:
    protocol = "UDP" if port == 53 else "TCP"
    return passes(policies(cloud), hosts(cloud)[source], hosts(cloud)[target], port, protocol)


@EVERY
def test_who_has_to_is_let_through(cloud: str) -> None:
    needed = [*ALLOWED, *((process, DATA, CACHE_PORT[cloud]) for process in PROCESSES)]
    assert [pair for pair in needed if not reached(cloud, *pair)] == []
    address, port = TOKENS[cloud]
    for process in PROCESSES:
        assert passes(policies(cloud), hosts(cloud)[process], address, port), process


@EVERY
def test_nobody_else_is_let_through(cloud: str) -> None:
    assert [pair for pair in DENIED if reached(cloud, *pair)] == []
    for other in TOKENS.keys() - {cloud, "azure"}:
        address, port = TOKENS[other]
        for process in PROCESSES:
            assert not passes(policies(cloud), hosts(cloud)[process], address, port), (process, other)


@EVERY
def test_without_the_policies_all_would_be_open_and_with_the_first_alone_nothing(cloud: str) -> None:
    """The evaluation tells policies apart: what passes or not in the tables is their doing."""
    [closed] = [one for one in policies(cloud) if not one["spec"]["podSelector"].get("matchLabels")]
    api, gateway = hosts(cloud)["api"], hosts(cloud)["gateway"]
    assert passes((), hosts(cloud)["stranger"], api, 8000)
    assert not passes((closed,), gateway, api, 8000)
    assert not passes((closed,), api, DATA, 5432)
