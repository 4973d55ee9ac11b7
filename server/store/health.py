"""What the device host says about each machine, as rows; unknown whenever the host is away."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

HOST_LOST = "host_lost"  # the reason of every machine whose host is away
PAPER_OUT = "paper_out"  # a printer's own word
PAPER_LOW = "near_end"
_H = t.health.c
_PRINTERS = (_H.hall == bindparam("hall"), _H.kind == "printer")
_SERVED = select(_H.kiosk).where(*_PRINTERS, _H.kiosk.is_not(None), _H.reason != HOST_LOST)
_PRINTING = select(_H.kiosk).where(*_PRINTERS, _H.kiosk.is_not(None))
_MODEL = select(_H.model).where(*_PRINTERS, _H.kiosk == bindparam("kiosk")).limit(1)
_SAID = select(_H.state, _H.reason).where(*_PRINTERS, _H.kiosk == bindparam("kiosk"))


def health_of(connection: Connection, hall: str) -> list[dict[str, Any]]:
    query = select(t.health).where(t.health.c.hall == hall).order_by(t.health.c.device)
    return [dict(row) for row in connection.execute(query).mappings()]


def kiosks_served(connection: Connection, hall: str) -> set[str]:
    """The kiosks whose printers are with a host that is there."""
    return set(connection.execute(_SERVED, {"hall": hall}).scalars())


def printer_model(connection: Connection, hall: str, kiosk: str) -> str:
    """The model of the printer that stands at a kiosk, "" when none is declared."""
    return str(connection.execute(_MODEL, {"hall": hall, "kiosk": kiosk}).scalar_one_or_none() or "")


def printing_kiosks(connection: Connection, hall: str) -> list[str]:
    """The kiosks that have a printer of their own."""
    return sorted(set(connection.execute(_PRINTING, {"hall": hall}).scalars()))


def lacks_paper(connection: Connection, hall: str, kiosk: str) -> bool:
    """Has the printer of this kiosk said that its paper is out? False while nobody knows."""
    said = connection.execute(_SAID, {"hall": hall, "kiosk": kiosk})
    return any((row.state, row.reason) == ("down", PAPER_OUT) for row in said)


def keeps_paper(connection: Connection, hall: str, kiosk: str) -> bool:
    """Is what is left of this kiosk's paper needed for numbers: nearly out, or out?"""
    said = connection.execute(_SAID, {"hall": hall, "kiosk": kiosk})
    return any(row.reason in (PAPER_OUT, PAPER_LOW) for row in said)


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
