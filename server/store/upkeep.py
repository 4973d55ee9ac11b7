"""The kiosks' PIN and the wrong tries at each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from server.domain.sessions import Failures
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

_PIN = select(t.kiosk_pin.c.hash, t.kiosk_pin.c.set_by, t.kiosk_pin.c.set_at).where(
    t.kiosk_pin.c.hall == bindparam("hall")
)
_T = t.pin_try.c
_TRIES = select(_T.failures, _T.locked_until).where(
    _T.hall == bindparam("hall"), _T.kiosk == bindparam("kiosk")
)


@dataclass(frozen=True)
class Pin:
    """`hash`: argon2id."""

    hash: str
    set_by: str
    set_at: datetime


def find_pin(connection: Connection, hall: str) -> Pin | None:
    row = connection.execute(_PIN, {"hall": hall}).one_or_none()
    return Pin(*row) if row else None


def save_pin(unit: Unit, hashed: str) -> None:
    """The new PIN; the wrong tries of the one before are forgotten."""
    values = {"hall": unit.hall, "hash": hashed, "set_by": unit.actor.id, "set_at": unit.now}
    upsert(unit.connection, t.kiosk_pin, values, ("hall",))
    unit.connection.execute(delete(t.pin_try).where(_T.hall == unit.hall))


def failures_at(connection: Connection, hall: str, kiosk: str) -> Failures:
    row = connection.execute(_TRIES, {"hall": hall, "kiosk": kiosk}).one_or_none()
    return Failures(*row) if row else Failures()


def save_failures(unit: Unit, kiosk: str, failed: Failures) -> None:
    values = {"failures": failed.count, "locked_until": failed.locked_until}
    upsert(unit.connection, t.pin_try, {"hall": unit.hall, "kiosk": kiosk, **values}, ("hall", "kiosk"))
