"""Order between resources that no value ties together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pulumi

Value = TypeVar("Value")


def after(value: pulumi.Output[Value], resources: Sequence[pulumi.CustomResource]) -> pulumi.Output[Value]:
    """The value, known once all resources are there: who uses it is made after them and destroyed before."""

    def first(known: Sequence[Value]) -> Value:
        return known[0]

    return pulumi.Output.all(value, *(resource.id for resource in resources)).apply(first)
