"""Helm releases of the add-ons, each after those it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import helm

from infra.addon import Addon
from infra.addons import ADDONS, state
from infra.config.stack import StackConfig
from infra.contracts import Account, NodeMakerFacts, ServiceAccountFacts


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Values laid over others, mapping by mapping."""
    found = dict(below)
    for key, value in above.items():
        under = found.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            value = merged(under, value)
        found[key] = value
    return found


class Addons(pulumi.ComponentResource):
    """The releases of a cell; `releases` by name."""

    def __init__(
        self,
        name: str,
        *,
        stack: StackConfig,
        platform: str,
        cell: str,
        identities: Mapping[Account, ServiceAccountFacts],
        node_maker: NodeMakerFacts | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`cell` is the name of the cell; `node_maker` what makes its nodes, if an add-on does."""
        super().__init__("costate:kubernetes:Addons", name, None, opts)
        self._name, self._identities, self._stack, self._cell = name, identities, stack, cell
        self._node_maker = node_maker
        self.releases: dict[str, helm.v3.Release] = {}
        waiting = [addon for addon in ADDONS if state(addon, stack, platform) == "install"]
        while waiting:
            others = {one.name for one in waiting}
            addon = next(one for one in waiting if not others & set(one.needs))
            waiting.remove(addon)
            self.releases[addon.name] = self._release(addon)
        self.register_outputs({})

    def _acting(self, addon: Addon) -> dict[str, Any]:
        """Values that tie an add-on's service account to its identity."""
        if addon.account is None:
            return {}
        identity = self._identities[addon.account]
        account = {"create": True, "name": addon.account, "annotations": identity.annotations}
        return {"serviceAccount": account, "podLabels": identity.labels}

    def _values(self, addon: Addon) -> dict[str, Any]:
        """Ours, then what follows from the configuration, then what the configuration says itself."""
        ours = {**addon.values, **addon.configured(self._stack, self._cell), **self._acting(addon)}
        if self._node_maker is not None and self._node_maker.addon == addon.name:
            ours |= self._node_maker.values
        return merged(ours, self._stack.addon_values.get(addon.name, {}))

    def _release(self, addon: Addon) -> helm.v3.Release:
        return helm.v3.Release(
            f"{self._name}-{addon.name}",
            name=addon.name,
            chart=addon.chart,
            version=addon.version,
            namespace=addon.namespace,
            create_namespace=True,
            # All or nothing: a release that does not become ready is taken back, and `up` fails.
            atomic=True,
            cleanup_on_fail=True,
            timeout=600,
            repository_opts=helm.v3.RepositoryOptsArgs(repo=addon.repository) if addon.repository else None,
            values=self._values(addon),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.releases[need] for need in addon.needs if need in self.releases],
            ),
        )
