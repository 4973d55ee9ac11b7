"""The hall's own look: every version that a manager published; the newest holds, none = the files'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, insert, select

from server.domain.brand import Brand
from server.store import tables as t
from server.store.unit import Unit

_BODY = TypeAdapter(Brand)
_B = t.brand.c
_NEWEST = (
    select(_B.version, _B.body, _B.logo_type, _B.person, _B.at)
    .where(_B.hall == bindparam("hall"))
    .order_by(_B.version.desc())
    .limit(1)
)
_LOGO = select(_B.logo, _B.logo_type).where(_B.hall == bindparam("hall")).order_by(_B.version.desc()).limit(1)
_PAST = (
    select(_B.version, _B.body, _B.logo_type, _B.person, _B.at)
    .where(_B.hall == bindparam("hall"))
    .order_by(_B.version.desc())
    .limit(bindparam("most"))
)
_ONE = select(_B.body, _B.logo, _B.logo_type).where(
    _B.hall == bindparam("hall"), _B.version == bindparam("version")
)


@dataclass(frozen=True)
class PublishedBrand:
    """`logo_type`: None = this version has no logo."""

    version: int
    brand: Brand
    logo_type: str | None
    person: str
    at: datetime


def newest_brand(connection: Connection, hall: str) -> PublishedBrand | None:
    """None: nobody has published one."""
    row = connection.execute(_NEWEST, {"hall": hall}).one_or_none()
    return None if row is None else _published(row)


def brands_of(connection: Connection, hall: str, most: int) -> list[PublishedBrand]:
    """The last versions, the newest first."""
    return [_published(row) for row in connection.execute(_PAST, {"hall": hall, "most": most})]


def find_brand(connection: Connection, hall: str, version: int) -> tuple[Brand, tuple[bytes, str] | None]:
    """What a version looked like: colours and words, logo. Raises LookupError."""
    row = connection.execute(_ONE, {"hall": hall, "version": version}).one_or_none()
    if row is None:
        raise LookupError(version)
    return _BODY.validate_python(row.body), None if row.logo is None else (row.logo, row.logo_type)


def logo_of(connection: Connection, hall: str, version: int) -> tuple[bytes, str] | None:
    """The logo of one version and its type. None: it has none, or there is no such version."""
    try:
        return find_brand(connection, hall, version)[1]
    except LookupError:
        return None


def _published(row: Row[Any]) -> PublishedBrand:
    return PublishedBrand(row.version, _BODY.validate_python(row.body), row.logo_type, row.person, row.at)


def slogan_now(connection: Connection, hall: str, files: Brand, lang: str) -> str:
    """The slogan that holds: the published one, else that of the hall's `files`."""
    newest = newest_brand(connection, hall)
    return (newest.brand if newest else files).said(lang)


def newest_logo(connection: Connection, hall: str) -> tuple[bytes, str] | None:
    """The published logo and its type. None: there is none, in the newest version or at all."""
    row = connection.execute(_LOGO, {"hall": hall}).one_or_none()
    return (row.logo, row.logo_type) if row is not None and row.logo is not None else None


def add_brand(unit: Unit, brand: Brand, logo: tuple[bytes, str] | None) -> int:
    """Write the next version; its number. It holds with this unit's commit."""
    before = newest_brand(unit.connection, unit.hall)
    row: dict[str, Any] = {
        "hall": unit.hall,
        "version": before.version + 1 if before else 1,
        "body": _BODY.dump_python(brand, mode="json"),
        "logo": logo[0] if logo else None,
        "logo_type": logo[1] if logo else None,
        "person": unit.actor.id,
        "at": unit.now,
    }
    unit.connection.execute(insert(t.brand), row)
    return int(row["version"])
