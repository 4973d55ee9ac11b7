"""The real hall on a bad day: requests come twice, replies get lost, processes die, clocks jump.

Everything it was told is written down, and compared with the database at the end of the day.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import func, select

from server.domain.actors import Actor
from server.domain.slips import SlipBook
from server.domain.tickets import MOVES, Move, State
from server.settings import HallSettings
from server.simulate.arrivals import Citizen
from server.simulate.loop import Called
from server.simulate.real import RealHall, VirtualClock
from server.store import tables as t
from server.store.days import find_day
from server.store.engine import open_engine
from server.store.once import Answer
from server.store.snapshots.public import day_value
from server.store.snapshots.view import View
from server.store.tickets import legs_in
from server.store.unit import Store, Unit
from server.store.verify import check
from server.text import Texts

MOVE_OF = {  # audit line -> arrow
    "ticket.call": Move.CALL,
    "visit.start": Move.START,
    "visit.finish": Move.FINISH,
    "ticket.no_show": Move.NO_SHOW,
    "ticket.return": Move.RETURN,
}
ACT_OF = {  # deed -> audit line
    "take": "ticket.take",
    "start": "visit.start",
    "finish": "visit.finish",
    "miss": "ticket.no_show",
    "back": "ticket.return",
    "open": "window.open",
    "close": "window.close",
}


class Crash(Exception):
    """The process dies in the middle of a transaction."""


class FaultyHall(RealHall):
    """`rate`: how probable each fault is at every act."""

    def __init__(
        self, store: Store, clock: VirtualClock, settings: HallSettings, template: SlipBook, texts: Texts,
        rng: Random, rate: float,
    ) -> None:  # fmt: skip
        super().__init__(store, clock, settings, template)
        self._rng, self._rate, self._texts = rng, rate, texts
        self._jump = timedelta(0)
        self._true_s = 0.0
        self.faults: Counter[str] = Counter()
        self.given: dict[int, str] = {}  # ticket -> number, as the citizen holds it
        self.done: Counter[str] = Counter()  # acts that were answered with success
        self.called: list[tuple[int, int]] = []  # (citizen, ordinal of the call)
        self._sent: list[tuple[str, Actor, dict[str, Any], Callable[[Unit], dict[str, Any]], Answer]] = []

    # --- faults
    def at(self, now_s: float) -> None:
        """The wall clock, minus what it is wrong by."""
        self._true_s = now_s
        if self._hits("jump"):
            self._jump = timedelta(seconds=self._rng.choice((-7200, -600, -61, 0, 0, 0, 45, 300, 900)))
        super().at(now_s)
        self.clock.now += self._jump

    def _hits(self, fault: str) -> bool:
        hit = self._rng.random() < self._rate
        self.faults[fault] += hit
        return hit

    def _restart(self) -> None:
        """A new process on the same file."""
        url = self.store.engine.url.render_as_string(hide_password=False)
        self.store.engine.dispose()
        self.store = Store(open_engine(url), self.settings.id, self.clock)

    def send(
        self, request_id: str, actor: Actor, body: dict[str, Any], deed: Callable[[Unit], dict[str, Any]]
    ) -> Answer:
        if self._hits("crash"):
            self._die_in(request_id, actor, body, deed)
        answer = super().send(request_id, actor, body, deed)
        if self._hits("lost reply"):  # the client asks again, perhaps of a new process
            if self._hits("restart"):
                self._restart()
            assert super().send(request_id, actor, body, deed) == answer, "a retry heard something else (I10)"
        if self._sent and self._hits("late duplicate"):
            old_id, who, what, again, first = self._rng.choice(self._sent)
            assert super().send(old_id, who, what, again) == first, "an old request had a second effect (I10)"
        self._sent = [*self._sent[-20:], (request_id, actor, body, deed, answer)]
        if "refused" not in answer[0]:
            self.done[next(iter(body))] += 1
        return answer

    def _die_in(
        self, request_id: str, actor: Actor, body: dict[str, Any], deed: Callable[[Unit], dict[str, Any]]
    ) -> None:
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

    def _counts(self) -> list[int]:
        tables = (t.ticket, t.leg, t.call, t.audit, t.slip, t.answered)
        with self.store.read() as connection:
            return [connection.execute(select(func.count()).select_from(x)).scalar_one() for x in tables]

    # --- what the citizens see
    def take(self, citizen: Citizen) -> bool:
        taken = super().take(citizen)
        if taken:
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
        queues = self.settings.catalogue.windows[window].queues
        with self.store.read() as connection:
            day = View.of(connection, self.settings.id, self.settings, self._texts).day
            waiting = legs_in(connection, self.settings.id, day or "", State.WAITING)
        assert not [
            leg.number for leg in waiting if leg.queue in queues and leg.target_window in (None, window)
        ]

    # --- the evening
    def hold(self) -> None:
        """What must be true of what is stored: verify's invariants, and those that need to know the story."""
        assert check(self.store.engine, self.settings.id) == []
        with self.store.read() as connection:
            view = View.of(connection, self.settings.id, self.settings, self._texts)
            numbers = {row.id: row.number for row in connection.execute(select(t.ticket))}
            legs = connection.execute(select(t.leg)).all()
            slips = connection.execute(select(t.slip.c.ticket, t.slip.c.copy)).all()
            calls = connection.execute(
                select(t.call.c.leg, t.call.c.id, t.call.c.n).order_by(t.call.c.id)
            ).all()
            lines = [
                json.loads(x)
                for x in connection.execute(select(t.audit.c.line).order_by(t.audit.c.seq)).scalars()
            ]
            sums = day_value(view)
            states = Counter(leg.state for leg in legs if leg.day == view.day)
            assert view.day is None or find_day(connection, self.settings.id, view.day) is not None
        assert self.given.items() <= numbers.items(), (
            "a number that was handed out is gone or another (I3, I11)"
        )
        assert len(numbers) == len(self.given), "a number nobody was told of (I10, I12)"
        assert sorted(slips) == sorted((k, 1) for k in self._printed(lines)), (
            "one paper for each number (I19)"
        )
        self._same_counts(lines)
        self._legal_paths(lines, {leg.id: leg.state for leg in legs})
        self._one_at_a_time(legs)
        self._fair(legs, {call.leg: call.id for call in calls if call.n == 1})
        if sums is not None and view.day is not None:
            parts = ("waiting", "held", "called", "serving", "done", "no_show", "cancelled", "expired")
            assert sums["taken"] == sum(sums[p] for p in parts) == sum(states.values()), "I7"

    @staticmethod
    def _printed(lines: list[dict[str, Any]]) -> list[int]:
        return [int(x["about"].split(":")[1]) for x in lines
                if x["act"] == "ticket.take" and x["actor"]["kind"] == "device"]  # fmt: skip

    def _same_counts(self, lines: list[dict[str, Any]]) -> None:
        """I13: as many audit lines as acts that were answered with success."""
        acts = Counter(line["act"] for line in lines if line["result"] == "done")
        for word, act in ACT_OF.items():
            assert acts[act] == self.done[word], f"{act}: {acts[act]} lines, {self.done[word]} acts (I13)"

    @staticmethod
    def _legal_paths(lines: list[dict[str, Any]], states: dict[int, str]) -> None:
        """I4: every leg's audit lines are a path of the machine that ends in its state."""
        at: dict[int, State] = {leg: State.WAITING for leg in states}
        for line in lines:
            move = MOVE_OF.get(line["act"])
            if move is not None:
                leg = int(line["about"].split(":")[1])
                at[leg] = MOVES[at[leg], move]
        for leg, state in states.items():
            assert state in (at[leg], State.EXPIRED), f"leg {leg} is {state}, its history says {at[leg]} (I4)"

    @staticmethod
    def _one_at_a_time(legs: list[Any]) -> None:
        """I6 and I15 over the whole day: a window's tickets follow one another."""
        by_window: dict[str, list[Any]] = {}
        for leg in legs:
            if leg.window is not None and leg.called_at is not None and leg.state == State.DONE:
                by_window.setdefault(leg.window, []).append(leg)
        for served in by_window.values():
            served.sort(key=lambda leg: (leg.called_at, leg.ended_at))
            for one, other in zip(served, served[1:], strict=False):
                assert one.ended_at <= other.called_at, "two tickets at one window (I6)"

    @staticmethod
    def _fair(legs: list[Any], first_call: dict[int, int]) -> None:
        """I8: within one queue, class and service in order of origin, but for those who came back."""
        lines: dict[tuple[str, ...], list[Any]] = {}
        for leg in legs:
            if leg.id in first_call and leg.returns == 0:
                lines.setdefault((leg.day, leg.queue, leg.service, leg.priority), []).append(leg)
        for line in lines.values():
            line.sort(key=lambda leg: (leg.origin_at, leg.id))
            order = [first_call[leg.id] for leg in line]
            assert order == sorted(order), "overtaken within one line (I8)"
