"""The database's schema: the migrations, the tables and the constant HEAD say the same on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from server.store import setup
from server.store.engine import reading, writing
from server.store.tables import metadata
from server.store.unit import Store

OLD_TICKET = (
    "INSERT INTO ticket"
    " (id, hall, day, prefix, seq, number, service, priority, taken_at, channel, link, lang)"
    " VALUES (1, 'h', 'd', 'A', 1, 'A001', 'S001', 'ordinary', '2026-03-02 01:00:00', 'kiosk:K1', 'l', 'zh')"
)
OLD_COMPLAINT = (
    "INSERT INTO complaint (id, hall, ticket, number, state, made_at, answer)"
    " VALUES (7, 'h', 1, 'A001', 'answered', '2026-03-02 01:00:00', '好')"
)


def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(setup.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == setup.HEAD


def test_the_migrations_make_the_tables(store: Store):
    with reading(store.engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_of_a_newer_release_is_left_alone(store: Store):
    setup.migrate(store.engine)  # a second start finds nothing to do
    with writing(store.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(setup.SchemaTooNew, match="9999"):
        setup.migrate(store.engine)


def test_complaints_of_an_older_schema_stay_whole(store: Store):
    """SQLite makes their table anew so that a message may come without a ticket."""
    config = Config()
    config.set_main_option("script_location", str(Path(setup.__file__).parent / "migrations"))
    with writing(store.engine) as connection:
        for name in reversed(metadata.sorted_tables):
            connection.execute(text(f'DROP TABLE "{name.name}"'))
        connection.execute(text("DROP TABLE alembic_version"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0016")
        connection.execute(text(OLD_TICKET))
        connection.execute(text(OLD_COMPLAINT))
    setup.migrate(store.engine)
    with writing(store.engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        kept = text("SELECT id, ticket, number, state, answer, source, extended, link FROM complaint")
        assert connection.execute(kept).one() == (7, 1, "A001", "answered", "好", "words", "", None)
    with pytest.raises(IntegrityError), writing(store.engine) as connection:  # the check was not lost
        connection.execute(text("UPDATE complaint SET state = 'lost'"))
    with pytest.raises(IntegrityError), writing(store.engine) as connection:  # nor what it points to
        connection.execute(text("UPDATE complaint SET ticket = 999"))
