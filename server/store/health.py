"""What the device host says about each machine, as rows; unknown whenever the host is away."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, select, update

from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

HOST_LOST = "host_lost"  # the reason of every machine whose host is away


def health_of(connection: Connection, hall: str) -> list[dict[str, Any]]:
    query = select(t.health).where(t.health.c.hall == hall).order_by(t.health.c.device)
    return [dict(row) for row in connection.execute(query).mappings()]


def kiosks_served(connection: Connection, hall: str) -> set[str]:
    """The kiosks whose printers are with a host that is there."""
    h = t.health.c
    query = select(h.kiosk).where(
        h.hall == hall, h.kind == "printer", h.kiosk.is_not(None), h.reason != HOST_LOST
    )
    return set(connection.execute(query).scalars())


def printer_model(connection: Connection, hall: str, kiosk: str) -> str:
    """The model of the printer that stands at a kiosk, "" when none is declared."""
    c = t.health.c
    query = select(c.model).where(c.hall == hall, c.kiosk == kiosk, c.kind == "printer").limit(1)
    return str(connection.execute(query).scalar_one_or_none() or "")


def is_out_of_paper(connection: Connection, hall: str, kiosk: str) -> bool:
    """Does the printer of a kiosk say that its paper is out?"""
    h = t.health.c
    out = (h.hall == hall, h.kiosk == kiosk, h.kind == "printer", h.state == "down", h.reason == "paper_out")
    return connection.execute(select(h.device).where(*out).limit(1)).first() is not None


def printing_kiosks(connection: Connection, hall: str) -> list[str]:
    """The kiosks that have a printer of their own."""
    query = select(t.health.c.kiosk).where(t.health.c.hall == hall, t.health.c.kind == "printer")
    return sorted(set(connection.execute(query.where(t.health.c.kiosk.is_not(None))).scalars()))


def save_device(unit: Unit, row: dict[str, Any]) -> None:
    """Enter or replace a device: keys device, kind, model, line, window, kiosk, host, state, reason,
    detail."""
    values = {"hall": unit.hall, "at": unit.now, **row}
    upsert(unit.connection, t.health, values, ("hall", "device"))


def save_health(unit: Unit, device: str, state: str, reason: str, detail: str) -> None:
    where = (t.health.c.hall == unit.hall, t.health.c.device == device)
    values = {"state": state, "reason": reason, "detail": detail, "at": unit.now}
    unit.connection.execute(update(t.health).where(*where), values)


def forget_devices(unit: Unit, keep: Collection[str]) -> None:
    """Drop the devices that the host no longer declares."""
    unit.connection.execute(
        delete(t.health).where(t.health.c.hall == unit.hall, t.health.c.device.not_in(keep))
    )
