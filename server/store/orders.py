"""Loading and saving orders, their steps and the numbers taken for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from server.domain.orders import OPEN, Kind, Order, OrderState
from server.domain.refusals import OrderUnknown
from server.domain.tickets import AT_WINDOW, State
from server.store import tables as t
from server.store.unit import Unit

_O = t.service_order.c
_ALL = select(*(_O[f.name] for f in fields(Order))).where(_O.hall == bindparam("hall"))
_FIND = _ALL.where(_O.id == bindparam("order"))
_BY_CODE = _ALL.where(_O.code == bindparam("code"))
_OPEN = _ALL.where(_O.state.in_(OPEN)).order_by(_O.id)
_PLANNED = _ALL.where(
    _O.kind == Kind.BATCH, _O.state == OrderState.PLANNED, _O.at.is_not(None), _O.at < bindparam("before")
)
_RECENT = _ALL.order_by(_O.id.desc()).limit(100)
_OF_TICKET = _ALL.join_from(t.service_order, t.order_ticket, t.order_ticket.c.order == _O.id).where(
    t.order_ticket.c.ticket == bindparam("ticket")
)
_SAVE = update(t.service_order).where(_O.id == bindparam("of_order"))
_ITEMS = (
    select(t.leg.c.id, _O["items"])
    .join_from(t.service_order, t.order_ticket, t.order_ticket.c.order == _O.id)
    .join(t.leg, t.leg.c.ticket == t.order_ticket.c.ticket)
    .where(_O.hall == bindparam("hall"), _O.kind == Kind.BATCH, t.leg.c.service == _O.service)
    .where(t.leg.c.day == bindparam("day"), t.leg.c.state.in_((State.WAITING, *AT_WINDOW)))
)
_S = t.order_step.c
_STEPS = select(_S.at, _S.person, _S.text).where(_S.order == bindparam("order")).order_by(_S.id)
_NUMBERS = (
    select(t.ticket.c.id, t.ticket.c.number, t.ticket.c.day, t.ticket.c.service)
    .join_from(t.order_ticket, t.ticket, t.order_ticket.c.ticket == t.ticket.c.id)
    .where(t.order_ticket.c.order == bindparam("order"))
    .order_by(t.ticket.c.id)
)
_ERASE = (
    update(t.service_order)
    .where(_O.hall == bindparam("of_hall"), _O.sealed.is_not(None), _O.ended_at < bindparam("before"))
    .values(sealed=None)
)


@dataclass(frozen=True)
class OrderNote:
    """What somebody did for an order."""

    at: datetime
    person: str
    text: str


def add_order(unit: Unit, **values: Any) -> Order:
    """A new order in state requested."""
    row = {"state": OrderState.REQUESTED, "made_by": unit.actor.id, "made_at": unit.now, **values}
    stored = {**row, "hall": unit.hall, "team": list(row["team"])}
    made = unit.connection.execute(insert(t.service_order), stored)
    return Order(id=int(made.inserted_primary_key[0]), **row)


def find_order(connection: Connection, hall: str, order: int) -> Order:
    """Raises OrderUnknown."""
    return _one(connection.execute(_FIND, {"hall": hall, "order": order}).mappings().one_or_none())


def order_by_code(connection: Connection, hall: str, code: str) -> Order:
    """The batch that checks in with this code. Raises OrderUnknown."""
    return _one(connection.execute(_BY_CODE, {"hall": hall, "code": code}).mappings().one_or_none())


def open_orders(connection: Connection, hall: str) -> list[Order]:
    """Those that wait to be planned or carried out, oldest first."""
    return _several(connection.execute(_OPEN, {"hall": hall}).mappings())


def recent_orders(connection: Connection, hall: str) -> list[Order]:
    """The newest hundred, whatever became of them."""
    return _several(connection.execute(_RECENT, {"hall": hall}).mappings())


def order_of(connection: Connection, hall: str, ticket: int) -> Order | None:
    """The order for which a number was taken."""
    row = connection.execute(_OF_TICKET, {"hall": hall, "ticket": ticket}).mappings().one_or_none()
    return _order(row) if row else None


def batch_items(connection: Connection, hall: str, day: str) -> dict[int, int]:
    """Leg -> how many matters it brings, of the batches that wait or stand at a window."""
    return {leg: items for leg, items in connection.execute(_ITEMS, {"hall": hall, "day": day})}


def planned_batches(connection: Connection, hall: str, before: datetime) -> list[Order]:
    """Batches with an agreed window and a time until `before` that have not checked in."""
    return _several(connection.execute(_PLANNED, {"hall": hall, "before": before}).mappings())


def save_order(unit: Unit, order: Order, **values: Any) -> Order:
    stored = {**values, "team": list(values["team"])} if "team" in values else values
    unit.connection.execute(_SAVE, {**stored, "of_order": order.id})
    return replace(order, **values)


def add_note(unit: Unit, order: int, text: str) -> None:
    row = {"order": order, "at": unit.now, "person": unit.actor.id, "text": text}
    unit.connection.execute(insert(t.order_step), row)


def notes_of(connection: Connection, order: int) -> list[OrderNote]:
    return [OrderNote(*row) for row in connection.execute(_STEPS, {"order": order})]


def add_number(unit: Unit, order: int, ticket: int) -> None:
    unit.connection.execute(insert(t.order_ticket), {"order": order, "ticket": ticket})


def numbers_for(connection: Connection, order: int) -> list[dict[str, Any]]:
    """[{id, number, day, service}] of the numbers taken for it."""
    return [dict(row) for row in connection.execute(_NUMBERS, {"order": order}).mappings()]


def erase_clients(unit: Unit, before: datetime) -> None:
    """Forget who the clients were of orders that ended before that moment."""
    unit.connection.execute(_ERASE, {"of_hall": unit.hall, "before": before})


def _one(row: RowMapping | None) -> Order:
    if row is None:
        raise OrderUnknown()
    return _order(row)


def _order(row: RowMapping) -> Order:
    kept = {"kind": Kind(row["kind"]), "state": OrderState(row["state"]), "team": tuple(row["team"])}
    return Order(**{**row, **kept})


def _several(rows: Iterable[RowMapping]) -> list[Order]:
    return [_order(row) for row in rows]
