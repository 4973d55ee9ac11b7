"""Requests for tidal windows, and the load they are asked by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from server.domain.tickets import State
from server.domain.tidal import Load, Request
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

_T, _LEG = t.tidal.c, t.leg.c
_REQUESTS = select(
    _T.window, _T.state, _T.queue, _T.waiting, _T.oldest_s, _T.at, _T.decided_by, _T.clear_since
).where(_T.hall == bindparam("hall"), _T.day == bindparam("day"))
_LOADS = (
    select(_LEG.queue, func.count(), func.min(_LEG.joined_at))
    .where(_LEG.hall == bindparam("hall"), _LEG.day == bindparam("day"), _LEG.state == State.WAITING)
    .group_by(_LEG.queue)
)


def tidal_requests(connection: Connection, hall: str, day: str | None) -> dict[str, Request]:
    """Today's last request of each tidal window, by window."""
    rows = connection.execute(_REQUESTS, {"hall": hall, "day": day})
    return {row.window: Request(*row) for row in rows}


def loads(unit: Unit) -> dict[str, Load]:
    """Who waits now, by queue; a queue where nobody waits is not in it."""
    rows = unit.connection.execute(_LOADS, {"hall": unit.hall, "day": unit.day})
    return {q: Load(n, max(0, round((unit.now - first).total_seconds()))) for q, n, first in rows}


def save_request(unit: Unit, window: str, **values: Any) -> None:
    """Keys as in domain.tidal.Request; what is not named is forgotten."""
    row = {"queue": None, "waiting": 0, "oldest_s": 0, "decided_by": None, "clear_since": None, **values}
    upsert(
        unit.connection,
        t.tidal,
        {"hall": unit.hall, "window": window, "day": unit.day, **row},
        ("hall", "window"),
    )
