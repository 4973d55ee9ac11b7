"""Limits on numbers: per queue and slot, per service, per person; and the question whether to wait
so long."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from zoneinfo import ZoneInfo

from server.domain import refusals
from server.domain.catalogue import Queue, Service
from server.domain.opening import slot_start
from server.settings import HallSettings
from server.store.errands import open_errands
from server.store.quotas import given, numbers_of
from server.store.tickets import count_waiting, last_leg
from server.store.unit import Unit

LONG, TWICE = "queue-long", "service-twice"  # what a citizen may confirm: the codes of the refusals that ask


def check_quotas(unit: Unit, hall: HallSettings, queue: Queue, item: Service) -> None:
    """Raises QueueFull; its facts say whether booking another day is possible."""
    assert unit.day is not None
    where = (unit.connection, unit.hall, unit.day, queue.prefix)
    facts = {"queue": queue.prefix, "book": queue.appointments, "name": queue.name, "name_en": queue.name_en}
    if queue.day_quota and given(*where) >= queue.day_quota:
        raise refusals.QueueFull(limit=queue.day_quota, until=None, **facts)
    named = {"name": item.name, "name_en": item.name_en}
    if item.day_quota and given(*where, service=item.id) >= item.day_quota:
        raise refusals.QueueFull(limit=item.day_quota, until=None, **(facts | named))
    if queue.slot_quota:
        zone: ZoneInfo = hall.zone
        begins = slot_start(unit.now.astimezone(zone).replace(tzinfo=None), queue.slot_minutes)
        if given(*where, since=begins.replace(tzinfo=zone)) >= queue.slot_quota:
            until = begins + timedelta(minutes=queue.slot_minutes)
            raise refusals.QueueFull(limit=queue.slot_quota, until=f"{until:%H:%M}", **facts)


def open_number(unit: Unit, person: str | None, service: str) -> int | None:
    """The ticket with which this person waits for or is at this service already, or on which it is to
    follow."""
    if person is None or unit.day is None:
        return None
    held = numbers_of(unit.connection, unit.hall, unit.day, person)
    return next((t for t, _, is_open in held if is_open and service in _still_to_do(unit, t)), None)


def _still_to_do(unit: Unit, ticket: int) -> set[str]:
    errands = open_errands(unit.connection, ticket)
    return {last_leg(unit.connection, ticket).service, *(errand.service for errand in errands)}


def check_person(
    unit: Unit, hall: HallSettings, person: str | None, item: Service, confirmed: Collection[str]
) -> None:
    """Raises PersonLimit, or ServiceTwice: for good, or until it is confirmed, as hall.toml says."""
    if person is None or unit.day is None:
        return
    rules = hall.hall.ticket
    held = numbers_of(unit.connection, unit.hall, unit.day, person)
    most = rules.max_per_phone_per_day if person.startswith("phone:") else rules.max_per_person_per_day
    if len(held) >= most:
        raise refusals.PersonLimit(limit=most, open=False)
    if sum(is_open for _, _, is_open in held) >= rules.max_active_per_person:
        raise refusals.PersonLimit(limit=rules.max_active_per_person, open=True)
    twice = any(service == item.id for _, service, _ in held)
    how = rules.duplicate_service_same_day
    if twice and (how == "refuse" or (how == "warn" and TWICE not in confirmed)):
        known = {"service": item.id, "name": item.name, "name_en": item.name_en}
        raise refusals.ServiceTwice(**known, confirm=how == "warn")


def check_long(unit: Unit, hall: HallSettings, queue: Queue, confirmed: Collection[str]) -> None:
    """Raises QueueLong when many are ahead and the citizen has not said that they want to wait."""
    most = queue.warn_ahead or hall.hall.ticket.warn_ahead
    if not most or LONG in confirmed:
        return
    assert unit.day is not None
    ahead = count_waiting(unit.connection, unit.hall, unit.day, queue.prefix)
    if ahead >= most:
        known = {"queue": queue.prefix, "name": queue.name, "name_en": queue.name_en}
        raise refusals.QueueLong(**known, ahead=ahead, confirm=True, book=queue.appointments)
