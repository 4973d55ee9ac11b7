"""The hall with its real deeds: a real database, the doors' idempotency, a clock that the loop moves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from server.actions.book import confirm, draft
from server.actions.call_next import call_next
from server.actions.check_in import check_in, find_booking
from server.actions.day import begin_closing, close_day, open_day
from server.actions.finish import finish
from server.actions.keep_appointments import keep_appointments
from server.actions.no_show import give_back_place, no_show
from server.actions.staff_window import close_window, open_window
from server.actions.start import start
from server.actions.take_number import Taken, take_number
from server.actions.tidal import decide_tidal
from server.domain import refusals
from server.domain.actors import SYSTEM, Actor
from server.domain.crew import Seat, seat_at, seats
from server.domain.rosters import Away
from server.domain.routing import APPOINTMENT, ORDINARY
from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.simulate.arrivals import Citizen, in_order
from server.simulate.loop import Called
from server.simulate.pure import until_check_in
from server.store.appointments import by_link
from server.store.engine import open_engine
from server.store.once import Answer, once
from server.store.setup import ensure_hall, migrate
from server.store.snapshots.slots import day_slots
from server.store.unit import Store, Unit

KIOSK = Actor("device", "simulated-kiosk", "kiosk", kiosk="K1")
GUIDE = Actor("staff", "simulated-guide", "guide")
LEADER = Actor("staff", "simulated-leader", "duty_leader")
CITIZEN = Actor("citizen", "booking", "citizen")
URL = "http://127.0.0.1"
EVENING_BEFORE_S = -4 * 3600
EPOCH, FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 3)


class VirtualClock:
    """Stands where the loop put it. `wrong`: how far the computer's clock is from the true time."""

    def __init__(self, at: datetime = EPOCH) -> None:
        self._from, self.true, self.wrong = at, at, timedelta(0)

    def __call__(self) -> datetime:
        return self.true + self.wrong

    def steady(self) -> float:
        """Seconds that go forward whatever the computer's clock does."""
        return (self.true - self._from).total_seconds()


class Unexpected(Exception):
    """A deed that must succeed was refused."""


@contextmanager
def temporary_store(hall: HallSettings, first: date = FIRST_DAY) -> Iterator[tuple[Store, VirtualClock]]:
    """A migrated database that is gone afterwards, and its clock, which stands before the day `first`."""
    clock = VirtualClock(datetime.combine(first - timedelta(days=2), time(), UTC))
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'hall.db'}", durable=False)
        migrate(engine)
        ensure_hall(engine, hall.id, clock())
        try:
            yield Store(engine, hall.id, clock, steady=clock.steady), clock
        finally:
            engine.dispose()


class RealHall:
    """Implements loop.Hall. Who has an appointment booked it the evening before and checks in. away: who is
    on leave."""

    def __init__(
        self,
        store: Store,
        clock: VirtualClock,
        settings: HallSettings,
        template: SlipBook,
        away: Sequence[Away] = (),
    ) -> None:
        self.store, self.settings, self.template, self.clock = store, settings, template, clock
        self.midnight, self.now_s = EPOCH, 0.0
        self.away, self.crew = away, list[Seat]()
        self._main = {p.a_window: p.id for p in settings.catalogue.people.values() if p.a_window}
        self.clerk_at = dict(self._main)  # who sits there, or sat last
        self.citizen_of: dict[int, int] = {}  # ticket -> citizen of the day
        self.leg_of: dict[int, int] = {}  # citizen -> leg
        self.code_of: dict[int, str] = {}  # citizen -> check-in code
        self._asked = 0

    def begin(self, day: date, people: Sequence[Citizen] = ()) -> list[Citizen]:
        """Open the business day; who comes, with the times that could be booked. A slot that is full becomes
        the nearest one that is not; whoever finds none comes as a walk-in."""
        self.midnight = datetime.combine(day, time(), self.settings.zone).astimezone(UTC)
        self.citizen_of, self.leg_of, self.code_of = {}, {}, {}
        self.crew = seats(self.settings.duties, self.away, day)
        self.at(EVENING_BEFORE_S)
        coming = [self.book(c) if c.priority == APPOINTMENT else c for c in people]
        self.at(8 * 3600)
        self.do(SYSTEM, {"keep": "appointments"}, lambda u: {"none": keep_appointments(u, self.settings)})
        self.do(SYSTEM, {"day": "open"}, lambda u: {"day": open_day(u, self.settings, by_hand=False)})
        return in_order(coming)

    def book(self, citizen: Citizen) -> Citizen:
        """Keep a place and confirm it, as on the phone page."""
        assert citizen.slot_s is not None
        for slot_s in self._free_slots(citizen.service, citizen.slot_s):
            at = self.midnight + timedelta(seconds=slot_s)

            def keep(unit: Unit, at: datetime = at) -> dict[str, Any]:
                made = draft(unit, self.settings, citizen.service, at)
                return {"booking": made.id, "link": made.link, "code": made.code}

            kept, _ = self.send(self.request_id(), CITIZEN, {"draft": citizen.id, "at": slot_s}, keep)
            if "refused" in kept:
                continue

            def sure(unit: Unit, link: str = kept["link"]) -> dict[str, Any]:
                return {"booking": confirm(unit, self.settings, by_link(unit.connection, unit.hall, link)).id}

            self.do(
                Actor("citizen", f"booking-{kept['booking']}", "citizen"), {"confirm": kept["booking"]}, sure
            )
            self.code_of[citizen.id] = kept["code"]
            return replace(citizen, slot_s=slot_s, at_s=citizen.at_s + slot_s - citizen.slot_s)
        return replace(citizen, priority=ORDINARY, slot_s=None, comes=True)

    def _free_slots(self, service: str, wanted_s: float) -> list[float]:
        """Slots of the day with a free place, the nearest first; seconds of the day."""
        queue = self.settings.catalogue.services[service].queue
        day = self.midnight.astimezone(self.settings.zone).date()
        with self.store.read() as connection:
            slots = day_slots(connection, self.settings, queue, day, self.store.clock()).slots
        free = [(slot.at - self.midnight).total_seconds() for slot in slots if slot.free]
        return sorted(free, key=lambda s: (abs(s - wanted_s), s))

    def end(self) -> None:
        """No new numbers, then the rest expires."""
        self.do(SYSTEM, {"day": "closing"}, lambda u: {"none": begin_closing(u)})
        self.do(SYSTEM, {"day": "close"}, lambda u: {"none": close_day(u)})

    def at(self, now_s: float) -> None:
        self.now_s = now_s
        self.clock.true = max(self.clock.true, self.midnight + timedelta(seconds=now_s))

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
        local = self.clock.true.astimezone(self.settings.zone).replace(tzinfo=None)
        seat = seat_at(self.crew, window, local)
        if seat is not None and seat.person is not None:
            self.clerk_at[window] = seat.person
        elif window in self._main:
            self.clerk_at[window] = self._main[window]
        else:
            return False
        if self.settings.catalogue.windows[window].default_state == "tidal":
            self.do(LEADER, {"tidal": window}, lambda u: {
                "none": decide_tidal(u, self.settings, window, yes=True)})  # fmt: skip
        self.do(self.clerk(window), {"open": window}, lambda u: {
            "none": open_window(u, self.settings, window)})  # fmt: skip
        return True

    def leave(self, window: str) -> bool:
        self.do(self.clerk(window), {"close": window}, lambda u: {
            "none": close_window(u, self.settings, window, held="queue", leave=True)})  # fmt: skip
        return True

    def take(self, citizen: Citizen) -> float | None:
        if citizen.id in self.code_of:
            return self._check_in(citizen, self.code_of[citizen.id])
        item = self.settings.catalogue.services[citizen.service]
        queue = self.settings.catalogue.queues[item.queue]
        carded = self.settings.identity_of(item) == "id_card_required"  # nobody lays a card here
        actor = KIOSK if queue.self_register and not carded else GUIDE

        def deed(unit: Unit) -> dict[str, Any]:
            return _given(
                take_number(unit, self.settings, self.template, URL, citizen.service, citizen.priority)
            )

        body = {"take": citizen.service, "citizen": citizen.id}
        answer, _ = self.send(self.request_id(), actor, body, deed)
        return None if "refused" in answer else self._holds(citizen, answer)

    def _check_in(self, citizen: Citizen, code: str) -> float | None:
        def deed(unit: Unit) -> dict[str, Any]:
            booking = find_booking(unit, self.settings, code)
            return _given(check_in(unit, self.settings, self.template, URL, booking))

        answer, _ = self.send(self.request_id(), KIOSK, {"check_in": code}, deed)
        if answer.get("refused") == refusals.CheckInEarly.code:
            return until_check_in(citizen, self.now_s, self.settings.hall.appointment)
        return None if "refused" in answer else self._holds(citizen, answer)

    def _holds(self, citizen: Citizen, answer: dict[str, Any]) -> float:
        self.citizen_of[answer["ticket"]] = citizen.id
        self.leg_of[citizen.id] = answer["leg"]
        return 0.0

    def call(self, window: str) -> Called | None:
        def deed(unit: Unit) -> dict[str, Any]:
            leg = call_next(unit, self.settings, window)
            return {"ticket": leg.ticket, "leg": leg.id, "rule": leg.rule} if leg else {"none": True}

        answer, _ = self.do(self.clerk(window), {"call": window}, deed)
        return self.called(answer) if "ticket" in answer else None

    def called(self, answer: dict[str, Any]) -> Called:
        """Who stands at the window now, by the leg that was called."""
        citizen = self.citizen_of[answer["ticket"]]
        self.leg_of[citizen] = answer["leg"]
        return Called(citizen, answer["rule"])

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
        if answer.get("refused") == refusals.NoShowTooSoon.code:
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


def _given(taken: Taken) -> dict[str, Any]:
    return {"ticket": taken.ticket.id, "leg": taken.leg.id, "number": taken.ticket.number}
