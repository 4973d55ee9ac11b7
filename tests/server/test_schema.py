"""The database's schema: the migrations, the tables and the constant HEAD say the same on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from server.store import setup
from server.store.engine import reading, writing
from server.store.tables import metadata
from server.store.unit import Store


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
