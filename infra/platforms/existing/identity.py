"""Service accounts act as nobody outside the cluster."""

from __future__ import annotations

import pulumi

from infra.contracts import ACCOUNTS, IdentityFacts, ServiceAccountFacts


class Identity:
    """Plain service accounts: passwords are proof enough for data stores that only this cluster reaches."""

    def __init__(self) -> None:
        plain = ServiceAccountFacts(
            annotations=pulumi.Output.from_input({}), labels=pulumi.Output.from_input({})
        )
        self.facts = IdentityFacts(dict.fromkeys(ACCOUNTS, plain))
