"""Online backup of a SQLite hall, and its restore. A backup counts only once it was opened and verified
(D12).

The copy is taken by SQLite's own backup API, never by copying files under a running WAL.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from server.store.engine import open_engine
from server.store.verify import check


class BackupBroken(RuntimeError):
    """The copy is damaged or its audit chain does not hold; `troubles` says how."""

    def __init__(self, troubles: list[str]) -> None:
        super().__init__("; ".join(troubles))
        self.troubles = troubles


def back_up(database: Path, target: Path, hall: str) -> None:
    """Copy `database` to `target` while the hall works. Raises BackupBroken, FileNotFoundError, OSError."""
    if not database.is_file():
        raise FileNotFoundError(str(database))
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    try:
        examine(part, hall)
    except BackupBroken:
        part.unlink()
        raise
    _settle(part, target)


def restore(source: Path, database: Path, hall: str) -> None:
    """Put the backup `source` in place of `database`; the old one is kept beside it as `*.before-restore`.

    Nothing may be running on it. Raises BackupBroken when the backup itself is not sound, FileNotFoundError.
    """
    examine(source, hall)
    part = database.with_name(database.name + ".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as backup, closing(sqlite3.connect(part)) as copy:
        backup.backup(copy)
    if database.exists():
        with closing(sqlite3.connect(database)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        os.replace(database, database.with_name(database.name + ".before-restore"))
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    _settle(part, database)


def examine(path: Path, hall: str) -> None:
    """Open, check integrity, audit chain and invariants. Raises BackupBroken, FileNotFoundError."""
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
        troubles = check(engine, hall)
        engine.dispose()
    if troubles:
        raise BackupBroken(troubles)


def _settle(part: Path, target: Path) -> None:
    """The finished copy takes its name only after it is on the disk for good."""
    for suffix in ("-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
