"""Loading and saving calls for a guide's hand."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from server.domain.aids import RUNNING, Aid, AidState, kiosk_of
from server.domain.refusals import AidUnknown
from server.store import tables as t
from server.store.unit import Unit

_A = t.aid.c
_ALL = select(*(_A[f.name] for f in fields(Aid))).where(_A.hall == bindparam("hall"))
_FIND = _ALL.where(_A.id == bindparam("aid"))
_OF_DAY = _ALL.where(_A.day == bindparam("day"))
_RUNNING = _OF_DAY.where(_A.state.in_(RUNNING)).order_by(_A.id)
_RECENT = _OF_DAY.order_by(_A.id.desc()).limit(100)
_AT_KIOSK = _OF_DAY.where(_A.kiosk == bindparam("kiosk"), _A.state.in_(RUNNING)).order_by(_A.id).limit(1)
_SAVE = update(t.aid).where(_A.id == bindparam("of_aid"))
_COUNTED = select(_A.day, _A.kind, _A.state, _A.asked_at, _A.taken_at, _A.ended_at).where(
    _A.hall == bindparam("hall"), _A.day.between(bindparam("first"), bindparam("last"))
)
_FORGET = (
    update(t.aid)
    .where(_A.hall == bindparam("of_hall"), _A.note != "", _A.asked_at < bindparam("before"))
    .values(note="")
)


@dataclass(frozen=True)
class AidFacts:
    """One aid as the counts see it."""

    day: str
    kind: str
    state: AidState
    asked_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None


def add_aid(unit: Unit, place: str, kind: str, note: str) -> Aid:
    """A new one, open."""
    row: dict[str, Any] = {
        "day": unit.day,
        "place": place,
        "kiosk": kiosk_of(place),
        "kind": kind,
        "note": note,
        "state": AidState.OPEN,
        "asked_by": unit.actor.client,
        "asked_at": unit.now,
    }
    made = unit.connection.execute(insert(t.aid), {"hall": unit.hall, **row})
    return Aid(id=int(made.inserted_primary_key[0]), **row)


def find_aid(connection: Connection, hall: str, aid: int) -> Aid:
    """Raises AidUnknown."""
    row = connection.execute(_FIND, {"hall": hall, "aid": aid}).mappings().one_or_none()
    if row is None:
        raise AidUnknown()
    return _aid(row)


def running_aids(connection: Connection, hall: str, day: str | None) -> list[Aid]:
    """Those of the day that are open or taken, oldest first."""
    return [_aid(row) for row in connection.execute(_RUNNING, {"hall": hall, "day": day}).mappings()]


def recent_aids(connection: Connection, hall: str, day: str | None) -> list[Aid]:
    """The day's newest hundred, whatever became of them."""
    return [_aid(row) for row in connection.execute(_RECENT, {"hall": hall, "day": day}).mappings()]


def aid_at(connection: Connection, hall: str, day: str | None, kiosk: str) -> Aid | None:
    """The one that runs at a kiosk."""
    row = connection.execute(_AT_KIOSK, {"hall": hall, "day": day, "kiosk": kiosk}).mappings().one_or_none()
    return _aid(row) if row else None


def save_aid(unit: Unit, aid: Aid, **values: Any) -> Aid:
    unit.connection.execute(_SAVE, {**values, "of_aid": aid.id})
    return replace(aid, **values)


def aid_facts(connection: Connection, hall: str, first: str, last: str) -> list[AidFacts]:
    """Of the business days first … last (ISO dates)."""
    found = connection.execute(_COUNTED, {"hall": hall, "first": first, "last": last}).mappings()
    return [AidFacts(**{**row, "state": AidState(row["state"])}) for row in found]


def forget_notes(unit: Unit, before: datetime) -> None:
    """Erase what was noted of helps asked for before that moment."""
    unit.connection.execute(_FORGET, {"of_hall": unit.hall, "before": before})


def _aid(row: RowMapping) -> Aid:
    return Aid(**{**row, "state": AidState(row["state"])})
