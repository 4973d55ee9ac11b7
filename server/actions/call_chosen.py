"""点名叫号: call one waiting number by choice, with a reason from the list. Counted for supervision."""

from __future__ import annotations

from server.actions.at_window import working_post
from server.actions.call_next import call
from server.domain import refusals
from server.domain.events import TicketChosen
from server.domain.routing import minutes
from server.domain.skills import help_pools, own_pools
from server.domain.tickets import Leg, State
from server.domain.windows import check_may_call
from server.settings import HallSettings
from server.store.tickets import leg_at, legs_in
from server.store.unit import Unit


def call_chosen(unit: Unit, hall: HallSettings, window: str, number: str, reason: str) -> Leg:
    """Raises ChoiceReasonUnknown, NumberNotWaiting, and what call_next raises."""
    if reason not in {r.id for r in hall.choices.choice_reason}:
        raise refusals.ChoiceReasonUnknown(reason=reason)
    post, clerk = working_post(unit, window)
    current = leg_at(unit.connection, unit.hall, window)
    check_may_call(post, clerk, current.number if current else None)
    leg = _waiting(unit, hall, window, clerk, number)
    waited = max(0, round(minutes(unit.now - leg.origin_at)))
    called = call(unit, hall, window, clerk, leg, "choice", waited, choice=reason)
    unit.add(TicketChosen(called.ticket, called.number, window, reason))
    unit.note("ticket.choose", f"leg:{called.id}", window=window, reason=reason)
    return called


def _waiting(unit: Unit, hall: HallSettings, window: str, clerk: str, number: str) -> Leg:
    """The waiting leg of `number` that this window might have been given by the rule."""
    place = hall.catalogue.windows[window]
    person, on = hall.catalogue.people.get(clerk), unit.now.astimezone(hall.zone).date()
    able = (place, person, hall.catalogue, hall.files, on)
    pools = (*own_pools(*able), *help_pools(*able))
    for leg in legs_in(unit.connection, unit.hall, unit.day or "", State.WAITING):
        if leg.number != number:
            continue
        if leg.target_window or leg.target_clerk:
            mine = leg.target_window == window or leg.target_clerk == clerk
        else:
            mine = any(leg.queue == q and s in (None, leg.service) for q, s in pools)
        if mine:
            return leg
    raise refusals.NumberNotWaiting(number=number)
