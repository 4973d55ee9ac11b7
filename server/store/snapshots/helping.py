"""What wants the manager or the duty leader: emergencies, tidal windows, posts, and calls by choice."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

from server.domain.leave import Leave, LeaveState
from server.domain.posts import main_person, post_state, stand_ins
from server.domain.rosters import Shift
from server.domain.windows import Post
from server.store.covers import covers
from server.store.deeds import choices_by_clerk
from server.store.emergencies import running_emergencies
from server.store.leaves import leaves_in
from server.store.snapshots.view import View, iso
from server.store.tidal import tidal_requests
from server.store.windows import posts


def emergencies_value(view: View) -> list[dict[str, Any]]:
    """Those that are not closed, oldest first."""
    catalogue = view.settings.catalogue
    return [
        {
            "id": e.id,
            "window": catalogue.windows[e.window].number,
            "window_id": e.window,
            "person": catalogue.people[e.person].name if e.person in catalogue.people else "",
            "state": e.state,
            "owner": catalogue.people[e.owner].name if e.owner in catalogue.people else None,
            "at": iso(e.raised_at),
        }
        for e in running_emergencies(view.connection, view.hall)
    ]


def tidal_value(view: View) -> list[dict[str, Any]]:
    """Every tidal window and how its request stands."""
    asked = tidal_requests(view.connection, view.hall, view.day)
    rows = []
    for w in view.settings.catalogue.windows.values():
        if w.default_state != "tidal":
            continue
        r = asked.get(w.id)
        facts = {"state": r.state if r else "closed", "queue": r.queue if r else None}
        figures = {"waiting": r.waiting if r else 0, "oldest_s": r.oldest_s if r else 0}
        rows.append({"window": w.id, "number": w.number, **facts, **figures, "at": iso(r.at) if r else None})
    return rows


def posts_value(view: View) -> dict[str, dict[str, Any]]:
    """Each post by window: covered_by_a | away | covered_by_b | uncovered, who is to sit there when on the
    business day, who was called."""
    known, called = posts(view.connection, view.hall), covers(view.connection, view.hall)
    people = view.settings.catalogue.people.values()
    planned: dict[str, Leave] = {}
    for leave in leaves_in(view.connection, view.hall, LeaveState.APPROVED):
        planned.setdefault(leave.person, leave)
    rows = {}
    for w in view.settings.catalogue.windows.values():
        main, cover = main_person(w.id, people), called.get(w.id, "none")
        shifts = view.settings.duties.shifts(w.id, date.fromisoformat(view.day)) if view.day else []
        named = {s.person for s in shifts if s.person} or ({main.id} if main else set())
        rows[w.id] = {
            "state": post_state(known.get(w.id, Post(w.id)), named, cover),
            "number": w.number,
            "tidal": w.default_state == "tidal",
            "a": main.name if main else None,
            "b": [p.name for p in stand_ins(w.id, people)],
            "called": cover,
            "leave": _span(planned.get(main.id)) if main else None,
            "shifts": [_shift(view, s) for s in shifts if s.staffed],
        }
    return rows


def _shift(view: View, shift: Shift) -> dict[str, Any]:
    """One person's time at a window; which of them runs is for whoever reads the clock."""
    person = view.settings.catalogue.people.get(shift.person or "")
    zone = view.settings.zone
    since, until = (iso(at.replace(tzinfo=zone).astimezone(UTC)) for at in (shift.start, shift.end))
    return {"person": person.name if person else None, "since": since, "until": until}


def _span(leave: Leave | None) -> dict[str, str | None] | None:
    """When the main person is, or will be, away; whether it has begun is for whoever reads the clock."""
    return {"since": iso(leave.since), "until": iso(leave.until)} if leave else None


def leaves_value(view: View) -> list[dict[str, Any]]:
    """The leaves that wait for a word, are to come or run, by when they begin."""
    open_ = leaves_in(view.connection, view.hall, LeaveState.REQUESTED, LeaveState.APPROVED)
    return [leave_row(view, x) for x in open_]


def leave_row(view: View, leave: Leave) -> dict[str, Any]:
    people = view.settings.catalogue.people
    names = {p: people[p].name for p in (leave.person, leave.decided_by) if p is not None and p in people}
    return {
        "id": leave.id,
        "person": leave.person,
        "name": names.get(leave.person, leave.person),
        "since": iso(leave.since),
        "until": iso(leave.until),
        "state": leave.state.value,
        "note": leave.note,
        "decided_by": names.get(leave.decided_by or ""),
        "closed_at": iso(leave.closed_at),
    }


def choices_value(view: View) -> list[dict[str, Any]]:
    """Calls by choice on the last day that was opened: per clerk how many, and for which reasons."""
    sums: dict[str, dict[str, int]] = {}
    for row in choices_by_clerk(view.connection, view.hall, view.last_day()):
        sums.setdefault(row["clerk"], {})[row["choice"]] = row["n"]
    people = view.settings.catalogue.people
    return [
        {"clerk": c, "name": people[c].name if c in people else c, "n": sum(why.values()), "reasons": why}
        for c, why in sums.items()
    ]
