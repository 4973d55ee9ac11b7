"""Loading, saving and counting what was asked at the door."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import Connection, bindparam, func, insert, select, update

from server.domain.enquiries import Enquiry
from server.domain.refusals import EnquiryUnknown
from server.store import tables as t
from server.store.unit import Unit

_E = t.enquiry.c
_FIND = select(*(_E[f.name] for f in fields(Enquiry))).where(
    _E.hall == bindparam("hall"), _E.id == bindparam("enquiry")
)
_WITHDRAW = update(t.enquiry).where(_E.id == bindparam("of_enquiry"))
_COUNTS = (
    select(_E.day, _E.kind, func.count())
    .where(_E.hall == bindparam("hall"), _E.day.between(bindparam("first"), bindparam("last")))
    .where(_E.withdrawn_at.is_(None))
    .group_by(_E.day, _E.kind)
)


def add_enquiry(unit: Unit, kind: str, service: str | None) -> Enquiry:
    row = {"day": unit.day, "kind": kind, "service": service, "person": unit.actor.id, "at": unit.now}
    made = unit.connection.execute(insert(t.enquiry), {"hall": unit.hall, **row})
    return Enquiry(int(made.inserted_primary_key[0]), unit.day, kind, service, unit.actor.id, unit.now)


def find_enquiry(connection: Connection, hall: str, enquiry: int) -> Enquiry:
    """Raises EnquiryUnknown."""
    row = connection.execute(_FIND, {"hall": hall, "enquiry": enquiry}).one_or_none()
    if row is None:
        raise EnquiryUnknown()
    return Enquiry(*row)


def withdraw(unit: Unit, enquiry: Enquiry) -> None:
    unit.connection.execute(_WITHDRAW, {"of_enquiry": enquiry.id, "withdrawn_at": unit.now})


def enquiry_counts(connection: Connection, hall: str, first: str, last: str) -> dict[str, dict[str, int]]:
    """Business day -> kind -> how many, of first … last (ISO dates); withdrawn ones do not count."""
    found: dict[str, dict[str, int]] = {}
    for day, kind, n in connection.execute(_COUNTS, {"hall": hall, "first": first, "last": last}):
        found.setdefault(day, {})[kind] = n
    return found
