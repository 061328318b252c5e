"""What confines every pod of ours, whoever's program is in it: Pod Security `restricted`, a read-only root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pulumi_kubernetes import core

TEMPORARY = "/tmp"  # noqa: S108 - inside a container, a volume of its own


def pod_security(user: int, *, fs_group_change_policy: str | None = None) -> core.v1.PodSecurityContextArgs:
    """All containers run as `user`, and volumes belong to the group of that number."""
    return core.v1.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user,
        run_as_group=user,
        fs_group=user,
        fs_group_change_policy=fs_group_change_policy,
        seccomp_profile=core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security(user: int | None = None) -> core.v1.SecurityContextArgs:
    """No capability, no new privileges, a read-only root; `user` where it is not the pod's."""
    return core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        privileged=False,
        read_only_root_filesystem=True,
        run_as_non_root=True,
        run_as_user=user,
        capabilities=core.v1.CapabilitiesArgs(drop=["ALL"]),
    )


def empty_folders(names: Iterable[str], size_gib: int) -> list[core.v1.VolumeArgs]:
    """Volumes that begin empty with the pod, and end with it."""
    empty = core.v1.EmptyDirVolumeSourceArgs(size_limit=f"{size_gib}Gi")
    return [core.v1.VolumeArgs(name=name, empty_dir=empty) for name in names]


def config_maps(names: Iterable[str]) -> list[core.v1.VolumeArgs]:
    """Volumes of ConfigMaps of the same names."""
    return [
        core.v1.VolumeArgs(name=name, config_map=core.v1.ConfigMapVolumeSourceArgs(name=name))
        for name in names
    ]


def secrets(names: Iterable[str], mode: int) -> list[core.v1.VolumeArgs]:
    """Volumes of Secrets of the same names, whose files have this mode."""
    return [
        core.v1.VolumeArgs(
            name=name, secret=core.v1.SecretVolumeSourceArgs(secret_name=name, default_mode=mode)
        )
        for name in names
    ]


def mounts(folders: Mapping[str, str], *, read_only: bool | None = None) -> list[core.v1.VolumeMountArgs]:
    """Where volumes are found in the container: by name, the folder."""
    return [
        core.v1.VolumeMountArgs(name=name, mount_path=path, read_only=read_only)
        for name, path in folders.items()
    ]
