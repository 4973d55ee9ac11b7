"""到达: the citizen is at the window and the service begins."""

from __future__ import annotations

from server.actions.at_window import ticket_at
from server.domain.events import VisitStarted
from server.domain.tickets import Leg, Move
from server.store.tickets import move
from server.store.unit import Unit


def start(unit: Unit, window: str) -> Leg:
    """Raises WindowIdle, MoveRefused when it has started already."""
    leg = ticket_at(unit, window)
    started = move(unit, leg, Move.START, started_at=unit.now)
    unit.add(VisitStarted(leg.ticket, leg.number, leg.queue, window))
    unit.note("visit.start", f"leg:{leg.id}", window=window)
    return started
