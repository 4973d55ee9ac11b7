"""Sessions: kept on the server, found by the hash of the cookie's token."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from server.domain.sessions import ABSOLUTE, Session
from server.store import tables as t
from server.store.unit import Unit

_SESSION = [c for c in t.session.c if c.name != "hall"]
_OF_HALL = select(*_SESSION).where(t.session.c.hall == bindparam("hall"))
_FIND = _OF_HALL.where(t.session.c.token_hash == bindparam("token_hash")).join_from(
    t.session,
    t.person,
    and_(
        t.person.c.hall == t.session.c.hall,
        t.person.c.id == t.session.c.person,
        t.person.c.disabled.is_(False),
    ),
)
_FIND_ALL = _OF_HALL.where(t.session.c.token_hash.in_(bindparam("hashes", expanding=True)))


def add_session(unit: Unit, token_hash: str, person: str, csrf: str) -> Session:
    """A new session; those that ended or are too old to be used go."""
    unit.connection.execute(
        delete(t.session).where(
            t.session.c.hall == unit.hall, t.session.c.created_at < unit.now - 2 * ABSOLUTE
        )
    )
    made = Session(token_hash, person, csrf, unit.clock_at, unit.clock_at)
    unit.connection.execute(
        insert(t.session).values(
            hall=unit.hall,
            token_hash=token_hash,
            person=person,
            csrf=csrf,
            created_at=made.created_at,
            seen_at=made.seen_at,
        )
    )
    return made


def find_session(connection: Connection, hall: str, token_hash: str) -> Session | None:
    """A session of somebody who is not disabled."""
    row = connection.execute(_FIND, {"hall": hall, "token_hash": token_hash}).mappings().one_or_none()
    return Session(**row) if row else None


def seen_session(unit: Unit, token_hash: str) -> None:
    unit.connection.execute(
        update(t.session).where(t.session.c.token_hash == token_hash).values(seen_at=unit.clock_at)
    )


def end_session(unit: Unit, token_hash: str) -> None:
    """Signed out; already ended ones keep their time."""
    unit.connection.execute(
        update(t.session)
        .where(t.session.c.token_hash == token_hash, t.session.c.ended_at.is_(None))
        .values(ended_at=unit.now)
    )


def end_sessions_of(unit: Unit, person: str) -> None:
    unit.connection.execute(
        update(t.session)
        .where(t.session.c.hall == unit.hall, t.session.c.person == person, t.session.c.ended_at.is_(None))
        .values(ended_at=unit.now)
    )


def sessions_by_hash(connection: Connection, hall: str, hashes: Collection[str]) -> dict[str, Session]:
    rows = connection.execute(_FIND_ALL, {"hall": hall, "hashes": list(hashes)}).mappings()
    return {row["token_hash"]: Session(**row) for row in rows}
