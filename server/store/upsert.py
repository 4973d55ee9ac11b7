"""INSERT … ON CONFLICT DO UPDATE on both engines, the one statement Core spells per dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def upserting(
    connection: Connection,
    table: Table,
    row: Mapping[str, Any],
    key: Sequence[str],
    update: Mapping[str, Any] | None = None,
) -> Any:
    """The statement: insert `row`, or where `key` exists set `update` (default: all other columns of `row`)."""
    make: Any = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
    changes = update if update is not None else {k: v for k, v in row.items() if k not in key}
    return make(table).values(**row).on_conflict_do_update(index_elements=list(key), set_=changes)
