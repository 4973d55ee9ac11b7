"""Bringing the database to this release and making the hall's row. Runs at every start."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, text

from server.store import tables as t
from server.store.engine import reading, writing

HEAD = "0018"  # the newest of migrations/versions; a start that finds it need not load Alembic


class SchemaTooNew(RuntimeError):
    """The database was written by a newer release; this one must not touch it (I21)."""


def migrate(engine: Engine) -> None:
    """Upgrade to the newest schema. Raises SchemaTooNew."""
    with reading(engine) as connection:
        current = _schema_of(connection)
    if current != HEAD:
        _upgrade(engine, current)


def is_current(engine: Engine) -> bool:
    """Has the database this release's schema?"""
    with reading(engine) as connection:
        return _schema_of(connection) == HEAD


def is_new(engine: Engine) -> bool:
    """Was nothing ever stored in the database?"""
    with reading(engine) as connection:
        return _schema_of(connection) is None


def _schema_of(connection: Connection) -> str | None:
    """What Alembic wrote down, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(engine: Engine, current: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaTooNew(f"the database is at schema {current}, this release knows up to {HEAD}")
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def ensure_hall(engine: Engine, hall: str, now: datetime) -> None:
    """Make the hall's row when it is not there yet."""
    with writing(engine) as connection:
        if connection.execute(select(t.hall.c.id).where(t.hall.c.id == hall)).first() is None:
            first = {"id": hall, "revision": 0, "last_at": now, "audit_seq": 0, "audit_hash": ""}
            connection.execute(insert(t.hall), first)
