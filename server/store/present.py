"""The hall at this moment, as a what-if starts from it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from server.domain.refusals import DayClosed
from server.domain.routing import APPOINTMENT
from server.domain.tickets import AT_WINDOW, Leg, State
from server.store import tables as t
from server.store.tickets import legs_in
from server.store.windows import open_windows

_MOMENT = select(t.hall.c.day, t.hall.c.protected_run)


def present_legs(connection: Connection, hall: str) -> tuple[list[Leg], set[str], int, str]:
    """(waiting, called and serving legs; open windows; protected calls in a row; the business day).

    Raises DayClosed.
    """
    row = connection.execute(_MOMENT.where(t.hall.c.id == hall)).one()
    if row.day is None:
        raise DayClosed(date=None, opens=None)
    legs = legs_in(connection, hall, row.day, State.WAITING, *AT_WINDOW)
    return legs, open_windows(connection, hall), int(row.protected_run), str(row.day)


def walk_ins_today(connection: Connection, hall: str, day: str, now: datetime) -> tuple[int, int]:
    """(numbers given on the day without an appointment, in the last hour)."""
    g = t.leg.c
    given = select(func.count()).where(
        g.hall == hall, g.day == day, g.ordinal == 1, g.priority != APPOINTMENT
    )
    last_hour = given.where(g.joined_at > now - timedelta(hours=1))
    return int(connection.execute(given).scalar_one()), int(connection.execute(last_hour).scalar_one())
