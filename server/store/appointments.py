"""Loading and saving appointments. Places are counted inside the hall's locked unit; the unique index over
(queue, time, place) has the last word."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from server.domain.appointments import HOLDING, Appointment, Booking, Step, stepped
from server.domain.refusals import BookingUnknown
from server.store import tables as t
from server.store.unit import Unit

_A = t.appointment.c
_ALL = [_A[field.name] for field in fields(Appointment)]
_IN_HALL = _A.hall == bindparam("hall")
_ADD = insert(t.appointment)
_SAVE = update(t.appointment).where(_A.id == bindparam("of_appointment"))
_BY_LINK = select(*_ALL).where(_IN_HALL, _A.link == bindparam("link"))
_BY_ID = select(*_ALL).where(_IN_HALL, _A.id == bindparam("id"))
_BY_CODE = select(*_ALL).where(_IN_HALL, _A.code == bindparam("code"), _A.day == bindparam("day"))
_HELD = select(_A.at, _A.place).where(
    _IN_HALL, _A.queue == bindparam("queue"), _A.day == bindparam("day"), _A.state.in_(HOLDING)
)
_OF_PERSON = select(_A.day, _A.state).where(
    _IN_HALL, _A.person == bindparam("person"), _A.day >= bindparam("since"), _A.id != bindparam("but")
)
_OF_PERSON_ON = select(*_ALL).where(
    _IN_HALL, _A.person == bindparam("person"), _A.day == bindparam("day"), _A.at.is_not(None),
    _A.state.in_((Booking.BOOKED, Booking.CHECKED_IN)),
).order_by(_A.at, _A.id)  # fmt: skip
_IN_STATE = _A.state == bindparam("state")
_OVERDUE = select(*_ALL).where(
    _IN_HALL, _IN_STATE, _A.holds_until <= bindparam("now")
).order_by(_A.holds_until, _A.id)  # fmt: skip
_BEFORE = select(*_ALL).where(_IN_HALL, _IN_STATE, _A.day < bindparam("day")).order_by(_A.id)
_AHEAD = (
    select(_A.queue, _A.at, func.count().label("people"))
    .where(_IN_HALL, _IN_STATE, _A.day >= bindparam("day"), _A.at.is_not(None))
    .group_by(_A.queue, _A.at)
    .order_by(_A.at, _A.queue)
)
_WAITING = select(*_ALL).where(
    _IN_HALL, _IN_STATE, _A.queue == bindparam("queue"), _A.day == bindparam("day")
).order_by(_A.id)  # fmt: skip
_OF_DAY = (
    select(*_ALL, t.ticket.c.number)
    .join_from(t.appointment, t.ticket, _A.ticket == t.ticket.c.id, isouter=True)
    .where(_IN_HALL, _A.day == bindparam("day"), _A.state.in_(bindparam("states", expanding=True)))
    .order_by(_A.at, _A.id)
)
_TIME_OF = select(_A.at).where(_A.ticket == bindparam("ticket"))
_SERVED = (
    select(func.count(), func.sum(t.leg.c.served_s))
    .where(
        t.leg.c.hall == bindparam("hall"),
        t.leg.c.day >= bindparam("since"),
        t.leg.c.queue == bindparam("queue"),
        t.leg.c.served_s.is_not(None),
    )
)  # fmt: skip

_FORGET = (
    update(t.appointment)
    .where(_A.hall == bindparam("of_hall"), _A.person.is_not(None), _A.day < bindparam("before"))
    .values(person=None)
)

CODE_DIGITS = 8


def add_appointment(unit: Unit, **values: Any) -> Appointment:
    """A new booking with a fresh link and a check-in code that no other booking of its day has."""
    row = {
        "at": None,
        "place": None,
        "person": None,
        "holds_until": None,
        "made_at": unit.now,
        "channel": f"{unit.actor.role}:{unit.actor.kiosk or unit.actor.id}",
        "link": secrets.token_urlsafe(16),
        "code": _fresh_code(unit, values["day"]),
        "moves": 0,
        "ticket": None,
        "said": None,
        **values,
    }
    made = unit.connection.execute(_ADD, {"hall": unit.hall, **row})
    return Appointment(id=made.inserted_primary_key[0], **row)


def _fresh_code(unit: Unit, day: str) -> str:
    while True:
        code = str(secrets.randbelow(10**CODE_DIGITS)).zfill(CODE_DIGITS)
        if not code_is_booked(unit, code, day):
            return code


def code_is_booked(unit: Unit, code: str, day: str) -> bool:
    """Does a booking of `day` check in with this code?"""
    which = {"hall": unit.hall, "code": code, "day": day}
    return unit.connection.execute(_BY_CODE, which).first() is not None


def step(unit: Unit, booking: Appointment, what: Step, **changes: Any) -> Appointment:
    """Save `booking` after `what` with `changes`; a move to another day gets that day's code. Raises
    BookingState."""
    changes["state"] = stepped(booking.state, what)
    if changes.get("day", booking.day) != booking.day:
        changes["code"] = _fresh_code(unit, changes["day"])
    unit.connection.execute(_SAVE, {**changes, "of_appointment": booking.id})
    return replace(booking, **changes)


def by_link(connection: Connection, hall: str, link: str) -> Appointment:
    """Raises BookingUnknown, with no hint whether it ever was."""
    return _one(connection.execute(_BY_LINK, {"hall": hall, "link": link}).mappings().one_or_none())


def by_code(connection: Connection, hall: str, code: str, day: str) -> Appointment:
    """The booking of `day` with this check-in code. Raises BookingUnknown."""
    found = connection.execute(_BY_CODE, {"hall": hall, "code": code, "day": day})
    return _one(found.mappings().one_or_none())


def by_id(connection: Connection, hall: str, booking: int) -> Appointment:
    """Raises BookingUnknown."""
    return _one(connection.execute(_BY_ID, {"hall": hall, "id": booking}).mappings().one_or_none())


def held_places(connection: Connection, hall: str, queue: str, day: str) -> dict[datetime, set[int]]:
    """The places of a queue's day that somebody keeps, by the slot's time."""
    held: dict[datetime, set[int]] = {}
    for at, place in connection.execute(_HELD, {"hall": hall, "queue": queue, "day": day}):
        held.setdefault(at, set()).add(place)
    return held


def of_person(
    connection: Connection, hall: str, person: str, since: date, but: int
) -> list[tuple[date, Booking]]:
    """(day, state) of the person's bookings from `since` on, without the booking `but`."""
    which = {"hall": hall, "person": person, "since": since.isoformat(), "but": but}
    return [(date.fromisoformat(d), Booking(s)) for d, s in connection.execute(_OF_PERSON, which)]


def by_person(connection: Connection, hall: str, person: str, day: str) -> list[Appointment]:
    """What the person has booked for `day` or checked in for, by time."""
    which = {"hall": hall, "person": person, "day": day}
    return _several(connection.execute(_OF_PERSON_ON, which).mappings())


def overdue_drafts(unit: Unit) -> list[Appointment]:
    """Drafts that were not confirmed in time, the longest overdue first."""
    which = {"hall": unit.hall, "state": Booking.DRAFT, "now": unit.now}
    return _several(unit.connection.execute(_OVERDUE, which).mappings())


def left_from_before(unit: Unit, state: Booking, day: str) -> list[Appointment]:
    """The bookings of days before `day` that still are in `state`."""
    which = {"hall": unit.hall, "state": state, "day": day}
    return _several(unit.connection.execute(_BEFORE, which).mappings())


def booked_ahead(connection: Connection, hall: str, day: str) -> list[tuple[str, datetime, int]]:
    """(queue, time, how many) of the bookings of `day` and later that are still to be kept, by time."""
    rows = connection.execute(_AHEAD, {"hall": hall, "state": Booking.BOOKED, "day": day})
    return [(queue, at, int(people)) for queue, at, people in rows]


def forget_persons(unit: Unit, before: date) -> None:
    """Erase the keys of persons from the bookings of days before that one."""
    unit.connection.execute(_FORGET, {"of_hall": unit.hall, "before": before.isoformat()})


def waiting_list(connection: Connection, hall: str, queue: str, day: str) -> list[Appointment]:
    """Who waits for a place of a queue's day, first come first."""
    which = {"hall": hall, "state": Booking.WAITLISTED, "queue": queue, "day": day}
    return _several(connection.execute(_WAITING, which).mappings())


def of_day(connection: Connection, hall: str, day: str, states: Iterable[Booking]) -> list[dict[str, Any]]:
    """The rows of a day in these states by time, with the number each became."""
    found = connection.execute(_OF_DAY, {"hall": hall, "day": day, "states": list(states)})
    return [dict(row) for row in found.mappings()]


def appointment_time(connection: Connection, ticket: int) -> datetime | None:
    """The agreed time of the appointment that became `ticket`."""
    return connection.execute(_TIME_OF, {"ticket": ticket}).scalar_one_or_none()


def served_sum(connection: Connection, hall: str, queue: str, since: date) -> tuple[int, float]:
    """How many services of a queue ended since that day, and their seconds together."""
    which = {"hall": hall, "queue": queue, "since": since.isoformat()}
    count, seconds = connection.execute(_SERVED, which).one()
    return int(count), float(seconds or 0)


def _one(row: RowMapping | None) -> Appointment:
    if row is None:
        raise BookingUnknown()
    return _several((row,))[0]


def _several(rows: Iterable[RowMapping]) -> list[Appointment]:
    return [Appointment(**{**row, "state": Booking(row["state"])}) for row in rows]
