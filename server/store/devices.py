"""Enrolled devices and the one-time codes that make them. Keys and codes are stored as SHA-256 only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from server.store import tables as t
from server.store.unit import Unit

_DEVICE = [c for c in t.device.c if c.name not in ("hall", "key_hash")]
_CODE = [c for c in t.code.c if c.name not in ("hall", "code_hash", "used_at")]
_OF_HALL = select(*_DEVICE).where(t.device.c.hall == bindparam("hall"))
_FIND = _OF_HALL.where(t.device.c.id == bindparam("device"))
_STANDING = _OF_HALL.where(t.device.c.revoked_at.is_(None))
_BY_KEY = _STANDING.where(t.device.c.key_hash == bindparam("key_hash"))
_AMONG = _STANDING.with_only_columns(t.device.c.id).where(t.device.c.id.in_(bindparam("ids", expanding=True)))
_ALL = _STANDING.order_by(t.device.c.kind, t.device.c.name, t.device.c.id)


@dataclass(frozen=True)
class Device:
    """kind: kiosk | pad | board | window_screen | host. A device speaks for its window or kiosk only."""

    id: str
    kind: str
    name: str
    window: str | None
    kiosk: str | None
    enrolled_at: datetime
    seen_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Code:
    """What a one-time code makes: a device of `kind` at its place, or (kind "setup") the hall's first
    accounts.
    """

    kind: str
    name: str
    window: str | None
    kiosk: str | None
    expires_at: datetime | None


def find_device_by_key(connection: Connection, hall: str, key_hash: str) -> Device | None:
    """None for unknown and for revoked keys."""
    row = connection.execute(_BY_KEY, {"hall": hall, "key_hash": key_hash}).mappings().one_or_none()
    return Device(**row) if row else None


def find_device(connection: Connection, hall: str, device: str) -> Device | None:
    row = connection.execute(_FIND, {"hall": hall, "device": device}).mappings().one_or_none()
    return Device(**row) if row else None


def devices(connection: Connection, hall: str) -> list[Device]:
    """All that are enrolled now, by kind and name."""
    return [Device(**row) for row in connection.execute(_ALL, {"hall": hall}).mappings()]


def standing_devices(connection: Connection, hall: str, ids: Collection[str]) -> set[str]:
    """Those of `ids` that are enrolled and not revoked."""
    return set(connection.execute(_AMONG, {"hall": hall, "ids": list(ids)}).scalars())


def add_device(unit: Unit, device: Device, key_hash: str) -> None:
    row = {c.name: getattr(device, c.name) for c in _DEVICE}
    unit.connection.execute(insert(t.device).values(hall=unit.hall, key_hash=key_hash, **row))


def save_device(unit: Unit, device: str, **values: Any) -> None:
    mine = (t.device.c.hall == unit.hall) & (t.device.c.id == device)
    unit.connection.execute(update(t.device).where(mine), values)


def add_code(unit: Unit, code_hash: str, code: Code) -> None:
    """Keep a new code; used and expired ones go."""
    c = t.code.c
    stale = or_(c.used_at.is_not(None), c.expires_at < unit.now)
    unit.connection.execute(delete(t.code).where(c.hall == unit.hall, stale))
    row = {col.name: getattr(code, col.name) for col in _CODE}
    unit.connection.execute(insert(t.code).values(hall=unit.hall, code_hash=code_hash, **row))


def find_code(connection: Connection, hall: str, code_hash: str) -> Code | None:
    """What an unused code stands for; its end is for `use_code` to see."""
    c = t.code.c
    query = select(*_CODE).where(c.hall == hall, c.code_hash == code_hash, c.used_at.is_(None))
    row = connection.execute(query).mappings().one_or_none()
    return Code(**row) if row else None


def use_code(unit: Unit, code_hash: str) -> Code | None:
    """Take the code out of the world: what it stands for, None when it is unknown, used or expired."""
    c = t.code.c
    code = find_code(unit.connection, unit.hall, code_hash)
    if code is None or (code.expires_at is not None and code.expires_at <= unit.now):
        return None
    mine = (c.hall == unit.hall) & (c.code_hash == code_hash)
    unit.connection.execute(update(t.code).where(mine).values(used_at=unit.now))
    return code


def drop_codes(unit: Unit, kind: str) -> None:
    unit.connection.execute(delete(t.code).where(t.code.c.hall == unit.hall, t.code.c.kind == kind))
