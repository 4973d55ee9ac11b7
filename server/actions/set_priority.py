"""核验优先: a member of staff gives a waiting number the class that is right, or takes away one that was
claimed wrongly. Where the waiting began stays."""

from __future__ import annotations

from server.domain import refusals
from server.domain.events import TicketReclassed
from server.domain.routing import APPOINTMENT, ORDINARY
from server.domain.tickets import Leg, State
from server.settings import HallSettings
from server.store.tickets import find_ticket, last_leg, restore
from server.store.unit import Unit


def set_priority(unit: Unit, hall: HallSettings, ticket: int, priority: str, reason: str) -> Leg:
    """Raises TicketUnknown, PriorityUnknown, MoveRefused unless the number waits; an appointment is a time
    that was agreed, and no class to give or take."""
    found, leg = find_ticket(unit.connection, unit.hall, ticket), last_leg(unit.connection, ticket)
    if priority != ORDINARY and priority not in {c.id for c in hall.hall.priority.classes}:
        raise refusals.PriorityUnknown(priority=priority)
    if leg.state is not State.WAITING or leg.priority == APPOINTMENT or found.day != unit.day:
        raise refusals.MoveRefused(state=leg.state.value, number=found.number)
    right = restore(unit, leg, priority=priority)
    unit.add(TicketReclassed(ticket, found.number, leg.queue))
    unit.note("ticket.priority", f"ticket:{ticket}", was=leg.priority, now=priority, reason=reason)
    return right
