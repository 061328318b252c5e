"""GPUs, as DCGM tells of them."""

from __future__ import annotations

from infra.monitoring.rule import Alert

HOT_C = 85
IDLE_PERCENT = 5

OF_PROGRAMS = (13, 31, 43, 45)
"""Xids that a program's own fault brings (NVIDIA, Xid errors): the GPU is sound."""

_SOUND = " or ".join(f"DCGM_FI_DEV_XID_ERRORS == {xid}" for xid in OF_PROGRAMS)

ALERTS = (
    Alert(
        name="GpuXid",
        expr=f"DCGM_FI_DEV_XID_ERRORS > 0 unless ({_SOUND})",
        after="",
        severity="critical",
        area="gpu",
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} reports a fault of its own.",
        now="Xid {{ $value }}.",
        origin="our choice: NVIDIA's table of Xid errors, without those of programs",
    ),
    Alert(
        name="GpuMemoryBroken",
        expr="DCGM_FI_DEV_ROW_REMAP_FAILURE > 0",
        after="",
        severity="critical",
        area="gpu",
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} has memory that cannot be mended.",
        origin="our choice: NVIDIA's criterion for exchanging it",
    ),
    Alert(
        name="GpuHot",
        expr=f"DCGM_FI_DEV_GPU_TEMP > {HOT_C}",
        after="10m",
        severity="warning",
        area="gpu",
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} is hot and slows down.",
        now="Now {{ $value }} degrees Celsius.",
        origin="our choice: data-centre GPUs slow down from 85-90",
    ),
    Alert(
        name="GpuIdle",
        expr=f"avg_over_time(DCGM_FI_DEV_GPU_UTIL[1h]) < {IDLE_PERCENT}",
        after="2h",
        severity="info",
        area="gpu",
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} is paid for and does nothing.",
        now="Used to {{ $value | humanize }} %.",
        origin="our choice",
    ),
)
