"""更正: set the outcome or the service of today's visit right, with a reason. The audit trail keeps both."""

from __future__ import annotations

from dataclasses import replace

from server.actions.at_window import working_post
from server.domain import refusals
from server.domain.events import VisitCorrected
from server.domain.tickets import AT_WINDOW, Leg, State
from server.settings import HallSettings
from server.store.tickets import day_of, find_leg, restore
from server.store.unit import Unit


def correct(
    unit: Unit,
    hall: HallSettings,
    window: str,
    leg: int,
    outcome: str | None,
    service: str | None,
    reason: str,
) -> Leg:
    """A finished visit of this window, or (its service only) the one standing there. Nothing else changes.

    Raises TicketUnknown, CorrectionLate, OutcomeUnknown, ServiceUnknown, MoveRefused.
    """
    working_post(unit, window)
    found = find_leg(unit.connection, unit.hall, leg)
    if found.window != window:
        raise refusals.TicketUnknown(leg=leg)
    if day_of(unit.connection, leg) != unit.day:
        raise refusals.CorrectionLate(number=found.number)
    if found.state not in ((State.DONE,) if outcome else (State.DONE, *AT_WINDOW)):
        raise refusals.MoveRefused(state=found.state.value, number=found.number)
    if outcome is not None and outcome not in {o.id for o in hall.choices.outcome}:
        raise refusals.OutcomeUnknown(outcome=outcome)
    if service is not None and service not in hall.catalogue.services:
        raise refusals.ServiceUnknown(service=service)
    right = replace(found, outcome=outcome or found.outcome, service=service or found.service)
    restore(unit, found, outcome=right.outcome, service=right.service)
    was = {"outcome": found.outcome, "service": found.service}
    now = {"outcome": right.outcome, "service": right.service}
    unit.add(VisitCorrected(found.ticket, found.number, window))
    unit.note("visit.correct", f"leg:{leg}", window=window, was=was, now=now, reason=reason)
    return right
