"""Images come from where the configuration says, or were loaded into the nodes."""

from __future__ import annotations

import pulumi

from infra.contracts import RegistryFacts


class Registry:
    """The repository of `costate:image`, which an existing cluster always needs."""

    def __init__(self, image: str) -> None:
        self.facts = RegistryFacts(pulumi.Output.from_input(repository(image)))


def repository(image: str) -> str:
    """An image's name without tag or digest; a registry may have a port."""
    name, _, _ = image.partition("@")
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"
