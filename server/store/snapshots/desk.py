"""What one clerk sees at one window. Before the call: counts and waits, never who is next (blind)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from server.domain.catalogue import Window
from server.domain.tickets import Leg, State
from server.domain.windows import Post, possible_acts
from server.store import tables as t
from server.store.deeds import last_deed
from server.store.emergencies import emergency_at
from server.store.errands import open_errands
from server.store.orders import order_of
from server.store.remote import find_remote
from server.store.snapshots.aside import held_row
from server.store.snapshots.public import pause_of
from server.store.snapshots.view import View, iso
from server.store.snapshots.why import why
from server.store.tickets import find_ticket, held_at, leg_at
from server.store.tidal import tidal_requests
from server.store.windows import find_post, posts

_LEG = t.leg.c
_TODAY = (_LEG.hall == bindparam("hall"), _LEG.day == bindparam("day"))
_ASIDE = (
    select(_LEG.id, _LEG.number, _LEG.service, _LEG.ended_at, _LEG.returns)
    .where(*_TODAY, _LEG.window == bindparam("window"), _LEG.state == State.NO_SHOW)
    .order_by(_LEG.id)
)
_RECENT = (
    select(_LEG.id, _LEG.number, _LEG.service, _LEG.outcome, _LEG.ended_at)
    .where(*_TODAY, _LEG.window == bindparam("window"), _LEG.state == State.DONE)
    .order_by(_LEG.ended_at.desc(), _LEG.id.desc())
    .limit(5)
)
_FIGURES = (
    select(
        _LEG.window,
        func.count(_LEG.served_s),
        func.sum(_LEG.served_s),
        func.count().filter(_LEG.state == State.NO_SHOW),
    )
    .where(*_TODAY, _LEG.window.in_(bindparam("windows", expanding=True)))
    .group_by(_LEG.window)
)
_MINE = select(
    func.count(_LEG.served_s),
    func.sum(_LEG.served_s),
    func.count().filter(_LEG.state == State.NO_SHOW),
).where(*_TODAY, _LEG.clerk == bindparam("clerk"))
_KEYPAD = select(t.health.c.state, t.health.c.reason).where(
    t.health.c.hall == bindparam("hall"),
    t.health.c.window == bindparam("window"),
    t.health.c.kind == "keypad",
)


def desk_value(view: View, window: str) -> dict[str, Any]:
    """The desk of `window` as the contract names it."""
    place = view.settings.catalogue.windows[window]
    post = find_post(view.connection, view.hall, window)
    leg = leg_at(view.connection, view.hall, window)
    person = view.settings.catalogue.people.get(post.clerk or "")
    pause = pause_of(view, post.pause_reason, post.back_at)
    return {
        "window": {
            "id": window,
            "number": place.number,
            "name": place.name,
            "name_en": place.name_en,
            "state": post.state,
            "pause": pause,
        },
        "me": {"id": person.id, "name": person.name, "name_en": person.name_en} if person else None,
        "queues": list(place.queues),
        "overflow": list(place.overflow),
        "ticket": _ticket(view, leg) if leg else None,
        "held": [held_row(view, leg) for leg in held_at(view.connection, view.hall, view.day, window)],
        "missed": [_missed(view, row) for row in _aside(view, window)],
        "figures": _mine(view, post.clerk),
        "keypad": _keypad(view, window),
        "can": _can(view, post, leg),
        "undo": _undo(view, window, post),
        "further": _further(view, leg) if leg else [],
        "done": [_done(view, row) for row in _recent(view, window)],
        "emergency": _emergency(view, window),
        "tidal": _tidal(view, place),
    }


def _can(view: View, post: Post, leg: Leg | None) -> list[str]:
    return possible_acts(post, leg.state if leg else None, view.settings.hall.call.auto_arrive_seconds > 0)


def _service(view: View, service: str) -> dict[str, str]:
    item = view.settings.catalogue.services[service]
    return {"id": item.id, "name": item.name, "name_en": item.name_en}


def _ticket(view: View, leg: Leg) -> dict[str, Any]:
    taken_at = find_ticket(view.connection, view.hall, leg.ticket).taken_at
    waited = (leg.called_at - leg.joined_at).total_seconds() if leg.called_at else 0.0
    materials = view.settings.catalogue.services[leg.service].materials
    return {
        "id": leg.ticket,
        "leg": leg.id,
        "number": leg.number,
        "service": _service(view, leg.service),
        "task_code": view.settings.catalogue.services[leg.service].task_code,
        "queue": leg.queue,
        "priority": leg.priority,
        "state": leg.state,
        "taken_at": iso(taken_at),
        "remote": _remote(view, leg.ticket),
        "waited_s": max(0, round(waited)),
        "called_at": iso(leg.called_at),
        "recall_at": iso(_recall_at(view, leg)),
        "back_to": leg.back_to,
        "started_at": iso(leg.started_at),
        "calls": leg.calls,
        "why": why(view, leg),
        "order": _order(view, leg.ticket),
        "note": leg.note,
        "from_window": leg.from_window,
        "materials": [
            {key: getattr(m, key) for key in ("name", "name_en", "form", "required", "deferrable")}
            for m in materials
        ],
    }


def _remote(view: View, ticket: int) -> str | None:
    """Since when whoever took it by phone has been in the hall; None for every other number."""
    remote = find_remote(view.connection, ticket)
    return iso(remote.arrived_at) if remote else None


def _order(view: View, ticket: int) -> dict[str, Any] | None:
    """The batch or the assisted errand for which the number was taken."""
    order = order_of(view.connection, view.hall, ticket)
    return {"id": order.id, "kind": order.kind.value, "items": order.items} if order else None


def _recall_at(view: View, leg: Leg) -> datetime | None:
    """When the called ticket may be announced again."""
    call = view.settings.hall.call
    if leg.called_at is None or (leg.state is not State.CALLED and not call.auto_arrive_seconds):
        return None
    return leg.called_at + timedelta(seconds=call.recall_interval_seconds) * leg.calls


def _undo(view: View, window: str, post: Post) -> dict[str, Any] | None:
    """What the clerk there may take back, and until when."""
    deed = last_deed(view.connection, view.hall, view.day, window)
    if deed is None or deed.clerk != post.clerk:
        return None
    until = deed.at + timedelta(seconds=view.settings.hall.call.undo_seconds)
    return {"move": deed.move, "number": deed.number, "until": iso(until)}


def _further(view: View, leg: Leg) -> list[dict[str, Any]]:
    """The services that follow on this ticket."""
    errands = open_errands(view.connection, leg.ticket)
    return [{"id": errand.id, "service": _service(view, errand.service)} for errand in errands]


def _recent(view: View, window: str) -> Sequence[Row[Any]]:
    return view.connection.execute(_RECENT, {"hall": view.hall, "day": view.day, "window": window}).all()


def _done(view: View, row: Row[Any]) -> dict[str, Any]:
    service = _service(view, row.service)
    facts = {"leg": row.id, "number": row.number, "outcome": row.outcome, "at": iso(row.ended_at)}
    return {**facts, "service": service}


def _emergency(view: View, window: str) -> dict[str, Any] | None:
    found = emergency_at(view.connection, view.hall, window)
    if found is None:
        return None
    owner = view.settings.catalogue.people.get(found.owner or "")
    return {"state": found.state, "owner": owner.name if owner else None, "at": iso(found.raised_at)}


def _tidal(view: View, place: Window) -> str | None:
    """How the request for a tidal window stands; None for any other."""
    if place.default_state != "tidal":
        return None
    asked = tidal_requests(view.connection, view.hall, view.day).get(place.id)
    return asked.state if asked else None


def people_value(view: View) -> list[dict[str, str]]:
    """Who sits at which window now: a ticket can be sent to them, and to these windows only."""
    known, catalogue = posts(view.connection, view.hall), view.settings.catalogue
    return [
        {
            "id": post.clerk,
            "name": catalogue.people[post.clerk].name,
            "name_en": catalogue.people[post.clerk].name_en,
            "window": w.id,
            "number": w.number,
            "state": post.state,
        }
        for w in catalogue.windows.values()
        if (post := known.get(w.id)) is not None and post.clerk in catalogue.people
    ]


def _aside(view: View, window: str) -> Sequence[Row[Any]]:
    """Who missed the call here today."""
    return view.connection.execute(_ASIDE, {"hall": view.hall, "day": view.day, "window": window}).all()


def _missed(view: View, row: Row[Any]) -> dict[str, Any]:
    """until: when it is too late to come back; None: they came back as often as the hall allows."""
    call = view.settings.hall.call
    until = row.ended_at + timedelta(minutes=call.no_show_return_minutes)
    return {
        "leg": row.id,
        "number": row.number,
        "service": _service(view, row.service),
        "at": iso(row.ended_at),
        "until": iso(until) if row.returns < call.max_return_times else None,
    }


def _mine(view: View, clerk: str | None) -> dict[str, Any]:
    """The figures of the person at the desk, at whichever window they worked today; those of a day that is
    closed stay until midnight."""
    day = view.last_day()
    if view.day is None and day != view.at.astimezone(view.settings.zone).date().isoformat():
        day = None
    which = {"hall": view.hall, "day": day, "clerk": clerk}
    return _figures(*view.connection.execute(_MINE, which).one())


def figures(view: View, windows: Collection[str]) -> dict[str, dict[str, Any]]:
    """How many each window served on the last day that was opened, how long on average (seconds), how many
    did not come."""
    which = {"hall": view.hall, "day": view.last_day(), "windows": list(windows)}
    sums = {w: (served, span, missed) for w, served, span, missed in view.connection.execute(_FIGURES, which)}
    return {w: _figures(*sums.get(w, (0, None, 0))) for w in windows}


def _figures(served: int, span_s: int | None, missed: int) -> dict[str, Any]:
    return {"served": served, "avg_s": round(span_s / served) if span_s else None, "no_show": missed}


def _keypad(view: View, window: str) -> dict[str, str] | None:
    row = view.connection.execute(_KEYPAD, {"hall": view.hall, "window": window}).one_or_none()
    return {"state": row.state, "reason": row.reason} if row else None
