"""What managers configured: versions numbered by area, kept for ever, and the draft of each area."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from server.domain.configuration import Body, Change
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

_C, _D = t.config.c, t.config_draft.c
_IN_HALL = _C.hall == bindparam("hall")
_IN_FORCE = (
    select(_C.area, _C.body)
    .where(_IN_HALL, _C.in_force.is_not(None), _C.in_force <= bindparam("config"))
    .order_by(_C.in_force)
)
_OF_AREA = (
    select(t.config).where(_IN_HALL, _C.area == bindparam("area")).order_by(_C.version.desc()).limit(100)
)
_FIND = select(t.config).where(_IN_HALL, _C.area == bindparam("area"), _C.version == bindparam("version"))
_NEWEST = select(func.coalesce(func.max(_C.version), 0)).where(_IN_HALL, _C.area == bindparam("area"))
_WAITING = (
    select(t.config).where(_IN_HALL, _C.in_force.is_(None), _C.withdrawn.is_(False)).order_by(_C.version)
)
_DRAFTS = select(t.config_draft).where(_D.hall == bindparam("hall"))


@dataclass(frozen=True)
class Version:
    """One published version. in_force: its place in the order in which versions came into force, None while
    it waits for its day `since` or when it was withdrawn. rolled_back_to: the older version whose body this
    is again."""

    version: int
    area: str
    body: Body
    changes: list[dict[str, Any]]
    note: str
    person: str
    at: datetime | None
    since: str | None
    in_force: int | None
    in_force_at: datetime | None
    withdrawn: bool
    rolled_back_to: int | None


@dataclass(frozen=True)
class Draft:
    """rev: how often it was saved. base: the version it was made from. body: fields of items, None = taken
    away; empty when there is nothing to publish."""

    area: str
    rev: int
    base: int
    body: Body
    person: str
    at: datetime


def bodies_in_force(connection: Connection, hall: str, config: int) -> dict[str, Body]:
    """area -> what lay over the files when the hall's count stood at `config`."""
    return {row.area: row.body for row in connection.execute(_IN_FORCE, {"hall": hall, "config": config})}


def moments(connection: Connection, hall: str) -> list[tuple[datetime, int]]:
    """When something came into force, oldest first, and what the hall's count stood at from then on."""
    query = select(_C.in_force_at, _C.in_force).where(_C.hall == hall, _C.in_force.is_not(None))
    return [(row.in_force_at, row.in_force) for row in connection.execute(query.order_by(_C.in_force))]


def versions_of(connection: Connection, hall: str, area: str) -> list[Version]:
    """The newest hundred, newest first."""
    rows = connection.execute(_OF_AREA, {"hall": hall, "area": area}).mappings()
    return [_version(row) for row in rows]


def find_version(connection: Connection, hall: str, area: str, version: int) -> Version:
    """Version 0 is the files alone. Raises LookupError."""
    if version == 0:
        return Version(0, area, {}, [], "", "", None, None, None, None, False, None)
    row = connection.execute(_FIND, {"hall": hall, "area": area, "version": version}).mappings().one_or_none()
    if row is None:
        raise LookupError(version)
    return _version(row)


def newest_of(connection: Connection, hall: str, area: str) -> Version:
    """The version an editor starts from: the one that waits for its day, else the one in force."""
    found = [v for v in versions_of(connection, hall, area) if not v.withdrawn]
    return found[0] if found else find_version(connection, hall, area, 0)


def waiting(connection: Connection, hall: str) -> list[Version]:
    """Published for a later day."""
    return [_version(row) for row in connection.execute(_WAITING, {"hall": hall}).mappings()]


def add_version(
    unit: Unit,
    area: str,
    body: Body,
    changes: Iterable[Change],
    note: str,
    since: str | None,
    rolled_back_to: int | None,
) -> int:
    """Write the next version; without `since` it is in force with this unit's commit. Its number."""
    version = int(unit.connection.execute(_NEWEST, {"hall": unit.hall, "area": area}).scalar_one()) + 1
    if since is None:
        unit.config += 1
    row = {
        "hall": unit.hall,
        "version": version,
        "area": area,
        "body": body,
        "changes": [asdict(c) for c in changes],
        "note": note,
        "person": unit.actor.id,
        "at": unit.now,
        "since": since,
        "in_force": unit.config if since is None else None,
        "in_force_at": unit.now if since is None else None,
        "rolled_back_to": rolled_back_to,
    }
    unit.connection.execute(insert(t.config), row)
    return version


def begin_version(unit: Unit, area: str, version: int) -> None:
    """Its day has come."""
    unit.config += 1
    _save(unit, area, version, in_force=unit.config, in_force_at=unit.now)


def withdraw_version(unit: Unit, area: str, version: int) -> None:
    """It will not come into force."""
    _save(unit, area, version, withdrawn=True)


def drafts_of(connection: Connection, hall: str) -> dict[str, Draft]:
    """By area."""
    rows = connection.execute(_DRAFTS, {"hall": hall}).mappings()
    return {row["area"]: Draft(**{k: v for k, v in row.items() if k != "hall"}) for row in rows}


def uploads_named(connection: Connection, hall: str) -> set[str]:
    """Files that some version or draft names: photos of people, media of boards."""
    areas = ("people", "media")
    bodies = connection.execute(select(_C.body).where(_C.hall == hall, _C.area.in_(areas))).scalars()
    drafts = connection.execute(select(_D.body).where(_D.hall == hall, _D.area.in_(areas))).scalars()
    items = [item for body in (*bodies, *drafts) for item in body.values() if item]
    return {str(item[key]) for item in items for key in ("photo", "file") if item.get(key)}


def save_draft(unit: Unit, draft: Draft) -> None:
    row = {"hall": unit.hall, **vars(draft)}
    upsert(unit.connection, t.config_draft, row, ("hall", "area"))


def _save(unit: Unit, area: str, version: int, **values: Any) -> None:
    unit.connection.execute(
        update(t.config).where(_C.hall == unit.hall, _C.area == area, _C.version == version).values(**values)
    )


def _version(row: Any) -> Version:
    return Version(**{k: v for k, v in row.items() if k != "hall"})
