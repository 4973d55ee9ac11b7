"""Loading and saving ratings. A given rating is never edited: the update below only answers a question still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from server.domain.ratings import Round
from server.store import tables as t
from server.store.unit import Unit

_ROUND = [t.rating.c[n] for n in ("leg", "window", "state", "asked_at", "level")]


def _round(row: RowMapping | None) -> Round | None:
    return Round(**row) if row else None


def ask(unit: Unit, leg: int, window: str, clerk: str) -> None:
    """The first question about a finished visit."""
    row = {"leg": leg, "round": 1, "window": window, "clerk": clerk, "state": "asked", "asked_at": unit.now}
    unit.connection.execute(insert(t.rating).values(hall=unit.hall, day=unit.day, **row))


def find_round(connection: Connection, hall: str, leg: int) -> Round | None:
    query = select(*_ROUND).where(t.rating.c.hall == hall, t.rating.c.leg == leg, t.rating.c.round == 1)
    return _round(connection.execute(query).mappings().one_or_none())


def open_round(connection: Connection, hall: str, window: str, since: datetime) -> Round | None:
    """The newest unanswered question of a window's pad asked after `since`."""
    c = t.rating.c
    query = select(*_ROUND).where(c.hall == hall, c.window == window, c.state == "asked", c.asked_at > since)
    return _round(connection.execute(query.order_by(c.asked_at.desc()).limit(1)).mappings().one_or_none())


def overdue_rounds(connection: Connection, hall: str, before: datetime) -> list[Round]:
    """Questions asked before `before` that the pad still shows as open."""
    query = select(*_ROUND).where(
        t.rating.c.hall == hall, t.rating.c.state == "asked", t.rating.c.asked_at <= before
    )
    return [Round(**row) for row in connection.execute(query).mappings()]


def time_out(unit: Unit, leg: int) -> None:
    _answer(unit, leg, {"state": "timed_out"})


def give(unit: Unit, leg: int, level: int, reasons: Sequence[str], text: str, channel: str) -> None:
    """channel: 4 hall pad, 3 QR code (the national numbers)."""
    values = {"state": "given", "level": level, "reasons": list(reasons), "text": text, "channel": channel}
    _answer(unit, leg, {**values, "given_at": unit.now})


def _answer(unit: Unit, leg: int, values: dict[str, object]) -> None:
    still_open = (t.rating.c.leg == leg, t.rating.c.round == 1, t.rating.c.state != "given")
    unit.connection.execute(update(t.rating).where(*still_open), values)
