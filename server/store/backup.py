"""A hall's whole database as one SQLite file, whatever engine it lives on, and back (D12).

SQLite is copied by its own backup API, never as files under a running WAL; PostgreSQL row by row from one
state of the database. So every copy can be opened and checked by itself, and a hall that outgrows SQLite
moves the same way.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, func, insert, select

from server.store import tables as t
from server.store.engine import open_engine, reading, writing
from server.store.setup import is_current, is_new, migrate
from server.store.verify import check

BEFORE = ".before-restore"  # what a restore replaced stays beside it under this name
BATCH = 2_000  # rows in memory at once


class BackupBroken(RuntimeError):
    """The copy is damaged or its audit chain does not hold; `troubles` says how."""

    def __init__(self, troubles: list[str]) -> None:
        super().__init__("; ".join(troubles))
        self.troubles = troubles


class NotEmpty(RuntimeError):
    """The PostgreSQL database holds a hall already; a restore never writes over one."""


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database, None for another engine."""
    kind, _, path = url.partition(":///")
    return Path(path) if kind == "sqlite" else None


def copy_out(url: str, target: Path, hall: str) -> None:
    """Copy the database to the new SQLite file `target` while the hall works, and examine the copy.

    Raises BackupBroken, FileNotFoundError when there is no database, OSError, DBAPIError.
    """
    source = sqlite_file(url)
    if source is None:
        _rows_out(url, target)
    else:
        if not source.is_file():
            raise FileNotFoundError(str(source))
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    examine(target, hall)


def examine(path: Path, hall: str) -> None:
    """Open, check integrity, bring to this release's schema, check audit chain and invariants. Raises
    BackupBroken, FileNotFoundError, SchemaTooNew."""
    if not path.is_file():
        raise FileNotFoundError(str(path))
    try:
        with closing(sqlite3.connect(path)) as copy:
            found = [str(row[0]) for row in copy.execute("PRAGMA integrity_check")]
            known = copy.execute("SELECT 1 FROM hall WHERE id = ?", (hall,)).fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupBroken([f"不是大厅的数据库 / not a hall's database: {error}"]) from None
    troubles = [] if found == ["ok"] else found
    if known is None:
        troubles.append(f"不是这个大厅的备份 / not a backup of hall {hall}")
    if not troubles:
        engine = open_engine(f"sqlite:///{path}")
        try:
            migrate(engine)
            troubles = check(engine, hall)
        finally:
            engine.dispose()  # the last one out writes the log into the file
    if troubles:
        raise BackupBroken(troubles)


def rows_in(source: Path, url: str) -> None:
    """Fill the empty PostgreSQL database `url` from the SQLite file `source`, which was examined, in one
    transaction. Raises NotEmpty, SchemaTooNew, DBAPIError."""
    check_empty(url)
    old, new = open_engine(f"sqlite:///{source}"), open_engine(url)
    try:
        migrate(new)
        with reading(old) as there, writing(new) as here:
            _pour(there, here)
            for table in t.metadata.sorted_tables:
                if table.autoincrement_column is not None:
                    _count_on(here, table.autoincrement_column)
    finally:
        old.dispose()
        new.dispose()


def check_empty(url: str) -> None:
    """Raises NotEmpty when a hall lives in the database already, DBAPIError."""
    engine = open_engine(url)
    try:
        if not is_new(engine):
            with reading(engine) as connection:
                if connection.execute(select(t.hall.c.id).limit(1)).first() is not None:
                    raise NotEmpty
    finally:
        engine.dispose()


def put_in_place(staged: Path, database: Path) -> None:
    """`staged` becomes the database; the old one is kept, with its log, as `*.before-restore`.

    May be begun again after a power cut at any point: what was moved already is not moved again, and a
    database that somebody began meanwhile is not kept in its stead.
    """
    for old, kept in zip(with_log(database), with_log(_before(database)), strict=True):
        if kept.exists():
            old.unlink(missing_ok=True)
        elif old.exists():
            os.replace(old, kept)
    os.replace(staged, database)


def forget_before(database: Path) -> None:
    """What an earlier restore kept goes, so that nothing of it is taken for a part of what the next one
    keeps."""
    for path in with_log(_before(database)):
        path.unlink(missing_ok=True)


def _before(database: Path) -> Path:
    return database.with_name(database.name + BEFORE)


def with_log(database: Path) -> list[Path]:
    """The files of a SQLite database: itself, its log, the log's index."""
    return [database.with_name(database.name + suffix) for suffix in ("", "-wal", "-shm")]


def _rows_out(url: str, target: Path) -> None:
    source, copy = open_engine(url), open_engine(f"sqlite:///{target}", durable=False)
    try:
        if is_new(source):
            raise FileNotFoundError(url.partition("@")[2])
        if not is_current(source):
            raise BackupBroken(
                ["数据库属于另一个版本，请先 migrate / another release's database: migrate first"]
            )
        migrate(copy)
        with reading(source) as there, writing(copy) as here:
            _pour(there, here)
        _close_log(copy)
    finally:
        source.dispose()
        copy.dispose()


def _pour(there: Connection, here: Connection) -> None:
    """Every row of every table, what others point to first."""
    for table in t.metadata.sorted_tables:
        found = there.execution_options(yield_per=BATCH).execute(select(table).order_by(*table.primary_key))
        rows = found.mappings()
        for some in rows.partitions(BATCH):
            here.execute(insert(table), [dict(row) for row in some])


def _count_on(here: Connection, column: Column[int]) -> None:
    """New rows get numbers above those that came with their own."""
    highest = here.execute(select(func.max(column))).scalar()
    if highest is not None:
        sequence = func.pg_get_serial_sequence(column.table.name, column.name)
        here.execute(select(func.setval(sequence, highest)))


def _close_log(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
