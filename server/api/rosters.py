"""The roster as it holds: who is expected where, day by day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import request
from flask.typing import ResponseReturnValue
from pydantic import Field

from server.actions.move_roster import Moved, copy_week, drafted_plan, swap_people
from server.api.access import current_actor, needs, recheck
from server.api.acts import act
from server.api.bodies import Act, Number, OnDay, Word
from server.api.config import desk_of, looked_at
from server.domain import refusals
from server.domain.configuration import AREAS
from server.domain.rosters import LEADER, Away, Shift
from server.house import House, house
from server.settings import HallSettings
from server.store.leaves import granted
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("rosters", __name__)
DAYS = 7
Count = Annotated[Number, Field(ge=0, le=2**31)]


class Drafting(Act):
    """base: the version the draft is made from; rev: the draft it is made from."""

    base: Count
    rev: Count


class Copy(Drafting):
    """The week in which `since` is, over the one in which `to` is."""

    since: OnDay
    to: OnDay


class Swap(Drafting):
    one: Word
    other: Word
    since: OnDay
    until: OnDay


@bp.get("/api/rosters")
@needs("config.see")
def get_rosters() -> ResponseReturnValue:
    """?since=2026-03-02, by default this week's Monday: 200 {since, today, days, rows: [{id, number,
    name, cells: one list of shifts a day}]}; a shift's person "" is nobody on purpose, null whoever.
    ?draft=1: as it would be with the saved draft, for whoever may edit it."""
    h = house()
    plan = h.hall.duties
    if request.args.get("draft") == "1":
        with h.store.unit(current_actor()) as unit:
            recheck(unit)
            plan = drafted_plan(unit, desk_of(h))
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
                "cells": [[_shift(hall, s, away) for s in plan.shifts(i, d)] for d in days],
            }
            for i, number, name, out in ((LEADER, "", "", ""), *places)
        ],
    }


@bp.post("/api/rosters/copy")
@needs("config.edit")
@bp.input(Copy, arg_name="body")
def post_copy(body: Copy) -> ResponseReturnValue:
    """Draft that a week is like another: 200 {rev, moved, changes, troubles}; nothing is published."""
    h = house()
    return act(
        body,
        lambda unit: _moved(h, copy_week(unit, desk_of(h), body.since, body.to, body.base, body.rev)),
    )


@bp.post("/api/rosters/swap")
@needs("config.edit")
@bp.input(Swap, arg_name="body")
def post_swap(body: Swap) -> ResponseReturnValue:
    """Draft that two people change places: 200 {rev, moved, changes, troubles}; nothing is published."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        who = (body.one, body.other, body.since, body.until)
        return _moved(h, swap_people(unit, desk_of(h), *who, body.base, body.rev))

    return act(body, deed)


def _moved(h: House, moved: Moved) -> dict[str, Any]:
    """moved: how many rosters the deed changed."""
    rev, many, looked = moved
    return {"rev": rev, "moved": many, **looked_at(h, AREAS["rosters"], looked)}


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
