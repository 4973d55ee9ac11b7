"""How many numbers were given: to a queue, for a service, in a slot, to a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from server.domain.tickets import OPEN
from server.store import tables as t

_T = t.ticket.c
_TODAY = (_T.hall == bindparam("hall"), _T.day == bindparam("day"))
_OF_QUEUE = select(func.count()).where(*_TODAY, _T.prefix == bindparam("prefix"))
_OF_SERVICE = _OF_QUEUE.where(_T.service == bindparam("service"))
_SINCE = _OF_QUEUE.where(_T.taken_at >= bindparam("since"))
_OF_PERSON = (
    select(_T.id, _T.service, t.leg.c.state)
    .join_from(t.ticket, t.leg, t.leg.c.ticket == _T.id)
    .where(*_TODAY, _T.person == bindparam("person"), t.leg.c.superseded.is_(False))
    .order_by(_T.id)
)


def given(
    connection: Connection,
    hall: str,
    day: str,
    prefix: str,
    service: str | None = None,
    since: datetime | None = None,
) -> int:
    """Numbers of a queue today; of one service, or since a moment, where that is asked."""
    which: dict[str, Any] = {"hall": hall, "day": day, "prefix": prefix}
    if service is not None:
        return int(connection.execute(_OF_SERVICE, {**which, "service": service}).scalar_one())
    if since is not None:
        return int(connection.execute(_SINCE, {**which, "since": since}).scalar_one())
    return int(connection.execute(_OF_QUEUE, which).scalar_one())


def numbers_of(connection: Connection, hall: str, day: str, person: str) -> list[tuple[int, str, bool]]:
    """(ticket, service, is it still open) of a person's numbers of the day, oldest first."""
    rows = connection.execute(_OF_PERSON, {"hall": hall, "day": day, "person": person})
    return [(row.id, row.service, row.state in OPEN) for row in rows]
