"""How much of each kiosk's paper roll is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert


@dataclass(frozen=True)
class Roll:
    """used_mm of paper in `slips` papers since the roll was new."""

    kiosk: str
    used_mm: int
    slips: int
    since: datetime


def rolls(connection: Connection, hall: str) -> dict[str, Roll]:
    query = select(t.roll.c.kiosk, t.roll.c.used_mm, t.roll.c.slips, t.roll.c.since)
    found = connection.execute(query.where(t.roll.c.hall == hall).order_by(t.roll.c.kiosk))
    return {row.kiosk: Roll(**row._mapping) for row in found}


def save_roll(unit: Unit, roll: Roll) -> None:
    upsert(unit.connection, t.roll, {"hall": unit.hall, **vars(roll)}, ("hall", "kiosk"))
