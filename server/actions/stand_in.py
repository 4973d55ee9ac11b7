"""AB角: look which posts are empty that should not be, and call the stand-in, then the duty leader."""

from __future__ import annotations

from datetime import timedelta

from server.domain.events import CoverEnded, LeaderCalled, StandInCalled
from server.domain.posts import due, empty_since
from server.domain.rosters import expected_at
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.store.covers import covers, set_cover
from server.store.days import opened_at
from server.store.leaves import away_now
from server.store.unit import Unit
from server.store.windows import posts


def call_stand_ins(unit: Unit, hall: HallSettings) -> None:
    """Call for every window that should be staffed and is not. Harmless to repeat."""
    if unit.day is None:
        return
    local = unit.now.astimezone(hall.zone).replace(tzinfo=None)
    hours = hall.calendar.intervals(local.date())
    opened = opened_at(unit.connection, unit.hall, unit.day).astimezone(hall.zone).replace(tzinfo=None)
    known, called = posts(unit.connection, unit.hall), covers(unit.connection, unit.hall)
    on_leave = away_now(unit.connection, unit.hall, unit.now)
    for window in hall.catalogue.windows.values():
        post, state = known.get(window.id), called.get(window.id, "none")
        staffed = post is not None and post.state is not WindowState.CLOSED
        shift = expected_at(hall.duties.shifts(window.id, local.date()), local)
        if staffed or shift is None:
            if state != "none":
                set_cover(unit, window.id, "none")
                unit.add(CoverEnded(window.id))
            continue
        left = post.since.astimezone(hall.zone).replace(tzinfo=None) if post and post.since else opened
        minutes = hall.hall.call.stand_in_minutes
        empty_for = local - empty_since(hours, shift.start, local, max(opened, left))
        if shift.person in on_leave:  # nobody waits for who will not come
            empty_for += timedelta(minutes=minutes)
        whom = due(empty_for, state, minutes)
        if whom is not None:
            set_cover(unit, window.id, whom)
            unit.add(StandInCalled(window.id) if whom == "b_called" else LeaderCalled(window.id))
            unit.note("post.call", f"window:{window.id}", whom)
