"""`wucha export`: the hall's own data as a file, row by row, and an audit line that says it was done.

CSV: UTF-8, the column names first; a file begins with a byte-order mark, without which spreadsheet programs
take Chinese for something else. JSON: one array, one object to a line. A file is written beside its name and
put in place whole; only its owner may read it.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, select

from server.clock import now
from server.domain.actors import SYSTEM
from server.settings import Settings
from server.store import tables as t
from server.store.engine import open_engine, reading
from server.store.export import COLUMNS, rows
from server.store.unit import Store


class BadDate(ValueError):
    """What was given is no range of dates."""


def export_to(
    settings: Settings, what: str, first: str | None, last: str | None, form: str, out: Path | None
) -> int:
    """Write `what` from business day `first` to `last` to `out`, or to the terminal; how many rows.

    Raises BadDate, OSError.
    """
    engine = open_engine(settings.database)
    with reading(engine) as connection:
        newest = connection.execute(select(func.max(t.day.c.day)).where(t.day.c.hall == settings.hall.id))
        end = _day(last) or newest.scalar_one() or now().date().isoformat()
        begin = _day(first) or end
        if begin > end:
            raise BadDate(f"{begin} … {end}")
        with _target(out, form) as file:
            count = _write(file, form, what, rows(connection, settings.hall.id, what, begin, end))
    with Store(engine, settings.hall.id, now).unit(SYSTEM) as unit:
        unit.note("data.export", f"export:{what}", first=begin, last=end, rows=count, format=form)
    engine.dispose()
    return count


def columns_table() -> str:
    """What each column holds, for people."""
    lines = []
    for what, columns in COLUMNS.items():
        lines.append(f"{what}:")
        lines += [f"  {c.name:<12} {c.zh} / {c.en}" for c in columns]
    return "\n".join(lines)


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadDate(text[:20]) from None


def _write(file: IO[str], form: str, what: str, found: Iterator[list[Any]]) -> int:
    names = [column.name for column in COLUMNS[what]]
    count = 0
    if form == "csv":
        sheet = csv.writer(file)
        sheet.writerow(names)
        for row in found:
            sheet.writerow(["" if value is None else _flat(value) for value in row])
            count += 1
        return count
    file.write("[")
    for row in found:
        lead = ",\n" if count else "\n"
        file.write(lead + json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count


def _flat(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula is kept a text by a quote before it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


@contextmanager
def _target(out: Path | None, form: str) -> Iterator[IO[str]]:
    if out is None:
        yield sys.stdout
        return
    fresh = out.with_name(f".{out.name}.new")
    coding = "utf-8-sig" if form == "csv" else "utf-8"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding=coding, newline="") as file:
            yield file
        fresh.replace(out)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
