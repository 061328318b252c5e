"""The node: containerd, the kubelet and kube-proxy, started in namespaces of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from live import Running, eventually
from tools.node import CONTAINERD, KUBELET

from infra.gotools import programs
from node import network
from node.place import DNS, DOMAIN, NAME, NODE, POD_NETWORK
from node.plane import KUBELET as IDENTITY
from node.plane import PROXY, NodePlane

SOCKET = "/run/containerd/containerd.sock"
PAUSE = "docker.io/library/pause:node"
START_S = 120.0

CONTAINERD_SETTINGS = """\
version = 3
root = "{folder}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[grpc]
address = "{socket}"

[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{pause}"

[plugins."io.containerd.cri.v1.runtime"]
# Machines without CAP_SYS_RESOURCE cannot lower a score: no sandbox would start.
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["{plugins}"]
conf_dir = "{folder}/cni"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "/usr/sbin/runc"
SystemdCgroup = false
"""


def ctr(*words: str) -> subprocess.CompletedProcess[str]:
    """A command to containerd about what the kubelet has."""
    command = [str(programs(CONTAINERD) / "ctr"), "--address", SOCKET, "--namespace", "k8s.io", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Machine:
    """One node, joined to a control plane."""

    def __init__(self, folder: Path) -> None:
        """Start containerd; images can then be imported."""
        self._folder, self._running = folder, dict[str, Running]()
        network.prepare(folder / "cni")
        settings = CONTAINERD_SETTINGS.format(
            folder=folder, socket=SOCKET, pause=PAUSE, plugins=network.PLUGINS
        )
        (folder / "containerd.toml").write_text(settings)
        path = f"{programs(CONTAINERD)}:{os.environ['PATH']}"
        command = [str(programs(CONTAINERD) / "containerd"), "--config", str(folder / "containerd.toml")]
        self._start("containerd", command, PATH=path)
        self._wait("containerd", lambda: ctr("version").returncode == 0)

    def load(self, archive: Path) -> None:
        """Make the images of an archive known to the node."""
        done = ctr("images", "import", "--local", str(archive))
        if done.returncode:
            raise RuntimeError(f"{archive.name} could not be imported: {done.stderr[-1000:]}")

    def join(self, plane: NodePlane) -> None:
        """Start kubelet and kube-proxy, and wait until the node is ready."""
        binaries = programs(KUBELET)
        settings = self._folder / "kubelet.json"
        settings.write_text(json.dumps(self._kubelet(plane)))
        self._start(
            "kubelet",
            [
                str(binaries / "kubelet"),
                f"--config={settings}",
                f"--kubeconfig={plane.kubeconfig(IDENTITY)}",
                f"--root-dir={self._folder / 'kubelet'}",
                f"--hostname-override={NAME}",
                f"--node-ip={NODE}",
                "--node-labels=topology.kubernetes.io/zone=here",
            ],
        )
        self._start(
            "kube-proxy",
            [
                str(binaries / "kube-proxy"),
                f"--kubeconfig={plane.kubeconfig(PROXY)}",
                f"--hostname-override={NAME}",
                f"--cluster-cidr={POD_NETWORK}",
                f"--nodeport-addresses={NODE}/32",
                "--proxy-mode=nftables",
                "--conntrack-max-per-core=0",
            ],
        )
        with plane.address.api() as api:

            def ready() -> bool:
                node = api.find("v1", "Node", NAME)
                conditions = (node or {}).get("status", {}).get("conditions", [])
                return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

            self._wait("kubelet", ready)

    def _kubelet(self, plane: NodePlane) -> dict[str, object]:
        (self._folder / "resolv.conf").write_text("")
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": NODE,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(plane.authority.pair.certificate)},
            },
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "cgroupDriver": "cgroupfs",
            "failCgroupV1": False,
            "failSwapOn": False,
            "enforceNodeAllocatable": [],
            "localStorageCapacityIsolation": False,
            "evictionHard": {"memory.available": "200Mi", "nodefs.available": "1%"},
            "clusterDNS": [DNS],
            "clusterDomain": DOMAIN,
            "resolvConf": str(self._folder / "resolv.conf"),
            "podLogsDir": str(self._folder / "logs"),
            "volumePluginDir": str(self._folder / "plugins"),
            "maxPods": 60,
        }

    def _start(self, name: str, command: list[str], **environment: str) -> None:
        self._running[name] = Running(command, self._folder / f"{name}.log", {**os.environ, **environment})

    def _wait(self, name: str, answers: Callable[[], bool]) -> None:
        running = self._running[name]

        def ask() -> bool:
            assert running.process.poll() is None, f"{name} has ended:\n{running.tail()}"
            return answers()

        try:
            eventually(ask, seconds=START_S, what=f"{name} answers")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{running.tail()}") from error
