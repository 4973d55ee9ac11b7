"""Any sequence of deeds against a plain model: what is allowed, what is refused, and what stays true (I3-I8,
I12, I15)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from server.actions.add_service import add_service
from server.actions.cancel import cancel
from server.actions.emergency import raise_emergency
from server.actions.finish import finish
from server.actions.hold import hold, let_go, unhold
from server.actions.no_show import give_back_place, no_show
from server.actions.rate import rate
from server.actions.staff_window import close_window, open_window, pause_window, resume_window
from server.actions.start import start
from server.actions.transfer import release_ticket, transfer
from server.actions.undo import undo
from server.domain.actors import Actor
from server.domain.refusals import Refusal, ReturnTooLate
from server.settings import read_hall
from server.store import tables as t
from server.store.engine import open_engine
from server.store.setup import ensure_hall
from server.store.unit import Store
from server.store.verify import check
from tests.conftest import ROOT, Clock, fresh_sqlite
from tests.server.hall_day import CLERK_AT, HallDay

WINDOWS = ("W01", "W02", "W05")
QUEUES = {"W01": "A", "W02": "A", "W05": "B"}
HALL = read_hall(ROOT / "config" / "demo", ROOT / "config")
TEMPLATE = HALL.slips
LIMIT = timedelta(minutes=HALL.hall.call.max_hold_minutes)


@dataclass
class Model:
    """One ticket as a child would draw it."""

    number: str
    queue: str
    state: str = "waiting"
    window: str | None = None
    target: str | None = None
    returns: int = 0
    clerk: str | None = None  # only where this person sits
    back_to: str | None = None
    came_back: bool = False
    errands: int = 0  # services of queue B still to come
    held_at: datetime | None = None
    gone: bool = False  # withdrawn by an undo


@dataclass
class Done:
    """What may be taken back at a window: the leg as it was, and the leg it made."""

    at: datetime
    move: str
    leg: int
    before: Model
    made: int | None = None


class HallMachine(RuleBasedStateMachine):
    tickets = Bundle("tickets")

    @initialize()
    def open_hall(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        engine, clock = open_engine(fresh_sqlite(Path(self.folder.name))), Clock()
        ensure_hall(engine, HALL.id, clock())
        self.day = HallDay(Store(engine, HALL.id, clock), HALL, TEMPLATE, clock).open(*WINDOWS)
        self.model: dict[int, Model] = {}
        self.printed: dict[int, str] = {}
        self.done: dict[str, list[Done]] = {w: [] for w in WINDOWS}
        self.paused: set[str] = set()
        self.shut: set[str] = set()
        self.asked: dict[int, tuple[str, datetime]] = {}  # leg -> where and when its visit was finished
        self.rated: dict[int, int] = {}

    def teardown(self) -> None:
        if hasattr(self, "day"):
            assert check(self.day.store.engine, HALL.id) == []
            self.day.store.engine.dispose()
            self.folder.cleanup()

    def at(self, window: str) -> Model | None:
        return next(
            (m for m in self.model.values() if m.window == window and m.state in ("called", "serving")), None
        )

    def leg_at(self, window: str) -> int:
        return next(i for i, m in self.model.items() if m is self.at(window))

    def keep(self, window: str, move: str, leg: int, made: int | None = None) -> None:
        """Called before the model moves on."""
        self.done[window].append(Done(self.day.clock.at, move, leg, replace(self.model[leg]), made))

    def mine(self, m: Model, window: str) -> bool:
        if m.target or m.clerk:
            return m.target == window or m.clerk == CLERK_AT[window]
        return m.queue == QUEUES[window]

    def expect(self, allowed: bool, deed: Any, *args: Any) -> Any:
        """Do it; it must be refused exactly when the model says so, and then change nothing."""
        if allowed:
            return deed(*args)
        with pytest.raises(Refusal):
            deed(*args)
        return None

    @rule(target=tickets, service=st.sampled_from(["S001", "S003", "S101"]), elder=st.booleans())
    def take(self, service: str, elder: bool) -> int:
        taken = self.day.take(service, "elder" if elder else "ordinary")
        self.model[taken.leg.id] = Model(taken.ticket.number, taken.leg.queue)
        self.printed[taken.ticket.id] = taken.ticket.number
        return taken.leg.id

    @rule(minutes=st.sampled_from([0.1, 1, 7]))
    def wait(self, minutes: float) -> None:
        if self.day.clock.at.hour < 11:
            self.day.clock.forward(minutes=minutes)

    @rule(window=st.sampled_from(WINDOWS))
    def call(self, window: str) -> None:
        if self.at(window) is not None or window in self.paused | self.shut:
            self.expect(False, self.day.call, window)
            return
        mine = {
            i: m for i, m in self.model.items()
            if m.state == "waiting" and self.mine(m, window)
        }  # fmt: skip
        called = self.day.call(window)
        assert (called is None) == (not mine), "nobody waiting is said only when nobody waits (I9)"
        if called is not None:
            assert called.id in mine
            back = [i for i, m in mine.items() if m.came_back]
            assert not back or called.id in back, "who comes back goes first"
            self.keep(window, "call", called.id)
            self.model[called.id].state, self.model[called.id].window = "called", window

    @rule(window=st.sampled_from(WINDOWS))
    def start_it(self, window: str) -> None:
        m = self.at(window)
        self.expect(m is not None and m.state == "called", self.day.at, window, start, window)
        if m is not None and m.state == "called":
            m.state = "serving"

    @rule(window=st.sampled_from(WINDOWS))
    def finish_it(self, window: str) -> None:
        m = self.at(window)
        fine = m is not None and m.state == "serving"
        before = None if m is None else self.leg_at(window)
        self.expect(fine, self.day.at, window, finish, HALL, window)
        if not fine or m is None or before is None:
            return
        made = None
        if m.back_to or m.errands:
            with self.day.store.read() as connection:
                made = int(connection.execute(select(func.max(t.leg.c.id))).scalar_one())
            if m.back_to:
                self.model[made] = Model(
                    m.number, QUEUES[m.back_to], target=m.back_to, came_back=True, errands=m.errands
                )
            else:
                self.model[made] = Model(m.number, "B", errands=m.errands - 1)
        self.keep(window, "finish", before, made)
        m.state = "done"
        self.asked[before] = (window, self.day.clock.at)

    @rule(window=st.sampled_from(WINDOWS))
    def pause_it(self, window: str) -> None:
        fine = window not in self.paused | self.shut
        self.expect(fine, self.day.at, window, pause_window, HALL, window, "meal")
        if fine:
            self.paused.add(window)

    @rule(window=st.sampled_from(WINDOWS), held=st.sampled_from([None, "queue", "keep"]))
    def close_it(self, window: str, held: str | None) -> None:
        """Those set aside here go back to their queue, or are kept for whom they come to."""
        aside = [i for i, m in self.model.items() if m.state == "held" and m.window == window]
        fine = window not in self.shut and self.at(window) is None and (not aside or held is not None)
        self.expect(fine, self.day.at, window, close_window, HALL, window, held)
        if not fine:
            return
        if held == "queue":
            for leg in sorted(aside):
                self.sent(window, leg, self.newest(leg))
        for m in self.model.values():
            if m.state == "waiting" and (m.target == window or m.clerk == CLERK_AT[window]):
                m.target, m.clerk, m.came_back = None, None, False
        self.shut.add(window)
        self.paused.discard(window)

    @rule(window=st.sampled_from(WINDOWS))
    def open_it(self, window: str) -> None:
        self.expect(window in self.shut, self.day.at, window, open_window, HALL, window)
        self.shut.discard(window)

    def newest(self, leg: int) -> int:
        """The leg that followed `leg` on its ticket."""
        ticket = select(t.leg.c.ticket).where(t.leg.c.id == leg).scalar_subquery()
        with self.day.store.read() as connection:
            query = select(func.max(t.leg.c.id)).where(t.leg.c.ticket == ticket)
            return int(connection.execute(query).scalar_one())

    def sent(self, window: str, leg: int, new: int) -> None:
        """`leg` waits again as `new` in its own queue."""
        m = self.model[leg]
        self.keep(window, "transfer", leg, new)
        self.model[new] = Model(m.number, m.queue, back_to=m.back_to, errands=m.errands)
        m.state, m.window = "transferred", window

    def reach(self, window: str, leg: int) -> bool:
        """May this window deal with the held leg: its own, or one left by another that it could serve?"""
        m = self.model[leg]
        if m.state != "held" or window in self.shut:
            return False
        late = m.held_at is not None and self.day.clock.at - m.held_at >= LIMIT
        left = m.window in self.shut | self.paused or late
        return m.window == window or (left and m.queue == QUEUES[window])

    @rule(window=st.sampled_from(WINDOWS))
    def resume_it(self, window: str) -> None:
        self.expect(window in self.paused, self.day.at, window, resume_window, window)
        self.paused.discard(window)

    @rule(window=st.sampled_from(WINDOWS), leg=tickets, level=st.sampled_from([5, 4, 1]))
    def rate_it(self, window: str, leg: int, level: int) -> None:
        """From a window's pad: only the visit that was finished there, once, within its seconds."""
        asked_at, when = self.asked.get(leg, ("", self.day.clock.at))
        m, patience = self.model[leg], HALL.rating_rule.pad_timeout
        fine = m.state == "done" and asked_at == window and leg not in self.rated
        fine = fine and self.day.clock.at - when <= patience
        reasons = sorted(HALL.rating_rule.reasons[level])[:1]

        def deed() -> None:
            with self.day.store.unit(Actor("device", "pad", "pad", window=window)) as unit:
                rate(unit, HALL, leg, level, reasons)

        self.expect(fine, deed)
        if fine:
            self.rated[leg] = level

    @rule(window=st.sampled_from(WINDOWS))
    def call_for_help(self, window: str) -> None:
        if window in self.shut:
            return
        first = self.day.at(window, raise_emergency, window)
        assert self.day.at(window, raise_emergency, window).id == first.id, "pressed again it is the same one"

    @rule(window=st.sampled_from(WINDOWS))
    def add_a_service(self, window: str) -> None:
        m = self.at(window)
        self.expect(m is not None, self.day.at, window, add_service, HALL, window, "S101")
        if m is not None:
            m.errands += 1

    @rule(window=st.sampled_from(WINDOWS), seconds=st.sampled_from([1, 9, 11]))
    def take_back(self, window: str, seconds: int) -> None:
        """Undo, against the plain list of what was done here."""
        self.day.clock.forward(seconds=seconds)
        last = self.done[window][-1] if self.done[window] else None
        fine = last is not None and self.day.clock.at - last.at <= timedelta(seconds=10)
        fine = fine and window not in self.shut
        if last is not None:
            now, here = self.model[last.leg], self.at(window)
            after = {"call": "called", "finish": "done", "no_show": "no_show", "hold": "held"}
            fine = fine and now.state == after.get(last.move, "transferred")
            fine = fine and not (last.move == "finish" and last.leg in self.rated)
            fine = fine and (last.made is None or self.model[last.made].state == "waiting")
            if last.before.state in ("called", "serving"):
                fine = fine and (here is None or here is now)
        self.expect(fine, self.day.at, window, undo, HALL, window)
        if fine and last is not None:
            self.done[window].pop()
            errands = self.model[last.leg].errands
            self.model[last.leg] = replace(last.before, errands=errands)
            if last.made is not None:
                self.model[last.made].state, self.model[last.made].gone = "cancelled", True

    @rule(window=st.sampled_from(WINDOWS))
    def hold_it(self, window: str) -> None:
        m = self.at(window)
        fine = m is not None and m.state == "serving"
        if fine:
            self.keep(window, "hold", self.leg_at(window))
        self.expect(fine, self.day.at, window, hold, window)
        if fine and m is not None:
            m.state, m.held_at = "held", self.day.clock.at

    @rule(window=st.sampled_from(WINDOWS), leg=tickets)
    def unhold_it(self, window: str, leg: int) -> None:
        m = self.model[leg]
        fine = self.reach(window, leg) and self.at(window) is None
        self.expect(fine, self.day.at, window, unhold, HALL, window, leg)
        if fine:
            m.state, m.window, m.held_at = "serving", window, None

    @rule(window=st.sampled_from(WINDOWS), leg=tickets)
    def let_it_go(self, window: str, leg: int) -> None:
        """Set aside, and nobody came back: closed, and no rating is asked."""
        fine = self.reach(window, leg)
        if fine:
            self.keep(window, "finish", leg)
        self.expect(fine, self.day.at, window, let_go, HALL, window, leg)
        if fine:
            self.model[leg].state = "done"

    @rule(target=tickets, window=st.sampled_from(WINDOWS), leg=tickets)
    def put_back(self, window: str, leg: int) -> int:
        """Set aside, and sent back to its own queue by a clerk."""
        fine, m = self.reach(window, leg), self.model[leg]
        where = {"queue": m.queue, "to_window": None, "held": leg}
        new = self.expect(fine, lambda: self.day.at(window, transfer, HALL, window, **where))
        if fine:
            self.sent(window, leg, new.id)
        return int(new.id) if fine else leg

    @rule(target=tickets, leg=tickets)
    def the_leader_puts_back(self, leg: int) -> int:
        m = self.model[leg]
        with self.day.store.read() as connection:
            ticket = connection.execute(select(t.leg.c.ticket).where(t.leg.c.id == leg)).scalar_one()
        if m.state != "held":
            return leg

        def deed() -> int:
            with self.day.store.unit(Actor("staff", "ZW021", "duty_leader")) as unit:
                return release_ticket(unit, HALL, ticket).id

        new = deed()
        self.model[new] = Model(m.number, m.queue, back_to=m.back_to, errands=m.errands)
        m.state = "transferred"
        return new

    @rule(window=st.sampled_from(WINDOWS))
    def miss_it(self, window: str) -> None:
        self.day.clock.forward(seconds=21)
        m = self.at(window)
        fine = m is not None and m.state == "called"
        if fine:
            self.keep(window, "no_show", self.leg_at(window))
        self.expect(fine, self.day.at, window, no_show, HALL, window)
        if fine and m is not None:
            m.state = "no_show"

    @rule(window=st.sampled_from(WINDOWS), leg=tickets)
    def come_back(self, window: str, leg: int) -> None:
        m = self.model[leg]
        near = m.window == window or m.queue == QUEUES[window]
        if m.state == "no_show" and near and window not in self.shut and m.returns == 0:
            try:
                self.day.at(window, give_back_place, HALL, window, leg)
            except ReturnTooLate:
                return
            m.state, m.window, m.returns = "waiting", None, 1
        else:
            self.expect(False, self.day.at, window, give_back_place, HALL, window, leg)

    @rule(
        target=tickets,
        window=st.sampled_from(WINDOWS),
        leg=tickets,
        to=st.sampled_from(["A", "B", "W02", "ZW005", "ZW010"]),
        back=st.booleans(),
    )
    def transfer_it(self, window: str, leg: int, to: str, back: bool) -> int:
        m = self.at(window)
        queue, place = (None, to) if to.startswith("W") else (to, None)
        person = to if to.startswith("Z") else None
        fine = m is not None and place != window and to != CLERK_AT[window] and to != "ZW010"
        fine = fine and place not in self.shut and not (to == "ZW005" and "W05" in self.shut)
        where = (None if person else queue, place, "", person, back)
        before = self.leg_at(window) if m is not None else 0
        new = self.expect(fine, self.day.at, window, transfer, HALL, window, *where)
        if not fine or m is None:
            return leg
        self.keep(window, "transfer", before, new.id)
        m.state = "transferred"
        way = window if back else m.back_to
        self.model[new.id] = Model(
            m.number, new.queue, target=place, clerk=person, back_to=way, errands=m.errands
        )
        return int(new.id)

    @rule(leg=tickets)
    def cancel_it(self, leg: int) -> None:
        m = self.model[leg]
        with self.day.store.read() as connection:
            ticket = connection.execute(select(t.leg.c.ticket).where(t.leg.c.id == leg)).scalar_one()
        if m.state != "waiting":
            return
        assert not m.gone

        def deed() -> None:
            with self.day.store.unit(Actor("citizen", str(ticket), "citizen")) as unit:
                cancel(unit, ticket)

        deed()
        m.state = "cancelled"

    @invariant()
    def the_database_is_what_the_model_says(self) -> None:
        if not hasattr(self, "day"):
            return
        with self.day.store.read() as connection:
            legs = connection.execute(select(t.leg.c.id, t.leg.c.number, t.leg.c.state)).all()
            tickets = dict(connection.execute(select(t.ticket.c.id, t.ticket.c.number)).all())
            given = select(t.rating.c.leg, t.rating.c.level).where(t.rating.c.state == "given")
            ratings = dict(connection.execute(given).all())
        assert {i: (n, s) for i, n, s in legs} == {i: (m.number, m.state) for i, m in self.model.items()}
        assert tickets == self.printed, "a number once given never changes (I3)"
        assert ratings == self.rated, "a rating once given is never changed or taken back (I16)"


class TestHall(HallMachine.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
class TestHallLong(HallMachine.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=400, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
    )
