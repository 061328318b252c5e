from __future__ import annotations

from collections.abc import Callable

from alert_cases.case import Cases, Series, level

GPU = {"gpu": "0", "Hostname": "gpu-node-1"}


def reading(name: str) -> Callable[[float], Series]:
    return lambda value: {f'{name}{{gpu="0",Hostname="gpu-node-1"}}': level(value)}


CASES = {
    "GpuXid": Cases(
        # 79: fallen off the bus; 43: a program's own fault.
        series=reading("DCGM_FI_DEV_XID_ERRORS"), firing=79, below=43, silent=0, at="5m", labels=GPU, now="79",
        more=tuple((f"Xid {xid}", reading("DCGM_FI_DEV_XID_ERRORS")(xid), False) for xid in (13, 31, 45)),
    ),
    "GpuMemoryBroken": Cases(
        series=reading("DCGM_FI_DEV_ROW_REMAP_FAILURE"), firing=1, below=0, silent=0, at="5m", labels=GPU,
    ),
    "GpuHot": Cases(
        series=reading("DCGM_FI_DEV_GPU_TEMP"), firing=86, below=85, silent=40, at="30m", labels=GPU, now="86",
    ),
    "GpuIdle": Cases(
        series=reading("DCGM_FI_DEV_GPU_UTIL"), firing=4, below=5, silent=60, at="180m", labels=GPU, now="4",
    ),
}  # fmt: skip
