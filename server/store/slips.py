"""Slips owed to printers: written in the transaction of their number, followed until the paper is out (D9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from server.domain.refusals import NotFound
from server.store import tables as t
from server.store.unit import Unit


@dataclass(frozen=True)
class Slip:
    """state: queued | sending | printed | unsure | failed. copy 1 is the original, 2… are reprints (补打)."""

    id: int
    ticket: int
    copy: int
    kiosk: str
    state: str
    reason: str
    facts: dict[str, Any]


_SLIP = [t.slip.c[name] for name in Slip.__dataclass_fields__]


def add_slip(unit: Unit, ticket: int, copy: int, kiosk: str, facts: dict[str, Any]) -> Slip:
    row = {"ticket": ticket, "copy": copy, "kiosk": kiosk, "state": "queued", "reason": "", "facts": facts}
    made = unit.connection.execute(
        insert(t.slip).values(hall=unit.hall, day=unit.day, created_at=unit.now, changed_at=unit.now, **row)
    )
    return Slip(id=made.inserted_primary_key[0], **row)


def save_slip(unit: Unit, slip: int, state: str, reason: str) -> None:
    unit.connection.execute(
        update(t.slip).where(t.slip.c.id == slip), {"state": state, "reason": reason, "changed_at": unit.now}
    )


def find_slip(connection: Connection, hall: str, slip: int) -> Slip:
    """Raises NotFound."""
    rows = connection.execute(select(*_SLIP).where(t.slip.c.hall == hall, t.slip.c.id == slip))
    return _one(rows.mappings().one_or_none())


def last_slip(connection: Connection, ticket: int) -> Slip | None:
    """The newest paper of a ticket, None when it never had one."""
    query = select(*_SLIP).where(t.slip.c.ticket == ticket).order_by(t.slip.c.copy.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return Slip(**row) if row else None


def slips_in(connection: Connection, hall: str, *states: str) -> list[Slip]:
    """The slips in these states, in the order they were asked for."""
    query = select(*_SLIP).where(t.slip.c.hall == hall, t.slip.c.state.in_(states)).order_by(t.slip.c.id)
    return [Slip(**row) for row in connection.execute(query).mappings()]


def queued_before(connection: Connection, hall: str, moment: datetime) -> list[int]:
    """Slips still waiting for a printer that were asked for before `moment`."""
    c = t.slip.c
    query = select(c.id).where(c.hall == hall, c.state == "queued", c.created_at < moment)
    return list(connection.execute(query).scalars())


def copies(connection: Connection, ticket: int) -> int:
    return int(connection.execute(select(func.count()).where(t.slip.c.ticket == ticket)).scalar_one())


def _one(row: RowMapping | None) -> Slip:
    if row is None:
        raise NotFound()
    return Slip(**row)
