"""预约: keep a place, confirm it, move it, give it back; and wait for one on a full day (候补).

A booking belongs to who made it: no deed changes its person, so places cannot be traded.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from server.domain import refusals
from server.domain.appointments import Appointment, Booking, Step, check_change, check_person
from server.domain.events import AppointmentBooked, AppointmentCancelled, AppointmentMoved
from server.settings import HallSettings
from server.store.appointments import (
    add_appointment,
    of_person,
    overdue_drafts,
    step,
    waiting_list,
)
from server.store.snapshots.slots import bookable, day_slots, find_slot, slot_days
from server.store.unit import Unit


def draft(unit: Unit, hall: HallSettings, service: str, at: datetime, lang: str = "zh") -> Appointment:
    """Keep a place for `draft_minutes`. Raises ServiceUnknown, ServiceNotBookable, SlotUnknown, SlotFull."""
    expire_drafts(unit, hall)
    item = bookable(hall, service)
    place, day = free_place(unit, hall, service, at)
    made = add_appointment(
        unit,
        queue=item.queue,
        service=service,
        day=day,
        at=at,
        place=place,
        state=Booking.DRAFT,
        holds_until=unit.now + timedelta(minutes=hall.hall.appointment.draft_minutes),
        lang=lang,
    )
    unit.note("appointment.draft", f"appointment:{made.id}", service=service, at=at.isoformat())
    return made


def confirm(unit: Unit, hall: HallSettings, booking: Appointment, person: str | None = None) -> Appointment:
    """Book the place a draft keeps. `person`: keyed hash of a phone number, for the published limits.

    Raises BookingState, BookingLimit, BookingBanned.
    """
    if booking.state is Booking.DRAFT and booking.holds_until is not None and booking.holds_until <= unit.now:
        raise refusals.BookingState(state=Booking.EXPIRED.value, step=Step.CONFIRM.value)
    day = date.fromisoformat(booking.day)
    if person is not None:
        _check_person(unit, hall, person, day, booking.id)
    booked = step(unit, booking, Step.CONFIRM, person=person, holds_until=None)
    unit.add(AppointmentBooked(booked.id, booked.queue, iso(booked.at)))
    unit.note("appointment.book", f"appointment:{booked.id}", at=iso(booked.at))
    return booked


def cancel_booking(unit: Unit, hall: HallSettings, booking: Appointment) -> Appointment:
    """Give the place back; whoever waits for one gets it offered. Raises BookingState, BookingTooLate."""
    if booking.state is Booking.BOOKED and booking.at is not None:
        check_change(booking.at, unit.now, hall.hall.appointment)
    gone = step(unit, booking, Step.CANCEL, holds_until=None, said=None)
    if booking.state is Booking.BOOKED:
        unit.add(AppointmentCancelled(gone.id, gone.queue, iso(gone.at)))
    unit.note("appointment.cancel", f"appointment:{gone.id}", was=booking.state.value)
    offer_places(unit, hall, gone.queue, gone.day)
    return gone


def move_booking(unit: Unit, hall: HallSettings, booking: Appointment, at: datetime) -> Appointment:
    """The same booking at another time; its link stays. Raises BookingState, BookingTooLate, SlotUnknown,
    SlotFull, BookingLimit."""
    if booking.state is not Booking.BOOKED or booking.at is None:
        raise refusals.BookingState(state=booking.state.value, step=Step.MOVE.value)
    check_change(booking.at, unit.now, hall.hall.appointment)
    expire_drafts(unit, hall)
    place, day = free_place(unit, hall, booking.service, at)
    if booking.person is not None:
        _check_person(unit, hall, booking.person, date.fromisoformat(day), booking.id)
    moved = step(unit, booking, Step.MOVE, at=at, place=place, day=day, moves=booking.moves + 1, said=None)
    unit.add(AppointmentMoved(moved.id, moved.queue, iso(at), iso(booking.at)))
    unit.note("appointment.move", f"appointment:{moved.id}", was=iso(booking.at), at=iso(at))
    offer_places(unit, hall, booking.queue, booking.day)
    return moved


def wait_for_place(unit: Unit, hall: HallSettings, service: str, day: date, lang: str = "zh") -> Appointment:
    """Wait for a place on a full day. Raises ServiceUnknown, ServiceNotBookable, SlotUnknown, SlotFree."""
    expire_drafts(unit, hall)
    item = bookable(hall, service)
    found = next((d for d in slot_days(unit.connection, hall, service, unit.now) if d.day == day), None)
    if found is None or not found.slots:
        raise refusals.SlotUnknown(at=day.isoformat())
    if any(slot.free for slot in found.slots):
        raise refusals.SlotFree(date=day.isoformat())
    made = add_appointment(
        unit, queue=item.queue, service=service, day=day.isoformat(), state=Booking.WAITLISTED, lang=lang
    )
    unit.note("appointment.wait", f"appointment:{made.id}", service=service, day=day.isoformat())
    return made


def expire_drafts(unit: Unit, hall: HallSettings) -> None:
    """Free the places of drafts that were not confirmed in time, and offer them."""
    for booking in overdue_drafts(unit):
        gone = step(unit, booking, Step.EXPIRE, holds_until=None)
        unit.note("appointment.expire", f"appointment:{gone.id}")
        offer_places(unit, hall, gone.queue, gone.day)


def offer_places(unit: Unit, hall: HallSettings, queue: str, day: str) -> None:
    """候补: keep the free places of a queue's day for those who wait for one, first come first.

    A place is offered only when there is time to answer and still to cancel by the rules.
    """
    waiting = waiting_list(unit.connection, unit.hall, queue, day)
    if not waiting:
        return
    terms = hall.hall.appointment
    until = unit.now + timedelta(minutes=terms.offer_minutes)
    slots = day_slots(unit.connection, hall, queue, date.fromisoformat(day), unit.now).slots
    soonest = until + timedelta(hours=terms.cancel_hours_before)
    free = [(slot.at, place) for slot in slots if slot.at >= soonest for place in slot.free]
    for booking, (at, place) in zip(waiting, free, strict=False):
        step(unit, booking, Step.OFFER, at=at, place=place, holds_until=until)
        unit.note("appointment.offer", f"appointment:{booking.id}", at=at.isoformat())


def free_place(unit: Unit, hall: HallSettings, service: str, at: datetime) -> tuple[int, str]:
    """(a free place, the day) of the slot at `at`. Raises ServiceUnknown, ServiceNotBookable, SlotUnknown,
    SlotFull."""
    slot = find_slot(unit.connection, hall, service, at, unit.now)
    if not slot.free:
        raise refusals.SlotFull(at=at.isoformat())
    return slot.free[0], at.astimezone(hall.zone).date().isoformat()


def _check_person(unit: Unit, hall: HallSettings, person: str, day: date, but: int) -> None:
    today = unit.now.astimezone(hall.zone).date()
    earlier = of_person(unit.connection, unit.hall, person, today - hall.hall.appointment.remembered, but)
    check_person(earlier, day, today, hall.hall.appointment)


def iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
