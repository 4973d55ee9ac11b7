"""The real hall on a bad day: requests come twice, replies get lost, processes die before, in and after a
commit, the database is busy, the clock jumps.

Everything it was told is written down, and compared with the database every evening.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select

from server.actions.run_day import watch
from server.clock import JUMP, LEAP
from server.domain.actors import SYSTEM, Actor
from server.domain.refusals import StorageFailed
from server.domain.slips import SlipBook
from server.domain.tickets import State
from server.settings import HallSettings
from server.simulate.arrivals import Citizen
from server.simulate.loop import Called
from server.simulate.real import VirtualClock
from server.store import tables as t
from server.store.alarms import alarms_of
from server.store.days import find_day
from server.store.engine import writing
from server.store.once import Answer
from server.store.snapshots.public import day_value
from server.store.snapshots.view import View
from server.store.tickets import legs_in
from server.store.unit import Commit, Store, Unit
from server.store.verify import check
from server.text import Texts
from tests.simulate.evening import (
    Line,
    audit_lines,
    fair,
    numbers_rise,
    replayed,
    same_counts,
    times_in_order,
)
from tests.simulate.lively import LivelyHall

Deed = Callable[[Unit], dict[str, Any]]
FAULTS = ("jump", "crash", "death", "busy", "lost reply", "restart", "late duplicate")
JUMPS_S = (-7200, -600, -61, 0, 0, 0, 45, 300, 900, -9e7, 9e8)  # the last: 1,041 days back, 28 years ahead


class Crash(Exception):
    """The process dies."""


class FaultyHall(LivelyHall):
    """`rate`: how probable each fault is at every act."""

    def __init__(
        self, store: Store, clock: VirtualClock, settings: HallSettings, template: SlipBook, texts: Texts,
        rng: Random, rate: float, lively: float,
    ) -> None:  # fmt: skip
        super().__init__(store, clock, settings, template, rng, lively)
        self._rate, self._texts, self._steady_now = rate, texts, True
        self.faults: Counter[str] = Counter()
        self.given: dict[int, str] = {}  # ticket -> number, as the citizen holds it
        self.done: Counter[str] = Counter()  # acts that were answered with success
        self._sent: list[tuple[str, Actor, dict[str, Any], Deed, Answer]] = []

    # --- faults
    def begin(self, day: date, people: Any = ()) -> list[Citizen]:
        """A day opens by itself only when the clock is right, or not far behind."""
        self.clock.wrong, self._steady_now = timedelta(0), True
        coming = super().begin(day, people)
        self._steady_now = False
        return coming

    def at(self, now_s: float) -> None:
        if not self._steady_now and self._hits("jump"):
            self.clock.wrong = timedelta(seconds=self.rng.choice(JUMPS_S))
        super().at(now_s)

    def _hits(self, fault: str) -> bool:
        hit = self.rng.random() < self._rate
        self.faults[fault] += hit
        return hit

    def _restart(self) -> None:
        """A new process on the same file: new connections, nothing remembered. A clock that leapt by minutes
        has come back meanwhile; a leap of years is left to people."""
        ours = self.store.clock()
        if JUMP < self.clock() - ours < LEAP:
            self.clock.wrong = ours - self.clock.true
        self.store.engine.dispose()
        self.store = Store(self.store.engine, self.settings.id, self.clock, steady=self.clock.steady)

    def send(self, request_id: str, actor: Actor, body: dict[str, Any], deed: Deed) -> Answer:
        if self._hits("crash"):
            self._die_in(request_id, actor, body, deed)
        if self._hits("busy"):
            self._find_it_busy(request_id, actor, body, deed)
        if self._hits("death"):
            self._die_after(request_id, actor, body, deed)
        answer = super().send(request_id, actor, body, deed)
        if self._hits("lost reply"):  # the client asks again, perhaps of a new process
            if self._hits("restart"):
                self._restart()
            assert super().send(request_id, actor, body, deed) == answer, "a retry heard something else (I10)"
        if self._sent and self._hits("late duplicate"):
            old_id, who, what, again, first = self.rng.choice(self._sent)
            assert super().send(old_id, who, what, again) == first, "an old request had a second effect (I10)"
        self._sent = [*self._sent[-20:], (request_id, actor, body, deed, answer)]
        if "refused" not in answer[0] and not answer[0].get("none"):
            self.done[next(iter(body))] += 1
        return answer

    def _die_in(self, request_id: str, actor: Actor, body: dict[str, Any], deed: Deed) -> None:
        """Everything is written but not committed: nothing may be left of it (I12)."""
        before = self._counts()

        def dying(unit: Unit) -> dict[str, Any]:
            deed(unit)
            raise Crash

        try:
            super().send(request_id, actor, body, dying)
        except Crash:
            self._restart()
            assert self._counts() == before, "half an act was left behind (I12)"

    def _die_after(self, request_id: str, actor: Actor, body: dict[str, Any], deed: Deed) -> None:
        """Committed, but neither pushed nor answered: it is there for good, and a retry hears the answer
        (I11). The new process sends every face the present, so the lost push is made good by its snapshot."""
        last: list[Commit] = []

        def dying(commit: Commit) -> None:
            last.append(commit)
            raise Crash

        self.store.publish = dying
        try:
            super().send(request_id, actor, body, deed)
        except Crash:
            self._restart()
            after = self._counts()
            super().send(request_id, actor, body, deed)
            assert self._counts() == after, "a retry after the commit did it again (I10)"
            with self.store.read() as connection:
                view = View.of(connection, self.settings.id, self.settings, self._texts)
            assert view.revision == last[0].revision, "a commit is lost (I11)"
        self.store.publish = lambda commit: None

    def _find_it_busy(self, request_id: str, actor: Actor, body: dict[str, Any], deed: Deed) -> None:
        """Another writer holds the file for longer than we wait: refused, nothing done, later done (D3)."""
        before = self._counts()
        with writing(self.store.engine):
            try:
                super().send(request_id, actor, body, deed)
            except StorageFailed:
                pass
            else:
                raise AssertionError("written while another writer held the database")
        assert self._counts() == before

    def _counts(self) -> list[int]:
        tables = (t.ticket, t.leg, t.call, t.audit, t.slip, t.answered, t.deed, t.rating, t.appointment)
        with self.store.read() as connection:
            return [connection.execute(select(func.count()).select_from(x)).scalar_one() for x in tables]

    # --- what the citizens see
    def take(self, citizen: Citizen) -> float | None:
        taken = super().take(citizen)
        if taken == 0:
            with self.store.read() as connection:
                row = connection.execute(select(t.leg.c.ticket, t.leg.c.number).where(
                    t.leg.c.id == self.leg_of[citizen.id])).one()  # fmt: skip
            assert row.ticket not in self.given
            self.given[row.ticket] = row.number
        return taken

    def call(self, window: str) -> Called | None:
        called = super().call(window)
        if called is None:
            self._nobody_waits(window)
        return called

    def _nobody_waits(self, window: str) -> None:
        """I9: it is said only when it is so."""
        queues, clerk = self.settings.catalogue.windows[window].queues, self.clerk_at[window]
        with self.store.read() as connection:
            day = View.of(connection, self.settings.id, self.settings, self._texts).day
            waiting = legs_in(connection, self.settings.id, day or "", State.WAITING)
        for leg in waiting:
            alone = leg.target_window or leg.target_clerk
            mine = (
                (leg.target_window == window or leg.target_clerk == clerk) if alone else leg.queue in queues
            )
            assert not mine, f"{leg.number} waits for {window}, which was told that nobody does (I9)"

    # --- the evening
    def hold(self) -> None:
        """What must be true of what is stored: verify's invariants, and those that need to know the story."""
        self.do(SYSTEM, {"watch": True}, lambda u: {"none": watch(u, self.settings)})
        assert check(self.store.engine, self.settings.id) == []
        with self.store.read() as connection:
            view = View.of(connection, self.settings.id, self.settings, self._texts)
            tickets = connection.execute(select(t.ticket)).all()
            legs = connection.execute(select(t.leg)).all()
            slips = connection.execute(select(t.slip.c.ticket, t.slip.c.copy)).all()
            ratings = connection.execute(select(t.rating.c.leg, t.rating.c.state, t.rating.c.level)).all()
            calls = connection.execute(
                select(t.call.c.leg, t.call.c.id, t.call.c.at)
                .where(t.call.c.n == 1, t.call.c.taken_back.is_(False))
                .order_by(t.call.c.id)
            ).all()
            lines, sums = audit_lines(connection), day_value(view)
            warned = alarms_of(connection, self.settings.id, "clock")
            stored_at = view.at
            assert view.day is None or find_day(connection, self.settings.id, view.day) is not None
        numbers = {ticket.id: ticket.number for ticket in tickets}
        assert self.given == numbers, (
            "a number handed out is gone or another, or one nobody was told of (I3, I11)"
        )
        numbers_rise(tickets)
        self._papers(slips, lines)
        same_counts(lines, self.done)
        replayed(lines, legs)
        times_in_order(legs)
        fair(legs, {call.leg: (call.id, call.at) for call in calls}, self.chosen)
        given = {r.leg: r.level for r in ratings if r.state == "given"}
        assert given == self.rated, "a rating is gone, another, or nobody's (I16)"
        wrong = self.clock() - stored_at
        assert bool(warned) == (wrong < timedelta(minutes=-5) or wrong > JUMP), "told or not told"
        if view.day is not None:
            self._conserved(sums, legs, view.day)

    @staticmethod
    def _papers(slips: list[Any], lines: list[Line]) -> None:
        """I19: one paper is owed for each number taken at a kiosk."""
        taken = [x for x in lines if x["act"] == "ticket.take" and x["actor"]["kind"] == "device"]
        owed = sorted((int(x["about"].split(":")[1]), 1) for x in taken)
        assert sorted(tuple(s) for s in slips) == owed, "one paper for each number (I19)"

    @staticmethod
    def _conserved(sums: dict[str, Any], legs: list[Any], day: str) -> None:
        """I7: every ticket is counted once, wherever it stands."""
        parts = ("waiting", "held", "called", "serving", "done", "no_show", "cancelled", "expired")
        standing = Counter(leg.state for leg in legs if leg.day == day and not leg.superseded)
        assert sums["taken"] == sum(sums[p] for p in parts) == sum(standing.values()), "I7"
        assert len({leg.ticket for leg in legs if leg.day == day}) == sums["taken"], "I7"
