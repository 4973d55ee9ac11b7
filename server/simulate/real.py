"""The hall with its real deeds: a real database, the doors' idempotency, a clock that the loop moves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from server.actions.call_next import call_next
from server.actions.day import begin_closing, close_day, open_day
from server.actions.finish import finish
from server.actions.no_show import give_back_place, no_show
from server.actions.staff_window import close_window, open_window
from server.actions.start import start
from server.actions.take_number import take_number
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.routing import APPOINTMENT, ORDINARY
from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.simulate.arrivals import Citizen
from server.simulate.loop import Called
from server.store.engine import open_engine
from server.store.once import Answer, once
from server.store.setup import ensure_hall, migrate
from server.store.unit import Store, Unit

KIOSK = Actor("device", "simulated-kiosk", "kiosk", kiosk="K1")
GUIDE = Actor("staff", "simulated-guide", "guide")
URL = "http://127.0.0.1"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    """Stands where the loop put it."""

    def __init__(self, at: datetime = EPOCH) -> None:
        self.now = at

    def __call__(self) -> datetime:
        return self.now


class Unexpected(Exception):
    """A deed that must succeed was refused."""


@contextmanager
def temporary_store(hall: HallSettings) -> Iterator[tuple[Store, VirtualClock]]:
    """A migrated database that is gone afterwards, and its clock."""
    clock = VirtualClock()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'hall.db'}")
        migrate(engine)
        ensure_hall(engine, hall.id, clock())
        try:
            yield Store(engine, hall.id, clock), clock
        finally:
            engine.dispose()


class RealHall:
    """Implements loop.Hall. Appointment holders take a number like everybody: no slot is booked here."""

    def __init__(
        self, store: Store, clock: VirtualClock, settings: HallSettings, template: SlipBook
    ) -> None:
        self.store, self.settings, self.template, self.clock = store, settings, template, clock
        self.midnight = EPOCH
        self.clerk_at = {p.a_window: p.id for p in settings.catalogue.people.values() if p.a_window}
        self.citizen_of: dict[int, int] = {}  # ticket -> citizen of the day
        self.leg_of: dict[int, int] = {}  # citizen -> leg
        self._asked = 0

    def begin(self, day: date) -> None:
        """Open the business day."""
        self.midnight = datetime.combine(day, time(), self.settings.zone).astimezone(UTC)
        self.citizen_of, self.leg_of = {}, {}
        self.at(8 * 3600)
        self.do(SYSTEM, {"day": "open"}, lambda u: {"day": open_day(u, self.settings, by_hand=False)})

    def end(self) -> None:
        """No new numbers, then the rest expires."""
        self.do(SYSTEM, {"day": "closing"}, lambda u: {"none": begin_closing(u)})
        self.do(SYSTEM, {"day": "close"}, lambda u: {"none": close_day(u)})

    def at(self, now_s: float) -> None:
        self.clock.now = self.midnight + timedelta(seconds=now_s)

    def request_id(self) -> str:
        self._asked += 1
        return f"simulated-{self.midnight:%y%m%d}-{self._asked}"

    def do(self, actor: Actor, body: dict[str, Any], deed: Callable[[Unit], dict[str, Any]]) -> Answer:
        """One act as the doors do it. Raises Unexpected for a refusal."""
        answer, status = self.send(self.request_id(), actor, body, deed)
        if "refused" in answer:
            raise Unexpected(f"{body}: {answer['refused']} {answer['facts']}")
        return answer, status

    def send(
        self, request_id: str, actor: Actor, body: dict[str, Any], deed: Callable[[Unit], dict[str, Any]]
    ) -> Answer:
        """One transaction."""
        with self.store.unit(actor) as unit:
            return once(unit, request_id, body, lambda: deed(unit))

    def clerk(self, window: str) -> Actor:
        person = self.clerk_at[window]
        return Actor("staff", person, "clerk", proof=f"session-{person}")

    def open(self, window: str) -> bool:
        if window not in self.clerk_at:
            return False
        self.do(self.clerk(window), {"open": window}, lambda u: {
            "none": open_window(u, self.settings, window)})  # fmt: skip
        return True

    def leave(self, window: str) -> bool:
        self.do(self.clerk(window), {"close": window}, lambda u: {"none": close_window(u, window)})
        return True

    def take(self, citizen: Citizen) -> bool:
        priority = ORDINARY if citizen.priority == APPOINTMENT else citizen.priority
        queue = self.settings.catalogue.queues[self.settings.catalogue.services[citizen.service].queue]
        actor = KIOSK if queue.self_register else GUIDE

        def deed(unit: Unit) -> dict[str, Any]:
            taken = take_number(unit, self.settings, self.template, URL, citizen.service, priority)
            return {"ticket": taken.ticket.id, "leg": taken.leg.id, "number": taken.ticket.number}

        body = {"take": citizen.service, "citizen": citizen.id}
        answer, _ = self.send(self.request_id(), actor, body, deed)
        if "refused" in answer:
            return False
        self.citizen_of[answer["ticket"]] = citizen.id
        self.leg_of[citizen.id] = answer["leg"]
        return True

    def call(self, window: str) -> Called | None:
        def deed(unit: Unit) -> dict[str, Any]:
            leg = call_next(unit, self.settings, window)
            return {"ticket": leg.ticket, "rule": leg.rule} if leg else {"none": True}

        answer, _ = self.do(self.clerk(window), {"call": window}, deed)
        return Called(self.citizen_of[answer["ticket"]], answer["rule"]) if "ticket" in answer else None

    def start(self, window: str) -> None:
        self.do(self.clerk(window), {"start": window}, lambda u: {"leg": start(u, window).id})

    def finish(self, window: str) -> None:
        self.do(
            self.clerk(window), {"finish": window}, lambda u: {"leg": finish(u, self.settings, window).id}
        )

    def miss(self, window: str) -> float:
        def deed(unit: Unit) -> dict[str, Any]:
            return {"leg": no_show(unit, self.settings, window).id}

        answer, _ = self.send(self.request_id(), self.clerk(window), {"miss": window}, deed)
        if answer.get("refused") == refusals.NoShowTooSoon.code:  # the clock was set back: time stands still
            return float(answer["facts"]["wait_s"])
        if "refused" in answer:
            raise Unexpected(f"a miss at {window}: {answer}")
        return 0.0

    def come_back(self, citizen: int, window: str) -> bool:
        leg = self.leg_of[citizen]

        def deed(unit: Unit) -> dict[str, Any]:
            return {"leg": give_back_place(unit, self.settings, window, leg).id}

        answer, _ = self.send(self.request_id(), self.clerk(window), {"back": leg}, deed)
        return "refused" not in answer
