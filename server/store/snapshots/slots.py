"""Which appointments there are to have: the slots of a service, day by day, with their free places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from server.domain import refusals
from server.domain.appointments import (
    bookable_days,
    booking_hours,
    capacity,
    places,
    slot_times,
    takes_appointments,
)
from server.domain.catalogue import Service
from server.domain.crew import seats, windows_for
from server.domain.rosters import Away, Plan
from server.settings import HallSettings
from server.store.appointments import held_places, served_sum
from server.store.leaves import granted

HISTORY = timedelta(days=30)
ENOUGH = 50  # services that must have ended before the hall's own history says how long one takes


@dataclass(frozen=True)
class Slot:
    """A time for which places are given. `free`: the numbers of the places nobody keeps, from 1."""

    at: datetime
    places: int
    free: tuple[int, ...]


@dataclass(frozen=True)
class SlotDay:
    """provisional: the year's rest days are not announced yet."""

    day: date
    provisional: bool
    slots: tuple[Slot, ...]


def bookable(hall: HallSettings, service: str) -> Service:
    """Raises ServiceUnknown, ServiceClosed, ServiceNotBookable."""
    item = hall.catalogue.services.get(service)
    if item is None:
        raise refusals.ServiceUnknown(service=service)
    if item.closed:
        raise refusals.ServiceClosed(service=service, name=item.name, name_en=item.name_en)
    if not takes_appointments(hall.catalogue, item):
        raise refusals.ServiceNotBookable(service=service, name=item.name, name_en=item.name_en)
    return item


def slot_days(connection: Connection, hall: HallSettings, service: str, now: datetime) -> list[SlotDay]:
    """All that may be booked for `service` at `now`. Raises ServiceUnknown, ServiceNotBookable."""
    queue = bookable(hall, service).queue
    mean = mean_minutes(connection, hall, queue, _today(hall, now))
    return [_slots(connection, hall, queue, day, mean, now) for day in _days(hall, now)]


def find_slot(connection: Connection, hall: HallSettings, service: str, at: datetime, now: datetime) -> Slot:
    """The slot that begins at `at`. Raises ServiceUnknown, ServiceNotBookable, SlotUnknown."""
    queue, day = bookable(hall, service).queue, at.astimezone(hall.zone).date()
    if day in _days(hall, now):  # of this day alone: its slots are counted again for every booking
        mean = mean_minutes(connection, hall, queue, _today(hall, now))
        for slot in _slots(connection, hall, queue, day, mean, now).slots:
            if slot.at == at:
                return slot
    raise refusals.SlotUnknown(at=at.isoformat())


def _today(hall: HallSettings, now: datetime) -> date:
    return now.astimezone(hall.zone).date()


def _days(hall: HallSettings, now: datetime) -> list[date]:
    return bookable_days(hall.calendar, _today(hall, now), hall.hall.appointment)


def day_slots(connection: Connection, hall: HallSettings, queue: str, day: date, now: datetime) -> SlotDay:
    """The slots of one day, whether it may still be booked by everybody or not."""
    return _slots(connection, hall, queue, day, mean_minutes(connection, hall, queue, day), now)


def bears_of(
    hall: HallSettings, plan: Plan, away: Iterable[Away], queue: str, day: date, mean: float
) -> dict[datetime, float]:
    """How many appointments each slot of `day` bears on average, by its begin, with who is there by plan."""
    terms = hall.hall.appointment
    hours = booking_hours(hall.calendar, hall.catalogue.queues[queue], day)
    crew = seats(plan, away, day, hours)
    span = timedelta(minutes=terms.slot_minutes)
    found = {}
    for start in (datetime.combine(day, start) for start in slot_times(hours, terms.slot_minutes)):
        windows = windows_for(crew, queue, start, start + span)
        at = start.replace(tzinfo=hall.zone).astimezone(UTC)
        found[at] = capacity(windows, terms.slot_minutes, mean, terms.capacity_share)
    return found


def places_of(bears: Mapping[datetime, float]) -> dict[datetime, int]:
    """The places of the slots that bear so many."""
    return dict(zip(bears, places(bears.values()), strict=True))


def mean_minutes(connection: Connection, hall: HallSettings, queue: str, today: date) -> float:
    """How long a service of `queue` takes here: of the last days, of the catalogue until there are enough."""
    count, seconds = served_sum(connection, hall.id, queue, today - HISTORY)
    if count >= ENOUGH:
        return max(1.0, seconds / 60 / count)
    planned = [s.avg_minutes for s in hall.catalogue.services.values() if s.queue == queue]
    return sum(planned) / len(planned) if planned else hall.catalogue.mean_all  # its services moved away


def _slots(
    connection: Connection, hall: HallSettings, queue: str, day: date, mean: float, now: datetime
) -> SlotDay:
    held = held_places(connection, hall.id, queue, day.isoformat())
    slots = []
    bears = bears_of(hall, hall.duties, granted(connection, hall), queue, day, mean)
    for at, most in places_of(bears).items():
        if at > now and most > 0:
            free = tuple(p for p in range(1, most + 1) if p not in held.get(at, ()))
            slots.append(Slot(at, most, free[: max(0, most - len(held.get(at, ())))]))
    return SlotDay(day, hall.calendar.is_provisional(day), tuple(slots))
