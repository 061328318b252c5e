"""What every resource is marked with, so that cost and owner can be read off any of them."""

from __future__ import annotations

REQUIRED = ("application", "environment", "stack", "cell", "role", "owner", "managed-by")
"""Keys fit for AWS tags, GCP labels and Azure tags alike: lower case, digits, hyphens."""


def tags(*, environment: str, stack: str, cell: str, role: str, owner: str) -> dict[str, str]:
    """The tags of a cell's resources, all of `REQUIRED`."""
    return {
        "application": "costate",
        "environment": environment,
        "stack": stack,
        "cell": cell,
        "role": role,
        "owner": owner,
        "managed-by": "pulumi",
    }
