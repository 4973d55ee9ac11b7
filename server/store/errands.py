"""Further services of a ticket (一票到底): each becomes a waiting leg when the present one is finished."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from server.store import tables as t
from server.store.unit import Unit

_OPEN = (
    select(t.errand.c.id, t.errand.c.service)
    .where(t.errand.c.ticket == bindparam("ticket"), t.errand.c.leg.is_(None))
    .order_by(t.errand.c.id)
)
_SAVE = update(t.errand).where(t.errand.c.id == bindparam("errand"))


@dataclass(frozen=True)
class Errand:
    id: int
    service: str


def add_errand(unit: Unit, ticket: int, service: str) -> Errand:
    row = {"hall": unit.hall, "ticket": ticket, "service": service, "added_at": unit.now}
    made = unit.connection.execute(insert(t.errand), row)
    return Errand(int(made.inserted_primary_key[0]), service)


def open_errands(connection: Connection, ticket: int) -> list[Errand]:
    """The services of a ticket that have not become a leg, in the order they were added."""
    return [Errand(*row) for row in connection.execute(_OPEN, {"ticket": ticket})]


def set_errand_leg(unit: Unit, errand: int, leg: int | None) -> None:
    """The errand is this leg now; None: it waits again."""
    unit.connection.execute(_SAVE, {"errand": errand, "leg": leg})
