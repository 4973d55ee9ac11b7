"""The figures of the day that a hall makes public (DOMAIN 4.15; METRICS 2, 8): counts, waits as the citizen
felt them, by queue and by class of window, ratings. Sums only: no person, no window, and no share of fewer
than FEW ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import func, select

from server.domain.tickets import State
from server.store import tables as t
from server.store.days import closed_at
from server.store.snapshots.public import day_sums, day_value, queue_rows
from server.store.snapshots.view import ALL, View, iso

FEW = 5


def figures_value(view: View, today: date) -> dict[str, Any]:
    """{day, at, ended_at, waits, served_s, over_30, ratings, queues, classes, windows_open}: waits in minutes
    of the legs that were called today, `over_30` of 1; None where nothing was measured. A queue also says how
    it stands now, for whoever chooses between halls: waiting, windows_open, estimate.

    today: the hall's local date. What a day came to stays until its midnight; ended_at: when it was closed.
    """
    now = view
    if view.day is None and view.last_day() == today.isoformat():
        view = replace(view, day=today.isoformat())
    ended = closed_at(view.connection, view.hall, view.day) if view.day else None
    c = t.leg.c
    of_day = (c.hall == view.hall, c.day == view.day)
    called = select(c.queue, c.window, c.joined_at, c.called_at).where(*of_day, c.called_at.is_not(None))
    windows = view.settings.catalogue.windows
    waits: dict[str, list[float]] = {}
    by_class: dict[str, list[float]] = {}
    for queue, window, joined, at in view.connection.execute(called):
        minutes = max(0.0, (at - joined).total_seconds() / 60)
        waits.setdefault(queue, []).append(minutes)
        for cls in windows[window].classes if window in windows else ():
            by_class.setdefault(cls, []).append(minutes)
    every = sorted(minutes for own in waits.values() for minutes in own)
    served = select(func.count(c.served_s), func.sum(c.served_s)).where(*of_day, c.state == State.DONE)
    n, span = view.connection.execute(served).one()
    working = select(func.count()).where(t.post.c.hall == view.hall, t.post.c.state == "open")
    queues, lines = view.settings.catalogue.queues.values(), queue_rows(now, ALL)
    return {
        "day": day_value(view) | day_sums(view, view.day),
        "at": iso(view.at),
        "ended_at": iso(ended),
        "waits": {"mean": _mean(every), "p50": percentile(every, 50), "p90": percentile(every, 90)},
        "served_s": round(span / n) if n and span is not None else None,
        "over_30": round(sum(m > 30 for m in every) / len(every), 3) if every else None,
        "windows_open": view.connection.execute(working).scalar_one(),
        "ratings": _ratings(view),
        "queues": [
            {"id": q.prefix, "name": q.name, "name_en": q.name_en, "called": len(waits.get(q.prefix, ()))}
            | {"mean": _mean(waits.get(q.prefix, ()))}
            | {key: (lines[q.prefix] or {}).get(key) for key in ("waiting", "windows_open", "estimate")}
            for q in queues
        ],
        "classes": [
            {"id": k.id, "name": k.name, "name_en": k.name_en, "called": len(by_class.get(k.id, ()))}
            | {"mean": _mean(by_class.get(k.id, ()))}
            for k in view.settings.catalogue.classes.values()
        ],
    }


def percentile(ordered: Sequence[float], p: int) -> float | None:
    """The nearest-rank percentile of an ordered sequence (METRICS 1.2), None of nothing."""
    if not ordered:
        return None
    return round(ordered[max(0, -(-p * len(ordered) // 100) - 1)], 1)


def _mean(minutes: Sequence[float]) -> float | None:
    return round(sum(minutes) / len(minutes), 1) if minutes else None


def _ratings(view: View) -> dict[str, Any]:
    """Given ones by level; the share of 3 and better only from FEW on, so that it tells of nobody."""
    r = t.rating.c
    given = select(r.level, func.count()).where(r.hall == view.hall, r.day == view.day, r.state == "given")
    counts = {level: n for level, n in view.connection.execute(given.group_by(r.level))}
    total = sum(counts.values())
    good = sum(n for level, n in counts.items() if level >= 3)
    return {"given": total, "satisfied": round(good / total, 3) if total >= FEW else None}
