"""Secrets come from the cloud's own store through External Secrets: none passes through Pulumi."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import apiextensions, meta

STORE = "cloud"
"""The ClusterSecretStore that add-ons set up with the cell's secret store."""

REFRESH = "2m"
"""A password that is rotated lets nobody in anew until it is here."""


def external(
    name: str,
    *,
    secret: str,
    namespace: pulumi.Input[str],
    key: pulumi.Input[str],
    template: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> None:
    """The Secret `secret` made of one entry of the store.

    `template` gives each key as text in which `{{ .property }}` stands for a property of the entry, which is JSON.
    """
    apiextensions.CustomResource(
        name,
        api_version="external-secrets.io/v1",
        kind="ExternalSecret",
        metadata=meta.v1.ObjectMetaArgs(name=secret, namespace=namespace),
        spec={
            "refreshInterval": REFRESH,
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
            "target": {
                "name": secret,
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",
                "template": {"engineVersion": "v2", "data": dict(template)},
            },
            "dataFrom": [{"extract": {"key": key}}],
        },
        opts=opts,
    )
