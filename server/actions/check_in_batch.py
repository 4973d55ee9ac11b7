"""集约服务: a batch checks in with its code and gets one number for all its matters, at the agreed window."""

from __future__ import annotations

from datetime import UTC

from server.actions.check_in import check_standing
from server.actions.print_slip import Told, owe_slip, printing_place
from server.actions.take_number import Taken
from server.domain import refusals
from server.domain.appointments import arrival
from server.domain.events import OrderChanged, TicketTaken
from server.domain.numbering import number
from server.domain.orders import Order, OrderStep, stepped
from server.domain.slips import SlipTemplate
from server.settings import HallSettings
from server.store.estimates import make_promise
from server.store.orders import add_number, numbers_for, save_order
from server.store.tickets import add_leg, add_ticket, count_ahead, next_seq
from server.store.unit import Unit
from server.store.windows import find_post


def check_in_batch(
    unit: Unit,
    hall: HallSettings,
    template: SlipTemplate,
    base_url: str,
    order: Order,
    at: str | None = None,
) -> Taken:
    """The one number of a batch, with the seniority of an appointment. It waits for the agreed window; when
    nobody sits there, for every window of the queue. at: the kiosk that prints it when staff check
    somebody in.

    Raises CheckedInAlready, OrderStateWrong, CheckInOtherDay, CheckInEarly, DayClosed, and for who is too
    late what taking a number raises.
    """
    earlier = numbers_for(unit.connection, order.id)
    if earlier:
        raise refusals.CheckedInAlready(number=earlier[0]["number"])
    state = stepped(order, OrderStep.CHECK_IN)
    assert order.at is not None
    assert order.window is not None
    day = order.at.astimezone(hall.zone).date().isoformat()
    if day != unit.now.astimezone(hall.zone).date().isoformat():
        raise refusals.CheckInOtherDay(date=day)
    agreed = order.at.astimezone(hall.zone)
    priority, origin = arrival(agreed, unit.now, hall.rules, hall.hall.appointment)
    queue = hall.catalogue.queues[hall.catalogue.services[order.service].queue]
    check_standing(unit, hall, queue.prefix, order.at, day)
    seq = next_seq(unit, queue.prefix)
    printed = number(queue, seq)
    ticket = add_ticket(unit, queue.prefix, seq, printed, order.service, priority, "zh")
    staffed = find_post(unit.connection, unit.hall, order.window).clerk is not None
    target = order.window if staffed else None
    leg = add_leg(unit, ticket, 1, queue.prefix, origin_at=origin.astimezone(UTC), target_window=target)
    add_number(unit, order.id, ticket.id)
    save_order(unit, order, state=state, ended_at=unit.now)
    ahead = count_ahead(unit.connection, unit.hall, ticket.day, leg)
    estimate = make_promise(unit, leg)
    slip = None
    kiosk = printing_place(unit, at)
    if kiosk:
        told = Told(ahead, estimate, items=order.items)
        slip = owe_slip(unit, hall, template, base_url, ticket, told, 1, kiosk)
    unit.add(TicketTaken(ticket.id, printed, queue.prefix))
    unit.add(OrderChanged(order.id, order.kind.value, state.value))
    facts = {"number": printed, "service": order.service, "priority": priority, "items": order.items}
    unit.note("ticket.take", f"ticket:{ticket.id}", order=order.id, **facts)
    return Taken(ticket, leg, ahead, slip, estimate)
