"""Loading and saving tickets, legs and calls."""

from __future__ import annotations

import secrets
from dataclasses import fields, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    Row,
    and_,
    bindparam,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from server.domain.refusals import NumbersExhausted, TicketUnknown
from server.domain.tickets import Leg, Move, State, Ticket, moved
from server.store import tables as t
from server.store.unit import Unit
from server.store.upsert import INSERTING

Pools = tuple[tuple[str, str | None], ...]  # (queue, one service of it or None for all)

BEHIND = 20  # nobody is asked to let more than so many go first

LEG_COLUMNS = [t.leg.c[field.name] for field in fields(Leg)]
_STATE = [column.name for column in LEG_COLUMNS].index("state")
_TICKET = [c for c in t.ticket.c if c.name != "hall"]

# Statements are built once: building one costs more than running it.
_NEXT_SEQ = {
    dialect: inserting(t.series)
    .on_conflict_do_update(index_elements=("hall", "day", "prefix"), set_={"last": t.series.c.last + 1})
    .returning(t.series.c.last, t.series.c.lent_from)
    for dialect, inserting in INSERTING.items()
}
_ADD_TICKET, _ADD_LEG, _ADD_CALL = insert(t.ticket), insert(t.leg), insert(t.call)
_SAVE_LEG = update(t.leg).where(t.leg.c.id == bindparam("of_leg"))
_IN_HALL = t.leg.c.hall == bindparam("hall")
_FIND_LEG = select(*LEG_COLUMNS).where(_IN_HALL, t.leg.c.id == bindparam("leg"))
_LEG_AT = select(*LEG_COLUMNS).where(_IN_HALL, t.leg.c.window == bindparam("window"), t.AT_WINDOW)
_ANNOUNCED = (
    select(t.call.c.at)
    .where(t.call.c.leg == bindparam("leg"), t.call.c.window == bindparam("window"))
    .order_by(t.call.c.id.desc())
    .limit(1)
)
_DAY_OF = select(t.leg.c.day).where(t.leg.c.id == bindparam("leg"))
_LAST_LEG = select(*LEG_COLUMNS).where(t.leg.c.ticket == bindparam("ticket"), t.leg.c.superseded.is_(False))
_LEGS_OF = select(*LEG_COLUMNS).where(t.leg.c.ticket == bindparam("ticket")).order_by(t.leg.c.ordinal)
_NEXT_ORDINAL = select(func.max(t.leg.c.ordinal) + 1).where(t.leg.c.ticket == bindparam("ticket"))
_TAKE_BACK_CALLS = (
    update(t.call)
    .where(t.call.c.leg == bindparam("of_leg"), t.call.c.at >= bindparam("since"))
    .values(taken_back=True)
)
_FORGET = (
    update(t.ticket)
    .where(t.ticket.c.hall == bindparam("of_hall"), t.ticket.c.person.is_not(None))
    .where(t.ticket.c.day < bindparam("before"))
    .values(person=None)
)
_RELEASE = (
    update(t.leg)
    .where(
        t.leg.c.hall == bindparam("of_hall"),
        t.leg.c.day == bindparam("of_day"),
        t.leg.c.state.in_((State.WAITING, State.NO_SHOW)),  # who missed the call may still come back
        or_(t.leg.c.target_window == bindparam("at_window"), t.leg.c.target_clerk == bindparam("by_clerk")),
    )
    .values(target_window=None, target_clerk=None, came_back=False)
)
_FIND_TICKET = select(*_TICKET).where(
    t.ticket.c.hall == bindparam("hall"), t.ticket.c.id == bindparam("ticket")
)
_BY_NUMBER = select(*_TICKET).where(
    t.ticket.c.hall == bindparam("hall"),
    t.ticket.c.day == bindparam("day"),
    t.ticket.c.number == bindparam("number"),
)
_BY_LINK = select(*_TICKET).where(t.ticket.c.hall == bindparam("hall"), t.ticket.c.link == bindparam("link"))
_TODAY = and_(_IN_HALL, t.leg.c.day == bindparam("day"))
_WAITING = and_(_TODAY, t.leg.c.state == State.WAITING)
_EARLIER = or_(
    t.leg.c.origin_at < bindparam("origin_at"),
    and_(t.leg.c.origin_at == bindparam("origin_at"), t.leg.c.id < bindparam("leg")),
)
_RECENT = (
    select(t.leg.c.priority)
    .join_from(t.call, t.leg, t.call.c.leg == t.leg.c.id)
    .where(
        t.call.c.hall == bindparam("hall"),
        t.call.c.day == bindparam("day"),
        t.call.c.n == 1,
        t.call.c.taken_back.is_(False),
    )
    .order_by(t.call.c.id.desc())
    .limit(bindparam("most"))
)
_CALLED = _RECENT.with_only_columns(*LEG_COLUMNS, t.call.c.window.label("called_to"))
_RECENT_AT = _RECENT.where(t.call.c.window == bindparam("window"))
_AHEAD = select(func.count()).where(_WAITING, t.leg.c.queue == bindparam("queue"), _EARLIER)
_AHEAD_OF_NEWEST = select(func.count()).where(
    _WAITING, t.leg.c.queue == bindparam("queue"), t.leg.c.origin_at <= bindparam("now")
)
_BEHIND = (
    select(t.leg.c.origin_at)
    .where(_WAITING, t.leg.c.queue == bindparam("queue"), t.leg.c.id != bindparam("leg"), not_(_EARLIER))
    .order_by(t.leg.c.origin_at, t.leg.c.id)
    .limit(BEHIND)
)
_LINE = select(func.count()).where(_WAITING, t.leg.c.queue == bindparam("queue"))
_LEGS_IN = (
    select(*LEG_COLUMNS)
    .where(_TODAY, t.leg.c.state.in_(bindparam("states", expanding=True)))
    .order_by(t.leg.c.id)
)


def as_leg(row: Row[Any]) -> Leg:
    """A row of LEG_COLUMNS."""
    return Leg(*row[:_STATE], State(row[_STATE]), *row[_STATE + 1 :])


def next_seq(unit: Unit, prefix: str) -> int:
    """The next running number of this hall, day and prefix: counted in the transaction that hands it out
    (I1, I2). Raises NumbersExhausted where the lent blocks begin: those numbers are somebody else's to
    give."""
    first = {"hall": unit.hall, "day": unit.day, "prefix": prefix, "last": 1}
    seq, lent_from = unit.connection.execute(_NEXT_SEQ[unit.connection.dialect.name], first).one()
    if lent_from is not None and seq >= lent_from:
        raise NumbersExhausted(queue=prefix, last=lent_from - 1)
    if unit.marks is not None and not unit.marks.covers(unit.day, prefix, seq):
        unit.marks.keep(unit)  # on the disk before the number is anybody's (F19)
    return int(seq)


def add_ticket(
    unit: Unit,
    prefix: str,
    seq: int,
    number: str,
    service: str,
    priority: str,
    lang: str,
    person: str | None = None,
    **more: Any,
) -> Ticket:
    """A new ticket of the open day with a fresh 128-bit link; `more` overrides day, taken_at, channel,
    link."""
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
        "person": person,
        **more,
    }
    made = unit.connection.execute(_ADD_TICKET, {"hall": unit.hall, **row})
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
        "came_back": False,
        "superseded": False,
        **more,
    }
    made = unit.connection.execute(_ADD_LEG, {"hall": unit.hall, "day": ticket.day, **row})
    return Leg(id=made.inserted_primary_key[0], **row)


def move(unit: Unit, leg: Leg, what: Move, **changes: Any) -> Leg:
    """Save `leg` after the move `what` with `changes`. Raises MoveRefused for an arrow that is not in the
    table."""
    changes["state"] = moved(leg.state, what)
    after = replace(leg, **changes)
    unit.connection.execute(_SAVE_LEG, {**changes, "of_leg": leg.id})
    return after


def add_call(unit: Unit, leg: Leg) -> int:
    """Record the announcement of `leg` at its window; its id is the order of the day's calls."""
    row = {"hall": unit.hall, "day": unit.day, "leg": leg.id, "number": leg.number, "window": leg.window}
    made = unit.connection.execute(_ADD_CALL, {**row, "n": leg.calls, "at": unit.now})
    return int(made.inserted_primary_key[0])


def last_announced(connection: Connection, leg: Leg) -> datetime:
    """When a called leg was last announced at its window."""
    at = connection.execute(_ANNOUNCED, {"leg": leg.id, "window": leg.window}).scalar_one_or_none()
    return at or leg.called_at or leg.joined_at


def day_of(connection: Connection, leg: int) -> str | None:
    """The business day of a leg."""
    return connection.execute(_DAY_OF, {"leg": leg}).scalar_one_or_none()


def restore(unit: Unit, leg: Leg, **columns: Any) -> Leg:
    """Set what a person puts right: what a leg was before a deed that is taken back, or a wrong entry."""
    unit.connection.execute(_SAVE_LEG, {**columns, "of_leg": leg.id})
    return replace(leg, **columns)


def supersede(unit: Unit, leg: Leg) -> None:
    """From now on another leg says how the ticket stands."""
    unit.connection.execute(_SAVE_LEG, {"superseded": True, "of_leg": leg.id})


def next_ordinal(connection: Connection, ticket: int) -> int:
    return int(connection.execute(_NEXT_ORDINAL, {"ticket": ticket}).scalar_one())


def legs_of(connection: Connection, ticket: int) -> list[Leg]:
    """All legs of a ticket in their order, those taken back included."""
    return [as_leg(row) for row in connection.execute(_LEGS_OF, {"ticket": ticket})]


def take_back_calls(unit: Unit, leg: Leg) -> None:
    """The announcements of a call that is undone leave the boards."""
    unit.connection.execute(_TAKE_BACK_CALLS, {"of_leg": leg.id, "since": leg.called_at})


def release_targets(unit: Unit, window: str, clerk: str) -> None:
    """Who waited for this window or this person alone waits for the whole queue again."""
    who = {"of_hall": unit.hall, "of_day": unit.day, "at_window": window, "by_clerk": clerk}
    unit.connection.execute(_RELEASE, who)


def find_leg(connection: Connection, hall: str, leg: int) -> Leg:
    """Raises TicketUnknown."""
    row = connection.execute(_FIND_LEG, {"hall": hall, "leg": leg}).one_or_none()
    if row is None:
        raise TicketUnknown(leg=leg)
    return as_leg(row)


def leg_at(connection: Connection, hall: str, window: str) -> Leg | None:
    """The called or serving leg of a window: there is at most one (I6)."""
    row = connection.execute(_LEG_AT, {"hall": hall, "window": window}).one_or_none()
    return as_leg(row) if row else None


def last_leg(connection: Connection, ticket: int) -> Leg:
    """The leg that says how the ticket stands: the newest one that was not taken back."""
    return as_leg(connection.execute(_LAST_LEG, {"ticket": ticket}).one())


def _ticket(connection: Connection, query: Executable, which: dict[str, Any]) -> Ticket:
    row = connection.execute(query, which).mappings().one_or_none()
    if row is None:
        raise TicketUnknown()
    return Ticket(**row)


def forget_persons(unit: Unit, before: date) -> None:
    """Erase the keys of persons from the tickets of days before that one."""
    unit.connection.execute(_FORGET, {"of_hall": unit.hall, "before": before.isoformat()})


def find_ticket(connection: Connection, hall: str, ticket: int) -> Ticket:
    """Raises TicketUnknown."""
    return _ticket(connection, _FIND_TICKET, {"hall": hall, "ticket": ticket})


def ticket_by_number(connection: Connection, hall: str, day: str | None, number: str) -> Ticket:
    """The ticket of a business day that carries this number. Raises TicketUnknown."""
    return _ticket(connection, _BY_NUMBER, {"hall": hall, "day": day, "number": number})


def ticket_by_link(connection: Connection, hall: str, link: str) -> Ticket:
    """The ticket behind a citizen's link. Raises TicketUnknown, with no hint whether it ever was."""
    return _ticket(connection, _BY_LINK, {"hall": hall, "link": link})


def waiting_heads(
    connection: Connection, hall: str, day: str, window: str, pools: Pools, clerk: str | None = None
) -> list[Leg]:
    """The first legs by origin of every (queue, service, priority) line that `window` may call from `pools`,
    those first handled here, and those that wait for this window or for its `clerk` alone.

    The lines are served in order of origin, so their heads are all that the rule has to compare. A supplement
    that was first handled here goes first and would hide who stands behind it, so it is in no line.
    """
    rows = connection.execute(_heads(pools), {"hall": hall, "day": day, "window": window, "clerk": clerk})
    return [as_leg(row) for row in rows]


@lru_cache(maxsize=1000)
def _heads(pools: Pools) -> Executable:
    leg = t.leg.c
    mine = or_(false(), *(and_(leg.queue == q, leg.service == s) if s else leg.queue == q for q, s in pools))
    line = select(leg.queue, leg.service, leg.priority, func.min(leg.origin_at)).where(_WAITING, mine)
    elsewhere = or_(leg.first_window.is_(None), leg.first_window != bindparam("window"))
    untargeted = (leg.target_window.is_(None), leg.target_clerk.is_(None), elsewhere)
    everyone = line.where(*untargeted).group_by(leg.queue, leg.service, leg.priority)
    heads = tuple_(leg.queue, leg.service, leg.priority, leg.origin_at).in_(everyone)
    open_to_all = select(*LEG_COLUMNS).where(_WAITING, *untargeted, heads)
    for_me = select(*LEG_COLUMNS).where(_WAITING, leg.target_window == bindparam("window"))
    came_back = select(*LEG_COLUMNS).where(
        _WAITING,
        mine,
        leg.target_window.is_(None),
        leg.target_clerk.is_(None),
        leg.first_window == bindparam("window"),
    )
    for_person = select(*LEG_COLUMNS).where(_WAITING, leg.target_clerk == bindparam("clerk"))
    return open_to_all.union_all(for_me, came_back, for_person)


def recent_classes(connection: Connection, hall: str, day: str, window: str | None, most: int) -> list[str]:
    """The classes of the day's last `most` first calls, newest first, without those taken back.

    window: of that one, or None = of all."""
    which = {"hall": hall, "day": day, "most": most, "window": window}
    return list(connection.execute(_RECENT if window is None else _RECENT_AT, which).scalars())


def recent_calls(connection: Connection, hall: str, day: str | None, most: int) -> list[tuple[Leg, str]]:
    """The day's last `most` first calls, newest first, without those taken back: the leg as it is now, the
    window it was called to."""
    rows = connection.execute(_CALLED, {"hall": hall, "day": day, "most": most})
    return [(as_leg(row[:-1]), row[-1]) for row in rows]


def held_at(connection: Connection, hall: str, day: str | None, window: str) -> list[Leg]:
    """Who is set aside at a window, oldest first."""
    return [leg for leg in legs_in(connection, hall, day or "", State.HELD) if leg.window == window]


def count_ahead(connection: Connection, hall: str, day: str, leg: Leg) -> int:
    """How many legs of the same queue joined the waiting before this one."""
    which = {"hall": hall, "day": day, "queue": leg.queue, "origin_at": leg.origin_at, "leg": leg.id}
    return int(connection.execute(_AHEAD, which).scalar_one())


def count_before(unit: Unit, queue: str) -> int:
    """How many legs wait in `queue` before one that joins it now: `count_ahead` of the newest leg, at a third
    of the cost, because no id need be compared."""
    which = {"hall": unit.hall, "day": unit.day, "queue": queue, "now": unit.now}
    return int(unit.connection.execute(_AHEAD_OF_NEWEST, which).scalar_one())


def waiting_behind(connection: Connection, hall: str, leg: Leg) -> list[datetime]:
    """Seniority of the next BEHIND legs that wait after this one in its queue, oldest first."""
    which = {"hall": hall, "day": day_of(connection, leg.id), "queue": leg.queue}
    rows = connection.execute(_BEHIND, {**which, "origin_at": leg.origin_at, "leg": leg.id})
    return list(rows.scalars())


def count_waiting(connection: Connection, hall: str, day: str, queue: str) -> int:
    """How many legs wait in a queue."""
    return int(connection.execute(_LINE, {"hall": hall, "day": day, "queue": queue}).scalar_one())


def legs_in(connection: Connection, hall: str, day: str, *states: State) -> list[Leg]:
    """All legs of a day in these states, oldest first."""
    rows = connection.execute(_LEGS_IN, {"hall": hall, "day": day, "states": states})
    return [as_leg(row) for row in rows]
