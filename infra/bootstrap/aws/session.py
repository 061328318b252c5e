"""Clients of AWS's services."""

from __future__ import annotations

from typing import Any, Protocol


class Clients(Protocol):
    """Makes the client of a service in a region; tests give stubbed ones."""

    def __call__(self, service: str, region: str) -> Any:
        """A client of boto3's."""
        ...


def clients() -> Clients:
    """Clients with the credentials that the environment has, as the `aws` command finds them."""
    import boto3  # type: ignore[import-untyped]  # it ships no types

    session = boto3.Session()

    def client(service: str, region: str) -> Any:
        return session.client(service, region_name=region)

    return client
