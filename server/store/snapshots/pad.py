"""What a window's pad and a kiosk see beside the public rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from server.store import tables as t
from server.store.snapshots.public import window_rows
from server.store.snapshots.view import View, iso


def pad_value(view: View, window: str) -> dict[str, Any]:
    """The badge of who sits there, and the open question if there is one."""
    row = window_rows(view, (window,))[window] or {}
    place = {key: row[key] for key in ("id", "number", "name")}
    return {"window": place, "clerk": row["clerk"], "ask": _question(view, window)}


def _question(view: View, window: str) -> dict[str, Any] | None:
    """The newest question of the window while nobody answered it. Its end is told, not judged: the pad has a
    clock."""
    r, leg = t.rating.c, t.leg.c
    query = select(r.leg, r.asked_at, r.state, leg.number).join_from(t.rating, t.leg, r.leg == leg.id)
    here = query.where(r.hall == view.hall, r.day == view.day, r.window == window)
    row = view.connection.execute(here.order_by(r.asked_at.desc(), r.leg.desc()).limit(1)).one_or_none()
    if row is None or row.state != "asked":
        return None
    until = row.asked_at + timedelta(seconds=view.settings.rating.timeout_seconds)
    return {"leg": row.leg, "number": row.number, "asked_at": iso(row.asked_at), "until": iso(until)}


PRINTER_WORDS = {"ok": "ok", "unknown": "unknown"}


def printer_value(view: View, kiosk: str) -> dict[str, Any]:
    """The printer of one kiosk; "none" when no printer is declared for it."""
    return _machine(view, kiosk, "printer")


def reader_value(view: View, kiosk: str) -> dict[str, Any]:
    """The same of its reader of identity cards."""
    return _machine(view, kiosk, "reader")


def _machine(view: View, kiosk: str, kind: str) -> dict[str, Any]:
    c = t.health.c
    query = select(c.state, c.reason, c.at).where(c.hall == view.hall, c.kiosk == kiosk, c.kind == kind)
    row = view.connection.execute(query).first()
    if row is None:
        return {"state": "none", "at": None}
    return {"state": PRINTER_WORDS.get(row.state) or row.reason or "offline", "at": iso(row.at)}
