"""The high-water mark beside the database: `numbers.json` in the data folder (F19).

It says of every queue of the last two days a number above which none was given, and which numbers were lent
to whom. It is on the disk before a number above it is committed, and is written AHEAD numbers on, by the
hall's own heartbeat where that comes in time, so that taking a number costs one look into memory. A data
folder is one server's (server/lock.py): where several share a database each file knows what its own one gave,
and says that it does not stand for all of them."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from server.domain.blocks import Block
from server.domain.marks import AHEAD, MOST, Gap, Key, Mark, Memory, Word, ahead, enough
from server.domain.refusals import StorageFailed
from server.store import tables as t
from server.store.engine import reading
from server.store.upsert import upsert

if TYPE_CHECKING:
    from server.store.unit import Unit

log = logging.getLogger(__name__)
NAME: Final = "numbers.json"
DAYS: Final = 2  # a night hall's day runs into the next date

_BLOCK = [t.block.c[name] for name in Block.__dataclass_fields__]
_FROM_DAY = bindparam("from_day")
_SERIES = select(t.series.c.day, t.series.c.prefix, t.series.c.last, t.series.c.lent_from).where(
    t.series.c.hall == bindparam("hall"), t.series.c.day >= _FROM_DAY
)
_NEWEST = select(func.max(t.series.c.day)).where(t.series.c.hall == bindparam("hall"))
_BLOCKS = (
    select(*_BLOCK)
    .where(t.block.c.hall == bindparam("hall"), t.block.c.day >= _FROM_DAY)
    .order_by(t.block.c.id)
)
_LINE = select(t.audit.c.hash).where(t.audit.c.hall == bindparam("hall"), t.audit.c.seq == bindparam("seq"))
_END = select(t.hall.c.audit_seq, t.hall.c.audit_hash).where(t.hall.c.id == bindparam("hall"))
_BEGIN = update(t.hall).where(t.hall.c.id == bindparam("of_hall"))
_ERA = select(t.hall.c.era).where(t.hall.c.id == bindparam("hall"))
_GAPS = (
    select(t.gap.c.day, t.gap.c.prefix, t.gap.c.first, t.gap.c.last)
    .where(t.gap.c.hall == bindparam("hall"), t.gap.c.day == bindparam("day"))
    .order_by(t.gap.c.prefix, t.gap.c.first)
)
_LAST_AT = select(t.hall.c.last_at).where(t.hall.c.id == bindparam("hall"))


class Marks:
    """The file of one data folder. Used inside units alone, which stand in line. alone: no other server gives
    numbers of this hall."""

    def __init__(self, folder: Path, alone: bool = True) -> None:
        self._path, self._alone = folder / NAME, alone
        self._above: dict[Key, int] = {}  # what is on the disk for sure
        self.due = True  # half of what it was written ahead is gone, or nobody has looked yet

    def covers(self, day: str | None, prefix: str, seq: int) -> bool:
        """Does the mark on the disk allow this number?"""
        left = self._above.get((day or "", prefix), 0) - seq
        self.due = self.due or left < AHEAD // 2
        return left >= 0

    def keep(self, unit: Unit, words: Mapping[Key, Word] | None = None) -> None:
        """Write what the open transaction has come to, ahead, before it is committed. words: what rests on a
        person's word from now on; such a mark is not written ahead, so that the first number that follows
        is seen here. Raises StorageFailed."""
        day = unit.day or unit.connection.execute(_NEWEST, {"hall": unit.hall}).scalar_one() or ""
        root = chain_line(unit.connection, unit.hall, 1)
        kept = _read(self._path)
        mine = kept.get(unit.hall, {})
        known = memory_of(mine) or Memory()
        now = series_from(unit.connection, unit.hall, day)
        said = {**known.words, **(words or {})}
        said = {key: word for key, word in said.items() if now.get(key) == word.raised}
        fresh_marks = {
            key: mark if key in said else ahead(mark, known.marks.get(key)) for key, mark in now.items()
        }
        marks = {**known.marks, **fresh_marks}
        blocks = {block.id: block for block in (*known.blocks, *blocks_from(unit.connection, unit.hall, day))}
        days = sorted({key[0] for key in marks})[-DAYS:]
        fresh: dict[str, Any] = {
            "marks": [[*key, m.last, m.lent_from] for key, m in sorted(marks.items()) if key[0] in days],
            "blocks": [_plain(block) for _, block in sorted(blocks.items()) if block.day in days],
            "words": [
                [*key, w.raised.last, w.raised.lent_from, w.witnessed.last, w.witnessed.lent_from]
                for key, w in sorted(said.items())
            ],
            "root": root,
            "alone": self._alone
            and not (mine.get("alone") is False and any(d == day for d, _ in known.marks)),
        }
        if fresh != {name: mine.get(name) for name in fresh}:
            try:
                _write(self._path, {**kept, unit.hall: {**fresh, "at": unit.now.isoformat()}})
            except OSError as error:
                log.error("the mark of the numbers cannot be written: %s", error)
                if not all(enough(mark, known.marks.get(key)) for key, mark in now.items()):
                    raise StorageFailed() from None
                marks = dict(known.marks)
        self._above = {key: mark.last for key, mark in marks.items()}
        self.due = False


def remembered_beside(folder: Path, hall: str, root: str | None) -> Memory | None:
    """What the file in `folder` says. It is sure when the hall's audit trail begins with the line whose hash
    is `root`, and no other server gave numbers. None: there is no such file, or it cannot be read."""
    mine = _read(folder / NAME).get(hall, {})
    found = memory_of(mine)
    return found and replace(
        found, sure=root is not None and mine.get("root") == root and mine.get("alone") is True
    )


def remembered_in(engine: Engine, hall: str, from_day: str, seq: int, hash_: str) -> Memory:
    """What another database says of the days from `from_day` on. It is sure when its audit trail holds the
    line `seq` with `hash_`, the last one of the backup. Raises DBAPIError."""
    with reading(engine) as connection:
        sure = seq > 0 and chain_line(connection, hall, seq) == hash_
        at = connection.execute(_LAST_AT, {"hall": hall}).scalar_one_or_none()
        marks = series_from(connection, hall, from_day)
        return Memory(marks, tuple(blocks_from(connection, hall, from_day)), at, sure)


def chain_line(connection: Connection, hall: str, seq: int) -> str | None:
    """The hash of one line of the audit trail."""
    return connection.execute(_LINE, {"hall": hall, "seq": seq}).scalar_one_or_none()


def chain_end(connection: Connection, hall: str) -> tuple[int, str]:
    """Number and hash of the last line of the audit trail."""
    row = connection.execute(_END, {"hall": hall}).one()
    return int(row.audit_seq), str(row.audit_hash)


def series_from(connection: Connection, hall: str, day: str) -> dict[Key, Mark]:
    """Every series of `day` and later."""
    rows = connection.execute(_SERIES, {"hall": hall, "from_day": day})
    return {(row.day, row.prefix): Mark(row.last, row.lent_from) for row in rows if 0 <= row.last <= MOST}


def blocks_from(connection: Connection, hall: str, day: str) -> list[Block]:
    return [Block(*row) for row in connection.execute(_BLOCKS, {"hall": hall, "from_day": day})]


def raise_series(unit: Unit, marks: Mapping[Key, Mark]) -> None:
    """Let these series go on from there."""
    for (day, prefix), mark in marks.items():
        row = {
            "hall": unit.hall,
            "day": day,
            "prefix": prefix,
            "last": mark.last,
            "lent_from": mark.lent_from,
        }
        upsert(unit.connection, t.series, row, ("hall", "day", "prefix"))


def begin_era(unit: Unit) -> None:
    """From now on what a host remembers of this hall's slips is of another time."""
    unit.connection.execute(_BEGIN, {"of_hall": unit.hall, "era": secrets.token_hex(4)})


def era_of(connection: Connection, hall: str) -> str:
    """Empty while no backup was ever restored."""
    return str(connection.execute(_ERA, {"hall": hall}).scalar_one())


def gaps_of(connection: Connection, hall: str, day: str) -> list[Gap]:
    rows = connection.execute(_GAPS, {"hall": hall, "day": day})
    return [Gap(*row) for row in rows]


def in_gap(connection: Connection, hall: str, day: str, which: tuple[str, int] | None) -> bool:
    """Is (prefix, place in the series) one that people may hold and nobody knows of?"""
    return which is not None and any(
        gap.prefix == which[0] and gap.first <= which[1] <= gap.last for gap in gaps_of(connection, hall, day)
    )


def take_in(unit: Unit, blocks: list[Block], found: list[Gap]) -> None:
    """Blocks that are lent though the backup does not know it, and gaps."""
    if blocks:
        names = Block.__dataclass_fields__
        rows = [{"hall": unit.hall, **{name: getattr(block, name) for name in names}} for block in blocks]
        unit.connection.execute(insert(t.block), rows)
    if found:
        unit.connection.execute(
            insert(t.gap), [{"hall": unit.hall, **vars(gap), "found_at": unit.now} for gap in found]
        )


# --- the file


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """hall -> what is kept of it; nothing where there is no file, or a damaged one: it is written whole."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.error("the mark of the numbers cannot be read: %s", error)
        return {}
    halls = found if isinstance(found, dict) else {}
    return {str(hall): mine for hall, mine in halls.items() if isinstance(mine, dict)}


def memory_of(mine: Mapping[str, Any]) -> Memory | None:
    """None for what is no memory."""
    try:
        marks = {
            (str(d), str(p)): Mark(int(n), None if f is None else int(f)) for d, p, n, f in mine["marks"]
        }
        blocks = tuple(
            Block(*row[:8], datetime.fromisoformat(row[8])) for row in mine["blocks"] if len(row) == 9
        )
        words = {
            (str(d), str(p)): Word(Mark(int(n), f and int(f)), Mark(int(m), g and int(g)))
            for d, p, n, f, m, g in mine.get("words", ())
        }
        return Memory(marks, blocks, datetime.fromisoformat(mine["at"]), words=words)
    except (KeyError, TypeError, ValueError):
        return None


def _plain(block: Block) -> list[Any]:
    values = [getattr(block, name) for name in Block.__dataclass_fields__]
    return [*values[:8], block.lent_at.isoformat()]


def _write(path: Path, halls: Mapping[str, Any]) -> None:
    """There for good when it returns; the old file stands until the new one does."""
    part = path.with_name(path.name + ".part")
    try:
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(json.dumps(halls, ensure_ascii=False, separators=(",", ":")).encode())
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
