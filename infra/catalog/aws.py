"""What AWS offers. Checked 2026-11; `tests/unit/infra/test_aws_catalog.py` holds it against recorded EC2 data."""

from __future__ import annotations

from collections.abc import Mapping

from infra.catalog.model import CacheTier, Catalog, DatabaseTier, Machine

# Zones by id, not by name: `us-east-1a` is another building in every account, `use1-az2` is the same.
# None of them is one where EKS has no control plane (use1-az3, usw1-az2, cac1-az3).
REGIONS: Mapping[str, tuple[str, str, str]] = {
    "us-east-1": ("use1-az2", "use1-az4", "use1-az6"),
    "us-east-2": ("use2-az1", "use2-az2", "use2-az3"),
    "us-west-2": ("usw2-az1", "usw2-az2", "usw2-az3"),
    "eu-west-1": ("euw1-az1", "euw1-az2", "euw1-az3"),
    "eu-west-2": ("euw2-az1", "euw2-az2", "euw2-az3"),
    "eu-central-1": ("euc1-az1", "euc1-az2", "euc1-az3"),
    "ap-northeast-1": ("apne1-az1", "apne1-az2", "apne1-az4"),
    "ap-southeast-2": ("apse2-az1", "apse2-az2", "apse2-az3"),
}

_G6 = frozenset(REGIONS) - {"eu-west-1"}
_P4DE = frozenset({"us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1"})
_P5 = frozenset(REGIONS) - {"eu-west-1", "eu-central-1"}
_P5EN = frozenset({"us-east-1", "us-east-2", "us-west-2", "ap-northeast-1"})
_P5E = frozenset({"us-east-2", "us-west-2", "eu-west-2", "ap-southeast-2"})

CATALOG = Catalog(
    regions=REGIONS,
    system=Machine("m7i.large", 2, 8),
    nodes={
        "small": Machine("m7i.large", 2, 8),
        "medium": Machine("c7i.2xlarge", 8, 16),
        "large": Machine("c7i.4xlarge", 16, 32),
    },
    accelerators={
        "t4": (
            Machine("g4dn.xlarge", 4, 16, 1, "T4"),
            Machine("g4dn.2xlarge", 8, 32, 1, "T4"),
            Machine("g4dn.12xlarge", 48, 192, 4, "T4"),
        ),
        "l4": (
            Machine("g6.xlarge", 4, 16, 1, "L4", _G6),
            Machine("g6.2xlarge", 8, 32, 1, "L4", _G6),
            Machine("g6.12xlarge", 48, 192, 4, "L4", _G6),
            Machine("g6.48xlarge", 192, 768, 8, "L4", _G6),
        ),
        "a10g": (
            Machine("g5.xlarge", 4, 16, 1, "A10G"),
            Machine("g5.2xlarge", 8, 32, 1, "A10G"),
            Machine("g5.12xlarge", 48, 192, 4, "A10G"),
            Machine("g5.48xlarge", 192, 768, 8, "A10G"),
        ),
        "a100": (
            Machine("p4d.24xlarge", 96, 1152, 8, "A100"),
            Machine("p4de.24xlarge", 96, 1152, 8, "A100", _P4DE),
        ),
        "h100": (
            Machine("p5.4xlarge", 16, 256, 1, "H100", _P5),
            Machine("p5.48xlarge", 192, 2048, 8, "H100", _P5),
        ),
        "h200": (
            Machine("p5en.48xlarge", 192, 2048, 8, "H200", _P5EN),
            Machine("p5e.48xlarge", 192, 2048, 8, "H200", _P5E),
        ),
    },
    databases={
        "small": DatabaseTier("db.t4g.medium", 50, highly_available=True),
        "medium": DatabaseTier("db.m7g.large", 200, highly_available=True),
        "large": DatabaseTier("db.m7g.2xlarge", 500, highly_available=True),
    },
    caches={
        "small": CacheTier("cache.t4g.small", 1.37, highly_available=True),
        "medium": CacheTier("cache.m7g.large", 6.38, highly_available=True),
        "large": CacheTier("cache.m7g.2xlarge", 26.04, highly_available=True),
    },
    # Releases of the node image and builds of the add-ons: an add-on for another minor version is refused.
    kubernetes={
        "1.36/node-image": "1.36.4-20260923",
        "1.36/vpc-cni": "v1.22.4-eksbuild.3",
        "1.36/kube-proxy": "v1.36.0-eksbuild.21",
        "1.36/eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "1.36/coredns": "v1.14.3-eksbuild.16",
        "1.36/aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
        "1.35/node-image": "1.35.4-20260505",
        "1.35/vpc-cni": "v1.22.4-eksbuild.3",
        "1.35/kube-proxy": "v1.35.3-eksbuild.21",
        "1.35/eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "1.35/coredns": "v1.13.2-eksbuild.21",
        "1.35/aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
    },
)

SPOT_ALTERNATIVES: Mapping[str, tuple[str, ...]] = {
    "m7i.large": ("m6i.large", "m5.large"),
    "c7i.2xlarge": ("c6i.2xlarge", "c5.2xlarge"),
    "c7i.4xlarge": ("c6i.4xlarge", "c5.4xlarge"),
}
"""Machines of the same cores and memory: spot capacity is found in several pools, not in one."""

LACKING: Mapping[str, frozenset[str]] = {
    "g5": frozenset({"euw2-az1", "apne1-az2", "apse2-az3"}),
    "g6": frozenset({"apne1-az2"}),
    "p4d": frozenset({"euw1-az1", "euw1-az3", "euw2-az1", "apne1-az2", "apse2-az3"}),
    "p4de": frozenset({"use1-az2", "euc1-az3", "apne1-az2"}),
    "p5": frozenset({"apne1-az2"}),
    "p5e": frozenset({"usw2-az1", "usw2-az2", "euw2-az1", "euw2-az3", "apse2-az1", "apse2-az2"}),
    "p5en": frozenset({"use1-az4", "usw2-az1", "apne1-az1", "apne1-az2"}),
    "p5.4xlarge": frozenset({"apne1-az4", "apse2-az1", "apse2-az2"}),
}
"""Zones of the regions above without a machine that the region has, by SKU or by its family."""


def machines(accelerator: str, region: str, per_worker: int) -> tuple[Machine, ...]:
    """Machines of one node group: those of the fewest GPUs that suffice, all with as many.

    The autoscaler reckons with the first of a group, so the others may be larger in cores and memory only.
    """
    fit = [
        machine
        for name, offered in CATALOG.accelerators.items()
        for machine in offered
        if name == accelerator
        and (not machine.regions or region in machine.regions)
        and machine.accelerators >= per_worker
    ]
    fewest = min((machine.accelerators for machine in fit), default=0)
    return tuple(machine for machine in fit if machine.accelerators == fewest)


def has(zone: str, sku: str) -> bool:
    """Whether a zone of the catalogue's has a machine that its region has."""
    return all(zone not in LACKING.get(kind, ()) for kind in (sku, sku.split(".")[0]))


NEAR: tuple[tuple[str, str], ...] = (
    ("us-west", "us-west-2"),
    ("westus", "us-west-2"),
    ("us-central", "us-east-2"),
    ("centralus", "us-east-2"),
    ("southcentralus", "us-east-2"),
    ("us-", "us-east-1"),
    ("eastus", "us-east-1"),
    ("europe-west1", "eu-west-1"),
    ("europe-west2", "eu-west-2"),
    ("europe", "eu-central-1"),
    ("northeurope", "eu-west-1"),
    ("uksouth", "eu-west-2"),
    ("westeurope", "eu-central-1"),
    ("germany", "eu-central-1"),
    ("france", "eu-central-1"),
    ("sweden", "eu-central-1"),
    ("asia", "ap-northeast-1"),
    ("japan", "ap-northeast-1"),
    ("australia", "ap-southeast-2"),
)
"""Beginnings of other clouds' region names and the region of AWS nearest to them; the first that fits."""

ELSEWHERE = "us-east-1"
"""For a region that none of these begins."""


def nearest(platform: str, region: str) -> str:
    """The region of AWS by whose latency a cell is chosen."""
    if platform == "aws":
        return region
    return next((near for start, near in NEAR if region.startswith(start)), ELSEWHERE)


COPIES: Mapping[str, str] = {
    "us-east-1": "us-west-2",
    "us-east-2": "us-west-2",
    "us-west-2": "us-east-1",
    "eu-west-1": "eu-central-1",
    "eu-west-2": "eu-west-1",
    "eu-central-1": "eu-west-1",
    "ap-northeast-1": "ap-southeast-2",
    "ap-southeast-2": "ap-northeast-1",
}
"""Where copies of backups go: another region, on the same continent where there are two."""
