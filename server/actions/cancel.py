"""取消: the citizen gives the number back by the ticket's own link."""

from __future__ import annotations

from server.domain.events import TicketCancelled
from server.domain.tickets import Leg, Move
from server.store.tickets import last_leg, move
from server.store.unit import Unit


def cancel(unit: Unit, ticket: int) -> Leg:
    """Raises MoveRefused unless the ticket is still waiting."""
    leg = last_leg(unit.connection, ticket)
    gone = move(unit, leg, Move.CANCEL, ended_at=unit.now)
    unit.add(TicketCancelled(leg.ticket, leg.number, leg.queue))
    unit.note("ticket.cancel", f"leg:{leg.id}")
    return gone
