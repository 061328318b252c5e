"""Waiting: Pulumi hands the dependencies of a component to none of its children, so they are handed on here."""

from __future__ import annotations

import pulumi


def after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """Options of a component whose every object is made after others, and deleted before them."""

    def wait(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not isinstance(args.resource, pulumi.CustomResource):
            return None
        waiting = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(depends_on=list(resources)))
        return pulumi.ResourceTransformationResult(args.props, waiting)

    return pulumi.ResourceOptions(transformations=[wait])
