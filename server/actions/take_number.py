"""取号: give a citizen a number for a service."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from server.actions.print_slip import Told, owe_slip, printing_place, told_before
from server.actions.quotas import check_long, check_person, check_quotas, open_number
from server.domain import refusals
from server.domain.estimate.promise import Estimate
from server.domain.events import TicketTaken
from server.domain.numbering import number
from server.domain.opening import check_queue
from server.domain.persons import Reading, proven_class
from server.domain.routing import ORDINARY
from server.domain.slips import SlipBook
from server.domain.tickets import Leg, State, Ticket
from server.settings import HallSettings
from server.store.days import find_day
from server.store.errands import add_errand
from server.store.estimates import make_promise, told_with
from server.store.health import lacks_paper
from server.store.quotas import numbers_of
from server.store.remote import add_remote
from server.store.slips import Slip, copies, last_slip
from server.store.snapshots.view import View
from server.store.tickets import (
    add_leg,
    add_ticket,
    count_ahead,
    count_before,
    find_ticket,
    last_leg,
    next_seq,
)
from server.store.unit import Unit


@dataclass(frozen=True)
class Taken:
    """The committed number. `ahead`: people of the same queue who joined before; slip None = no printer asked
    for; estimate: what the citizen is told about the wait. `agreed`: the time of who came by appointment;
    `late`: too late for it, so that this number waits like any other."""

    ticket: Ticket
    leg: Leg
    ahead: int
    slip: Slip | None
    estimate: Estimate
    existing: bool = False  # this person waits for the service already: the number they have
    further: tuple[str, ...] = ()  # the services that follow on the same number
    agreed: datetime | None = None
    late: bool = False


def take_number(
    unit: Unit,
    hall: HallSettings,
    slips: SlipBook,
    base_url: str,
    service: str,
    priority: str = ORDINARY,
    lang: str = "zh",
    *,
    person: str | None = None,
    reading: Reading | None = None,
    confirmed: Collection[str] = (),
    first_window: str | None = None,
    further: Sequence[str] = (),
    remote: bool = False,
    at: str | None = None,
    reason: str = "",
) -> Taken:
    """Give the next number of the service's queue; a kiosk's slip is owed in the same transaction.

    person: the keyed hash of whoever takes it; one open number per person and service. reading: the card that
    was laid on the kiosk's reader, which says who it is and gives the class of its age without being asked.
    confirmed: codes of the refusals that ask and were answered. first_window: where a supplement was first
    handled. further: the services that follow on the same number (一票到底), in their order. remote: its
    holder is not in the hall, so nobody can call it yet. at: the kiosk that prints what staff take. reason:
    why they give the class.
    Raises ServiceUnknown, ServiceByStaff, ServiceSingle, ServiceRepeated, PriorityUnknown, WindowUnknown,
    ServiceClosed, DayClosed, DayClosing, KioskNoPaper, AppointmentOnly, HoursClosed, LunchClosed, QueueFull,
    IdentityNeeded, PersonLimit, ServiceTwice, QueueLong, NumbersExhausted, PrinterUnknown.
    """
    item = hall.catalogue.services.get(service)
    if item is None:
        raise refusals.ServiceUnknown(service=service)
    self_service = unit.actor.kind in ("device", "citizen")
    if priority != ORDINARY and priority not in {
        c.id for c in hall.hall.priority.classes if not (self_service and c.by_staff_only)
    }:
        raise refusals.PriorityUnknown(priority=priority)
    queue = hall.catalogue.queues[item.queue]
    if self_service and not queue.self_register:
        raise refusals.ServiceByStaff(service=service, name=item.name, name_en=item.name_en)
    _check_further(hall, service, further, self_service)
    if first_window is not None and first_window not in hall.catalogue.windows:
        raise refusals.WindowUnknown(window=first_window)
    if reading is not None:
        person, priority = reading.person, proven_class(priority, reading, hall.hall.priority.classes)
    held = open_number(unit, person, service)
    if held is not None:
        return _held(unit, hall, slips, base_url, held)
    for one in (item, *(hall.catalogue.services[s] for s in further)):
        if one.closed:
            raise refusals.ServiceClosed(service=one.id, name=one.name)
    check_giving(unit, hall, queue.prefix)
    _check_paper(unit, hall)
    check_quotas(unit, hall, queue, item)
    if self_service and reading is None and hall.identity_of(item) == "id_card_required":
        known = {"service": service, "name": item.name, "name_en": item.name_en}
        raise refusals.IdentityNeeded(**known)  # staff give it without a card
    check_person(unit, hall, person, item, confirmed)
    if self_service:
        check_long(unit, hall, queue, confirmed)
    seq = next_seq(unit, queue.prefix)
    ticket = add_ticket(unit, queue.prefix, seq, number(queue, seq), service, priority, lang, person)
    ahead = count_before(unit, queue.prefix)
    state = State.AWAY if remote else State.WAITING
    leg = add_leg(unit, ticket, 1, queue.prefix, first_window=first_window, state=state)
    if remote:
        add_remote(unit, ticket.id, queue.prefix)
    for one in further:
        add_errand(unit, ticket.id, one)
    estimate = make_promise(unit, leg)
    slip = None
    kiosk = printing_place(unit, at)
    if kiosk:
        told = Told(ahead, estimate, further)
        slip = owe_slip(unit, hall, slips, base_url, ticket, told, 1, kiosk)
    unit.add(TicketTaken(ticket.id, ticket.number, queue.prefix))
    facts = {"number": ticket.number, "service": service, "priority": priority, **_noted(further)}
    facts |= {"reason": reason} if reason else {}
    marks = {"card": reading is not None, "remote": remote}
    facts |= {mark: True for mark, is_so in marks.items() if is_so}
    unit.note("ticket.take", f"ticket:{ticket.id}", **facts)
    return Taken(ticket, leg, ahead, slip, estimate, further=tuple(further))


def _check_paper(unit: Unit, hall: HallSettings) -> None:
    """A hall may say that a kiosk without paper gives no numbers; staff give them all the same."""
    kiosk = unit.actor.kiosk
    if kiosk and hall.hall.ticket.paper_out == "stop" and lacks_paper(unit.connection, unit.hall, kiosk):
        raise refusals.KioskNoPaper(kiosk=kiosk)


def _noted(further: Sequence[str]) -> dict[str, list[str]]:
    return {"further": list(further)} if further else {}


def _check_further(hall: HallSettings, service: str, further: Sequence[str], self_service: bool) -> None:
    if further and not hall.hall.ticket.multi_service_ticket:
        raise refusals.ServiceSingle()
    seen = {service}
    for one in further:
        item = hall.catalogue.services.get(one)
        if item is None:
            raise refusals.ServiceUnknown(service=one)
        if self_service and not hall.catalogue.queues[item.queue].self_register:
            raise refusals.ServiceByStaff(service=one, name=item.name, name_en=item.name_en)
        if one in seen:
            raise refusals.ServiceRepeated(service=one, name=item.name, name_en=item.name_en)
        seen.add(one)


def _held(unit: Unit, hall: HallSettings, slips: SlipBook, base_url: str, ticket: int) -> Taken:
    """The number somebody holds already, printed once more at the kiosk while reprints are left."""
    found, leg = find_ticket(unit.connection, unit.hall, ticket), last_leg(unit.connection, ticket)
    ahead = count_ahead(unit.connection, unit.hall, found.day, leg)
    slip, made = last_slip(unit.connection, ticket), copies(unit.connection, ticket)
    told = told_before(unit, found, ahead)
    if unit.actor.kiosk and made <= hall.hall.ticket.reprint_allowed:
        slip = owe_slip(unit, hall, slips, base_url, found, told, made + 1, unit.actor.kiosk)
    unit.note("ticket.take", f"ticket:{ticket}", "existing", copy=slip.copy if slip else None)
    return Taken(found, leg, ahead, slip, told.estimate, existing=True, further=tuple(told.further))


def standing(view: View, person: str) -> list[Taken]:
    """The numbers with which this person waits or is served now, oldest first, each with its newest paper."""
    connection, hall = view.connection, view.hall
    held = numbers_of(connection, hall, view.day, person) if view.day else []
    found = []
    for ticket in [find_ticket(connection, hall, ticket) for ticket, _, is_open in held if is_open]:
        leg = last_leg(connection, ticket.id)
        ahead = count_ahead(connection, hall, ticket.day, leg)
        slip, estimate = last_slip(connection, ticket.id), told_with(connection, ticket.id)
        found.append(Taken(ticket, leg, ahead, slip, estimate, existing=True))
    return found


def check_giving(unit: Unit, hall: HallSettings, queue: str) -> None:
    """Raises when no new number of `queue` may be given now."""
    day = find_day(unit.connection, unit.hall, unit.day)
    zone: ZoneInfo = hall.zone
    local = unit.now.astimezone(zone).replace(tzinfo=None)
    if day is None or day.state == "closed":
        raise refusals.DayClosed(date=local.date().isoformat(), opens=hall.calendar.next_open(local.date()))
    if day.state != "open":
        raise refusals.DayClosing(date=day.day)
    if not day.by_hand:
        windows = [hall.catalogue.windows[w] for w in hall.catalogue.serving[queue]]
        check_queue(hall.calendar, hall.catalogue.queues[queue], windows, date.fromisoformat(day.day), local)
