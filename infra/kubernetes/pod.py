"""The pod of a process: it cannot write outside its volumes, escalate, or land on a GPU node without need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import core, meta

from infra.kubernetes.confinement import (
    TEMPORARY,
    config_maps,
    container_security,
    empty_folders,
    mounts,
    pod_security,
    secrets,
)
from infra.kubernetes.process import USER, Process

GPU = "nvidia.com/gpu"
GPU_POOL = {"costate.dev/pool": "gpu"}
"""Label of the nodes of every GPU pool."""

READABLE = 0o440
"""Of files with secrets: by the process and nobody else in the container."""


def template(process: Process, spec: core.v1.PodSpecArgs) -> core.v1.PodTemplateSpecArgs:
    """A template whose revision changes with what the process is told, so that its pods are rolled then."""
    labels: pulumi.Output[Mapping[str, str]] = pulumi.Output.from_input(process.identity).apply(
        lambda given: {**given, **process.selector}
    )
    return core.v1.PodTemplateSpecArgs(
        metadata=meta.v1.ObjectMetaArgs(
            labels=labels, annotations={"costate.dev/revision": _revision(process)}
        ),
        spec=spec,
    )


def pod(process: Process, container: core.v1.ContainerArgs) -> core.v1.PodSpecArgs:
    """The specification, admitted under Pod Security `restricted`; `container` is the one that runs the process."""
    return core.v1.PodSpecArgs(
        service_account_name=process.account,
        automount_service_account_token=False,
        enable_service_links=False,
        priority_class_name=process.priority,
        security_context=pod_security(USER),
        node_selector=GPU_POOL if process.accelerators else None,
        tolerations=[core.v1.TolerationArgs(key=GPU, operator="Exists", effect="NoSchedule")]
        if process.accelerators
        else None,
        containers=[container],
        volumes=[
            *empty_folders(_writable(process), process.scratch_gib),
            *config_maps(process.mounts),
            *(
                core.v1.VolumeArgs(
                    name=name,
                    persistent_volume_claim=core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=name),
                )
                for name in process.volumes
            ),
            *secrets(process.files, READABLE),
        ],
    )


def container(process: Process) -> core.v1.ContainerArgs:
    """The container of a process, without ports and probes."""
    accelerators = {GPU: str(process.accelerators)} if process.accelerators else {}
    return core.v1.ContainerArgs(
        name=process.name,
        image=process.image,
        image_pull_policy=process.pull,
        command=list(process.command) or None,
        env=[
            core.v1.EnvVarArgs(name=name, value=process.environment[name])
            for name in sorted(process.environment)  # an order that does not change from run to run
        ],
        env_from=[
            core.v1.EnvFromSourceArgs(secret_ref=core.v1.SecretEnvSourceArgs(name=name))
            for name in process.secrets
        ],
        resources=core.v1.ResourceRequirementsArgs(
            requests={"cpu": f"{process.cpu[0]}m", "memory": f"{process.memory[0]}Mi", **accelerators},
            limits={"cpu": f"{process.cpu[1]}m", "memory": f"{process.memory[1]}Mi", **accelerators},
        ),
        security_context=container_security(None if process.user == USER else process.user),
        volume_mounts=[
            *mounts({**_writable(process), **process.volumes}),
            *mounts({**process.mounts, **process.files}, read_only=True),
        ],
    )


def _writable(process: Process) -> dict[str, str]:
    return {"tmp": TEMPORARY, **process.scratch}


def _revision(process: Process) -> pulumi.Output[str]:
    told = {key: process.environment[key] for key in sorted(process.environment)}
    given = pulumi.Output.from_input({**told, **({"": process.revision} if process.revision else {})})
    return given.apply(lambda known: hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12])
