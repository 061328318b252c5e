"""Which actions of IAM each type of resource takes to be made, read, changed and deleted: data, by document."""

from __future__ import annotations

from collections.abc import Mapping

from infra.bootstrap.aws.actions import compute, data, edge, governance, network

ACTIONS: Mapping[str, tuple[str, ...]] = {
    **network.ACTIONS,
    **compute.ACTIONS,
    **data.ACTIONS,
    **governance.ACTIONS,
    **edge.ACTIONS,
}
