"""The business day: a row that is opened once, never `today()` (D7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from server.store import tables as t
from server.store.unit import Unit


@dataclass(frozen=True)
class Day:
    """state: open | closing | closed. by_hand: opened by a person, so the calendar's hours do not stop it."""

    day: str
    state: str
    by_hand: bool


def find_day(connection: Connection, hall: str, day: str | None) -> Day | None:
    query = select(t.day.c.day, t.day.c.state, t.day.c.by_hand).where(
        t.day.c.hall == hall, t.day.c.day == day
    )
    row = connection.execute(query).mappings().one_or_none() if day else None
    return Day(**row) if row else None


def latest_day(connection: Connection, hall: str) -> str | None:
    """The newest business day that ever was, open or closed."""
    query = select(t.day.c.day).where(t.day.c.hall == hall).order_by(t.day.c.day.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def add_day(unit: Unit, day: str, by_hand: bool) -> None:
    unit.connection.execute(
        insert(t.day).values(hall=unit.hall, day=day, state="open", by_hand=by_hand, opened_at=unit.now)
    )
    unit.set_day(day)


def save_day(unit: Unit, day: str, **values: Any) -> None:
    unit.connection.execute(update(t.day).where(t.day.c.hall == unit.hall, t.day.c.day == day), values)
