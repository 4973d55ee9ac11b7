"""Who is set aside (挂起) or missed the call, seen from another desk and from the manager's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.domain.holding import held_until, in_pools, is_open_to_others, may_return
from server.domain.skills import Pool, help_pools, own_pools
from server.domain.tickets import Leg, State
from server.domain.windows import Post, WindowState
from server.store.snapshots.view import View, iso
from server.store.tickets import legs_in
from server.store.windows import find_post, posts


def others_value(view: View, window: str) -> dict[str, list[dict[str, Any]]]:
    """What other windows left that the person at `window` could take up: {held, missed}, as in the desk, with
    the window's number. A hold whose limit is still to come stands here with it, if its window is gone."""
    catalogue, call = view.settings.catalogue, view.settings.hall.call
    pools = _pools(view, window)
    if not pools:
        return {"held": [], "missed": []}
    known = posts(view.connection, view.hall)
    held, missed = [], []
    for leg in legs_in(view.connection, view.hall, view.day or "", State.HELD, State.NO_SHOW):
        if leg.window == window or leg.window not in catalogue.windows or not in_pools(leg, pools):
            continue
        post = known.get(leg.window, Post(leg.window))
        if leg.state is State.HELD and is_open_to_others(leg, post, call.max_hold_minutes, view.at):
            held.append(held_row(view, leg))
        elif leg.state is State.NO_SHOW and may_return(
            leg, call.max_return_times, call.no_show_return_minutes, view.at
        ):
            until = (leg.ended_at or view.at) + timedelta(minutes=call.no_show_return_minutes)
            missed.append({**_row(view, leg), "at": iso(leg.ended_at), "until": iso(until)})
    return {"held": held, "missed": missed}


def held_value(view: View) -> list[dict[str, Any]]:
    """Everybody who is set aside in the hall, the longest first, and whether their window still works."""
    known = posts(view.connection, view.hall)
    legs = legs_in(view.connection, view.hall, view.day or "", State.HELD)
    rows = []
    for leg in sorted(legs, key=lambda leg: (leg.held_at or leg.joined_at, leg.id)):
        post = known.get(leg.window or "", Post(leg.window or ""))
        row = {**held_row(view, leg), "ticket": leg.ticket}
        rows.append({**row, "left": post.state is WindowState.CLOSED})
    return rows


def held_row(view: View, leg: Leg) -> dict[str, Any]:
    """until: when it must be taken up, sent on or closed."""
    until = held_until(leg, view.settings.hall.call.max_hold_minutes)
    return {**_row(view, leg), "since": iso(leg.held_at or leg.started_at), "until": iso(until)}


def _row(view: View, leg: Leg) -> dict[str, Any]:
    catalogue = view.settings.catalogue
    service, place = catalogue.services[leg.service], catalogue.windows.get(leg.window or "")
    return {
        "leg": leg.id,
        "number": leg.number,
        "service": {"id": service.id, "name": service.name, "name_en": service.name_en},
        "window": place.number if place else "",
    }


def _pools(view: View, window: str) -> tuple[Pool, ...]:
    catalogue = view.settings.catalogue
    clerk = find_post(view.connection, view.hall, window).clerk
    who = (catalogue.windows[window], catalogue.people.get(clerk or ""), catalogue, view.settings.files)
    on = view.at.astimezone(view.settings.zone).date()
    return (*own_pools(*who, on), *help_pools(*who, on))
