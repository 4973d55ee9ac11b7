"""取号: give a citizen a number for a service."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.actions.print_slip import owe_slip
from server.domain import refusals
from server.domain.events import TicketTaken
from server.domain.numbering import number
from server.domain.routing import ORDINARY
from server.domain.slips import SlipTemplate
from server.domain.tickets import Leg, Ticket
from server.settings import HallSettings
from server.store.days import find_day
from server.store.slips import Slip
from server.store.tickets import add_leg, add_ticket, count_ahead, next_seq
from server.store.unit import Unit


@dataclass(frozen=True)
class Taken:
    """The committed number. `ahead`: people of the same queue who joined before; slip None = no printer asked
    for."""

    ticket: Ticket
    leg: Leg
    ahead: int
    slip: Slip | None


def take_number(
    unit: Unit,
    hall: HallSettings,
    template: SlipTemplate,
    base_url: str,
    service: str,
    priority: str = ORDINARY,
    lang: str = "zh",
) -> Taken:
    """Give the next number of the service's queue; a kiosk's slip is owed in the same transaction.

    Raises ServiceUnknown, ServiceByStaff, PriorityUnknown, DayClosed, DayClosing, HoursClosed, LunchClosed,
    NumbersExhausted.
    """
    item = hall.catalogue.services.get(service)
    if item is None:
        raise refusals.ServiceUnknown(service=service)
    self_service = unit.actor.kind == "device"
    if priority != ORDINARY and priority not in {
        c.id for c in hall.hall.priority.classes if not (self_service and c.by_staff_only)
    }:
        raise refusals.PriorityUnknown(priority=priority)
    queue = hall.catalogue.queues[item.queue]
    if self_service and not queue.self_register:
        raise refusals.ServiceByStaff(service=service, name=item.name)
    check_giving(unit, hall, queue.prefix)
    seq = next_seq(unit, queue.prefix)
    ticket = add_ticket(unit, queue.prefix, seq, number(queue, seq), service, priority, lang)
    leg = add_leg(unit, ticket, 1, queue.prefix)
    ahead = count_ahead(unit.connection, unit.hall, ticket.day, leg)
    slip = None
    if unit.actor.kiosk:
        slip = owe_slip(unit, hall, template, base_url, ticket, ahead, 1, unit.actor.kiosk)
    unit.add(TicketTaken(ticket.id, ticket.number, queue.prefix))
    unit.note("ticket.take", f"ticket:{ticket.id}", number=ticket.number, service=service, priority=priority)
    return Taken(ticket, leg, ahead, slip)


def check_giving(unit: Unit, hall: HallSettings, queue: str) -> None:
    """Raises when no new number of `queue` may be given now."""
    day = find_day(unit.connection, unit.hall, unit.day)
    zone: ZoneInfo = hall.zone
    local = unit.now.astimezone(zone).replace(tzinfo=None)
    if day is None or day.state == "closed":
        raise refusals.DayClosed(date=local.date().isoformat(), opens=None)
    if day.state != "open":
        raise refusals.DayClosing(date=day.day)
    if not day.by_hand:
        lunch = any(hall.catalogue.windows[w].lunch_duty for w in hall.catalogue.serving[queue])
        hall.calendar.check_taking(local, lunch)
