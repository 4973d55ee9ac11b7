"""挂起: set the served citizen aside (copying, paying), and bring them back to the same window."""

from __future__ import annotations

from server.actions.at_window import parked_leg, ticket_at, working_post
from server.domain import refusals
from server.domain.events import TicketHeld, TicketResumed
from server.domain.tickets import Leg, Move, State
from server.store.deeds import record
from server.store.tickets import leg_at, move
from server.store.unit import Unit


def hold(unit: Unit, window: str) -> Leg:
    """Raises WindowIdle, MoveRefused unless the service has started."""
    leg = ticket_at(unit, window)
    held = move(unit, leg, Move.HOLD)
    record(unit, window, Move.HOLD, leg, held)
    unit.add(TicketHeld(leg.ticket, leg.number, leg.queue, window))
    unit.note("ticket.hold", f"leg:{leg.id}", window=window)
    return held


def unhold(unit: Unit, window: str, leg: int) -> Leg:
    """The held citizen is served again. Raises WindowBusy, MoveRefused, TicketUnknown."""
    working_post(unit, window)
    found = parked_leg(unit, window, leg, State.HELD)
    current = leg_at(unit.connection, unit.hall, window)
    if current is not None:
        raise refusals.WindowBusy(window=window, number=current.number)
    back = move(unit, found, Move.UNHOLD)
    unit.add(TicketResumed(found.ticket, found.number, found.queue, window))
    unit.note("ticket.unhold", f"leg:{found.id}", window=window)
    return back
