"""Bringing the database to this release and making the hall's row. Runs at every start."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, select

from server.store import tables as t
from server.store.engine import writing


class SchemaTooNew(RuntimeError):
    """The database was written by a newer release; this one must not touch it (I21)."""


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(engine: Engine) -> None:
    """Upgrade to the newest schema. Raises SchemaTooNew."""
    config = alembic_config()
    script = ScriptDirectory.from_config(config)
    with writing(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        known = {revision.revision for revision in script.walk_revisions()}
        if current is not None and current not in known:
            raise SchemaTooNew(
                f"the database is at schema {current}, this release knows up to {script.get_current_head()}"
            )
        connection.rollback()
        if current == script.get_current_head():
            return
        config.attributes["connection"] = connection
        with connection.begin():
            command.upgrade(config, "head")


def ensure_hall(engine: Engine, hall: str, now: datetime) -> None:
    """Make the hall's row when it is not there yet."""
    with writing(engine) as connection, connection.begin():
        if connection.execute(select(t.hall.c.id).where(t.hall.c.id == hall)).first() is None:
            first = {"id": hall, "revision": 0, "last_at": now, "audit_seq": 0, "audit_hash": ""}
            connection.execute(insert(t.hall), first)
