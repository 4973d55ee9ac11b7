"""Unit: one act, one transaction (D1). State, audit line, outbox line and idempotency record are committed
together; reply, push and print come after.

    with store.unit(actor) as unit:
        ticket = take_number(unit, ...)

Leaving normally commits and then publishes; leaving by an exception rolls back and publishes nothing. The
hall's row is locked first, so the writers of one hall stand in line on both engines: its revision and its
audit chain have no gaps, and every rule reads what the last act wrote.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from server.clock import Clock, HallTime, Steady
from server.domain.actors import Actor
from server.domain.audit import canonical, chained
from server.domain.events import Event
from server.domain.refusals import StorageFailed
from server.store import tables as t
from server.store.engine import begin_writing, reading, writing
from server.store.line import WriterLine
from server.store.marks import Marks

log = logging.getLogger(__name__)

_LOCK_HALL = select(t.hall).where(t.hall.c.id == bindparam("hall")).with_for_update()
_SAVE_HALL = update(t.hall).where(t.hall.c.id == bindparam("of_hall"))
_ADD_AUDIT = insert(t.audit)


@dataclass(frozen=True)
class Commit:
    """What one transaction did: the revision it made and the facts it earned, in order."""

    revision: int
    at: datetime
    events: tuple[Event, ...]


class Unit:
    """The open transaction of one act. `now` never runs behind what is stored (I15)."""

    def __init__(
        self, connection: Connection, hall: str, actor: Actor, time: HallTime, marks: Marks | None = None
    ) -> None:
        self.connection, self.hall, self.actor, self._time = connection, hall, actor, time
        self.marks = marks
        self._stand(connection)

    def _stand(self, connection: Connection) -> None:
        """Lock the hall's row and begin from what it says."""
        row: RowMapping = connection.execute(_LOCK_HALL, {"hall": self.hall}).mappings().one()
        self.day: str | None = row["day"]
        self.stored_at: datetime = row["last_at"]
        # A clock that leaps ahead is not believed until a person says so (F9); set back it is not either.
        moment = self._time.look(self.stored_at)
        self.clock_at, self.now, self.clock_leaps = moment.clock, moment.now, moment.leaps
        self.even_since = moment.even_since
        self.events: list[Event] = []
        self.protected_run = int(row["protected_run"])
        self.placement, self.rules = int(row["placement"]), int(row["rules"])
        self.slips, self.config = int(row["slips"]), int(row["config"])
        self._revision, self._seq = int(row["revision"]), int(row["audit_seq"])
        self._head = str(row["audit_hash"])
        self._lines: list[dict[str, Any]] = []

    def start_over(self) -> None:
        """Forget all that this unit did, on disk and in memory, and go on as one that has just begun."""
        self.connection.rollback()
        begin_writing(self.connection)
        self._stand(self.connection)

    def add(self, *events: Event) -> None:
        """Facts to be pushed after commit."""
        self.events.extend(events)

    def note(self, act: str, about: str, result: str = "done", **facts: object) -> None:
        """One audit line: this actor did `act` to `about`. `facts` hold references and plain values, no
        personal data."""
        line = {"act": act, "about": about, "result": result, "facts": facts}
        actor = {"kind": self.actor.kind, "id": self.actor.id, "role": self.actor.role}
        moment = {"at": self.now.isoformat(), "clock": self.clock_at.isoformat()}
        self._lines.append({**line, "actor": actor, **moment})

    def set_day(self, day: str | None) -> None:
        """Make `day` the hall's business day (None: closed)."""
        self.day = day

    def believe_clock(self) -> None:
        """A person has looked: the clock's leap ahead is right."""
        self._time.believe()
        self.clock_leaps = False
        self.now = max(self.clock_at, self.stored_at)

    def seal(self) -> Commit:
        """Write the audit lines and the hall's row; the caller commits."""
        rows = []
        for line in self._lines:
            self._seq += 1
            text = canonical({"seq": self._seq, **line})
            self._head = chained(self._head, text)
            rows.append({"hall": self.hall, "seq": self._seq, "line": text, "hash": self._head})
        if rows:
            self.connection.execute(_ADD_AUDIT, rows)
        if self.events:
            self._revision += 1
        self.connection.execute(
            _SAVE_HALL,
            {
                "of_hall": self.hall,
                "revision": self._revision,
                "last_at": self.now,
                "audit_seq": self._seq,
                "audit_hash": self._head,
                "day": self.day,
                "protected_run": self.protected_run,
                "placement": self.placement,
                "rules": self.rules,
                "slips": self.slips,
                "config": self.config,
            },
        )
        return Commit(self._revision, self.now, tuple(self.events))


class Store:
    """The database of one hall, and the only way to write to it. marks: where it is kept how far its numbers
    have got; who gives none needs none."""

    def __init__(
        self,
        engine: Engine,
        hall: str,
        clock: Clock,
        on_broken: Callable[[], None] | None = None,
        steady: Steady | None = None,
        marks: Marks | None = None,
    ) -> None:
        self.engine, self.hall, self.clock = engine, hall, HallTime(clock, steady)
        self.marks = marks
        self.publish: Callable[[Commit], None] = lambda commit: None
        self.keep_up: Callable[[Connection, int, int, int, int], object] = lambda connection, *versions: None
        self._line = WriterLine()
        self._on_broken = on_broken or _leave

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state from begin to end."""
        with reading(self.engine) as connection:
            yield connection

    @contextmanager
    def unit(self, actor: Actor) -> Iterator[Unit]:
        """One act. Raises what the act raises; StorageFailed when the disk would not take it."""
        try:
            with self._line:
                with writing(self.engine) as connection:
                    unit = Unit(connection, self.hall, actor, self.clock, self.marks)
                    self.keep_up(connection, unit.placement, unit.rules, unit.slips, unit.config)
                    yield unit
                    commit = unit.seal()
                if commit.events:
                    self.publish(commit)  # still in line, so that commits are published in their order
        except DBAPIError as error:
            self._storage_trouble(error)

    def _storage_trouble(self, error: DBAPIError) -> None:
        """Disk full is refused and the server goes on; a failed commit or fsync stops the process (D11)."""
        if not isinstance(error, OperationalError):
            raise error
        text = str(error.orig).lower()
        log.error("storage: %s", text)
        if "disk i/o" in text or "readonly" in text or "malformed" in text:
            self._on_broken()
        raise StorageFailed() from None


def _leave() -> None:
    """Stop at once; the supervisor starts us again and the log recovers."""
    logging.shutdown()
    os._exit(70)
