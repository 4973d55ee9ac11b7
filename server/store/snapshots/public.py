"""Rows that anybody in the hall may see: windows, queues, calls, the day. No name of a citizen, ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from server.domain.catalogue import Person, Window
from server.domain.skills import is_able
from server.domain.tickets import AT_WINDOW, State
from server.store import tables as t
from server.store.days import find_day
from server.store.estimates import UNKNOWN, estimate_json
from server.store.scene import queue_estimates
from server.store.snapshots.view import Ids, Rows, View, iso, wanted

CALLS_SHOWN = 24  # a board of one area picks its own
NEXT_SHOWN = 4
COUNTED = (
    State.AWAY,
    State.WAITING,
    State.HELD,
    State.CALLED,
    State.SERVING,
    State.DONE,
    State.NO_SHOW,
    State.CANCELLED,
    State.EXPIRED,
)


def window_rows(view: View, ids: Ids) -> Rows:
    """Windows with state, the clerk who sits there now and the ticket at the desk."""
    windows = view.settings.catalogue.windows
    chosen = wanted(ids, windows)
    posts = _posts(view, chosen)
    legs = _legs_at(view, chosen)
    return {w: _window(view, windows[w], posts.get(w, {}), legs.get(w)) for w in chosen}


def _posts(view: View, windows: list[str]) -> dict[str, dict[str, Any]]:
    query = select(t.post).where(t.post.c.hall == view.hall, t.post.c.window.in_(windows))
    return {row["window"]: dict(row) for row in view.connection.execute(query).mappings()}


def _legs_at(view: View, windows: list[str]) -> dict[str, dict[str, Any]]:
    c = t.leg.c
    query = select(c.window, c.number, c.state).where(
        c.hall == view.hall, c.state.in_(AT_WINDOW), c.window.in_(windows)
    )
    return {
        r["window"]: {"number": r["number"], "state": r["state"]}
        for r in view.connection.execute(query).mappings()
    }


def _window(
    view: View, window: Window, post: dict[str, Any], ticket: dict[str, Any] | None
) -> dict[str, Any]:
    person = view.settings.catalogue.people.get(post.get("clerk") or "")
    return {
        "id": window.id,
        "number": window.number,
        "name": window.name,
        "name_en": window.name_en,
        "zone": window.zone,
        "zone_en": view.settings.zones.get(window.zone, ""),
        "queues": list(window.queues),
        "classes": [
            {"id": c.id, "name": c.name, "name_en": c.name_en}
            for c in map(view.settings.catalogue.classes.get, window.classes)
            if c is not None
        ],
        "state": post.get("state", "closed"),
        "out": window.out,
        "pause": pause_of(view, post.get("pause_reason"), post.get("back_at")),
        "clerk": badge(view, person) if person else None,
        "ticket": ticket,
    }


def badge(view: View, person: Person) -> dict[str, Any]:
    """What the law wants shown of who serves: photo, name, number, post, duties."""
    file = f"/photos/{person.id}" if person.id in view.settings.photos else None
    return {
        "id": person.id,
        "name": person.name,
        "name_en": person.name_en,
        "title": person.title,
        "title_en": person.title_en,
        "duties": person.duties,
        "duties_en": person.duties_en,
        "photo": f"/uploads/{person.photo}" if person.photo else file,
    }


def pause_of(view: View, reason: str | None, back_at: datetime | None) -> dict[str, Any] | None:
    """Why a window is paused, in words, and when its clerk means to be back."""
    found = next((r for r in view.settings.choices.pause_reason if r.id == reason), None)
    return {"reason": found.id, "zh": found.zh, "en": found.en, "back_at": iso(back_at)} if found else None


def queue_rows(view: View, ids: Ids) -> Rows:
    """Queues with how many wait, are called, are served, and how many windows work for them (open, with
    somebody who may call them), and what a number taken now may expect."""
    queues = view.settings.catalogue.queues
    chosen = wanted(ids, queues)
    c = t.leg.c
    counting = select(c.queue, c.state, func.count()).where(c.hall == view.hall, c.day == view.day)
    counts = {(q, s): n for q, s, n in view.connection.execute(counting.group_by(c.queue, c.state))}
    working, local = _working_windows(view), view.at.astimezone(view.settings.zone).date()
    files, serving = view.settings.files.windows, view.settings.catalogue.serving

    def serves(window: str, queue: str) -> bool:
        person = working.get(window)
        return person is not None and is_able(person, queues[queue], files, local)

    shows = view.settings.hall.ticket.show_estimated_wait
    ahead = queue_estimates(view.connection, view.hall, view.settings) if shows else {}
    rows: Rows = {}
    for q in chosen:
        rows[q] = {
            "id": q,
            "name": queues[q].name,
            "name_en": queues[q].name_en,
            "away": counts.get((q, State.AWAY), 0),
            "waiting": counts.get((q, State.WAITING), 0),
            "serving": counts.get((q, State.SERVING), 0),
            "called": counts.get((q, State.CALLED), 0),
            "windows_open": sum(serves(w, q) for w in serving[q]),
            "estimate": estimate_json(ahead.get(q, UNKNOWN)) if shows else None,
        }
    return rows


def next_rows(view: View, ids: Ids) -> Rows:
    """The numbers of each queue that have waited longest: who should stay near. No promise of an order: a
    rule calls, and nobody but the number's owner knows whose it is."""
    c = t.leg.c
    waiting = (c.hall == view.hall, c.day == view.day, c.state == State.WAITING)
    rows: Rows = {}
    for q in wanted(ids, view.settings.catalogue.queues):
        query = select(c.number).where(*waiting, c.queue == q).order_by(c.origin_at, c.id).limit(NEXT_SHOWN)
        rows[q] = {"id": q, "numbers": list(view.connection.execute(query).scalars())}
    return rows


def _working_windows(view: View) -> dict[str, Person | None]:
    """Open windows with who sits there; None: not on file any more."""
    c, people = t.post.c, view.settings.catalogue.people
    query = select(c.window, c.clerk).where(c.hall == view.hall, c.state == "open")
    return {window: people.get(clerk or "") for window, clerk in view.connection.execute(query)}


def calls_value(view: View) -> list[dict[str, Any]]:
    """The last announcements of the day, newest first."""
    c = t.call.c
    query = select(c.id, c.number, c.window, c.n, c.at).where(
        c.hall == view.hall, c.day == view.day, c.taken_back.is_(False)
    )
    rows = view.connection.execute(query.order_by(c.id.desc()).limit(CALLS_SHOWN)).mappings()
    numbers = view.settings.catalogue.windows
    return [
        {
            "id": r["id"],
            "number": r["number"],
            "window": numbers[r["window"]].number,
            "window_id": r["window"],
            "n": r["n"],
            "at": iso(r["at"]),
        }
        for r in rows
    ]


def day_value(view: View) -> dict[str, Any]:
    """The day and its sums. date: of the last day that was opened, so that faces know an ended one from none
    yet: its sums stay until the next one opens, and who shows them asks whether that date is today's."""
    day = find_day(view.connection, view.hall, view.day)
    date = view.last_day()
    known = {
        "date": date,
        "state": day.state if day else "closed",
        "provisional": bool(day and day.provisional),
    }
    return {**known, **day_sums(view, date)}


def day_sums(view: View, day: str | None) -> dict[str, int]:
    """taken = all the others together (I7). A ticket of several legs is counted by the one it stands at."""
    c = t.leg.c
    counting = (
        select(c.state, func.count())
        .where(c.hall == view.hall, c.day == day, c.superseded.is_(False))
        .group_by(c.state)
    )
    counts = {state: n for state, n in view.connection.execute(counting)}
    sums = {state.value: counts.get(state, 0) for state in COUNTED}
    return {"taken": sum(sums.values()), **sums}
