"""潮汐窗口: the load asks, the duty leader decides, a calm hall lets the window go again."""

from __future__ import annotations

from datetime import timedelta

from server.domain import refusals
from server.domain.events import TidalCleared, TidalConfirmed, TidalDeclined, TidalRequested
from server.domain.tidal import Load, Request, is_loaded, next_tidal, queues_of
from server.settings import HallSettings
from server.store.tidal import loads, save_request, tidal_requests
from server.store.unit import Unit
from server.store.windows import staffed_windows


def watch_load(unit: Unit, hall: HallSettings) -> None:
    """Ask for the next tidal window of each loaded queue; let go of those whose queues have long been clear.

    Harmless to repeat: it is looked at with every beat of the hall.
    """
    if unit.day is None:
        return
    rule, now = hall.tidal, unit.now
    rest = timedelta(minutes=rule.close_after_minutes_clear)
    found, requests = loads(unit), tidal_requests(unit.connection, unit.hall, unit.day)
    loaded = [
        q
        for q in rule.queues
        if is_loaded(found.get(q, Load()), rule.queue_length_at_least, rule.oldest_wait_minutes_at_least)
    ]
    _let_go(unit, hall, requests, set(loaded), rest)
    staffed = staffed_windows(unit.connection, unit.hall)
    for queue in loaded:
        window = next_tidal(queue, hall.catalogue.windows.values(), staffed, requests, now, rest)
        if window is None:
            continue
        by_itself = rule.needs == "automatic"
        state, load = ("confirmed" if by_itself else "requested"), found[queue]
        asked = Request(window.id, state, queue, load.waiting, load.oldest_s, now)
        requests[window.id] = asked
        save_request(
            unit, window.id, state=state, queue=queue, waiting=load.waiting, oldest_s=load.oldest_s, at=now
        )
        unit.add(TidalConfirmed(window.id) if by_itself else TidalRequested(window.id))
        facts = {"queue": queue, "waiting": load.waiting, "oldest_s": load.oldest_s}
        unit.note("tidal.request", f"window:{window.id}", state, **facts)


def _let_go(
    unit: Unit, hall: HallSettings, requests: dict[str, Request], loaded: set[str], rest: timedelta
) -> None:
    for window, asked in list(requests.items()):
        if not asked.runs:
            continue
        values = {
            "queue": asked.queue,
            "waiting": asked.waiting,
            "oldest_s": asked.oldest_s,
            "decided_by": asked.decided_by,
        }
        if queues_of(hall.catalogue.windows[window]) & loaded:
            if asked.clear_since is not None:
                save_request(unit, window, state=asked.state, at=asked.at, **values)
        elif asked.clear_since is None:
            save_request(unit, window, state=asked.state, at=asked.at, clear_since=unit.now, **values)
        elif unit.now - asked.clear_since >= rest:
            del requests[window]
            save_request(unit, window, state="cleared", at=unit.now, **values)
            unit.add(TidalCleared(window))
            unit.note("tidal.clear", f"window:{window}")


def decide_tidal(unit: Unit, hall: HallSettings, window: str, yes: bool) -> None:
    """The duty leader agrees that a tidal window opens, asked by the load or not, or declines the request.

    Raises WindowUnknown for a window that is not tidal, DayClosed.
    """
    place = hall.catalogue.windows.get(window)
    if place is None or place.default_state != "tidal":
        raise refusals.WindowUnknown(window=window)
    if unit.day is None:
        raise refusals.DayClosed(date=None, opens=None)
    asked = tidal_requests(unit.connection, unit.hall, unit.day).get(window)
    kept = {"queue": asked.queue, "waiting": asked.waiting, "oldest_s": asked.oldest_s} if asked else {}
    state = "confirmed" if yes else "declined"
    save_request(unit, window, state=state, at=unit.now, decided_by=unit.actor.id, **kept)
    unit.add(TidalConfirmed(window) if yes else TidalDeclined(window))
    unit.note("tidal.decide", f"window:{window}", state)


def check_tidal(unit: Unit, hall: HallSettings, window: str) -> None:
    """Raises WindowTidal when the window opens only by request and nobody has agreed."""
    if hall.catalogue.windows[window].default_state != "tidal":
        return
    asked = tidal_requests(unit.connection, unit.hall, unit.day).get(window)
    if asked is None or asked.state != "confirmed":
        raise refusals.WindowTidal(window=window)
