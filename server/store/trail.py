"""Reading the audit chain: the newest lines first, by act, thing, person and time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from server.store import tables as t

PAGE = 100  # lines in one answer
LOOKED_AT = 20_000  # lines one question may look through; the answer says where to go on
_STEP = 1_000


@dataclass(frozen=True)
class Wanted:
    """What is asked for; None = any. `act` may be a word ("ticket.call") or its beginning ("ticket.")."""

    act: str | None = None
    about: str | None = None  # "ticket:12", "window:W01"
    person: str | None = None  # id of whoever did it: a person or a device
    result: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None  # seq: only older lines


def lines(connection: Connection, hall: str, wanted: Wanted) -> tuple[list[dict[str, Any]], int | None]:
    """(at most PAGE lines with their seq, newest first; the `before` of the next question or None)."""
    found: list[dict[str, Any]] = []
    seq = wanted.before
    for looked, (seq, text) in enumerate(_newest(connection, hall, wanted), start=1):
        line = json.loads(text)
        if wanted.since and datetime.fromisoformat(line["at"]) < wanted.since:
            return found, None
        if _is_wanted(line, wanted):
            found.append(line)
        if len(found) == PAGE or looked == LOOKED_AT:
            return found, seq
    return found, None


def _is_wanted(line: dict[str, Any], wanted: Wanted) -> bool:
    act = wanted.act or ""
    return (
        (line["act"] == act or not act or (act.endswith(".") and line["act"].startswith(act)))
        and wanted.about in (None, line["about"])
        and wanted.person in (None, line["actor"]["id"])
        and wanted.result in (None, line["result"])
        and (wanted.until is None or datetime.fromisoformat(line["at"]) < wanted.until)
    )


def _newest(connection: Connection, hall: str, wanted: Wanted) -> Iterator[tuple[int, str]]:
    """Lines that may be wanted, newest first, read in steps so that a long chain is never loaded whole."""
    a, before = t.audit.c, wanted.before
    while True:
        query: Select[Any] = select(a.seq, a.line).where(a.hall == hall, *_rough(wanted))
        if before is not None:
            query = query.where(a.seq < before)
        rows = connection.execute(query.order_by(a.seq.desc()).limit(_STEP)).all()
        for seq, text in rows:
            before = int(seq)
            yield before, str(text)
        if len(rows) < _STEP:
            return


def _rough(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """What the database can leave out by the text of a line alone; `_is_wanted` has the last word."""
    for key, value in (("act", wanted.act), ("about", wanted.about), ("id", wanted.person)):
        if value is not None:
            yield t.audit.c.line.contains(f'"{key}":"{value}', autoescape=True)
