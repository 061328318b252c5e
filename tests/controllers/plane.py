"""A control plane whose API can be extended, with processes that act as service accounts of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml
from api import Api
from certificates import Aggregation, Authority
from plane import ControlPlane, flags

BAD = "off-by-a-little"
"""A build whose Jobs fail has this in the name of its image."""


class Plane(ControlPlane):
    """Jobs of bad builds fail on its simulated nodes, all others are done at once."""

    def act(self, api: Api, namespace: str, account: str, rights: Path) -> Path:
        """A kubeconfig of a service account, which is made with its rights."""
        labels = {"app.kubernetes.io/name": account}
        meta = {"name": account, "namespace": namespace, "labels": labels}
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
        for file in sorted(rights.glob("*.yaml")):
            for document in yaml.safe_load_all(file.read_text()):
                api.apply(document)
        path = f"{api.path('v1', 'ServiceAccount', account, namespace)}/token"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        return self._kubeconfig(account, api.ask("POST", path, json=asked)["status"]["token"])

    def run(self, name: str, command: list[str], **environment: str) -> None:
        """Start a process that ends with the control plane."""
        self._start(name, command, **environment)

    def certificates(self, name: str, *hosts: str) -> Path:
        """A folder with the certificate of a server, its key and the authority's, as a Secret's volume has them."""
        folder = self._place / f"{name}-certificates"
        folder.mkdir()
        made = self._authority.server(name, *hosts)
        for source, called in (
            (made.certificate, "tls.crt"),
            (made.key, "tls.key"),
            (self._authority.pair.certificate, "ca.crt"),
        ):
            shutil.copyfile(source, folder / called)
        return folder

    def _write(self) -> None:
        super()._write()
        self._authority = Authority(self._place / "authority")
        self._aggregation = Aggregation(self._authority)
        stages = self._place / "stages.yaml"
        stages.write_text(with_failures(stages.read_text()))

    def _api_flags(self) -> list[str]:
        return [*super()._api_flags(), *flags(self._aggregation.flags())]


def with_failures(stages: str) -> str:
    """Stages of pods' lives, where a Job's pod fails if its image is a bad build's."""
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(stages))
    done = next(one for one in documents if one["metadata"]["name"] == "pod-complete")
    words = yaml.safe_dump(done)
    for good, bad in (
        ("pod-complete", "pod-fail"),
        ("exitCode: 0", "exitCode: 1"),
        ("Completed", "Error"),
        ("phase: Succeeded", "phase: Failed"),
    ):
        assert good in words
        words = words.replace(good, bad)
    failed = yaml.safe_load(words)
    image = f'.spec.containers.[].image | select( contains("{BAD}") )'
    done["spec"]["selector"]["matchExpressions"].append({"key": image, "operator": "DoesNotExist"})
    failed["spec"]["selector"]["matchExpressions"].append({"key": image, "operator": "Exists"})
    return yaml.safe_dump_all([*documents, failed])
