"""The resource group of a cell: everything of the cell stands in it, so that nothing outlives it."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import resources

from infra.place import Place


class Group(pulumi.ComponentResource):
    """A resource group; `name` and `location` are what every other resource is made with."""

    def __init__(self, name: str, *, place: Place, opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:azure:Group", name, None, opts)
        group = resources.ResourceGroup(
            place.name,
            location=place.region,
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        self.id = group.id
        self.name = group.name
        self.location = place.region
        # Read off the group instead of asking Azure who is logged in: a plan needs no credentials.
        self.subscription: pulumi.Output[str] = group.id.apply(lambda path: path.split("/")[2])
        self.register_outputs({})
