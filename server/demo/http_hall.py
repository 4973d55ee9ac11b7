"""The running hall as the loop sees it: every deed is a request, every wait a real one.

Real people may work beside the demo: what they did before it is taken as it is, and who took a number by hand
is served like everybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from server.clock import Clock, now
from server.demo.console import Caller, Console
from server.domain.access import GUIDE
from server.domain.appointments import takes_appointments
from server.domain.refusals import CheckInEarly, IdentityNeeded, WindowTidal
from server.domain.routing import ORDINARY
from server.settings import HallSettings
from server.simulate.arrivals import Citizen
from server.simulate.loop import Called, Shift

STRANGERS = 1_000_000  # ids of those who took a number without us begin here
SOON_S = 1.0  # real seconds until somebody who is too early asks again
FIRST = timedelta(seconds=5)  # real time until the first citizen comes, about
RATES = 0.4  # so many rate their visit
LEVELS = ((5, 0.72), (4, 0.88), (3, 0.95), (2, 0.98), (1, 1.0))  # level, share up to it
WORDS = {2: "等得有点久", 1: "态度不太好"}
SEEN = "证件已看"  # why a guide gives the class that was asked for


class HttpHall:
    """Implements loop.Hall. `speed`: how many seconds of the played day pass in one real second. `shifts`:
    who sits where; where the hall does not let them in today, the A role comes."""

    def __init__(
        self,
        settings: HallSettings,
        console: Console,
        kiosk: Caller,
        speed: float,
        rng: Random,
        shifts: Sequence[Shift],
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Clock = now,
    ) -> None:
        self._settings, self._console, self._kiosk = settings, console, kiosk
        self._speed, self._rng, self._sleep, self._monotonic = speed, rng, sleep, monotonic
        self._clock = clock
        self._main = main_people(settings)
        self._shifts, self._now_s = shifts, 0.0
        self._clerk_of: dict[str, str] = dict(self._main)  # who sits at a window, or sat last
        self._clerks: dict[str, Caller] = {}  # by person
        self._citizen_of: dict[str, int] = {}  # number -> citizen
        self._leg_of: dict[int, int] = {}
        self._link_of: dict[int, str] = {}
        self._code_of: dict[int, str] = {}  # citizen -> check-in code
        self._at: dict[str, int] = {}  # window -> citizen
        self._begun: tuple[float, float] | None = None  # (real, played) when the play began
        self.held: list[tuple[int, str]] = []  # (ticket, number) as our citizens hold them

    def book(self, people: Sequence[Citizen]) -> list[Citizen]:
        """Appointments for those who have one, as if booked yesterday: the real moment of the check-in is
        known now. Who is early or on time is so in the hall's eyes; who is late is late by as many real
        minutes."""
        catalogue = self._settings.catalogue
        first_s = min((c.at_s for c in people), default=0.0)
        begins = self._clock() + FIRST
        coming = []
        for c in people:
            if c.slot_s is None or not takes_appointments(catalogue, catalogue.services[c.service]):
                coming.append(c if c.slot_s is None else replace(c, priority=ORDINARY, slot_s=None))
                continue
            comes = begins + timedelta(seconds=(c.at_s - first_s) / self._speed)
            early_s = c.slot_s - c.at_s
            away = timedelta(seconds=early_s / self._speed if early_s > 0 else early_s)
            self._code_of[c.id] = self._console.book(c.service, comes + away)
            coming.append(c)
        return coming

    def at(self, now_s: float) -> None:
        self._now_s = now_s
        real = self._monotonic()
        if self._begun is None:
            self._begun = real, now_s
        due = self._begun[0] + (now_s - self._begun[1]) / self._speed
        if due > real:
            self._sleep(due - real)

    @property
    def pace(self) -> float:
        """Played seconds in one real second: `speed`, or less where a machine cannot follow."""
        if self._begun is None:
            return self._speed
        real = self._monotonic() - self._begun[0]
        return min(self._speed, (self._now_s - self._begun[1]) / real) if real > 0 else self._speed

    def open(self, window: str) -> bool:
        before = self._clerk_of.get(window)
        for person in self._expected(window):
            self._clerk_of[window] = person
            status, answer = self._act(window, "open")
            if answer.get("refused") == WindowTidal.code:
                leader = self._console.caller(self._console.one_of("duty_leader"))
                leader.act(f"/api/tidal/{window}", confirm=True)
                status, answer = self._act(window, "open")
            if status == 200 or answer.get("refused") == "window-open":
                return True
        if before is not None:
            self._clerk_of[window] = before
        return False

    def _expected(self, window: str) -> list[str]:
        """Who would open it now, first the one of the running shift."""
        due = [s.person for s in self._shifts if s.window == window and s.from_s <= self._now_s < s.to_s]
        return list(dict.fromkeys(person for person in (*due, self._main.get(window)) if person))

    def leave(self, window: str) -> bool:
        status, answer = self._act(window, "close")
        return status == 200 or answer.get("refused") in ("window-closed", "window-foreign")

    def take(self, citizen: Citizen) -> float | None:
        queue = self._settings.catalogue.queues[self._settings.catalogue.services[citizen.service].queue]
        if citizen.id in self._code_of:
            status, answer = self._kiosk.act("/api/check-in", code=self._code_of[citizen.id])
        elif not queue.self_register:
            return None
        else:
            wish = {"service": citizen.service, "priority": citizen.priority}
            status, answer = self._kiosk.act("/api/tickets", **wish)
            if answer.get("refused") == IdentityNeeded.code:  # without a card one goes to the guide
                status, answer = self._guide().act("/api/tickets", **wish, reason=SEEN)
        if answer.get("refused") == CheckInEarly.code:
            return SOON_S * self._speed
        if status != 201:
            return None
        ticket = answer["ticket"]
        self._citizen_of[ticket["number"]] = citizen.id
        self._link_of[citizen.id] = ticket["link"]
        self.held.append((ticket["id"], ticket["number"]))
        return 0.0

    def call(self, window: str) -> Called | None:
        _, answer = self._act(window, "call-next")
        ticket = (answer.get("desk") or {}).get("ticket")
        if ticket is None:
            return None
        number, service = ticket["number"], ticket["service"]["id"]
        stranger = None
        if number not in self._citizen_of:
            id = STRANGERS + ticket["leg"]
            self._citizen_of[number] = id
            minutes = self._settings.catalogue.services[service].avg_minutes
            stranger = Citizen(id, 0.0, service, work_s=minutes * 60)
        citizen = self._citizen_of[number]
        self._at[window], self._leg_of[citizen] = citizen, ticket["leg"]
        return Called(citizen, ticket["why"]["rule"], stranger)

    def start(self, window: str) -> None:
        self._act(window, "start")

    def finish(self, window: str) -> None:
        self._act(window, "finish")
        link = self._link_of.get(self._at.pop(window, 0))
        if link and self._rng.random() < RATES:
            self._rate(link)

    def _rate(self, link: str) -> None:
        """On the phone page, as the slip's code leads there."""
        _, mine = self.stranger().get(f"/api/my/{link}")
        rating = mine.get("rating") or {}
        if rating.get("can"):
            u = self._rng.random()
            level = next(level for level, up_to in LEVELS if u < up_to)
            words = {"text": WORDS[level]} if level in WORDS else {}
            self.stranger().act(f"/api/my/{link}/rate", leg=rating["leg"], level=level, reasons=[], **words)

    def _guide(self) -> Caller:
        guide = self._console.one_of(GUIDE)
        if guide not in self._clerks:
            self._clerks[guide] = self._console.caller(guide)
        return self._clerks[guide]

    def stranger(self) -> Caller:
        """Somebody who shows nothing but the ticket's link."""
        return Caller(self._kiosk.url, {})

    def miss(self, window: str) -> float:
        """The hall lets a number go only after some real seconds."""
        _, answer = self._act(window, "no-show")
        if answer.get("refused") == "no-show-too-soon":
            return float(answer["facts"]["wait_s"]) * self._speed
        self._at.pop(window, None)
        return 0.0

    def come_back(self, citizen: int, window: str) -> bool:
        status, _ = self._act(window, "return", leg=self._leg_of[citizen])
        return status == 200

    def _act(self, window: str, deed: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """One press at the window; a session that ended is begun again."""
        person = self._clerk_of[window]
        for again in (False, True):
            if again or person not in self._clerks:
                self._clerks[person] = self._console.caller(person)
            status, answer = self._clerks[person].act(f"/api/windows/{window}/{deed}", **body)
            if status != 401:
                break
        return status, answer


def main_people(settings: HallSettings) -> dict[str, str]:
    """Window -> its A role."""
    return {p.a_window: p.id for p in settings.catalogue.people.values() if p.a_window}
