"""The business day: a row that is opened once, never `today()` (D7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from server.store import tables as t
from server.store.unit import Unit

_FIND = select(t.day.c.day, t.day.c.state, t.day.c.by_hand).where(
    t.day.c.hall == bindparam("hall"), t.day.c.day == bindparam("day")
)
_OPENED = select(t.day.c.opened_at).where(t.day.c.hall == bindparam("hall"), t.day.c.day == bindparam("day"))
_LATEST = select(t.day.c.day).where(t.day.c.hall == bindparam("hall")).order_by(t.day.c.day.desc()).limit(1)
_ADD = insert(t.day)
_SAVE = update(t.day).where(t.day.c.hall == bindparam("of_hall"), t.day.c.day == bindparam("of_day"))


@dataclass(frozen=True)
class Day:
    """state: open | closing | closed. by_hand: opened by a person, so the calendar's hours do not stop it."""

    day: str
    state: str
    by_hand: bool


def find_day(connection: Connection, hall: str, day: str | None) -> Day | None:
    if day is None:
        return None
    row = connection.execute(_FIND, {"hall": hall, "day": day}).mappings().one_or_none()
    return Day(**row) if row else None


def opened_at(connection: Connection, hall: str, day: str) -> datetime:
    """When a day was opened first."""
    return connection.execute(_OPENED, {"hall": hall, "day": day}).scalar_one()


def latest_day(connection: Connection, hall: str) -> str | None:
    """The newest business day that ever was, open or closed."""
    return connection.execute(_LATEST, {"hall": hall}).scalar_one_or_none()


def add_day(unit: Unit, day: str, by_hand: bool) -> None:
    row = {"hall": unit.hall, "day": day, "state": "open", "by_hand": by_hand, "opened_at": unit.now}
    unit.connection.execute(_ADD, row)
    unit.set_day(day)


def save_day(unit: Unit, day: str, **values: Any) -> None:
    unit.connection.execute(_SAVE, {**values, "of_hall": unit.hall, "of_day": day})
