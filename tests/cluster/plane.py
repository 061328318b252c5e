"""A real control plane of Kubernetes on this machine: etcd, API server, controllers, scheduler, and kwok for nodes.

RBAC decides who may do what, PodSecurity which pods are let in, and all requests are audited. There is no
kubelet: kwok answers for the nodes, so pods are scheduled and become ready, but nothing runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import yaml
from api import Api
from live import HOST, Running, eventually, free_port
from tools.control_plane import KUBERNETES, KWOK

from infra.gotools import folder, programs

START_S = 90.0
"""Longest wait for a server on a machine that has other things to do."""

READY_AFTER_MS = 500
"""A pod takes so long to become ready: at once would hide what a rollout does meanwhile."""

IDENTITIES = {
    "admin": "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
}
"""Whom the token file knows: users, and the group that each is in."""

AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True)
class Address:
    """How to reach a control plane as its administrator; plain values, so that test processes can share it."""

    url: str
    authority: str
    """Path of the certificate that the API server's own is checked with."""
    token: str
    kubeconfig: str
    audit: str
    """Path of the audit log: one JSON document a line."""

    def api(self, token: str | None = None) -> Api:
        """A client; `token` is another's than the administrator's."""
        return Api(self.url, self.authority, token or self.token)


class ControlPlane:
    """The processes of one control plane; they end with `stop`, or when the process `owner` is gone."""

    host = HOST
    """Address that its servers listen at."""

    identities: Mapping[str, str] = IDENTITIES

    def __init__(self, place: Path, owner: int) -> None:
        """Start everything in the empty folder `place` and wait until it answers."""
        self._place = place
        self._tokens = {name: token_hex(16) for name in self.identities}
        self._etcd, self._port = free_port(), free_port()
        self._running: list[Running] = []
        place.mkdir(parents=True, exist_ok=True)
        self._pids = place / "pids"
        self._pids.touch()
        guard = [sys.executable, str(Path(__file__).with_name("guard.py")), str(owner), str(self._pids)]
        subprocess.Popen(guard, start_new_session=True)
        self._write()
        binaries = programs(KUBERNETES)
        try:
            self._start("etcd", [str(binaries / "etcd"), *self._etcd_flags()])
            self._start("apiserver", [str(binaries / "kube-apiserver"), *self._api_flags()])
            self.address = Address(
                url=f"https://{self.host}:{self._port}",
                authority=str(place / "certificates" / "apiserver.crt"),
                token=self._tokens["admin"],
                kubeconfig=str(place / "admin.kubeconfig"),
                audit=str(place / "audit.log"),
            )
            self._wait("apiserver", self._answers)
            self._start("controllers", [str(binaries / "kube-controller-manager"), *self._controller_flags()])
            self._start("scheduler", [str(binaries / "kube-scheduler"), *self._scheduler_flags()])
            self._start_nodes()
            self._wait("controllers", self._has_default_account)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all processes, the last started first."""
        for running in reversed(self._running):
            running.stop()
        self._running.clear()

    def _start_nodes(self) -> None:
        """Whatever answers for nodes."""
        self._start("kwok", [str(programs(KWOK) / "kwok"), *self._kwok_flags()])

    def _start(self, name: str, command: list[str], **environment: str) -> None:
        running = Running(command, self._place / f"{name}.log", os.environ | environment)
        self._running.append(running)
        with self._pids.open("a") as file:
            file.write(f"{running.pid}\n")

    def _wait(self, name: str, answers: Any) -> None:
        log = self._place / f"{name}.log"

        def ask() -> bool:
            for running in self._running:
                assert running.process.poll() is None, f"{running.log.stem} has ended:\n{running.tail()}"
            return bool(answers())

        try:
            eventually(ask, seconds=START_S, what=f"{name} is up")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{log.read_text()[-3000:]}") from error

    def _answers(self) -> bool:
        if not Path(self.address.authority).exists():
            return False
        try:
            with self.address.api() as api:
                return api.raw("GET", "/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def _has_default_account(self) -> bool:
        """The controllers make one in every namespace; pods are refused without."""
        with self.address.api() as api:
            return api.find("v1", "ServiceAccount", "default", "default") is not None

    def _write(self) -> None:
        """Configuration files."""
        place = self._place
        lines = [f'{token},{name},{name},"{self.identities[name]}"' for name, token in self._tokens.items()]
        (place / "tokens.csv").write_text("\n".join(lines) + "\n")
        (place / "audit.yaml").write_text(json.dumps(AUDIT))
        for name, token in self._tokens.items():
            self._kubeconfig(name, token)
        key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout
        (place / "accounts.key").write_text(key)
        scheduler = {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "leaderElection": {"leaderElect": False},
            "clientConnection": {
                "kubeconfig": str(place / "system-kube-scheduler.kubeconfig"),
                "qps": 2000,
                "burst": 4000,
            },
        }
        (place / "scheduler.yaml").write_text(json.dumps(scheduler))
        (place / "stages.yaml").write_text(stages())

    def _kubeconfig(self, name: str, token: str) -> Path:
        cluster = {
            "server": f"https://{self.host}:{self._port}",
            "certificate-authority": str(self._place / "certificates" / "apiserver.crt"),
        }
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
            "current-context": "test",
        }
        path = self._place / f"{name.replace(':', '-')}.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def _etcd_flags(self) -> list[str]:
        client, peer = f"http://{self.host}:{self._etcd}", f"http://{self.host}:{free_port()}"
        return flags(
            {
                "data-dir": self._place / "etcd",
                "listen-client-urls": client,
                "advertise-client-urls": client,
                "listen-peer-urls": peer,
                "initial-advertise-peer-urls": peer,
                "initial-cluster": f"default={peer}",
                "unsafe-no-fsync": "true",
                "log-level": "warn",
            }
        )

    def _api_flags(self) -> list[str]:
        place = self._place
        return flags(
            {
                "etcd-servers": f"http://{self.host}:{self._etcd}",
                "bind-address": self.host,
                "advertise-address": self.host,
                "secure-port": self._port,
                "cert-dir": place / "certificates",
                "token-auth-file": place / "tokens.csv",
                "authorization-mode": "Node,RBAC",
                "service-cluster-ip-range": "10.96.0.0/16",
                "service-account-issuer": "https://kubernetes.default.svc",
                "service-account-signing-key-file": place / "accounts.key",
                "service-account-key-file": place / "accounts.key",
                "audit-policy-file": place / "audit.yaml",
                "audit-log-path": place / "audit.log",
                # What privileged pods are refused by is to be PodSecurity and policies, not this flag.
                "allow-privileged": "true",
                # The tests are many clients in one.
                "max-requests-inflight": "2000",
                "max-mutating-requests-inflight": "1000",
                "v": "0",
            }
        )

    def _controller_flags(self) -> list[str]:
        place = self._place
        return flags(
            {
                "kubeconfig": place / "system-kube-controller-manager.kubeconfig",
                "service-account-private-key-file": place / "accounts.key",
                "root-ca-file": place / "certificates" / "apiserver.crt",
                "use-service-account-credentials": "true",
                "leader-elect": "false",
                "secure-port": "0",
                "kube-api-qps": "2000",
                "kube-api-burst": "4000",
                "concurrent-deployment-syncs": "5",
                "horizontal-pod-autoscaler-sync-period": "1s",
                # kwok's nodes say once that they are ready; their hearts do not beat.
                "node-monitor-grace-period": "1h",
                "v": "0",
            }
        )

    def _scheduler_flags(self) -> list[str]:
        return flags({"config": self._place / "scheduler.yaml", "secure-port": "0", "v": "0"})

    def _kwok_flags(self) -> list[str]:
        return flags(
            {
                "kubeconfig": self._place / "admin.kubeconfig",
                "manage-all-nodes": "true",
                "config": self._place / "stages.yaml",
            }
        )


def flags(values: Mapping[str, object]) -> list[str]:
    """Words of a command line."""
    return [f"--{name}={value}" for name, value in values.items()]


def stages() -> str:
    """How nodes and pods live, from kwok's own files: as fast as can be, but for the time to become ready."""
    shipped = folder(KWOK) / "stages"
    files = sorted([*shipped.glob("node/*.yaml"), *shipped.glob("pod/*.yaml")])
    documents = [yaml.safe_load(file.read_text()) for file in files if file.name != "kustomization.yaml"]
    for document in documents:
        if document["metadata"]["name"] == "pod-ready":
            document["spec"]["delay"] = {"durationMilliseconds": READY_AFTER_MS}
    return yaml.safe_dump_all(documents)
