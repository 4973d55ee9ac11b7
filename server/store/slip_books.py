"""The published slip templates: numbered, kept for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from server.domain.slips import SlipTemplate
from server.store import tables as t
from server.store.unit import Unit

_BODY = TypeAdapter(dict[str, SlipTemplate])
_IN_HALL = t.slip_book.c.hall == bindparam("hall")
_FIND = select(t.slip_book).where(_IN_HALL, t.slip_book.c.version == bindparam("version"))
_ALL = select(t.slip_book).where(_IN_HALL).order_by(t.slip_book.c.version.desc()).limit(100)


@dataclass(frozen=True)
class PublishedSlips:
    """One version: the templates that lie over the files, by whom, when, why. `rolled_back_to`: the older
    version whose body this is again."""

    version: int
    body: dict[str, SlipTemplate]
    changes: list[dict[str, Any]]
    note: str
    person: str
    at: datetime | None
    rolled_back_to: int | None


def find_slips_version(connection: Connection, hall: str, version: int) -> PublishedSlips:
    """Version 0 is the files alone. Raises LookupError."""
    if version == 0:
        return PublishedSlips(0, {}, [], "", "", None, None)
    row = connection.execute(_FIND, {"hall": hall, "version": version}).mappings().one_or_none()
    if row is None:
        raise LookupError(version)
    return _published(row)


def slip_versions(connection: Connection, hall: str) -> list[PublishedSlips]:
    """The newest hundred versions, newest first."""
    return [_published(row) for row in connection.execute(_ALL, {"hall": hall}).mappings()]


def add_slips_version(
    unit: Unit,
    body: Mapping[str, SlipTemplate],
    changes: list[dict[str, Any]],
    note: str,
    rolled_back_to: int | None,
) -> int:
    """Write the next version and put it in force with this unit's commit; its number."""
    unit.slips += 1
    row = {
        "hall": unit.hall,
        "version": unit.slips,
        "body": _BODY.dump_python(dict(body), mode="json"),
        "changes": changes,
        "note": note,
        "person": unit.actor.id,
        "at": unit.now,
        "rolled_back_to": rolled_back_to,
    }
    unit.connection.execute(insert(t.slip_book), row)
    return unit.slips


def _published(row: RowMapping) -> PublishedSlips:
    fields = {k: v for k, v in row.items() if k not in ("hall", "body")}
    return PublishedSlips(body=_BODY.validate_python(row["body"]), **fields)
