"""Blocks of numbers lent to the hosts of kiosks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from server.domain.blocks import OPEN, Block
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upsert

_BLOCK = [t.block.c[name] for name in Block.__dataclass_fields__]
_OF_DAY = (
    select(*_BLOCK)
    .where(t.block.c.hall == bindparam("hall"), t.block.c.day == bindparam("day"))
    .order_by(t.block.c.id)
)
_FIND = select(*_BLOCK).where(t.block.c.hall == bindparam("hall"), t.block.c.id == bindparam("block"))
_LENT_TO = (
    select(*_BLOCK)
    .where(t.block.c.hall == bindparam("hall"), t.block.c.host == bindparam("host"))
    .where(t.block.c.state.in_(OPEN))
    .order_by(t.block.c.id)
)
_IN_BLOCK = and_(
    t.ticket.c.hall == t.block.c.hall,
    t.ticket.c.day == t.block.c.day,
    t.ticket.c.prefix == t.block.c.prefix,
    t.ticket.c.seq.between(t.block.c.first, t.block.c.last),
)
_USED = (
    select(t.block.c.id, func.count(t.ticket.c.id), func.max(t.ticket.c.seq))
    .join_from(t.block, t.ticket, _IN_BLOCK)
    .where(t.block.c.hall == bindparam("hall"), t.block.c.id.in_(bindparam("blocks", expanding=True)))
    .group_by(t.block.c.id)
)
_SERIES = select(t.series.c.last, t.series.c.lent_from).where(
    t.series.c.hall == bindparam("hall"),
    t.series.c.day == bindparam("day"),
    t.series.c.prefix == bindparam("prefix"),
)
_HOLDER = select(t.ticket.c.link).where(
    t.ticket.c.hall == bindparam("hall"),
    t.ticket.c.day == bindparam("day"),
    t.ticket.c.prefix == bindparam("prefix"),
    t.ticket.c.seq == bindparam("seq"),
)
_ANSWERED = select(t.answered.c.answer).where(
    t.answered.c.request_id == bindparam("request_id"), t.answered.c.client.like("device:%")
)
_ADD = insert(t.block)
_END = update(t.block).where(t.block.c.id == bindparam("of_block"))


def blocks_of(connection: Connection, hall: str, day: str) -> list[Block]:
    """All of one day, in the order they were lent."""
    return [Block(*row) for row in connection.execute(_OF_DAY, {"hall": hall, "day": day})]


def lent_to(connection: Connection, hall: str, host: str) -> list[Block]:
    """What a host has not given back, of any day."""
    return [Block(*row) for row in connection.execute(_LENT_TO, {"hall": hall, "host": host})]


def find_block(connection: Connection, hall: str, block: int) -> Block | None:
    row = connection.execute(_FIND, {"hall": hall, "block": block}).one_or_none()
    return Block(*row) if row else None


def used_of(connection: Connection, hall: str, blocks: list[int]) -> dict[int, tuple[int, int]]:
    """Of each block that has some: how many numbers were entered, and the highest of them."""
    rows = connection.execute(_USED, {"hall": hall, "blocks": blocks})
    return {int(block): (int(n), int(most)) for block, n, most in rows}


def series_now(connection: Connection, hall: str, day: str, prefix: str) -> tuple[int, int | None]:
    """(last number given in the ordinary way, where the lent ones begin)."""
    row = connection.execute(_SERIES, {"hall": hall, "day": day, "prefix": prefix}).one_or_none()
    return (row.last, row.lent_from) if row else (0, None)


def add_block(unit: Unit, prefix: str, kiosk: str, host: str, first: int, last: int) -> Block:
    """Lend first..last of the open day, and end the ordinary series before it."""
    series: dict[str, Any] = {"hall": unit.hall, "day": unit.day, "prefix": prefix}
    begins = {**series, "last": 0, "lent_from": first}
    upsert(unit.connection, t.series, begins, ("hall", "day", "prefix"), keep=("last",))
    row = {**series, "kiosk": kiosk, "host": host, "first": first, "last": last, "state": "lent"}
    made = unit.connection.execute(_ADD, {**row, "lent_at": unit.now})
    assert unit.day is not None
    key = int(made.inserted_primary_key[0])
    if unit.marks is not None:
        unit.marks.keep(unit)
    return Block(key, unit.day, prefix, kiosk, host, first, last, "lent", unit.now)


def hold_block(unit: Unit, block: int) -> None:
    """Its host has said that it has it."""
    unit.connection.execute(_END, {"of_block": block, "state": "held"})


def end_block(unit: Unit, block: int, state: str) -> None:
    unit.connection.execute(_END, {"of_block": block, "state": state, "ended_at": unit.now})


def holder_of(connection: Connection, hall: str, day: str, prefix: str, seq: int) -> str | None:
    """The link of the ticket that has this number, None when nobody has."""
    which = {"hall": hall, "day": day, "prefix": prefix, "seq": seq}
    link = connection.execute(_HOLDER, which).scalar_one_or_none()
    return None if link is None else str(link)


def taken_before(connection: Connection, request_id: str) -> int | None:
    """The ticket that a kiosk's same request got from the server itself, if it did."""
    for answer in connection.execute(_ANSWERED, {"request_id": request_id}).scalars():
        ticket = answer.get("ticket") if isinstance(answer, dict) else None
        if isinstance(ticket, dict) and isinstance(ticket.get("id"), int):
            return int(ticket["id"])
    return None
