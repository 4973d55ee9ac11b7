"""Past days as they went, for the comparison with today."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from server.domain.tickets import State
from server.domain.usual_day import Passed, WeekdayOf, comparable
from server.store import tables as t

WINDOW = timedelta(weeks=12)

_L = t.leg.c
_DAYS = (
    select(t.day.c.day)
    .where(
        t.day.c.hall == bindparam("hall"), t.day.c.day >= bindparam("first"), t.day.c.day < bindparam("today")
    )
    .order_by(t.day.c.day)
)
_LEGS = select(_L.day, _L.joined_at, _L.called_at, _L.ended_at, _L.state).where(
    _L.hall == bindparam("hall"),
    _L.day.in_(bindparam("days", expanding=True)),
    _L.superseded.is_(False) | (_L.state != State.CANCELLED),  # a leg that was made and taken back is nobody
)


def past_days(connection: Connection, hall: str, today: date) -> list[date]:
    """Business days of the last twelve weeks, oldest first."""
    which = {"hall": hall, "first": (today - WINDOW).isoformat(), "today": today.isoformat()}
    return [date.fromisoformat(day) for day in connection.execute(_DAYS, which).scalars()]


def shapes(connection: Connection, hall: str, zone: ZoneInfo, days: list[date]) -> dict[date, list[Passed]]:
    """The legs of these days; a day that brought nobody is not in it."""
    found: dict[date, list[Passed]] = {}
    which = {"hall": hall, "days": [day.isoformat() for day in days]}
    for row in connection.execute(_LEGS, which) if days else ():
        midnight = datetime.combine(date.fromisoformat(row.day), datetime.min.time(), zone)
        joined = (row.joined_at - midnight).total_seconds() / 60
        wait = (row.called_at - row.joined_at).total_seconds() / 60 if row.called_at else None
        done = row.state == State.DONE and row.ended_at is not None
        served = (row.ended_at - midnight).total_seconds() / 60 if done else None
        found.setdefault(date.fromisoformat(row.day), []).append(
            Passed(joined, None if wait is None else max(wait, 0.0), served)
        )
    return found


def to_compare_with(
    connection: Connection, hall: str, zone: ZoneInfo, today: date, weekday: WeekdayOf
) -> dict[date, list[Passed]]:
    """The days today is held against, as `domain.usual_day.comparable` chooses them."""
    _, days = comparable(past_days(connection, hall, today), today, weekday)
    return shapes(connection, hall, zone, list(days))
