"""The business day: a row that is opened once, never `today()` (D7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from server.store import tables as t
from server.store.unit import Unit

_FIND = select(t.day.c.day, t.day.c.state, t.day.c.by_hand, t.day.c.provisional).where(
    t.day.c.hall == bindparam("hall"), t.day.c.day == bindparam("day")
)
_OPENED = select(t.day.c.opened_at).where(t.day.c.hall == bindparam("hall"), t.day.c.day == bindparam("day"))
_LATEST = select(t.day.c.day).where(t.day.c.hall == bindparam("hall")).order_by(t.day.c.day.desc()).limit(1)
_COUNTS = (
    select(t.leg.c.state, func.count())
    .where(
        t.leg.c.hall == bindparam("hall"), t.leg.c.day == bindparam("day"), t.leg.c.superseded.is_(False)
    )
    .group_by(t.leg.c.state)
)
_LATE = (
    select(t.leg.c.clerk, func.max(t.leg.c.ended_at), func.count())
    .where(
        t.leg.c.hall == bindparam("hall"),
        t.leg.c.day == bindparam("day"),
        t.leg.c.clerk.is_not(None),
        t.leg.c.served_s.is_not(None),
        t.leg.c.ended_at > bindparam("closes"),
    )
    .group_by(t.leg.c.clerk)
)
_SEALED = select(t.day.c.sums).where(
    t.day.c.hall == bindparam("hall"), t.day.c.day == bindparam("day"), t.day.c.state == "closed"
)
_CLOSED = select(t.day.c.closed_at).where(
    t.day.c.hall == bindparam("hall"), t.day.c.day == bindparam("day"), t.day.c.state == "closed"
)
_ADD = insert(t.day)
_SAVE = update(t.day).where(t.day.c.hall == bindparam("of_hall"), t.day.c.day == bindparam("of_day"))


@dataclass(frozen=True)
class Day:
    """state: open | closing | closed. by_hand: opened by a person, so the calendar's hours do not stop it."""

    day: str
    state: str
    by_hand: bool
    provisional: bool = False  # the official calendar of its year is missing: Monday to Friday was assumed


def find_day(connection: Connection, hall: str, day: str | None) -> Day | None:
    if day is None:
        return None
    row = connection.execute(_FIND, {"hall": hall, "day": day}).mappings().one_or_none()
    return Day(**row) if row else None


def opened_at(connection: Connection, hall: str, day: str) -> datetime:
    """When a day was opened first."""
    return connection.execute(_OPENED, {"hall": hall, "day": day}).scalar_one()


def closed_at(connection: Connection, hall: str, day: str) -> datetime | None:
    """When a day was closed last; None while it runs."""
    return connection.execute(_CLOSED, {"hall": hall, "day": day}).scalar_one_or_none()


def latest_day(connection: Connection, hall: str) -> str | None:
    """The newest business day that ever was, open or closed."""
    return connection.execute(_LATEST, {"hall": hall}).scalar_one_or_none()


def add_day(unit: Unit, day: str, by_hand: bool) -> None:
    row = {"hall": unit.hall, "day": day, "state": "open", "by_hand": by_hand, "opened_at": unit.now}
    unit.connection.execute(_ADD, row)
    unit.set_day(day)


def sum_day(connection: Connection, hall: str, day: str) -> dict[str, int]:
    """How many numbers were taken and how they ended, each counted once by the leg it stands at: of several
    matters the last, sent on where it went."""
    counts = {state: n for state, n in connection.execute(_COUNTS, {"hall": hall, "day": day})}
    return {"taken": sum(counts.values()), **counts}


def sealed_sums(connection: Connection, hall: str, day: str) -> dict[str, Any] | None:
    """What a closed day was summed up to; None while it is open."""
    return connection.execute(_SEALED, {"hall": hall, "day": day}).scalar_one_or_none()


def overtime(connection: Connection, hall: str, day: str, closes: datetime) -> dict[str, dict[str, int]]:
    """Per clerk, the minutes worked past `closes` and the people served in them."""
    rows = connection.execute(_LATE, {"hall": hall, "day": day, "closes": closes})
    return {c: {"minutes": round((last - closes).total_seconds() / 60), "served": n} for c, last, n in rows}


def save_day(unit: Unit, day: str, **values: Any) -> None:
    unit.connection.execute(_SAVE, {**values, "of_hall": unit.hall, "of_day": day})
