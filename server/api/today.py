"""Today and what comes: today beside a usual day, and the next two hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import inf
from random import Random
from threading import Lock
from typing import Any

from apiflask import APIBlueprint
from flask import current_app
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from server.api.access import needs
from server.domain.estimate.ahead import SPAN, Advice, Ahead, Aim, Part, Range, foresee
from server.domain.estimate.scene import Desk, Scene
from server.domain.estimate.times import Learned
from server.domain.usual_day import FEWEST, HalfHour, Passed, SoFar, compare
from server.house import House, house
from server.simulate.arrivals import published_arrivals, told_newcomers
from server.store.day_shapes import shapes, to_compare_with
from server.store.history import learned
from server.store.present import walk_ins_today
from server.store.scene import closed_desks, read_scene

bp = APIBlueprint("today", __name__)

FRESH = timedelta(seconds=45)  # a forecast is played anew after so long


class Kept:
    """What a process need not read or play again: yesterday does not change, and two managers may share one
    forecast. `guard`: one at a time, an answer costs a part of a second of a core."""

    def __init__(self) -> None:
        self.guard = Lock()
        self.past: tuple[tuple[str, date], dict[date, list[Passed]]] | None = None
        self.learned: tuple[tuple[str, date, int, int], Learned] | None = None
        self.forecast: tuple[tuple[str, object], datetime, dict[str, Any]] | None = None


@bp.get("/api/usual-day")
@needs("manager.watch")
def get_usual_day() -> ResponseReturnValue:
    """{day, at, basis, days, fewest, halves: [{at, today, usual}], so_far, usual_so_far}.

    today, usual = {arrivals, served, wait}: numbers, services ended, middle wait in minutes of who
    joined in that half hour. basis: weekday (the last of the same weekday), days (the last days) or
    null (fewer than `fewest` days: nothing is usual yet).
    """
    h = house()
    local = h.clock().astimezone(h.hall.zone)
    day, minute = local.date(), local.hour * 60 + local.minute + local.second / 60
    with h.store.read() as connection:
        now = shapes(connection, h.store.hall, h.hall.zone, [day]).get(day, [])
        past = _past(h, connection, day)
    found = compare(now, past, day, minute, h.hall.calendar.weekday_of)
    halves = sorted({*found.today, *found.usual})
    return {
        "day": day.isoformat(),
        "at": h.clock().isoformat(),
        "basis": found.basis,
        "days": [d.isoformat() for d in found.days],
        "fewest": FEWEST,
        "halves": [
            {
                "at": f"{half // 2:02d}:{half % 2 * 30:02d}",
                "today": _half(found.today.get(half, HalfHour())) if half * 30 <= minute else None,
                "usual": _half(found.usual.get(half, HalfHour())) if found.basis else None,
            }
            for half in (range(halves[0], halves[-1] + 1) if halves else ())
        ],
        "so_far": _half(found.so_far),
        "usual_so_far": _half(found.usual_so_far) if found.usual_so_far else None,
    }


def _past(h: House, connection: Connection, day: date) -> dict[date, list[Passed]]:
    key, kept = (h.store.hall, day), _kept()
    if kept.past is None or kept.past[0] != key:
        weekday = h.hall.calendar.weekday_of
        kept.past = key, to_compare_with(connection, h.store.hall, h.hall.zone, day, weekday)
    return kept.past[1]


def _half(figures: HalfHour | SoFar) -> dict[str, Any]:
    wait = None if figures.wait is None else round(figures.wait, 1)
    return {"arrivals": figures.arrivals, "served": figures.served, "wait": wait}


@bp.get("/api/forecast")
@needs("manager.watch")
def get_forecast() -> ResponseReturnValue:
    """{at, basis, minutes, futures, queues: {id: {target, goal, parts}}, advice}.

    part = {from, to, arrivals, waiting, wait, within, open, needed}; a range is {middle, low, high},
    null in it = longer than two hours. basis: learned (the hall's own past), file (arrivals.toml,
    until there is enough past), none (nobody knows who will come) or closed (no day is open; no
    queues). parts null: no window of the queue is open or planned. advice = {queue, from, wait,
    target, windows: [{id, number, tidal}], after, kept}.
    """
    h = house()
    kept, now = _kept(), h.clock()
    with kept.guard:
        with h.store.read() as connection:
            past = learned_past(h, connection, now)
            scene = read_scene(connection, h.store.hall, h.hall, past, now)
            if scene is None:
                return {"at": now.isoformat(), "basis": "closed", "minutes": SPAN, "futures": 0, "queues": {},
                        "advice": None}  # fmt: skip
            key = h.store.hall, _present(scene)
            if kept.forecast and kept.forecast[0] == key and timedelta() <= now - kept.forecast[1] < FRESH:
                return kept.forecast[2]
            scene, basis = _with_newcomers(h, connection, scene, past)
            spare = closed_desks(connection, h.store.hall, h.hall, scene)
        told = _forecast(h, scene, basis, spare)
        kept.forecast = key, now, told
    return told


def _present(scene: Scene) -> object:
    """What makes a forecast another one at once: who is at which window, and which windows call."""
    desks = [
        (d.window, d.spells[:1] and d.spells[0][0] <= 0, d.pause_left, d.busy is None) for d in scene.desks
    ]
    return len(scene.waiting) // 5, tuple(desks)


def learned_past(h: House, connection: Connection, now: datetime) -> Learned:
    """What the hall's own past days teach, read once a day, services list and placement."""
    kept, today = _kept(), now.astimezone(h.hall.zone).date()
    key = h.store.hall, today, h.hall.config, h.hall.placement
    if kept.learned is None or kept.learned[0] != key:
        hall = h.hall
        found = learned(connection, h.store.hall, hall.catalogue, hall.calendar, hall.zone, today.isoformat())
        kept.learned = key, found
    return kept.learned[1]


def _with_newcomers(h: House, connection: Connection, scene: Scene, past: Learned) -> tuple[Scene, str]:
    """The scene with those who will come, and where that is known from."""
    if past.profile is not None:
        return scene, "learned"
    path = h.settings.config / "arrivals.toml"
    if not path.exists():
        return scene, "none"
    local = scene.now.astimezone(h.hall.zone).replace(tzinfo=None)
    taken, _ = walk_ins_today(connection, h.store.hall, local.date().isoformat(), scene.now)
    arrivals = published_arrivals(path, h.settings.hall.catalogue, h.hall.catalogue)
    return replace(scene, newcomers=told_newcomers(arrivals, h.hall.calendar, local, SPAN * 2, taken)), "file"


def _forecast(h: House, scene: Scene, basis: str, spare: list[Desk]) -> dict[str, Any]:
    catalogue = h.hall.catalogue
    aims = {q.prefix: Aim(q.target_wait_minutes, q.service_level_goal) for q in catalogue.queues.values()}
    local = scene.now.astimezone(h.hall.zone)
    found = foresee(scene, local.replace(tzinfo=None), aims, Random, spare, basis != "none")
    return {
        "at": scene.now.isoformat(),
        "basis": basis,
        "minutes": SPAN,
        "futures": found.futures,
        "queues": {
            queue: {"target": aim.target, "goal": aim.goal, "parts": _parts(found, queue, scene)}
            for queue, aim in aims.items()
        },
        "advice": _advice(h, found.advice, scene) if found.advice else None,
    }


def _parts(found: Ahead, queue: str, scene: Scene) -> list[dict[str, Any]] | None:
    return [_part(part, scene) for part in found.parts[queue]] if queue in found.parts else None


def _at(scene: Scene, minutes: float) -> str:
    return (scene.now + timedelta(minutes=minutes)).isoformat()


def _part(part: Part, scene: Scene) -> dict[str, Any]:
    return {
        "from": _at(scene, part.start),
        "to": _at(scene, part.end),
        "arrivals": _range(part.arrivals),
        "waiting": _range(part.waiting),
        "wait": _range(part.wait),
        "within": None if part.within is None else round(part.within, 2),
        "open": part.open,
        "needed": part.needed,
    }


def _range(found: Range | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {"middle": _shown(found.middle), "low": _shown(found.low), "high": _shown(found.high)}


def _shown(value: float | None) -> float | None:
    return None if value is None or value == inf else round(value)


def _advice(h: House, found: Advice, scene: Scene) -> dict[str, Any]:
    windows = h.hall.catalogue.windows
    return {
        "queue": found.queue,
        "from": _at(scene, found.start),
        "wait": _shown(found.wait),
        "target": found.target,
        "windows": [
            {"id": w, "number": windows[w].number, "tidal": windows[w].default_state == "tidal"}
            for w in found.windows
        ],
        "after": _shown(found.after),
        "kept": found.kept,
    }


def day_guard() -> Lock:
    """One forecast at a time."""
    return _kept().guard


def _kept() -> Kept:
    found = current_app.extensions.setdefault("wucha-today", Kept())
    assert isinstance(found, Kept)
    return found
