"""Slips owed to printers: written in the transaction of their number, followed until the paper is out
(D9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from server.domain.papers import TICKET
from server.domain.refusals import NotFound
from server.store import tables as t
from server.store.unit import Unit


@dataclass(frozen=True)
class Slip:
    """state: queued | sending | printed | unsure | failed. copy counts the papers of a ticket of every
    kind, so that
    the newest is told from those before; how often one was reprinted (补打) is counted per `paper`."""

    id: int
    ticket: int
    copy: int
    kiosk: str
    state: str
    reason: str
    facts: dict[str, Any]
    paper: str = TICKET


_SLIP = [t.slip.c[name] for name in Slip.__dataclass_fields__]
_NEXT_COPY = select(func.coalesce(func.max(t.slip.c.copy), 0) + 1).where(
    t.slip.c.ticket == bindparam("of_ticket")
)
_ADD = insert(t.slip).values(copy=_NEXT_COPY.scalar_subquery()).returning(t.slip.c.id, t.slip.c.copy)
_SAVE = update(t.slip).where(t.slip.c.id == bindparam("of_slip"))
_OF_HALL = select(*_SLIP).where(t.slip.c.hall == bindparam("hall")).order_by(t.slip.c.id)
_FIND = _OF_HALL.where(t.slip.c.id.in_(bindparam("slips", expanding=True)))
_IN_STATES = _OF_HALL.where(t.slip.c.state.in_(bindparam("states", expanding=True)))
_OF_TICKET = t.slip.c.ticket == bindparam("ticket")
_PAPER = t.slip.c.paper == bindparam("paper")
_LAST = select(*_SLIP).where(_OF_TICKET, _PAPER).order_by(t.slip.c.copy.desc()).limit(1)
_QUEUED_BEFORE = select(t.slip.c.id).where(
    t.slip.c.hall == bindparam("hall"), t.slip.c.state == "queued", t.slip.c.created_at < bindparam("moment")
)
_COPIES = select(func.count()).where(_OF_TICKET, _PAPER)


def add_slip(unit: Unit, ticket: int, kiosk: str, facts: dict[str, Any], paper: str = TICKET) -> Slip:
    row = {"ticket": ticket, "kiosk": kiosk, "state": "queued", "reason": "", "facts": facts, "paper": paper}
    place = {"hall": unit.hall, "day": unit.day, "created_at": unit.now, "changed_at": unit.now}
    made = unit.connection.execute(_ADD, {**place, **row, "of_ticket": ticket}).one()
    return Slip(id=made.id, copy=made.copy, **row)


def save_slip(unit: Unit, slip: int, state: str, reason: str) -> None:
    values = {"state": state, "reason": reason, "changed_at": unit.now}
    unit.connection.execute(_SAVE, {**values, "of_slip": slip})


def find_slip(connection: Connection, hall: str, slip: int) -> Slip:
    """Raises NotFound."""
    found = find_slips(connection, hall, [slip])
    if not found:
        raise NotFound()
    return found[0]


def find_slips(connection: Connection, hall: str, slips: Collection[int]) -> list[Slip]:
    """Those of `slips` that there are, in the order they were asked for."""
    return [_slip(r) for r in connection.execute(_FIND, {"hall": hall, "slips": list(slips)}).mappings()]


def last_slip(connection: Connection, ticket: int, paper: str = TICKET) -> Slip | None:
    """The newest paper of a ticket, None when it never had one."""
    row = connection.execute(_LAST, {"ticket": ticket, "paper": paper}).mappings().one_or_none()
    return _slip(row) if row else None


def slips_in(connection: Connection, hall: str, *states: str) -> list[Slip]:
    """The slips in these states, in the order they were asked for."""
    rows = connection.execute(_IN_STATES, {"hall": hall, "states": states}).mappings()
    return [_slip(row) for row in rows]


def queued_before(connection: Connection, hall: str, moment: datetime) -> list[int]:
    """Slips still waiting for a printer that were asked for before `moment`."""
    return list(connection.execute(_QUEUED_BEFORE, {"hall": hall, "moment": moment}).scalars())


def copies(connection: Connection, ticket: int, paper: str = TICKET) -> int:
    """How many papers of this kind a ticket has had."""
    return int(connection.execute(_COPIES, {"ticket": ticket, "paper": paper}).scalar_one())


def _slip(row: RowMapping) -> Slip:
    return Slip(**row)
