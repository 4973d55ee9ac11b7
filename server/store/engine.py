"""Opening the database: SQLite by default, PostgreSQL by URL.

SQLite runs WAL + synchronous=FULL, checked on every new connection (D2: WAL+NORMAL lost every acknowledged
act in a power cut). pysqlite's own transaction handling is switched off; `BEGIN IMMEDIATE` is ours, so that a
reader can never turn into a writer half way and fail. It is sent by `writing`, not by an engine event: one
listener makes SQLAlchemy prepare every statement for listeners.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

BUSY_S = 15.0
# A number writes some 25 pages, mostly the same ones, and SQLite folds the log into the database every 1,000
# pages. Folding less often takes less time under load; 8,000 pages are 32 MB of log, read back in 20 ms.
LOG_PAGES = 8_000


class StorageUnsafe(RuntimeError):
    """The database does not keep its promises: the server must not start on it."""


def open_engine(url: str, durable: bool = True) -> Engine:
    """An engine for `url` with safe settings. Raises StorageUnsafe when WAL + FULL is not in force.

    durable: False only for a database that is thrown away (a simulation): it survives its process, not a
    power cut.
    """
    if url.startswith("sqlite"):
        engine = create_engine(
            url, pool_size=20, max_overflow=40, connect_args={"timeout": BUSY_S, "check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare_sqlite if durable else _prepare_scratch)
        return engine
    engine = create_engine(url, pool_size=20, max_overflow=40, pool_pre_ping=True)
    event.listen(engine, "connect", _prepare_postgres)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in the transaction of a writer; leaving normally commits, by an exception rolls back."""
    with engine.connect() as connection:
        begin_writing(connection)
        yield connection
        connection.commit()


def begin_writing(connection: Connection) -> None:
    """A writer's transaction on a connection that has none."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database from begin to end."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            yield connection


def _prepare_scratch(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA foreign_keys=ON")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if (mode, level) != ("wal", 2):
        raise StorageUnsafe(
            f"SQLite must run journal_mode=wal and synchronous=2 (FULL), got {mode} and {level}"
        )


def _prepare_postgres(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
