"""INSERT … ON CONFLICT DO UPDATE on both engines, the one statement Core spells per dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

INSERTING: dict[str, Any] = {"sqlite": sqlite_insert, "postgresql": postgres_insert}


def upsert(
    connection: Connection,
    table: Table,
    row: Mapping[str, Any],
    key: tuple[str, ...],
    keep: tuple[str, ...] = (),
) -> None:
    """Insert `row`, or where `key` exists set all its other columns but those of `keep`."""
    changed = tuple(column for column in row if column not in key + keep)
    connection.execute(_upserting(connection.dialect.name, table, key, changed), row)


def upsert_all(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], key: tuple[str, ...]
) -> None:
    """The same for many rows with the same columns, in one go."""
    if rows:
        changed = tuple(column for column in rows[0] if column not in key)
        connection.execute(_upserting(connection.dialect.name, table, key, changed), list(rows))


@cache
def _upserting(dialect: str, table: Table, key: tuple[str, ...], changed: tuple[str, ...]) -> Any:
    fresh = INSERTING[dialect](table)
    return fresh.on_conflict_do_update(
        index_elements=key, set_={column: fresh.excluded[column] for column in changed}
    )
