"""Any sequence of bookings against a plain model: what is allowed, what is refused, no place held twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from sqlalchemy import select

from server.actions.book import cancel_booking, confirm, draft, move_booking, wait_for_place
from server.actions.check_in import check_in
from server.actions.keep_appointments import keep_appointments
from server.domain.actors import SYSTEM
from server.domain.refusals import Refusal
from server.store import tables as t
from server.store.appointments import by_link
from server.store.engine import open_engine
from server.store.setup import ensure_hall
from server.store.snapshots.slots import day_slots
from server.store.unit import Store
from server.store.verify import check
from tests.conftest import Clock, fresh_sqlite
from tests.server.hall_day import URL, HallDay
from tests.server.test_booking import CITIZEN, TUESDAY, tuesday
from tests.server.test_stateful import HALL, TEMPLATE

SLOTS = [tuesday(9), tuesday(9, 30), tuesday(16)]


@dataclass
class Model:
    """One booking as a child would draw it."""

    state: str
    at: datetime | None = None
    until: datetime | None = None


class BookingMachine(RuleBasedStateMachine):
    bookings = Bundle("bookings")

    @initialize()
    def open_hall(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        engine, clock = open_engine(fresh_sqlite(Path(self.folder.name))), Clock()
        ensure_hall(engine, HALL.id, clock())
        self.day = HallDay(Store(engine, HALL.id, clock), HALL, TEMPLATE, clock)
        self.model: dict[str, Model] = {}
        self.opened = False

    def teardown(self) -> None:
        if hasattr(self, "day"):
            assert check(self.day.store.engine, HALL.id) == []
            self.day.store.engine.dispose()
            self.folder.cleanup()

    def now(self) -> datetime:
        return self.day.clock.at

    def do(self, deed: Any, *args: Any, actor: Any = CITIZEN) -> Any:
        with self.day.store.unit(actor) as unit:
            return deed(unit, HALL, *args)

    def to(self, link: str, allowed: bool, deed: Any, *args: Any) -> bool:
        """Do it to the booking; it must be refused exactly when the model says so."""
        with self.day.store.read() as connection:
            booking = by_link(connection, HALL.id, link)
        if allowed:
            self.do(deed, booking, *args)
        else:
            with pytest.raises(Refusal):
                self.do(deed, booking, *args)
        return allowed

    def alive(self, link: str) -> Model:
        """The model after what time has done by itself."""
        m = self.model[link]
        if m.state == "draft" and m.until is not None and m.until <= self.now():
            m.state = "expired"
        return m

    @rule(target=bookings, at=st.sampled_from(SLOTS))
    def draft_it(self, at: datetime) -> str:
        if self.now().day != 2 or at not in self.free_times():
            with pytest.raises(Refusal):
                self.do(draft, "S001", at)
            return next(iter(self.model), "")
        made = self.do(draft, "S001", at)
        self.model[made.link] = Model("draft", at, made.holds_until)
        return str(made.link)

    @rule(target=bookings)
    def wait(self) -> str:
        try:
            made = self.do(wait_for_place, "S001", TUESDAY)
        except Refusal:
            return next(iter(self.model), "")
        self.model[made.link] = Model("waitlisted")
        return str(made.link)

    @rule(link=bookings)
    def confirm_it(self, link: str) -> None:
        if link and self.to(link, self.alive(link).state == "draft", confirm):
            self.model[link].state = "booked"

    def changeable(self, m: Model) -> bool:
        return m.state == "booked" and m.at is not None and self.now() <= m.at - timedelta(hours=2)

    @rule(link=consumes(bookings))
    def cancel_it(self, link: str) -> None:
        if not link:
            return
        self.settle()
        m = self.alive(link)
        if self.to(link, m.state in ("draft", "waitlisted") or self.changeable(m), cancel_booking):
            m.state = "cancelled"

    @rule(link=bookings, at=st.sampled_from(SLOTS))
    def move_it(self, link: str, at: datetime) -> None:
        if not link:
            return
        m = self.alive(link)
        free = self.now().day == 2 and at in self.free_times()
        if self.to(link, self.changeable(m) and free, move_booking, at):
            m.at = at

    @rule(link=bookings)
    def check_it_in(self, link: str) -> None:
        if not link:
            return
        m = self.alive(link)
        due = m.at is not None and self.now() >= m.at - timedelta(minutes=15)
        if self.to(link, self.opened and m.state == "booked" and due, check_in_here):
            m.state = "checked_in"

    @rule(minutes=st.sampled_from([1, 6, 20]))
    def pass_time(self, minutes: int) -> None:
        self.day.clock.forward(minutes=minutes)
        self.settle()

    @rule()
    def go_to_tuesday(self) -> None:
        if not self.opened:
            self.day.clock.at = tuesday(8, 40)
            self.day.open()
            self.opened = True
            self.settle()

    def settle(self) -> None:
        self.do(keep_appointments, actor=SYSTEM)
        for link in self.model:
            self.alive(link)

    def free_times(self) -> set[datetime]:
        self.settle()
        with self.day.store.read() as connection:
            day = day_slots(connection, HALL, "A", TUESDAY, self.now())
        return {slot.at for slot in day.slots if slot.free}

    @invariant()
    def the_database_is_what_the_model_says(self) -> None:
        if not hasattr(self, "day"):
            return
        self.settle()
        a = t.appointment.c
        with self.day.store.read() as connection:
            rows = connection.execute(select(a.link, a.state, a.at, a.place, a.ticket)).all()
            tickets = connection.execute(select(t.ticket.c.id)).scalars().all()
            most = {s.at: s.places for s in day_slots(connection, HALL, "A", TUESDAY, tuesday(0)).slots}
        assert {r.link: r.state for r in rows} == {k: m.state for k, m in self.model.items()}
        held = Counter(r.at for r in rows if r.state in ("draft", "booked", "checked_in", "missed"))
        assert all(n <= most[at] for at, n in held.items()), "a slot was overbooked"
        assert sorted(r.ticket for r in rows if r.ticket) == sorted(tickets), (
            "one number each, no second queue"
        )


def check_in_here(unit: Any, hall: Any, booking: Any) -> Any:
    return check_in(unit, hall, TEMPLATE, URL, booking)


class TestBookings(BookingMachine.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
class TestBookingsLong(BookingMachine.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=300, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
    )
