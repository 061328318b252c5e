"""The workers that live: what each tells of itself. For people and probes; nothing is decided by it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.jobs.leases import after
from app.jobs.model import WorkerRow

SILENT_S = 20.0
"""A worker not heard of for so long counts as gone."""

FORGET_S = 3600.0


@dataclass(frozen=True)
class WorkerSeen:
    """What a worker tells of itself; `devices` are those its solver processes compute on."""

    owner: str
    version: str
    slots: int
    busy: int
    devices: list[str]

    @property
    def has_gpu(self) -> bool:
        """Whether any of its solver processes computes on a GPU."""
        return any(not device.lower().startswith("cpu") for device in self.devices)


class Fleet:
    """The table of workers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tell(self, worker: WorkerSeen) -> None:
        """Note that a worker lives, and drop those that have long been silent."""
        values = {**asdict(worker), "seen_at": func.now()}
        row = insert(WorkerRow).values(values)
        with Session(self._engine) as session, session.begin():
            session.execute(row.on_conflict_do_update(index_elements=["owner"], set_=values))
            session.execute(delete(WorkerRow).where(WorkerRow.seen_at < after(-FORGET_S)))

    def leave(self, owner: str) -> None:
        """A worker stops."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(WorkerRow).where(WorkerRow.owner == owner))

    def alive(self) -> list[WorkerSeen]:
        """The workers heard of lately."""
        recent = select(WorkerRow).where(WorkerRow.seen_at >= after(-SILENT_S)).order_by(WorkerRow.owner)
        with Session(self._engine) as session:
            return [
                WorkerSeen(row.owner, row.version, row.slots, row.busy, row.devices)
                for row in session.scalars(recent)
            ]
