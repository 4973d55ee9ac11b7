"""(c) The floor: SQLite one-row commits, WAL + synchronous FULL, alone and 16 to a transaction."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from bench.figures import Row, percentile


def open_floor(path: Path) -> sqlite3.Connection:
    """A connection that commits durably; raises if the two pragmas are not in force."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    mode = db.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    db.execute("PRAGMA synchronous=FULL")
    if mode != "wal" or db.execute("PRAGMA synchronous").fetchone()[0] != 2:
        raise RuntimeError(f"no WAL + FULL at {path}")
    db.execute("CREATE TABLE IF NOT EXISTS taken (id INTEGER PRIMARY KEY, number TEXT, at REAL)")
    return db


def commit(db: sqlite3.Connection, rows: int = 1) -> None:
    db.execute("BEGIN IMMEDIATE")
    for _ in range(rows):
        db.execute("INSERT INTO taken (number, at) VALUES (?, ?)", ("A001", time.time()))
    db.execute("COMMIT")


def run(folder: Path, quick: bool) -> list[Row]:
    seconds = 1.0 if quick else 2.0
    db = open_floor(folder / "floor.db")
    rows = []
    for per_commit in (1, 16):
        ms: list[float] = []
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            commit(db, per_commit)
            ms.append((time.perf_counter() - start) * 1000)
        rows.append(Row("floor", f"SQLite WAL+FULL commit of {per_commit}", len(ms) * per_commit / seconds,
                        unit="rows/s", p50=percentile(ms, 0.5), p99=percentile(ms, 0.99),
                        note="milliseconds per commit at the right"))
    db.close()
    return rows
