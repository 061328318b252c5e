"""What a price table holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from infra.recorder import Recording, Resource

HOURS = 730
"""Hours of a month, as the clouds reckon."""

SPOT = 0.3
"""Least share of the list price that interruptible machines have been sold for; the most is the list price."""


@dataclass(frozen=True)
class Charge:
    """US dollars a month, least and most: fewest and most nodes, idle and full disks; no traffic."""

    what: str
    low: float
    high: float

    @classmethod
    def flat(cls, what: str, monthly: float) -> Charge:
        """A charge that does not vary."""
        return cls(what, monthly, monthly)

    @classmethod
    def hourly(cls, what: str, usd: float, count: float = 1) -> Charge:
        """So many of something that is charged by the hour."""
        return cls.flat(what, usd * HOURS * count)


class UnpricedError(LookupError):
    """The table lacks a price that a resource needs; the message names it."""


Pricing = Callable[[Resource, Recording], Iterable[Charge]]


@dataclass(frozen=True)
class Table:
    """List prices of one cloud."""

    checked: str
    """Year and month that the list prices are of."""
    factors: Mapping[str, float]
    """Region by how much dearer it is than the one that the prices are of."""
    charges: Mapping[str, Pricing]
    """By resource type."""
    free: frozenset[str]
    """Types that cost nothing by themselves."""
    by_use: Mapping[str, str]
    """Types that cost by what they are used for, with the price of a unit."""


@dataclass(frozen=True)
class Line:
    """One charge of one resource of a cell."""

    cell: str
    resource: str
    type: str
    charge: Charge


def price(prices: Mapping[str, float], key: str, of: str) -> float:
    """The price of a key; UnpricedError names it."""
    if key not in prices:
        raise UnpricedError(f"no price of {of} {key!r}")
    return prices[key]


def pool(what: str, hourly: float, least: float, most: float, *, spot: bool, disk_monthly: float) -> Charge:
    """Nodes of one kind, with their disks."""
    cheapest = hourly * (SPOT if spot else 1) * HOURS + disk_monthly
    return Charge(
        f"{what}, {least:g} to {most:g} nodes", cheapest * least, (hourly * HOURS + disk_monthly) * most
    )
