"""What time does to appointments: drafts run out, and who did not come has missed it (爽约)."""

from __future__ import annotations

from server.actions.book import expire_drafts
from server.domain.appointments import Booking, Step
from server.domain.events import AppointmentMissed
from server.settings import HallSettings
from server.store.appointments import forget_persons, left_from_before, step
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
    forget_persons(unit, local - hall.hall.appointment.remembered)
