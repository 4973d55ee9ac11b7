"""自动到达: where clerks do not press 到达, who was called is taken as arrived after some seconds."""

from __future__ import annotations

from datetime import timedelta

from server.domain.events import VisitStarted
from server.domain.tickets import Move, State
from server.settings import HallSettings
from server.store.tickets import last_announced, legs_in, move
from server.store.unit import Unit


def auto_arrive(unit: Unit, hall: HallSettings) -> None:
    """hall.toml call.auto_arrive_seconds after the last announcement; 0: the clerk says so. Harmless to
    repeat."""
    seconds = hall.hall.call.auto_arrive_seconds
    if not seconds or unit.day is None:
        return
    for leg in legs_in(unit.connection, unit.hall, unit.day, State.CALLED):
        if unit.now - last_announced(unit.connection, leg) < timedelta(seconds=seconds):
            continue
        move(unit, leg, Move.START, started_at=unit.now)
        unit.add(VisitStarted(leg.ticket, leg.number, leg.queue, leg.window or ""))
        unit.note("visit.start", f"leg:{leg.id}", window=leg.window, after_s=seconds)
