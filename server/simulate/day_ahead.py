"""A day to come against its roster, half hour by half hour: who is expected, who will sit there, how many
windows the load asks for, and what comes of it when the day is played.

The square-root rule is the first guess of how many windows are missing; the played days are the answer: the
fewest further windows with which every half hour keeps its promise. Pure; deterministic by seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import ceil
from random import Random

from server.domain.crew import Seat, seats, usual_seat, windows_for
from server.domain.estimate.coming import Showing
from server.domain.rosters import Away
from server.domain.staffing import square_root_staffing
from server.settings import HallSettings
from server.simulate.arrivals import (
    HALF_HOUR_S,
    Arrivals,
    Citizen,
    Demand,
    People,
    draw_day,
    in_order,
)
from server.simulate.holders import Booked, holder
from server.simulate.loop import AWAY, Outcome, Play
from server.simulate.measures import percentile
from server.simulate.pure import PureHall
from server.simulate.scenario import Scenario, manners_of, shifts_of

PLAYED = 12  # days that are played as rostered, half as many with further windows
MOST_MORE = 3  # further windows that are tried
LEAST_PEOPLE = 1.0  # who are expected in a half hour of which something is said


@dataclass(frozen=True)
class Wishes:
    """Who is expected: by the hall's own past (`walk_ins_of_past`) or its file, and who has booked."""

    arrivals: Arrivals
    booked: tuple[Booked, ...] = ()
    showing: Showing = Showing()
    minutes: Mapping[str, float] | None = None  # service -> mean, where the hall's own past says it


@dataclass(frozen=True)
class Half:
    """One queue in one half hour from `at_s`. arrivals: expected; rostered: windows, one that takes n queues
    counts 1/n for each; guess: windows by the square-root rule; wait: minutes, middle and nine in ten of who
    came then, None: nobody was called; within: share called within the queue's target."""

    at_s: int
    arrivals: float
    rostered: float
    guess: int
    wait: float | None
    wait_90: float | None
    within: float | None

    def broken(self, goal: float) -> bool:
        return self.arrivals >= LEAST_PEOPLE and self.within is not None and self.within < goal


@dataclass(frozen=True)
class More:
    """`windows` open too from..to: of `queue`, which is late the longest, a share of `after` instead of
    `before` would be called in time. No windows: there is none that could be opened. kept: every half hour
    would keep the promise then."""

    queue: str
    from_s: int
    to_s: int
    before: float
    windows: tuple[str, ...] = ()
    after: float | None = None
    kept: bool = False


@dataclass(frozen=True)
class DayAhead:
    """`halves`: queue -> its half hours, those in which the hall serves."""

    day: date
    expected: float
    booked: int
    halves: Mapping[str, tuple[Half, ...]]
    more: More | None
    played: int


def foresee_day(
    hall: HallSettings,
    wishes: Wishes,
    away: Sequence[Away],
    day: date,
    spare: Sequence[str],
    seed: int = 1,
    played: int = PLAYED,
) -> DayAhead:
    """`spare`: windows that could be opened beside the roster, best first. played: so many days."""
    ahead = _Ahead(hall, wishes, day, seed)
    crew = seats(hall.duties, away, day)
    outcomes = ahead.play(crew, played)
    halves = {q: ahead.halves(q, crew, outcomes) for q in hall.catalogue.queues}
    more = ahead.more(halves, crew, spare, max(1, played // 2))
    return DayAhead(day, ahead.expected, len(wishes.booked), halves, more, played)


class _Ahead:
    def __init__(self, hall: HallSettings, wishes: Wishes, day: date, seed: int) -> None:
        self._hall, self._wishes, self._day, self._seed = hall, wishes, day, seed
        arrivals = wishes.arrivals
        self._demand = Demand(
            tickets=arrivals.expected(day, hall.calendar) * (1 - arrivals.appointment_share),
            priority_share=arrivals.priority_share,
            minutes=wishes.minutes,
        )
        self.expected = self._demand.tickets + len(wishes.booked) * wishes.showing.share
        total = sum(m.share for m in arrivals.mix)
        self._parts = {m.service: m.share / total for m in arrivals.mix}

    def play(self, crew: Sequence[Seat], days: int) -> list[list[Outcome]]:
        arrivals, day = self._wishes.arrivals, self._day
        shifts = shifts_of(Scenario(), self._hall, day, crew)
        found = []
        for n in range(days):
            hall = PureHall(self._hall, day, crew=crew)
            manners = manners_of(Scenario(), self._hall, arrivals)
            found.append(Play(hall, manners, self._people(n), shifts).run())
        return found

    def _people(self, n: int) -> list[Citizen]:
        """The same people for every plan."""
        rng = Random(f"{self._seed}/{self._day}/{n}")
        people = People(self._wishes.arrivals, self._hall, self._demand, rng)
        walk_ins = draw_day(people, self._wishes.arrivals, self._demand, rng)
        told = (self._wishes.showing, self._minutes, rng)
        booked = enumerate(self._wishes.booked, len(walk_ins) + 1)
        return in_order([*walk_ins, *(holder(people, b, i, *told) for i, b in booked)])

    def _minutes(self, service: str) -> float:
        return (self._wishes.minutes or {}).get(service, self._hall.catalogue.services[service].avg_minutes)

    def halves(self, queue: str, crew: Sequence[Seat], days: Sequence[Sequence[Outcome]]) -> tuple[Half, ...]:
        """The half hours in which somebody sits at a window of the hall or people are expected."""
        waits: defaultdict[int, list[float | None]] = defaultdict(list)
        for day in days:
            for o in day:
                if self._queue(o.citizen.service) == queue and o.fate != AWAY:
                    waits[int(o.joined_s) // HALF_HOUR_S].append(o.wait_min)
        midnight = datetime.combine(self._day, time())
        starts = [int((s.start - midnight).total_seconds()) // HALF_HOUR_S for s in crew]
        ends = [ceil((s.end - midnight).total_seconds() / HALF_HOUR_S) for s in crew]
        found = range(min([*starts, *waits], default=0), max([*ends, *(w + 1 for w in waits)], default=0))
        return tuple(self._half(queue, n * HALF_HOUR_S, crew, waits[n], len(days)) for n in found)

    def _half(
        self, queue: str, at_s: int, crew: Sequence[Seat], waits: Sequence[float | None], days: int
    ) -> Half:
        item = self._hall.catalogue.queues[queue]
        start = datetime.combine(self._day, time()) + timedelta(seconds=at_s)
        rostered = windows_for(crew, queue, start, start + timedelta(seconds=HALF_HOUR_S))
        many = self._expected(queue, at_s)
        guess = square_root_staffing(
            many * 2, self._mean_minutes(queue), item.target_wait_minutes, item.service_level_goal
        )
        called = [w for w in waits if w is not None]
        within = sum(w <= item.target_wait_minutes for w in called) / len(waits) if waits else None
        middle, most = (percentile(called, p) if called else None for p in (0.5, 0.9))
        return Half(at_s, many, rostered, guess, middle, most, within)

    def _expected(self, queue: str, at_s: int) -> float:
        """How many join the queue in that half hour."""
        part = sum(p for s, p in self._parts.items() if self._queue(s) == queue)
        end_s = at_s + HALF_HOUR_S
        walk_in = sum(
            share * max(0, min(b, end_s) - max(a, at_s)) / (b - a)
            for a, b, share in self._wishes.arrivals.profile()
        )
        due = sum(self._queue(b.service) == queue and at_s <= b.slot_s < end_s for b in self._wishes.booked)
        return self._demand.tickets * walk_in * part + due * self._wishes.showing.share

    def _mean_minutes(self, queue: str) -> float:
        mine = [(p, self._minutes(s)) for s, p in self._parts.items() if self._queue(s) == queue]
        total = sum(p for p, _ in mine)
        return sum(p * m for p, m in mine) / total if total else self._hall.catalogue.mean_all

    def _queue(self, service: str) -> str:
        return self._hall.catalogue.services[service].queue

    def more(
        self, halves: Mapping[str, Sequence[Half]], crew: Sequence[Seat], spare: Sequence[str], days: int
    ) -> More | None:
        """For the queue in which most people would be late; tried on `days` days."""
        queues = self._hall.catalogue.queues
        late = {q: [h for h in mine if h.broken(queues[q].service_level_goal)] for q, mine in halves.items()}
        late = {q: mine for q, mine in late.items() if mine}
        if not late:
            return None
        queue = max(late, key=lambda q: (sum(h.arrivals * (1 - (h.within or 0.0)) for h in late[q]), q))
        mine, goal = late[queue], queues[queue].service_level_goal
        first, last = mine[0].at_s, mine[-1].at_s + HALF_HOUR_S
        told = More(queue, first, last, _share(mine))
        able = [
            s for s in (self._opened(w, first, last, crew) for w in spare) if s and (queue, None) in s.own
        ]
        able = able[:MOST_MORE]
        missing = ceil(max(h.guess - h.rostered for h in mine))
        n, asked = max(1, min(missing, len(able))), set[int]()
        while able and n not in asked:
            asked.add(n)
            tried = self._tried(queue, [*crew, *able[:n]], days)
            same = [h for h in tried if first <= h.at_s < last]
            kept = not any(h.broken(goal) for h in tried)
            if kept or not told.kept:
                told = replace(told, windows=tuple(s.window for s in able[:n]), after=_share(same), kept=kept)
            n = n - 1 if kept and n > 1 else n + 1 if not kept and n < len(able) else n
        return told

    def _opened(self, window: str, from_s: int, to_s: int, crew: Sequence[Seat]) -> Seat | None:
        """The window with its A role in that time; None: it is staffed, or that person sits elsewhere."""
        midnight = datetime.combine(self._day, time())
        start, end = (midnight + timedelta(seconds=s) for s in (from_s, to_s))
        seat = replace(usual_seat(self._hall.duties, window, self._day), start=start, end=end)
        there = [s for s in crew if s.start < end and start < s.end]
        taken = any(s.window == window or (s.person and s.person == seat.person) for s in there)
        return None if taken else seat

    def _tried(self, queue: str, crew: Sequence[Seat], days: int) -> tuple[Half, ...]:
        return self.halves(queue, crew, self.play(crew, days))


def _share(halves: Sequence[Half]) -> float:
    """Of all who come in these half hours, how many are called in time."""
    people = sum(h.arrivals for h in halves)
    return sum(h.arrivals * (h.within or 0.0) for h in halves) / people if people else 1.0
