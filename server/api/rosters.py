"""The roster as it holds: who is expected where, day by day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import request
from flask.typing import ResponseReturnValue

from server.api.access import needs
from server.domain import refusals
from server.domain.rosters import LEADER, Away, Shift
from server.house import house
from server.settings import HallSettings
from server.store.leaves import granted
from server.store.snapshots.view import View

bp = APIBlueprint("rosters", __name__)
DAYS = 7


@bp.get("/api/rosters")
@needs("config.see")
def get_rosters() -> ResponseReturnValue:
    """?since=2026-03-02, by default this week's Monday: 200 {since, today, days, rows: [{id, number,
    name, cells: one list of shifts a day}]}; a shift's person "" is nobody on purpose, null whoever."""
    h = house()
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        away = granted(connection, view.settings)
    hall = view.settings
    today = view.at.astimezone(hall.zone).date()
    try:
        asked = request.args.get("since")
        since = date.fromisoformat(asked) if asked else today - timedelta(days=today.weekday())
        days = [since + timedelta(days=n) for n in range(DAYS)]
    except (ValueError, OverflowError):
        raise refusals.InputInvalid(fields=["since"]) from None
    places = [(w.id, w.number, w.name, w.out) for w in hall.catalogue.windows.values()]
    return {
        "since": since.isoformat(),
        "today": today.isoformat(),
        "days": [{"date": d.isoformat(), "open": bool(hall.calendar.intervals(d))} for d in days],
        "rows": [
            {
                "id": i,
                "number": number,
                "name": name,
                "out": out,
                "cells": [[_shift(hall, s, away) for s in hall.duties.shifts(i, d)] for d in days],
            }
            for i, number, name, out in ((LEADER, "", "", ""), *places)
        ],
    }


def _shift(hall: HallSettings, shift: Shift, away: Collection[Away]) -> dict[str, Any]:
    person = hall.catalogue.people.get(shift.person or "")
    absent = any(a.person == shift.person and a.since < shift.end and shift.start < a.until for a in away)
    return {
        "person": shift.person,
        "name": person.name if person else "",
        "start": f"{shift.start:%H:%M}",
        "end": f"{shift.end:%H:%M}",
        "source": shift.source,
        "reason": shift.reason,
        "away": absent,
    }
