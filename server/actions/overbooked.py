"""More have booked a time than there are places, because somebody of the window is away: who leads is told,
and moves or cancels single bookings with a reason that their holders read on their own page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from datetime import date, datetime

from server.actions.book import free_place, iso, offer_places
from server.actions.raise_alarm import keep_alarms
from server.domain import refusals
from server.domain.appointments import Appointment, Booking, Step
from server.domain.events import AppointmentCancelled, AppointmentMoved
from server.settings import HallSettings
from server.store.appointments import booked_ahead, by_id, step
from server.store.leaves import granted
from server.store.snapshots.overbooked import Over, overbooked
from server.store.unit import Unit

KIND = "booking-over"


class PlacesWatch:
    """Looks again when bookings, leave or what is published have changed, or another day has begun: to count
    the places of some weeks takes longer than a beat should."""

    def __init__(self) -> None:
        self._seen: Hashable = None
        self._looked: Hashable = None

    def look(self, unit: Unit, hall: HallSettings) -> None:
        today = unit.now.astimezone(hall.zone).date()
        ahead = tuple(booked_ahead(unit.connection, unit.hall, today.isoformat()))
        now = (id(hall), today, ahead, tuple(granted(unit.connection, hall)))
        if now != self._seen:
            watch_overbooked(unit, hall)
        self._looked = now

    def kept(self) -> None:
        """What the last look found stands in the database: until then it would be looked for again."""
        self._seen = self._looked


def watch_overbooked(unit: Unit, hall: HallSettings) -> None:
    """An alarm per day on which more people have booked than those who will be there can serve in time."""
    days: defaultdict[date, list[Over]] = defaultdict(list)
    for over in overbooked(unit.connection, hall, unit.now):
        days[over.at.astimezone(hall.zone).date()].append(over)
    facts = {
        day.isoformat(): {
            "count": sum(x.over for x in found),
            "times": "、".join(f"{x.at.astimezone(hall.zone):%H:%M} {x.queue} +{x.over}" for x in found),
        }
        for day, found in days.items()
    }
    keep_alarms(unit, KIND, "yellow", facts)


def cancel_for_hall(unit: Unit, hall: HallSettings, booking: int, was: datetime, reason: str) -> Appointment:
    """The hall cannot keep it at `was`; how late it is does not count. Raises BookingUnknown, BookingState,
    BookingReasonNeeded."""
    found = _kept(unit, booking, was, reason, Step.CANCEL)
    gone = step(unit, found, Step.CANCEL, holds_until=None, said=reason)
    unit.add(AppointmentCancelled(gone.id, gone.queue, iso(gone.at)))
    unit.note("appointment.cancel", f"appointment:{gone.id}", was=found.state.value, reason=reason)
    offer_places(unit, hall, gone.queue, gone.day)
    return gone


def move_for_hall(
    unit: Unit, hall: HallSettings, booking: int, was: datetime, at: datetime, reason: str
) -> Appointment:
    """The hall has another time than `was` for it; link and holder stay, the holder's limits do not count.

    Raises BookingUnknown, BookingState, BookingReasonNeeded, SlotUnknown, SlotFull.
    """
    found = _kept(unit, booking, was, reason, Step.MOVE)
    place, day = free_place(unit, hall, found.service, at)
    moves = found.moves + 1
    moved = step(unit, found, Step.MOVE, at=at, place=place, day=day, moves=moves, said=reason)
    unit.add(AppointmentMoved(moved.id, moved.queue, iso(at), iso(found.at)))
    unit.note("appointment.move", f"appointment:{moved.id}", was=iso(found.at), at=iso(at), reason=reason)
    offer_places(unit, hall, found.queue, found.day)
    return moved


def _kept(unit: Unit, booking: int, was: datetime, reason: str, what: Step) -> Appointment:
    """The booking, if it still stands at `was`: the holder may have moved it to where it can be kept."""
    if len(reason.strip()) < 2:
        raise refusals.BookingReasonNeeded()
    found = by_id(unit.connection, unit.hall, booking)
    if found.state is not Booking.BOOKED or found.at != was:
        raise refusals.BookingState(state=found.state.value, step=what.value)
    return found
