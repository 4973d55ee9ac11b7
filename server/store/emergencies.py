"""Calls for help: raised at a window, owned by whoever answers, closed with a note."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from server.domain.refusals import NotFound
from server.store import tables as t
from server.store.unit import Unit


@dataclass(frozen=True)
class Emergency:
    """state: open | acknowledged | closed. `owner` answers for it; None while nobody does."""

    id: int
    window: str
    person: str
    state: str
    owner: str | None
    note: str
    raised_at: datetime
    acknowledged_at: datetime | None
    closed_at: datetime | None


_E = t.emergency.c
_ALL = select(*(_E[f.name] for f in fields(Emergency))).where(_E.hall == bindparam("hall"))
_FIND = _ALL.where(_E.id == bindparam("emergency"))
_AT = _ALL.where(_E.window == bindparam("window"), _E.state != "closed")
_RUNNING = _ALL.where(_E.state != "closed").order_by(_E.id)
_SAVE = update(t.emergency).where(_E.id == bindparam("of_emergency"))


def add_emergency(unit: Unit, window: str, person: str) -> Emergency:
    row = {"window": window, "person": person, "state": "open", "note": "", "raised_at": unit.now}
    values = {"hall": unit.hall, "day": unit.day, **row}
    made = unit.connection.execute(insert(t.emergency), values)
    return Emergency(
        int(made.inserted_primary_key[0]), owner=None, acknowledged_at=None, closed_at=None, **row
    )


def find_emergency(connection: Connection, hall: str, emergency: int) -> Emergency:
    """Raises NotFound."""
    row = connection.execute(_FIND, {"hall": hall, "emergency": emergency}).one_or_none()
    if row is None:
        raise NotFound()
    return Emergency(*row)


def emergency_at(connection: Connection, hall: str, window: str) -> Emergency | None:
    """The one that runs at a window: there is at most one."""
    row = connection.execute(_AT, {"hall": hall, "window": window}).one_or_none()
    return Emergency(*row) if row else None


def running_emergencies(connection: Connection, hall: str) -> list[Emergency]:
    """Those that are not closed, oldest first."""
    return [Emergency(*row) for row in connection.execute(_RUNNING, {"hall": hall})]


def save_emergency(unit: Unit, emergency: int, **values: Any) -> None:
    unit.connection.execute(_SAVE, {**values, "of_emergency": emergency})
