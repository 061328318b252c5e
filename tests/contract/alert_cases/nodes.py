from __future__ import annotations

from alert_cases.case import Cases, Series, counter, level

NODE = {"instance": "node-1"}


def busy(share: float) -> Series:
    """A node of two processors, used to this share."""
    name = 'node_cpu_seconds_total{instance="node-1",cpu='
    made = {}
    for cpu in ("0", "1"):
        made[f'{name}"{cpu}",mode="idle"}}'] = counter(60 * (1 - share))
        made[f'{name}"{cpu}",mode="user"}}'] = counter(60 * share)
    return made


def memory(percent: float) -> Series:
    return {
        'node_memory_MemAvailable_bytes{instance="node-1"}': level(100 - percent),
        'node_memory_MemTotal_bytes{instance="node-1"}': level(100),
    }


def disk(percent: float) -> Series:
    of = 'instance="node-1",device="/dev/sda1",fstype="ext4",mountpoint="/"'
    shadow = 'instance="node-1",device="tmpfs",fstype="tmpfs",mountpoint="/run"'
    return {
        f"node_filesystem_avail_bytes{{{of}}}": level(100 - percent),
        f"node_filesystem_size_bytes{{{of}}}": level(100),
        f"node_filesystem_avail_bytes{{{shadow}}}": level(0),
        f"node_filesystem_size_bytes{{{shadow}}}": level(100),
    }


def condition(name: str, status: str, value: float) -> Series:
    return {f'kube_node_status_condition{{node="node-1",condition="{name}",status="{status}"}}': level(value)}


CASES = {
    "NodeNotReady": Cases(
        series=lambda ready: condition("Ready", "true", ready),
        firing=0, below=1, silent=1, at="10m",
        labels={"node": "node-1", "condition": "Ready", "status": "true"},
    ),
    "NodePressure": Cases(
        series=lambda on: condition("DiskPressure", "true", on),
        firing=1, below=0, silent=0, at="10m",
        labels={"node": "node-1", "condition": "DiskPressure", "status": "true"},
    ),
    "NodeCpuHigh": Cases(series=busy, firing=0.91, below=0.90, silent=0.2, at="20m", labels=NODE, now="91%"),
    "NodeCpuRaised": Cases(series=busy, firing=0.81, below=0.80, silent=0.2, at="30m", labels=NODE, now="81%"),
    "NodeMemoryCritical": Cases(
        series=memory, firing=96, below=95, silent=50, at="10m", labels=NODE, now="96%",
    ),
    "NodeMemoryHigh": Cases(
        series=memory, firing=91, below=90, silent=50, at="10m", labels=NODE, now="91%",
    ),
    "NodeMemoryRaised": Cases(
        series=memory, firing=81, below=80, silent=50, at="20m", labels=NODE, now="81%",
    ),
    "NodeDiskHigh": Cases(
        series=disk, firing=86, below=85, silent=50, at="10m",
        labels={**NODE, "device": "/dev/sda1", "fstype": "ext4", "mountpoint": "/"}, now="86%",
    ),
}  # fmt: skip
