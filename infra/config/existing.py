"""What stands in clusters that are there already."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from infra.config.model import Model
from infra.versions import VALKEY_IMAGE


class Volume(Model):
    """A volume of an existing cluster."""

    storage_class: str = Field("", description="The cluster's default class unless said.")
    size_gib: int = Field(20, ge=1, le=65536)
    access: Literal["ReadWriteOnce", "ReadWriteMany"] = Field(
        "ReadWriteMany", description="`ReadWriteOnce` where all pods are on one node."
    )


class S3(Model):
    """A store that speaks S3."""

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    endpoint: str = Field(pattern=r"^https?://.+$", description="Address of the store; `http` is for tests.")
    region: str = "us-east-1"
    access_key: str = Field(min_length=1)
    secret_key: SecretStr = Field(
        min_length=1,
        description="Set with `pulumi config set --secret --path costate:existing.s3.secret_key`.",
    )


class Existing(Model):
    """Clusters that are there already: what stands in them where a cloud has managed services."""

    database: Literal["operator", "plain"] = Field(
        "operator", description="By CloudNativePG, or a plain StatefulSet of one server."
    )
    storage_class: str = Field("", description="Of the database's volumes; the default class unless said.")
    snapshot_class: str = Field(
        "", description="VolumeSnapshotClass of nightly snapshots, with `operator`; dumps are made anyway."
    )
    postgres_image: str = Field(
        "", description="PostgreSQL's server and tools, run as user 999; the official image unless said."
    )
    valkey_image: str = Field(VALKEY_IMAGE, description="Valkey or Redis with TLS, run as user 999.")
    results: Volume = Field(Volume(), description="Where results and dumps are kept unless `s3` is given.")
    s3: S3 | None = Field(None, description="Where results and dumps are kept instead of on a volume.")
