"""What time does to appointments: drafts run out, and who did not come has missed it (爽约)."""

from __future__ import annotations

from datetime import date

from server.actions.book import expire_drafts
from server.actions.raise_alarm import keep_alarms
from server.domain.appointments import Booking, Step, booking_hours
from server.domain.events import AppointmentMissed
from server.settings import HallSettings
from server.store.appointments import booked_ahead, forget_persons, left_from_before, step
from server.store.unit import Unit


def keep_appointments(unit: Unit, hall: HallSettings) -> None:
    """Harmless when it was done already. A booking is missed once its day is over; whose it was is
    forgotten when it can count no more."""
    expire_drafts(unit, hall)
    local = unit.now.astimezone(hall.zone).date()
    today = local.isoformat()
    for booking in left_from_before(unit, Booking.BOOKED, today):
        assert booking.at is not None
        step(unit, booking, Step.MISS)
        unit.add(AppointmentMissed(booking.id, booking.queue, booking.at.isoformat()))
        unit.note("appointment.miss", f"appointment:{booking.id}", at=booking.at.isoformat())
    for booking in left_from_before(unit, Booking.WAITLISTED, today):
        step(unit, booking, Step.EXPIRE)
    _watch_closed(unit, hall, local)
    forget_persons(unit, local - hall.hall.appointment.remembered)


def _watch_closed(unit: Unit, hall: HallSettings, today: date) -> None:
    """An alarm per day on which people have booked times at which nobody works, as it is published now."""
    shut: dict[str, list[tuple[str, int]]] = {}
    for queue, at, people in booked_ahead(unit.connection, unit.hall, today.isoformat()):
        local = at.astimezone(hall.zone)
        hours = booking_hours(hall.calendar, hall.catalogue.queues[queue], local.date())
        if not any(begin <= local.time() < end for begin, end in hours):
            shut.setdefault(local.date().isoformat(), []).append((f"{local:%H:%M}", people))
    facts = {
        day: {"count": sum(n for _, n in found), "times": "、".join(dict.fromkeys(time for time, _ in found))}
        for day, found in shut.items()
    }
    keep_alarms(unit, "booking-shut", "yellow", facts)
