"""Loading and saving ratings. A given rating is never edited: the update below only answers a question
still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from server.domain.ratings import Round
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

_ROUND = [t.rating.c[n] for n in ("leg", "window", "state", "asked_at", "level")]
_OF_HALL = select(*_ROUND).where(t.rating.c.hall == bindparam("hall"))
_FIND = _OF_HALL.where(t.rating.c.leg == bindparam("leg"), t.rating.c.round == 1)
_ASKED = _OF_HALL.where(t.rating.c.state == "asked")
_OVERDUE = _ASKED.where(t.rating.c.asked_at <= bindparam("before"))
_NEWEST_AT = (
    _OF_HALL.where(
        t.rating.c.window == bindparam("window"),
        t.rating.c.asked_at > bindparam("since"),
        t.rating.c.asked_at <= bindparam("until"),
    )
    .order_by(t.rating.c.asked_at.desc(), t.rating.c.leg.desc())
    .limit(1)
)
_GIVEN = select(t.rating.c.level, t.rating.c.reasons, t.rating.c.text).where(
    t.rating.c.leg == bindparam("leg"), t.rating.c.round == 1, t.rating.c.state == "given"
)
_SAVE_OPEN = update(t.rating).where(
    t.rating.c.leg == bindparam("of_leg"), t.rating.c.round == 1, t.rating.c.state != "given"
)


def _round(row: RowMapping | None) -> Round | None:
    return Round(**row) if row else None


def ask(unit: Unit, leg: int, window: str, clerk: str) -> None:
    """The first question about a finished visit; asked anew when the finish had been taken back."""
    row = {"leg": leg, "round": 1, "window": window, "clerk": clerk, "state": "asked", "asked_at": unit.now}
    upsert(unit.connection, t.rating, {"hall": unit.hall, "day": unit.day, **row}, ("leg", "round"))


def withdraw(unit: Unit, leg: int) -> None:
    """The visit is not finished after all: nobody is asked."""
    _answer(unit, leg, {"state": "withdrawn"})


def find_round(connection: Connection, hall: str, leg: int) -> Round | None:
    return _round(connection.execute(_FIND, {"hall": hall, "leg": leg}).mappings().one_or_none())


def open_round(
    connection: Connection, hall: str, window: str, since: datetime, until: datetime
) -> Round | None:
    """The newest question of a window's pad that was asked between `since` and `until`, unless somebody has
    answered it.

    An older one that is still open is never meant: its citizen has gone.
    """
    which = {"hall": hall, "window": window, "since": since, "until": until}
    newest = _round(connection.execute(_NEWEST_AT, which).mappings().one_or_none())
    return newest if newest is not None and newest.state in ("asked", "timed_out") else None


def overdue_rounds(connection: Connection, hall: str, before: datetime) -> list[Round]:
    """Questions asked before `before` that the pad still shows as open."""
    rows = connection.execute(_OVERDUE, {"hall": hall, "before": before}).mappings()
    return [Round(**row) for row in rows]


def given(connection: Connection, leg: int) -> tuple[int, list[str], str] | None:
    """(level, codes of its reasons, words) of a visit's rating."""
    row = connection.execute(_GIVEN, {"leg": leg}).one_or_none()
    return (row.level, list(row.reasons or ()), row.text or "") if row else None


def time_out(unit: Unit, leg: int) -> None:
    _answer(unit, leg, {"state": "timed_out"})


def give(
    unit: Unit, leg: int, level: int, reasons: Sequence[str], text: str, channel: str, given_at: datetime
) -> None:
    """channel: 4 hall pad, 3 QR code (the national numbers). given_at: when the citizen pressed."""
    values = {"state": "given", "level": level, "reasons": list(reasons), "text": text, "channel": channel}
    _answer(unit, leg, {**values, "given_at": given_at})


def _answer(unit: Unit, leg: int, values: dict[str, object]) -> None:
    unit.connection.execute(_SAVE_OPEN, {**values, "of_leg": leg})
