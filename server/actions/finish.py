"""办结: end the service with an outcome, and ask the citizen how it was."""

from __future__ import annotations

from typing import Any

from server.actions.at_window import ticket_at
from server.actions.next_leg import open_next_leg
from server.domain import refusals
from server.domain.events import RatingAsked, VisitFinished
from server.domain.tickets import Leg, Move
from server.settings import HallSettings
from server.store import ratings
from server.store.deeds import record
from server.store.tickets import move, restore
from server.store.unit import Unit


def finish(unit: Unit, hall: HallSettings, window: str, outcome: str = "done") -> Leg:
    """A ticket with a further service, or sent here by another window, waits again after it.

    Raises WindowIdle, OutcomeUnknown, MoveRefused when the service has not started."""
    if outcome not in {o.id for o in hall.choices.outcome}:
        raise refusals.OutcomeUnknown(outcome=outcome)
    leg = ticket_at(unit, window)
    served = unit.now - (leg.started_at or unit.now)
    changes: dict[str, Any] = {
        "ended_at": unit.now,
        "outcome": outcome,
        "served_s": round(served.total_seconds()),
    }
    done = move(unit, leg, Move.FINISH, **changes)
    further, errand = open_next_leg(unit, hall, done, outcome)
    if further is not None:
        done = restore(unit, done, superseded=True)
    record(unit, window, Move.FINISH, leg, done, next_leg=further.id if further else None, errand=errand)
    ratings.ask(unit, leg.id, window, leg.clerk or "")
    unit.add(VisitFinished(leg.ticket, leg.number, leg.queue, window, outcome), RatingAsked(window, leg.id))
    unit.note("visit.finish", f"leg:{leg.id}", window=window, outcome=outcome)
    return done
