"""The hall in memory: lines, and the rule of domain/routing. No database, no clock."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from server.domain.appointments import Appointments, arrival
from server.domain.catalogue import Window
from server.domain.crew import Seat, seat_at, seats, usual_seat
from server.domain.opening import check_queue
from server.domain.refusals import CheckInEarly, Refusal
from server.domain.routing import (
    APPOINTMENT,
    Rules,
    Situation,
    caps,
    choose,
    is_protected,
    kind_of,
    returned_origin,
)
from server.domain.skills import Pool
from server.domain.tickets import Leg, State
from server.settings import HallSettings
from server.simulate.arrivals import Citizen
from server.simulate.loop import Called

TERMS, ANY_DAY = Appointments(), datetime(2000, 1, 1, tzinfo=UTC)
Line = list[tuple[float, float, int, Leg]]
Pools = tuple[Pool, ...]


def joined(citizen: Citizen, now_s: float, rules: Rules, terms: Appointments = TERMS) -> tuple[str, float]:
    """(class, second at which its seniority starts) of somebody who joins at `now_s`. Raises CheckInEarly."""
    if citizen.priority != APPOINTMENT or citizen.slot_s is None:
        return citizen.priority, now_s if citizen.origin_s is None else citizen.origin_s
    slot, now = (ANY_DAY + timedelta(seconds=s) for s in (citizen.slot_s, now_s))
    priority, origin = arrival(slot, now, rules, terms)
    return priority, (origin - ANY_DAY).total_seconds()


def until_check_in(citizen: Citizen, now_s: float, terms: Appointments) -> float:
    """Seconds that somebody who is too early for the appointment waits before asking again."""
    assert citizen.slot_s is not None
    return max(1.0, citizen.slot_s - terms.early_minutes * 60 - now_s)


def _line_of(leg: Leg) -> tuple[str, str, str, str | None]:
    return leg.queue, leg.service, leg.priority, leg.target_window


class PureHall:
    """Implements loop.Hall. `giving`: only while the calendar gives numbers; a what-if is not asked. `crew`:
    who sits where, instead of the roster's with nobody on leave."""

    def __init__(
        self,
        settings: HallSettings,
        day: date,
        rules: Rules | None = None,
        queue_of: Mapping[str, str] | None = None,
        giving: bool = True,
        crew: Sequence[Seat] | None = None,
    ) -> None:
        catalogue = settings.catalogue
        self._settings, self._day, self._giving = settings, day, giving
        self._crew = seats(settings.duties, (), day) if crew is None else crew
        self._pools: dict[str, tuple[Pools, Pools]] = {}  # window -> what its person calls, own and help
        self._rules = rules or settings.rules
        self._queue_of = queue_of or {s.id: s.queue for s in catalogue.services.values()}
        self._midnight = datetime.combine(day, time(), settings.zone).astimezone(UTC)
        self._now = self._midnight
        self._now_s = 0.0
        self._means, self._mean_all = catalogue.mean_minutes, catalogue.mean_all
        # (queue, service, class, only this window) -> heap by origin
        self._lines: dict[tuple[str, str, str, str | None], Line] = {}
        self._open: set[str] = set()
        self._special: dict[str, frozenset[str]] = {}
        self._at: dict[str, Leg] = {}  # window -> the leg it has
        self._missed: dict[int, Leg] = {}
        self.run = 0  # protected calls in a row
        # window -> classes of its last calls, newest first; "" = of the whole hall
        self._called: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=20))

    def at(self, now_s: float) -> None:
        self._now_s = now_s
        self._now = self._midnight + timedelta(seconds=now_s)

    def open(self, window: str) -> bool:
        local = datetime.combine(self._day, time()) + timedelta(seconds=self._now_s)
        seat = seat_at(self._crew, window, local) or usual_seat(self._settings.duties, window, self._day)
        return self.sit(window, seat.own, seat.help)

    def sit(self, window: str, own: Pools, spare: Pools) -> bool:
        """Somebody opens the window who is able to call these queues."""
        self._pools[window] = own, spare
        self._open.add(window)
        self._special.clear()
        return True

    def leave(self, window: str) -> bool:
        self._open.discard(window)
        self._special.clear()
        return True

    def take(self, citizen: Citizen) -> float | None:
        queue = self._queue_of[citizen.service]
        if self._giving and not self._is_kept(citizen) and not self._gives(citizen.service, queue):
            return None
        try:
            self.join(citizen, self._now_s)
        except CheckInEarly:
            return until_check_in(citizen, self._now_s, self._settings.hall.appointment)
        return 0.0

    def _is_kept(self, citizen: Citizen) -> bool:
        """Who has an appointment is let in over lunch and after the last walk-in too."""
        keeps = max(self._rules.late, self._settings.hall.appointment.grace_minutes) * 60
        return citizen.slot_s is not None and self._now_s <= citizen.slot_s + keeps

    def _gives(self, service: str, queue: str) -> bool:
        """As `take_number` decides it: the queue's own hours, and no service that is closed."""
        catalogue, calendar = self._settings.catalogue, self._settings.calendar
        if catalogue.services[service].closed:
            return False
        windows = [catalogue.windows[w] for w in catalogue.serving[queue]]
        local = self._now.astimezone(self._settings.zone).replace(tzinfo=None)
        try:
            check_queue(calendar, catalogue.queues[queue], windows, self._day, local)
        except Refusal:
            return False
        return True

    def join(self, citizen: Citizen, at_s: float) -> None:
        """Stand in line since `at_s`. Raises CheckInEarly."""
        now, terms = self._midnight + timedelta(seconds=at_s), self._settings.hall.appointment
        priority, origin_s = joined(citizen, at_s, self._rules, terms)
        self.stand(Leg(
            id=citizen.id, ticket=citizen.id, ordinal=1, number=str(citizen.id), service=citizen.service,
            queue=self._queue_of[citizen.service], priority=priority, state=State.WAITING,
            joined_at=now, origin_at=self._midnight + timedelta(seconds=origin_s),
        ))  # fmt: skip

    def stand(self, leg: Leg) -> None:
        """Stand in line where the leg's origin puts it."""
        line = self._lines.setdefault(_line_of(leg), [])
        heapq.heappush(line, (leg.origin_at.timestamp(), leg.joined_at.timestamp(), leg.id, leg))

    def call(self, window: str) -> Called | None:
        place = self._settings.catalogue.windows[window]
        for pools in self._pools[window]:
            heads = [
                line[0][3]
                for (queue, service, _, only), line in self._lines.items()
                if line
                and (only or window) == window
                and (only or (queue, None) in pools or (queue, service) in pools)
            ]
            chosen = choose(heads, self._now, self._rules, self.situation(place))
            if chosen is not None:
                leg = chosen.leg
                heapq.heappop(self._lines[_line_of(leg)])
                self._at[window] = leg
                self.run = self.run + 1 if is_protected(leg, window) else 0
                for last in (self._called[window], self._called[""]):
                    last.appendleft(kind_of(leg))
                return Called(leg.id, chosen.rule)
        return None

    def situation(self, window: Window) -> Situation:
        """What the rule must know as `window` calls."""
        comprehensive = window.kind == "comprehensive"
        special = self._specials() if comprehensive else frozenset()
        here, everywhere = list(self._called[window.id]), list(self._called[""])
        share = self._settings.hall.priority.max_share_of_calls
        capped = caps(here, everywhere, self._rules, share)
        return Situation(comprehensive, self._means, self._mean_all, special, self.run, window.id, capped)

    def _specials(self) -> frozenset[str]:
        """The services that an open specialised window can take."""
        if "" not in self._special:
            windows = [self._settings.catalogue.windows[w] for w in self._open]
            queues = {q for w in windows if w.kind != "comprehensive" for q in w.queues}
            self._special[""] = frozenset(s for s, q in self._queue_of.items() if q in queues)
        return self._special[""]

    def start(self, window: str) -> None:
        """Nothing changes in the lines."""

    def finish(self, window: str) -> None:
        self._at.pop(window, None)

    def miss(self, window: str) -> float:
        leg = self._at.pop(window)
        self._missed[leg.id] = leg
        return 0.0

    def come_back(self, citizen: int, window: str) -> bool:
        leg = self._missed.pop(citizen)
        self.stand(replace(leg, origin_at=returned_origin(leg, self._now, self._rules)))
        return True
