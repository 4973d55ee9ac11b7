"""The records of what clerks did to tickets: written by the deed itself, read by undo and by supervision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from server.domain.tickets import Leg, Move
from server.domain.undo import Deed, changed
from server.store import tables as t
from server.store.unit import Unit

_DEED = [c for c in t.deed.c if c.name not in ("hall", "day", "undone_at")]
_ADD = insert(t.deed)
_HERE = (
    t.deed.c.hall == bindparam("hall"),
    t.deed.c.day == bindparam("day"),
    t.deed.c.window == bindparam("window"),
)
_LAST = select(*_DEED).where(*_HERE, t.deed.c.undone_at.is_(None)).order_by(t.deed.c.id.desc()).limit(1)
_LAST_OF_LEG = select(func.max(t.deed.c.id)).where(
    t.deed.c.hall == bindparam("hall"),
    t.deed.c.day == bindparam("day"),
    t.deed.c.leg == bindparam("leg"),
    t.deed.c.undone_at.is_(None),
)
_QUIET = select(func.max(t.deed.c.at), func.max(t.deed.c.undone_at)).where(*_HERE)
_LAST_AT = select(func.max(t.deed.c.at), func.max(t.deed.c.undone_at)).where(*_HERE[:2])
_UNDO = update(t.deed).where(t.deed.c.id == bindparam("deed"))


def record(unit: Unit, window: str, move: Move, before: Leg, after: Leg, **more: Any) -> None:
    """Keep what `move` changed. `more`: next_leg, errand, choice, and the clerk where it is not the leg's
    own."""
    row = {"next_leg": None, "errand": None, "choice": None, "clerk": after.clerk, **more}
    row |= {"window": window, "move": move, "leg": after.id, "number": after.number}
    values = {**row, "hall": unit.hall, "day": unit.day, "before": changed(before, after), "at": unit.now}
    unit.connection.execute(_ADD, values)


def last_deed(connection: Connection, hall: str, day: str | None, window: str) -> Deed | None:
    """The newest deed at a window that was not taken back."""
    row = connection.execute(_LAST, {"hall": hall, "day": day, "window": window}).mappings().one_or_none()
    return _deed(row) if row else None


def is_last_of_leg(connection: Connection, hall: str, day: str | None, deed: Deed) -> bool:
    """Has nobody, at any window, done something to the leg since?"""
    which = {"hall": hall, "day": day, "leg": deed.leg}
    return connection.execute(_LAST_OF_LEG, which).scalar_one() == deed.id


def mark_undone(unit: Unit, deed: Deed) -> None:
    unit.connection.execute(_UNDO, {"deed": deed.id, "undone_at": unit.now})


def quiet_since(connection: Connection, hall: str, day: str | None, window: str) -> datetime | None:
    """When the window's clerk last did something to a ticket, or took it back."""
    at = connection.execute(_QUIET, {"hall": hall, "day": day, "window": window}).one()
    return max((moment for moment in at if moment is not None), default=None)


def last_deed_at(connection: Connection, hall: str, day: str) -> datetime | None:
    """When any clerk last did something to a ticket, or took it back."""
    at = connection.execute(_LAST_AT, {"hall": hall, "day": day}).one()
    return max((moment for moment in at if moment is not None), default=None)


def choices_by_clerk(connection: Connection, hall: str, day: str | None) -> list[RowMapping]:
    """How many numbers each clerk called by choice today, per reason, those taken back included."""
    d = t.deed.c
    query = select(d.clerk, d.choice, func.count().label("n")).where(
        d.hall == hall, d.day == day, d.choice.is_not(None)
    )
    return list(connection.execute(query.group_by(d.clerk, d.choice).order_by(d.clerk, d.choice)).mappings())


def _deed(row: RowMapping) -> Deed:
    return Deed(**{**row, "move": Move(row["move"])})
