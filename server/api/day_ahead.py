"""GET /api/day-ahead: a day to come against its roster, per half hour, and the further windows it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from server.api.access import needs
from server.api.today import day_guard, learned_past
from server.domain import refusals
from server.domain.appointments import Booking
from server.domain.calendar import HallCalendar
from server.domain.estimate.times import Learned
from server.house import House, house
from server.settings import HallSettings
from server.simulate.arrivals import second, usual_arrivals
from server.simulate.day_ahead import Booked, DayAhead, Half, Wishes, foresee_day
from server.simulate.past import walk_ins_of_past
from server.store.appointments import of_day
from server.store.leaves import granted
from server.store.snapshots.view import View

bp = APIBlueprint("day_ahead", __name__)

FARTHEST = 14  # days
KEPT = "wucha-day-ahead"


@bp.get("/api/day-ahead")
@needs("manager.watch")
def get_day_ahead() -> ResponseReturnValue:
    """?day=2026-03-03, by default the next day on which the hall serves: 200 {day, basis, expected, booked,
    played, halves, more}; day null: the hall serves on none of the next FARTHEST days.

    halves = [{at, arrivals, rostered, guess, queues: [{queue, arrivals, rostered, guess, wait, wait_90,
    within, goal, late}]}]: figures of the whole hall, and of the queues for which somebody is expected.
    more = {queue, from, to, before, windows: [{id, number, tidal}], after, kept} or null. basis as in
    /api/forecast.
    """
    h = house()
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        hall, today = view.settings, h.clock().astimezone(view.settings.zone).date()
        day = _asked(hall.calendar, today)
        if day is None:
            return {"day": None, "basis": "closed", "expected": 0, "booked": 0, "played": 0, "halves": [],
                    "more": None}  # fmt: skip
        away = granted(connection, hall)
        past = learned_past(h, connection, h.clock())
        wishes, basis = _wishes(h, hall, connection, past, day)
    key = (h.store.hall, day, id(hall), tuple(away), wishes.booked, basis)
    with day_guard():
        kept = current_app.extensions.get(KEPT)
        if kept is None or kept[0] != key:
            found = foresee_day(hall, wishes, away, day, _spare(hall))
            kept = current_app.extensions[KEPT] = key, _shown(hall, found, basis), hall
    told: dict[str, Any] = kept[1]
    return told


def _asked(calendar: HallCalendar, today: date) -> date | None:
    """Raises InputInvalid."""
    later = [today + timedelta(days=n) for n in range(1, FARTHEST + 1)]
    asked = request.args.get("day")
    if asked is None:
        return next((d for d in later if calendar.intervals(d)), None)
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        day = None
    if day not in later:
        raise refusals.InputInvalid(
            fields=[
                {
                    "field": "day",
                    "zh": f"应在今后 {FARTHEST} 天之内",
                    "en": f"must be one of the next {FARTHEST} days",
                }
            ]
        )
    return day if calendar.intervals(day) else None


def _wishes(
    h: House, hall: HallSettings, connection: Connection, past: Learned, day: date
) -> tuple[Wishes, str]:
    told = usual_arrivals(h.settings.config, h.settings.hall.catalogue, hall.catalogue)
    learned = walk_ins_of_past(past, told, hall.catalogue)
    rows = of_day(connection, hall.id, day.isoformat(), (Booking.BOOKED,))
    booked = tuple(
        Booked(row["service"], float(second(row["at"].astimezone(hall.zone).time())))
        for row in rows
        if row["service"] in hall.catalogue.services
    )
    minutes = {s: time.mean for s, time in past.times.items() if s in hall.catalogue.services}
    if learned is not None:
        return Wishes(learned, booked, past.showing, minutes), "learned"
    from_file = (h.settings.config / "arrivals.toml").exists()
    walk_ins = told if from_file else replace(told, base_tickets_per_day=0.0)
    return Wishes(walk_ins, booked, past.showing), "file" if from_file else "none"


def _spare(hall: HallSettings) -> list[str]:
    """The tidal windows first, then those of fewest queues; whoever sits there already is left out later."""
    windows = [w for w in hall.catalogue.windows.values() if not w.out]
    return [w.id for w in sorted(windows, key=lambda w: (w.default_state != "tidal", len(w.queues)))]


def _shown(hall: HallSettings, found: DayAhead, basis: str) -> dict[str, Any]:
    queues = hall.catalogue.queues
    at: dict[int, list[tuple[str, Half]]] = {}
    for queue, halves in found.halves.items():
        for half in halves:
            at.setdefault(half.at_s, []).append((queue, half))
    more, windows = found.more, hall.catalogue.windows
    return {
        "day": found.day.isoformat(),
        "basis": basis,
        "expected": round(found.expected),
        "booked": found.booked,
        "played": found.played,
        "halves": [
            {
                "at": _clock(s),
                "arrivals": round(sum(half.arrivals for _, half in mine)),
                "rostered": round(sum(half.rostered for _, half in mine), 1),
                "guess": sum(half.guess for _, half in mine),
                "queues": [
                    {
                        "queue": queue,
                        "arrivals": round(half.arrivals, 1),
                        "rostered": round(half.rostered, 1),
                        "guess": half.guess,
                        "wait": _minutes(half.wait),
                        "wait_90": _minutes(half.wait_90),
                        "within": None if half.within is None else round(half.within, 2),
                        "goal": queues[queue].service_level_goal,
                        "late": half.broken(queues[queue].service_level_goal),
                    }
                    for queue, half in mine
                    if half.within is not None or half.arrivals >= 0.05
                ],
            }
            for s, mine in sorted(at.items())
        ],
        "more": more
        and {
            "queue": more.queue,
            "from": _clock(more.from_s),
            "to": _clock(more.to_s),
            "before": round(more.before, 2),
            "windows": [
                {"id": w, "number": windows[w].number, "tidal": windows[w].default_state == "tidal"}
                for w in more.windows
            ],
            "after": None if more.after is None else round(more.after, 2),
            "kept": more.kept,
        },
    }


def _clock(at_s: int) -> str:
    return f"{at_s // 3600:02d}:{at_s // 60 % 60:02d}"


def _minutes(value: float | None) -> int | None:
    return None if value is None else round(value)
