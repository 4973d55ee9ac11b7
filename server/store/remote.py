"""Numbers taken by phone: their code, when their turn came, when their holder was there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from server.domain.refusals import TicketUnknown
from server.domain.tickets import Leg, State
from server.store import tables as t
from server.store.appointments import CODE_DIGITS, code_is_booked
from server.store.tickets import LEG_COLUMNS, as_leg
from server.store.unit import Unit


@dataclass(frozen=True)
class Remote:
    """`code`: eight digits, good for its day. due_at: the rule would have called it, and nobody was there."""

    ticket: int
    day: str
    queue: str
    code: str
    due_at: datetime | None = None
    arrived_at: datetime | None = None


_R = t.remote.c
_ALL = [_R[field.name] for field in fields(Remote)]
_FIND = select(*_ALL).where(_R.ticket == bindparam("ticket"))
_BY_CODE = select(*_ALL).where(
    _R.hall == bindparam("hall"), _R.day == bindparam("day"), _R.code == bindparam("code")
)
_SAVE = update(t.remote).where(_R.ticket == bindparam("of_ticket"))
_GIVEN = (
    select(_R.queue, func.count())
    .where(_R.hall == bindparam("hall"), _R.day == bindparam("day"))
    .group_by(_R.queue)
)
_AWAY = (
    select(*LEG_COLUMNS)
    .join_from(t.leg, t.remote, t.leg.c.ticket == _R.ticket)
    .where(t.leg.c.hall == bindparam("hall"), t.leg.c.day == bindparam("day"), t.leg.c.state == State.AWAY)
    .order_by(t.leg.c.origin_at, t.leg.c.id)
)
_NOT_DUE, _DUE = _AWAY.where(_R.due_at.is_(None)), _AWAY.where(_R.due_at.is_not(None))


def add_remote(unit: Unit, ticket: int, queue: str) -> Remote:
    """With a code that no other number and no booking of the day has."""
    assert unit.day is not None
    made = Remote(ticket, unit.day, queue, _fresh_code(unit, unit.day))
    values = {field.name: getattr(made, field.name) for field in fields(Remote)}
    unit.connection.execute(insert(t.remote), {"hall": unit.hall, **values})
    return made


def _fresh_code(unit: Unit, day: str) -> str:
    while True:
        code = str(secrets.randbelow(10**CODE_DIGITS)).zfill(CODE_DIGITS)
        taken = unit.connection.execute(_BY_CODE, {"hall": unit.hall, "day": day, "code": code}).first()
        if taken is None and not code_is_booked(unit, code, day):
            return code


def find_remote(connection: Connection, ticket: int) -> Remote | None:
    """None: the number was not taken by phone."""
    row = connection.execute(_FIND, {"ticket": ticket}).one_or_none()
    return Remote(*row) if row else None


def remote_by_code(connection: Connection, hall: str, day: str | None, code: str) -> Remote:
    """The number of `day` with this code. Raises TicketUnknown."""
    row = connection.execute(_BY_CODE, {"hall": hall, "day": day, "code": code}).one_or_none()
    if row is None:
        raise TicketUnknown()
    return Remote(*row)


def given_by_phone(connection: Connection, hall: str, day: str | None) -> dict[str, int]:
    """queue -> numbers of the day that were taken by phone."""
    rows = connection.execute(_GIVEN, {"hall": hall, "day": day}).all()
    return {queue: n for queue, n in rows}


def not_yet_due(connection: Connection, hall: str, day: str) -> list[Leg]:
    """The legs that are away and whose turn has not come, by seniority."""
    return [as_leg(row) for row in connection.execute(_NOT_DUE, {"hall": hall, "day": day})]


def due_and_away(connection: Connection, hall: str, day: str) -> list[Leg]:
    """Those whose turn has come and whose holder is still not there."""
    return [as_leg(row) for row in connection.execute(_DUE, {"hall": hall, "day": day})]


def save_remote(unit: Unit, ticket: int, **moments: datetime) -> None:
    """due_at or arrived_at."""
    unit.connection.execute(_SAVE, {**moments, "of_ticket": ticket})
