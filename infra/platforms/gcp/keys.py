"""Keys of our own, one for each kind of thing they encrypt, and who may encrypt with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
from pulumi_gcp import kms

from infra.contracts import KeyFacts
from infra.place import Place
from infra.platforms.gcp.agents import Agent, Agents

ROTATION = f"{90 * 24 * 3600}s"
WAIT_BEFORE_DESTRUCTION = f"{30 * 24 * 3600}s"
"""How long a destroyed key can be restored: with it go all data that it encrypts."""

KeyName = Literal["data", "cluster", "vault"]

USERS: Mapping[KeyName, Sequence[Agent]] = {
    "data": ("database", "cache", "storage", "registry"),
    "cluster": ("cluster", "disks"),
    "vault": ("storage", "backup"),
}


class Keys(pulumi.ComponentResource):
    """`data` encrypts data stores and images, `cluster` Kubernetes secrets and node disks.

    Rotated every 90 days. Whoever creates an encrypted thing depends on `grants` of its service agent: a key's
    id alone does not tell that the agent may use it.
    """

    facts: KeyFacts

    def __init__(self, name: str, *, place: Place, agents: Agents, opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:gcp:Keys", name, None, opts)
        ring = kms.KeyRing(
            f"{name}-ring",
            project=place.account,
            location=place.region,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        data = Key(f"{name}-data", place=place, ring=ring, use="data", agents=agents, opts=_under(self))
        cluster = Key(
            f"{name}-cluster", place=place, ring=ring, use="cluster", agents=agents, opts=_under(self)
        )
        self.grants: Mapping[Agent, pulumi.Resource] = {**data.grants, **cluster.grants}
        self.facts = KeyFacts(data=data.id, cluster=cluster.id)
        self.register_outputs({})


class Key(pulumi.ComponentResource):
    """One key with the service agents that may encrypt and decrypt with it, and nobody else."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        ring: kms.KeyRing,
        use: KeyName,
        agents: Agents,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:Key", name, None, opts)
        key = kms.CryptoKey(
            f"{name}-key",
            key_ring=ring.id,
            purpose="ENCRYPT_DECRYPT",
            rotation_period=ROTATION,
            destroy_scheduled_duration=WAIT_BEFORE_DESTRUCTION,
            labels=dict(place.tags),
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        self.id: pulumi.Output[str] = key.id
        self.grants: Mapping[Agent, pulumi.Resource] = {
            agent: kms.CryptoKeyIAMMember(
                f"{name}-{agent}",
                crypto_key_id=key.id,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=agents.members[agent],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for agent in USERS[use]
        }
        self.register_outputs({})


def _under(parent: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(parent=parent)
