"""What one clerk sees at one window. Before the call: counts and waits, never who is next (blind)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select

from server.domain.tickets import Leg, State
from server.domain.windows import Post, possible_acts
from server.store import tables as t
from server.store.snapshots.view import View, iso
from server.store.tickets import find_ticket, leg_at
from server.store.windows import find_post


def desk_value(view: View, window: str) -> dict[str, Any]:
    """The desk of `window` as the contract names it."""
    place = view.settings.catalogue.windows[window]
    post = find_post(view.connection, view.hall, window)
    leg = leg_at(view.connection, view.hall, window)
    person = view.settings.catalogue.people.get(post.clerk or "")
    reason = next((r for r in view.settings.choices.pause_reason if r.id == post.pause_reason), None)
    pause = {"reason": reason.id, "zh": reason.zh, "en": reason.en} if reason else None
    return {
        "window": {
            "id": window,
            "number": place.number,
            "name": place.name,
            "state": post.state,
            "pause": pause,
        },
        "me": {"id": person.id, "name": person.name} if person else None,
        "queues": list(place.queues),
        "overflow": list(place.overflow),
        "ticket": _ticket(view, leg) if leg else None,
        "held": [_parked(view, row) for row in _mine(view, window, State.HELD)],
        "missed": [_missed(view, row) for row in _mine(view, window, State.NO_SHOW)],
        "figures": figures(view, window),
        "keypad": _keypad(view, window),
        "can": _can(view, post, leg),
    }


def _can(view: View, post: Post, leg: Leg | None) -> list[str]:
    return possible_acts(post, leg.state if leg else None)


def _service(view: View, service: str) -> dict[str, str]:
    item = view.settings.catalogue.services[service]
    return {"id": item.id, "name": item.name, "name_en": item.name_en}


def _ticket(view: View, leg: Leg) -> dict[str, Any]:
    taken_at = find_ticket(view.connection, view.hall, leg.ticket).taken_at
    waited = (leg.called_at - leg.joined_at).total_seconds() if leg.called_at else 0.0
    facts = {"number": leg.number, "waited": leg.waited_min, "hard": round(view.settings.rules.hard)}
    materials = view.settings.catalogue.services[leg.service].materials
    return {
        "id": leg.ticket,
        "leg": leg.id,
        "number": leg.number,
        "service": _service(view, leg.service),
        "queue": leg.queue,
        "priority": leg.priority,
        "state": leg.state,
        "taken_at": iso(taken_at),
        "waited_s": max(0, round(waited)),
        "called_at": iso(leg.called_at),
        "started_at": iso(leg.started_at),
        "calls": leg.calls,
        "why": {"rule": leg.rule, **view.texts.both(f"why.{leg.rule}", **facts)},
        "note": leg.note,
        "from_window": leg.from_window,
        "materials": [{"name": m.name, "form": m.form, "required": m.required} for m in materials],
    }


def _mine(view: View, window: str, state: State) -> list[Row[Any]]:
    c = t.leg.c
    here = (c.hall == view.hall, c.day == view.day, c.window == window, c.state == state)
    query = select(c.id, c.number, c.service, c.started_at, c.ended_at, c.returns).where(*here).order_by(c.id)
    return list(view.connection.execute(query))


def _parked(view: View, row: Row[Any]) -> dict[str, Any]:
    service = _service(view, row.service)
    return {"leg": row.id, "number": row.number, "service": service, "since": iso(row.started_at)}


def _missed(view: View, row: Row[Any]) -> dict[str, Any]:
    can = row.returns < view.settings.hall.call.max_return_times
    service = _service(view, row.service)
    return {
        "leg": row.id,
        "number": row.number,
        "service": service,
        "at": iso(row.ended_at),
        "can_return": can,
    }


def figures(view: View, window: str) -> dict[str, Any]:
    """How many this window served today, how long on average (seconds), how many did not come."""
    c = t.leg.c
    today = (c.hall == view.hall, c.day == view.day, c.window == window)
    query = select(c.started_at, c.ended_at).where(*today, c.state == State.DONE)
    spans = [(b - a).total_seconds() for a, b in view.connection.execute(query) if a and b]
    missed = select(func.count()).where(*today, c.state == State.NO_SHOW)
    return {
        "served": len(spans),
        "avg_s": round(sum(spans) / len(spans)) if spans else None,
        "no_show": view.connection.execute(missed).scalar_one(),
    }


def _keypad(view: View, window: str) -> dict[str, str] | None:
    c = t.health.c
    query = select(c.state).where(c.hall == view.hall, c.window == window, c.kind == "keypad")
    state = view.connection.execute(query).scalar_one_or_none()
    return {"state": state} if state else None
