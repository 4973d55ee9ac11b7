"""What a ticket does after a leg is finished: back to the window that sent it, on to a further service, or
nothing."""

from __future__ import annotations

from server.domain.events import LegAdded
from server.domain.tickets import Leg, senders
from server.settings import HallSettings
from server.store.errands import open_errands, set_errand_leg
from server.store.tickets import add_leg, find_ticket, legs_of, next_ordinal
from server.store.unit import Unit
from server.store.windows import find_post

LEFT = "left"  # the outcome of somebody who went away: nothing follows


def open_next_leg(unit: Unit, hall: HallSettings, done: Leg, outcome: str) -> tuple[Leg | None, int | None]:
    """The waiting leg that follows `done` and the errand it is for. Number and seniority stay."""
    if outcome == LEFT:
        return None, None
    path = senders(legs_of(unit.connection, done.ticket)) if done.back_to is not None else []
    while path and path[-1] == done.window:  # it is back already
        path.pop()
    if path:
        return _go_back(unit, hall, done, *path[-2:]), None
    errand = next(iter(open_errands(unit.connection, done.ticket)), None)
    if errand is None:
        return None, None
    service = hall.catalogue.services[errand.service]
    leg = _add(unit, done, service.queue, None, service=service.id)
    set_errand_leg(unit, errand.id, leg.id)
    return leg, errand.id


def _go_back(unit: Unit, hall: HallSettings, done: Leg, *path: str) -> Leg:
    """To the sending window's own line, ahead of it; to the whole queue when nobody is there any more. path:
    the window that sent to the sender, if any, and the sender."""
    window = path[-1]
    place = hall.catalogue.windows[window]
    queue = done.queue if done.queue in place.queues else next(iter(place.queues), done.queue)
    staffed = find_post(unit.connection, unit.hall, window).clerk is not None
    target = window if staffed else None
    more = {"target_window": target, "came_back": staffed, "back_to": path[0] if len(path) > 1 else None}
    return _add(unit, done, queue, target, service=done.service, **more)


def _add(unit: Unit, done: Leg, queue: str, window: str | None, **more: object) -> Leg:
    ticket = find_ticket(unit.connection, unit.hall, done.ticket)
    kept = {"priority": done.priority, "origin_at": done.origin_at, "from_window": done.window}
    ordinal = next_ordinal(unit.connection, done.ticket)
    leg = add_leg(unit, ticket, ordinal, queue, **kept, **more)
    unit.add(LegAdded(leg.ticket, leg.number, queue, window))
    return leg
