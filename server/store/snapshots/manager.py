"""What the manager and the duty leader see: windows with their figures, queues against targets, devices,
ratings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import exists, func, select

from server.domain.tickets import AT_WINDOW, State
from server.store import tables as t
from server.store.alarm_answers import answers
from server.store.alarms import all_alarms
from server.store.health import health_of
from server.store.rolls import rolls
from server.store.snapshots import public
from server.store.snapshots.desk import figures
from server.store.snapshots.view import Ids, Rows, View, iso, wanted

RATINGS_SHOWN = 20
USUAL_MM = 110.0  # paper of one slip until this printer has shown its own


def window_rows(view: View, ids: Ids) -> Rows:
    """The public row, and since when, with what, how much today."""
    rows = public.window_rows(view, ids)
    p, c = t.post.c, t.leg.c
    since = dict(view.connection.execute(select(p.window, p.since).where(p.hall == view.hall)).all())
    at_desk = select(c.window, c.service, c.called_at, c.started_at).where(
        c.hall == view.hall, c.state.in_(AT_WINDOW)
    )
    desks = {r.window: r for r in view.connection.execute(at_desk)}
    ended = (
        select(c.window, func.max(c.ended_at))
        .where(c.hall == view.hall, c.day == view.day)
        .group_by(c.window)
    )
    last_end = dict(view.connection.execute(ended).all())
    services = view.settings.catalogue.services
    sums = figures(view, rows)
    for window, row in rows.items():
        assert row is not None
        desk = desks.get(window)
        row["since"] = iso(since.get(window))
        row["figures"] = sums[window]
        row["service"] = services[desk.service].name if desk else None
        row["service_en"] = services[desk.service].name_en if desk else None
        row["usual_s"] = services[desk.service].avg_minutes * 60 if desk else None
        row["called_at"] = iso(desk.called_at) if desk else None
        row["started_at"] = iso(desk.started_at) if desk else None
        idle = row["state"] == "open" and desk is None
        row["idle_since"] = (
            iso(max(filter(None, (since.get(window), last_end.get(window))), default=None)) if idle else None
        )
    return rows


def queue_rows(view: View, ids: Ids) -> Rows:
    """The public row, and the oldest waiting against the queue's target (seconds)."""
    rows = public.queue_rows(view, ids)
    queues = view.settings.catalogue.queues
    c = t.leg.c
    waiting = (c.hall == view.hall, c.day == view.day, c.state == State.WAITING)
    oldest = select(c.queue, func.min(c.joined_at)).where(*waiting).group_by(c.queue)
    first = {q: at for q, at in view.connection.execute(oldest)}
    for q in wanted(ids, queues):
        row = rows[q]
        assert row is not None
        row["target_s"] = queues[q].target_wait_minutes * 60
        row["oldest_at"] = iso(first.get(q))
        late = first[q] + timedelta(seconds=row["target_s"]) if q in first else None
        row["over_target_from"] = iso(late)
    return rows


def device_rows(view: View, ids: Ids) -> Rows:
    c = t.health.c
    query = select(t.health).where(c.hall == view.hall).order_by(c.device)
    if "*" not in ids:
        query = query.where(c.device.in_(ids))
    rows: Rows = {i: None for i in ids if i != "*"}  # one that is no longer declared is gone
    for r in view.connection.execute(query).mappings():
        known = {k: v for k, v in r.items() if k not in ("hall", "device", "at")}
        rows[r["device"]] = {**known, "name": r["device"], "at": iso(r["at"])}
    return rows


def ratings_value(view: View) -> dict[str, Any]:
    """Of the last day that was opened: how many were asked, how they judged, the last ones as they came."""
    r = t.rating.c
    today = (r.hall == view.hall, r.day == view.last_day())
    counts = select(r.level, func.count()).where(*today, r.state == "given").group_by(r.level)
    by_level = {level: n for level, n in view.connection.execute(counts)}
    asked = view.connection.execute(select(func.count()).where(*today, r.state != "withdrawn")).scalar_one()
    given = select(r.leg, r.window, r.clerk, r.level, r.reasons, r.given_at).where(*today, r.state == "given")
    last = view.connection.execute(given.order_by(r.given_at.desc(), r.leg.desc()).limit(RATINGS_SHOWN))
    return {
        "asked": asked,
        "counts": {str(level): by_level.get(level, 0) for level in range(5, 0, -1)},
        "last": [_rating(view, row) for row in last.mappings()],
    }


def _rating(view: View, row: Any) -> dict[str, Any]:
    catalogue = view.settings.catalogue
    words = {r.code: r.text for level in view.settings.levels for r in level.reason}
    return {
        "id": row["leg"],
        "window": catalogue.windows[row["window"]].number,
        "clerk_name": catalogue.people[row["clerk"]].name if row["clerk"] in catalogue.people else "",
        "level": row["level"],
        "reasons": [words.get(code, code) for code in row["reasons"] or ()],
        "at": iso(row["given_at"]),
    }


def slips_value(view: View) -> list[dict[str, Any]]:
    """Slips that still need somebody, newest first: not on paper, no later copy, and their ticket still
    waits."""
    s, k = t.slip.c, t.ticket.c
    query = select(s.id, s.state, s.reason, s.kiosk, s.changed_at, k.number).join_from(
        t.slip, t.ticket, s.ticket == k.id
    )
    later = t.slip.alias()
    copied = exists().where(later.c.ticket == s.ticket, later.c.paper == s.paper, later.c.copy > s.copy)
    waits = exists().where(t.leg.c.ticket == s.ticket, t.leg.c.state == State.WAITING)
    today = (s.hall == view.hall, s.day == view.day)
    bad = query.where(*today, s.state.in_(("unsure", "failed")), ~copied, waits)
    rows = view.connection.execute(bad.order_by(s.id.desc()).limit(20)).mappings()
    keys = ("id", "number", "state", "reason", "kiosk")
    return [{**{key: r[key] for key in keys}, "at": iso(r["changed_at"])} for r in rows]


def rolls_value(view: View) -> dict[str, dict[str, Any]]:
    """Each printer's paper, by kiosk: millimetres used of a roll, and how many slips the rest is good for."""
    found, rows = rolls(view.connection, view.hall), {}
    for machine in health_of(view.connection, view.hall):
        if machine["kind"] != "printer" or not machine["kiosk"]:
            continue
        roll, model = found.get(machine["kiosk"]), view.settings.slips.models.get(machine["model"])
        used, slips = (roll.used_mm, roll.slips) if roll else (0, 0)
        whole = model.roll_m * 1000 if model else 0
        each = used / slips if slips else USUAL_MM
        rows[machine["kiosk"]] = {
            "device": machine["device"],
            "used_mm": used,
            "slips": slips,
            "since": iso(roll.since) if roll else None,
            "roll_mm": whole,
            "left_slips": int(max(0, whole - used) / each) if whole else None,
        }
    return rows


def answers_value(view: View) -> list[dict[str, Any]]:
    """Who has taken which alarm on."""
    people = view.settings.catalogue.people
    return [
        {
            "alarm": a["alarm"],
            "level": a["level"],
            "since": iso(a["since"]),
            "at": iso(a["at"]),
            "name": people[a["person"]].name if a["person"] in people else a["person"],
        }
        for a in answers(view.connection, view.hall)
    ]


def alarms_value(view: View) -> list[dict[str, Any]]:
    """What the hall itself found that wants a person, in words."""
    return [
        {
            "kind": a["kind"],
            "what": a["what"],
            "level": a["level"],
            "since": iso(a["since"]),
            "text": view.texts.both(f"alarm.{a['kind']}", **{"what": a["what"], **a["facts"]}),
        }
        for a in all_alarms(view.connection, view.hall)
    ]
