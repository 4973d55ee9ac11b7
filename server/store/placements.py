"""The published placements: numbered, kept for ever."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from server.domain.placement import Change, Placement
from server.store import tables as t
from server.store.unit import Unit

_BODY = TypeAdapter(Placement)
_IN_HALL = t.placement.c.hall == bindparam("hall")
_FIND = select(t.placement).where(_IN_HALL, t.placement.c.version == bindparam("version"))
_ALL = select(t.placement).where(_IN_HALL).order_by(t.placement.c.version.desc()).limit(100)


@dataclass(frozen=True)
class Published:
    """One version: what, by whom, when, why. `rolled_back_to`: the older version whose body this is again."""

    version: int
    body: Placement
    changes: list[dict[str, Any]]
    note: str
    person: str
    at: datetime | None
    rolled_back_to: int | None


FILES = Published(0, Placement(), [], "", "", None, None)


def _published(row: RowMapping) -> Published:
    fields = {k: v for k, v in row.items() if k not in ("hall", "body")}
    return Published(body=_BODY.validate_python(row["body"]), **fields)


def find_placement(connection: Connection, hall: str, version: int) -> Published:
    """Version 0 is the hall's files. Raises LookupError."""
    if version == 0:
        return FILES
    row = connection.execute(_FIND, {"hall": hall, "version": version}).mappings().one_or_none()
    if row is None:
        raise LookupError(version)
    return _published(row)


def placements(connection: Connection, hall: str) -> list[Published]:
    """The newest hundred versions, newest first."""
    return [_published(row) for row in connection.execute(_ALL, {"hall": hall}).mappings()]


def add_placement(
    unit: Unit, body: Placement, changes: list[Change], note: str, rolled_back_to: int | None
) -> int:
    """Write the next version and put it in force with this unit's commit; its number."""
    unit.placement += 1
    row = {
        "hall": unit.hall,
        "version": unit.placement,
        "body": _BODY.dump_python(body, mode="json"),
        "changes": [asdict(c) for c in changes],
        "note": note,
        "person": unit.actor.id,
        "at": unit.now,
        "rolled_back_to": rolled_back_to,
    }
    unit.connection.execute(insert(t.placement), row)
    return unit.placement
