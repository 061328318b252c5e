"""A password that is made once and kept in the state, encrypted."""

from __future__ import annotations

import secrets
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

BYTES = 24
"""Of randomness; in the URL-safe alphabet, which needs no quoting anywhere."""


class _Provider(ResourceProvider):
    """Pickled by reference (this module is importable), so that its own code is no part of the state."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["purpose"], {**props, "value": secrets.token_urlsafe(BYTES)})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        changed = _olds["purpose"] != _news["purpose"]
        return DiffResult(changes=changed, replaces=["purpose"] if changed else [])


class Password(Resource, module="existing", name="Password"):
    """Random text in `value`, a secret; `pulumi up --replace` of it makes another."""

    value: pulumi.Output[str]

    def __init__(self, name: str, *, purpose: str, opts: pulumi.ResourceOptions) -> None:
        # Dynamic resources lose the secrecy of what their provider returns: say it here.
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=["value"]))
        super().__init__(_Provider(), name, {"purpose": purpose, "value": None}, opts)
