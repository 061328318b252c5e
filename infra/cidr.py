"""Address plan of the cells: pure, the same for every cloud, and no two cells overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

NODES = IPv4Network("10.0.0.0/8")
"""Where the networks of cells are taken from, a /16 each (the most that an AWS VPC may have)."""

PODS = IPv4Network("100.64.0.0/10")
"""Pod ranges, on clouds whose pods have a range of their own (RFC 6598: never routed outside)."""

SERVICES = IPv4Network("172.20.0.0/16")
"""Virtual addresses of Services: seen inside a cluster only, so every cell may have the same."""

ZONES = 3


@dataclass(frozen=True)
class NetworkPlan:
    """Ranges of one cell; `private`, `public` and `data` have one subnet for each of three zones."""

    cidr: str
    private: tuple[str, str, str]
    public: tuple[str, str, str]
    data: tuple[str, str, str]
    endpoints: str
    """A /24 for private endpoints and other small fixed things."""
    control_plane: str
    """A /28 for the control plane, where a cloud asks for one."""
    pods: str
    services: str = str(SERVICES)


def plan(given: Sequence[str]) -> tuple[NetworkPlan, ...]:
    """One plan a cell, in order; an empty text asks for the next free /16.

    Raises ValueError where a given range is not a private /16 or overlaps another (`faults` tells which).
    """
    if found := faults(given):
        index, why = found[0]
        raise ValueError(f"cell {index}: {why}")
    taken = {IPv4Network(text) for text in given if text}
    free = (network for network in NODES.subnets(new_prefix=16) if network not in taken)
    pods = PODS.subnets(new_prefix=16)
    return tuple(_divided(IPv4Network(text) if text else next(free), next(pods)) for text in given)


def faults(given: Sequence[str]) -> list[tuple[int, str]]:
    """What is wrong with the ranges that cells ask for: index of the cell and reason."""
    found: list[tuple[int, str]] = []
    seen: dict[IPv4Network, int] = {}
    for index, text in enumerate(given):
        if not text:
            continue
        try:
            network = IPv4Network(text)
        except ValueError as error:
            found.append((index, str(error)))
            continue
        if network.prefixlen != 16 or not network.subnet_of(NODES):
            found.append((index, f"{text} is not a /16 inside {NODES}"))
            continue
        twin = seen.setdefault(network, index)
        if twin != index:
            found.append((index, f"{text} is also the range of cells.{twin}"))
    return found


def _divided(network: IPv4Network, pods: IPv4Network) -> NetworkPlan:
    """Three quarters are private (nodes, and pods where these take node addresses); the last is divided small."""
    *private, rest = network.subnets(new_prefix=18)
    small = [str(subnet) for subnet in rest.subnets(new_prefix=22)]
    tiny = list(IPv4Network(small[-1]).subnets(new_prefix=24))
    first, second, third = (str(subnet) for subnet in private)
    return NetworkPlan(
        cidr=str(network),
        private=(first, second, third),
        public=(small[0], small[1], small[2]),
        data=(small[4], small[5], small[6]),
        endpoints=str(tiny[0]),
        control_plane=str(next(tiny[1].subnets(new_prefix=28))),
        pods=str(pods),
    )
