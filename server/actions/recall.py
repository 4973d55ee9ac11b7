"""重呼: announce the called ticket again."""

from __future__ import annotations

from datetime import timedelta

from server.actions.at_window import ticket_at
from server.domain import refusals
from server.domain.events import TicketRecalled
from server.domain.tickets import Leg, Move, State
from server.settings import HallSettings
from server.store.tickets import add_call, move
from server.store.unit import Unit


def recall(unit: Unit, hall: HallSettings, window: str) -> Leg:
    """The n-th announcement; nothing else changes, but that who was only taken as arrived
    (call.auto_arrive_seconds) is waited for again. Raises WindowIdle, MoveRefused, RecallTooSoon."""
    leg = ticket_at(unit, window)
    if leg.state is State.SERVING and not hall.hall.call.auto_arrive_seconds:
        raise refusals.MoveRefused(state=leg.state.value, move=Move.RECALL.value)
    if leg.called_at is not None:
        spacing = timedelta(seconds=hall.hall.call.recall_interval_seconds)
        wait = leg.called_at + spacing * leg.calls - unit.now
        if wait > timedelta(0):
            raise refusals.RecallTooSoon(number=leg.number, wait_s=round(wait.total_seconds()) or 1)
    again = move(unit, leg, Move.RECALL, calls=leg.calls + 1, started_at=None)
    call = add_call(unit, again)
    number = hall.catalogue.windows[window].number
    unit.add(TicketRecalled(call, leg.ticket, leg.number, leg.queue, window, number, again.calls))
    unit.note("ticket.recall", f"leg:{leg.id}", window=window, n=again.calls)
    return again
