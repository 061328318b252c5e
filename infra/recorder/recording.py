"""What a program declared: resources in the order of their registration, faults of their inputs, stack outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.recorder.schema import Fault
from infra.recorder.values import masked, revealed

CELL = "costate:index:Cell"
STACK = "pulumi:pulumi:Stack"
REFERENCE = "pulumi:pulumi:StackReference"


@dataclass(frozen=True)
class Resource:
    """One registration, as the engine would have been told of it."""

    urn: str
    type: str
    name: str
    parent: str
    """URN, or empty for the stack itself."""
    custom: bool
    """False for a component."""
    provider: str
    """URN of the explicit provider, or empty where the engine's default one would be taken."""
    dependencies: tuple[str, ...]
    protect: bool
    inputs: Mapping[str, Any]
    """By the provider's names; `infra.recorder.values` has the marks of secrets and unknowns."""
    id: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the program was answered; in a preview without what only a provider knows."""
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    retain_on_delete: bool = False
    aliases: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()

    @cached_property
    def plain(self) -> dict[str, Any]:
        """Inputs with their secrets open, for checks of what a provider is told."""
        return {key: revealed(value) for key, value in self.inputs.items()}

    @property
    def component(self) -> bool:
        """Whether it only holds others."""
        return not self.custom

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider's own instance."""
        return self.type.startswith("pulumi:providers:")

    def as_json(self) -> dict[str, Any]:
        """What may be stored: secrets masked."""
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "custom": self.custom,
            "provider": self.provider,
            "dependencies": list(self.dependencies),
            "protect": self.protect,
            "inputs": {key: masked(value) for key, value in self.inputs.items()},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Resource:
        """The inverse of `as_json`, but for the secrets."""
        return cls(**{**values, "dependencies": tuple(values["dependencies"])})


@dataclass(frozen=True)
class Recording:
    """All that one run of a program declared."""

    stack: str
    resources: tuple[Resource, ...]
    faults: tuple[Fault, ...] = ()
    warnings: tuple[str, ...] = ()
    """What the program and the SDK warned of, such as an input that is going away."""
    outputs: Mapping[str, Any] | None = None

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """Resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    def of(self, *types: str) -> list[Resource]:
        """Resources whose type is one of these, or begins with one that ends in a colon or slash."""
        return [
            resource
            for resource in self.resources
            if any(resource.type == t or (t[-1] in ":/" and resource.type.startswith(t)) for t in types)
        ]

    @property
    def managed(self) -> list[Resource]:
        """Resources that a provider makes: neither components nor providers."""
        return [resource for resource in self.resources if resource.custom and not resource.is_provider]

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        """The parent, its parent, and so on; the stack itself is not among them."""
        while resource.parent in self.by_urn:
            resource = self.by_urn[resource.parent]
            yield resource

    def cell(self, resource: Resource) -> str:
        """Name of the cell that the resource is in; empty where it is in none."""
        line = [resource, *self.ancestors(resource)]
        return next((ancestor.name for ancestor in line if ancestor.type == CELL), "")

    def layer(self, resource: Resource) -> str:
        """The part of the cell that the resource belongs to: the outermost component below the cell."""
        line = [
            part for part in (resource, *self.ancestors(resource)) if part.component and part.type != CELL
        ]
        return line[-1].type.split(":")[-1] if line else ""

    def as_json(self) -> dict[str, Any]:
        """What may be stored and compared with another recording; secrets masked."""
        return {"stack": self.stack, "resources": [resource.as_json() for resource in self.resources]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recording:
        """The inverse of `as_json`."""
        return cls(values["stack"], tuple(Resource.from_json(resource) for resource in values["resources"]))
