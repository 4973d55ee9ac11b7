"""Loading and saving tickets, legs and calls."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, or_, select, tuple_, update

from server.domain.refusals import TicketUnknown
from server.domain.tickets import AT_WINDOW, Leg, Move, State, Ticket, moved
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import upserting

_LEG = [c for c in t.leg.c if c.name not in ("hall", "day")]
_TICKET = [c for c in t.ticket.c if c.name != "hall"]


def leg_of(row: RowMapping) -> Leg:
    return Leg(**{**row, "state": State(row["state"])})


def next_seq(unit: Unit, prefix: str) -> int:
    """The next running number of this hall, day and prefix: counted in the transaction that hands it out (I1, I2)."""
    first = {"hall": unit.hall, "day": unit.day, "prefix": prefix, "last": 1}
    bumped = upserting(
        unit.connection, t.series, first, ("hall", "day", "prefix"), {"last": t.series.c.last + 1}
    )
    return int(unit.connection.execute(bumped.returning(t.series.c.last)).scalar_one())


def add_ticket(
    unit: Unit, prefix: str, seq: int, number: str, service: str, priority: str, lang: str
) -> Ticket:
    """A new ticket of the open day with a fresh 128-bit link."""
    row = {
        "day": unit.day,
        "prefix": prefix,
        "seq": seq,
        "number": number,
        "service": service,
        "priority": priority,
        "taken_at": unit.now,
        "channel": f"{unit.actor.role}:{unit.actor.kiosk or unit.actor.id}",
        "link": secrets.token_urlsafe(16),
        "lang": lang,
    }
    made = unit.connection.execute(insert(t.ticket).values(hall=unit.hall, **row))
    return Ticket(id=made.inserted_primary_key[0], **row)


def add_leg(unit: Unit, ticket: Ticket, ordinal: int, queue: str, **more: Any) -> Leg:
    """A waiting leg that joins `queue` now; `more` overrides service, priority, origin_at, target_window…"""
    row = {
        "ticket": ticket.id,
        "ordinal": ordinal,
        "number": ticket.number,
        "service": ticket.service,
        "queue": queue,
        "priority": ticket.priority,
        "state": State.WAITING,
        "joined_at": unit.now,
        "origin_at": unit.now,
        "calls": 0,
        "returns": 0,
        "note": "",
        "rule": "",
        "waited_min": 0,
        **more,
    }
    made = unit.connection.execute(insert(t.leg).values(hall=unit.hall, day=unit.day, **row))
    return Leg(id=made.inserted_primary_key[0], **row)


def move(unit: Unit, leg: Leg, what: Move, **changes: Any) -> Leg:
    """Save `leg` after the move `what` with `changes`. Raises MoveRefused for an arrow that is not in the table."""
    changes["state"] = moved(leg.state, what)
    unit.connection.execute(update(t.leg).where(t.leg.c.id == leg.id), changes)
    return replace(leg, **changes)


def add_call(unit: Unit, leg: Leg) -> int:
    """Record the announcement of `leg` at its window; its id is the order of the day's calls."""
    row = {"hall": unit.hall, "day": unit.day, "leg": leg.id, "number": leg.number, "window": leg.window}
    made = unit.connection.execute(insert(t.call).values(**row, n=leg.calls, at=unit.now))
    return int(made.inserted_primary_key[0])


def find_leg(connection: Connection, hall: str, leg: int) -> Leg:
    """Raises TicketUnknown."""
    row = (
        connection.execute(select(*_LEG).where(t.leg.c.id == leg, t.leg.c.hall == hall))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise TicketUnknown(leg=leg)
    return leg_of(row)


def leg_at(connection: Connection, hall: str, window: str) -> Leg | None:
    """The called or serving leg of a window: there is at most one (I6)."""
    query = select(*_LEG).where(t.leg.c.hall == hall, t.leg.c.window == window, t.leg.c.state.in_(AT_WINDOW))
    row = connection.execute(query).mappings().one_or_none()
    return leg_of(row) if row else None


def last_leg(connection: Connection, ticket: int) -> Leg:
    """The newest leg of a ticket: the one that says how the ticket stands."""
    query = select(*_LEG).where(t.leg.c.ticket == ticket).order_by(t.leg.c.ordinal.desc()).limit(1)
    return leg_of(connection.execute(query).mappings().one())


def _ticket_where(connection: Connection, *where: ColumnElement[bool]) -> Ticket:
    row = connection.execute(select(*_TICKET).where(*where)).mappings().one_or_none()
    if row is None:
        raise TicketUnknown()
    return Ticket(**row)


def find_ticket(connection: Connection, hall: str, ticket: int) -> Ticket:
    """Raises TicketUnknown."""
    return _ticket_where(connection, t.ticket.c.hall == hall, t.ticket.c.id == ticket)


def ticket_by_link(connection: Connection, hall: str, link: str) -> Ticket:
    """The ticket behind a citizen's link. Raises TicketUnknown, with no hint whether it ever was."""
    return _ticket_where(connection, t.ticket.c.hall == hall, t.ticket.c.link == link)


def waiting_heads(
    connection: Connection, hall: str, day: str, window: str, pools: Sequence[tuple[str, str | None]]
) -> list[Leg]:
    """The first legs by origin of every (queue, service, priority) line that `window` may call from `pools`.

    The lines are served in order of origin, so their heads are all that the rule has to compare.
    """
    leg = t.leg.c
    waiting = and_(leg.hall == hall, leg.day == day, leg.state == State.WAITING)
    mine = or_(*(and_(leg.queue == q, leg.service == s) if s else leg.queue == q for q, s in pools))
    line = select(leg.queue, leg.service, leg.priority, func.min(leg.origin_at)).where(waiting, mine)
    everyone = line.where(leg.target_window.is_(None)).group_by(leg.queue, leg.service, leg.priority)
    heads = tuple_(leg.queue, leg.service, leg.priority, leg.origin_at).in_(everyone)
    open_to_all = select(*_LEG).where(waiting, leg.target_window.is_(None), heads)
    for_me = select(*_LEG).where(waiting, leg.target_window == window)
    rows = connection.execute(open_to_all.union_all(for_me)).mappings()
    return [leg_of(row) for row in rows]


def count_ahead(connection: Connection, hall: str, day: str, leg: Leg) -> int:
    """How many legs of the same queue joined the waiting before this one."""
    c = t.leg.c
    query = select(func.count()).where(
        c.hall == hall, c.day == day, c.state == State.WAITING, c.queue == leg.queue, c.id != leg.id
    )
    earlier = or_(c.origin_at < leg.origin_at, and_(c.origin_at == leg.origin_at, c.id < leg.id))
    return int(connection.execute(query.where(earlier)).scalar_one())


def legs_in(connection: Connection, hall: str, day: str, *states: State) -> list[Leg]:
    """All legs of a day in these states, oldest first."""
    query = select(*_LEG).where(t.leg.c.hall == hall, t.leg.c.day == day, t.leg.c.state.in_(states))
    return [leg_of(row) for row in connection.execute(query.order_by(t.leg.c.id)).mappings()]
