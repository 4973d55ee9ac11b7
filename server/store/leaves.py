"""Loading and saving leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from server.domain.leave import Leave, LeaveState
from server.domain.refusals import LeaveUnknown
from server.domain.rosters import Away
from server.settings import HallSettings
from server.store import tables as t
from server.store.unit import Unit

_L = t.leave.c
_ALL = select(*(_L[f.name] for f in fields(Leave))).where(_L.hall == bindparam("hall"))
_FIND = _ALL.where(_L.id == bindparam("leave"))
_IN_STATE = _ALL.where(_L.state.in_(bindparam("states", expanding=True))).order_by(_L.since, _L.id)
_OF = _ALL.where(_L.person == bindparam("person")).order_by(_L.id.desc()).limit(20)
_SAVE = update(t.leave).where(_L.id == bindparam("of_leave"))


def add_leave(unit: Unit, person: str, since: datetime, until: datetime, note: str) -> Leave:
    row: dict[str, Any] = {"person": person, "since": since, "until": until, "note": note}
    row |= {"state": LeaveState.REQUESTED, "asked_at": unit.now}
    made = unit.connection.execute(insert(t.leave), {"hall": unit.hall, **row})
    return Leave(id=int(made.inserted_primary_key[0]), **row)


def find_leave(connection: Connection, hall: str, leave: int) -> Leave:
    """Raises LeaveUnknown."""
    row = connection.execute(_FIND, {"hall": hall, "leave": leave}).mappings().one_or_none()
    if row is None:
        raise LeaveUnknown()
    return _leave(row)


def leaves_in(connection: Connection, hall: str, *states: LeaveState) -> list[Leave]:
    """All in these states, by when they begin."""
    return _several(connection.execute(_IN_STATE, {"hall": hall, "states": states}).mappings())


def leaves_of(connection: Connection, hall: str, person: str) -> list[Leave]:
    """The person's own, newest first."""
    return _several(connection.execute(_OF, {"hall": hall, "person": person}).mappings())


def away_now(connection: Connection, hall: str, now: datetime) -> dict[str, Leave]:
    """person -> the leave on which they are and from which they have not returned."""
    return {x.person: x for x in leaves_in(connection, hall, LeaveState.APPROVED) if x.is_away(now)}


def granted(connection: Connection, hall: HallSettings) -> list[Away]:
    """Who will be away when, in the hall's own time."""
    return [
        Away(x.person, *(at.astimezone(hall.zone).replace(tzinfo=None) for at in (x.since, x.until)))
        for x in leaves_in(connection, hall.id, LeaveState.APPROVED)
    ]


def save_leave(unit: Unit, leave: Leave, **values: Any) -> Leave:
    unit.connection.execute(_SAVE, {**values, "of_leave": leave.id})
    return replace(leave, **values)


def _leave(row: RowMapping) -> Leave:
    return Leave(**{**row, "state": LeaveState(row["state"])})


def _several(rows: Iterable[RowMapping]) -> list[Leave]:
    return [_leave(row) for row in rows]
