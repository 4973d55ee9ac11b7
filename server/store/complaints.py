"""Loading and saving complaints."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from server.domain.complaints import OPEN, Complaint, ComplaintState
from server.domain.refusals import ComplaintUnknown, MessageUnknown
from server.store import tables as t
from server.store.unit import Unit

_C = t.complaint.c
_ALL = select(*(_C[f.name] for f in fields(Complaint))).where(_C.hall == bindparam("hall"))
_FIND = _ALL.where(_C.id == bindparam("complaint"))
_OF_TICKET = _ALL.where(_C.ticket == bindparam("ticket")).order_by(_C.id)
_BY_LINK = _ALL.where(_C.link == bindparam("link"))
_OPEN = _ALL.where(_C.state.in_([state.value for state in OPEN])).order_by(_C.id)
_ENDED = _ALL.where(_C.ended_at.is_not(None)).order_by(_C.id.desc()).limit(100)
_SAVE = update(t.complaint).where(_C.id == bindparam("of_complaint"))
_ERASE = (
    update(t.complaint)
    .where(_C.hall == bindparam("of_hall"), _C.sealed.is_not(None), _C.ended_at < bindparam("before"))
    .values(sealed=None)
)


def add_complaint(unit: Unit, **values: Any) -> Complaint:
    row = {"state": ComplaintState.RECEIVED, "made_at": unit.now, "answer": "", **values}
    made = unit.connection.execute(insert(t.complaint), {**row, "hall": unit.hall})
    return Complaint(id=int(made.inserted_primary_key[0]), **row)


def find_complaint(connection: Connection, hall: str, complaint: int) -> Complaint:
    """Raises ComplaintUnknown."""
    row = connection.execute(_FIND, {"hall": hall, "complaint": complaint}).mappings().one_or_none()
    if row is None:
        raise ComplaintUnknown()
    return _complaint(row)


def find_message(connection: Connection, hall: str, link: str) -> Complaint:
    """Raises MessageUnknown."""
    row = connection.execute(_BY_LINK, {"hall": hall, "link": link}).mappings().one_or_none()
    if row is None:
        raise MessageUnknown()
    return _complaint(row)


def complaints_of(connection: Connection, hall: str, ticket: int) -> list[Complaint]:
    """Those about one ticket, oldest first."""
    return [
        _complaint(r) for r in connection.execute(_OF_TICKET, {"hall": hall, "ticket": ticket}).mappings()
    ]


def open_complaints(connection: Connection, hall: str) -> list[Complaint]:
    """All that wait for somebody, oldest first."""
    return [_complaint(r) for r in connection.execute(_OPEN, {"hall": hall}).mappings()]


def ended_complaints(connection: Connection, hall: str) -> list[Complaint]:
    """The newest hundred that were answered or declined."""
    return [_complaint(r) for r in connection.execute(_ENDED, {"hall": hall}).mappings()]


def save_complaint(unit: Unit, complaint: Complaint, **values: Any) -> Complaint:
    unit.connection.execute(_SAVE, {**values, "of_complaint": complaint.id})
    return replace(complaint, **values)


def erase_words(unit: Unit, before: datetime) -> None:
    """Forget what was written in complaints that ended earlier."""
    unit.connection.execute(_ERASE, {"of_hall": unit.hall, "before": before})


def _complaint(row: RowMapping) -> Complaint:
    return Complaint(**{**row, "state": ComplaintState(row["state"])})
