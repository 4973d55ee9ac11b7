"""One future of a scene: windows become free and call by the rule that calls in the hall, until nobody is
left whose first call is asked for.

The rule is GATE of domain/routing, said again in plain numbers, because a future asks it thousands of times:
legs whose keys can only differ by origin share one line, so that a window compares a dozen heads. A property
test holds it against `routing.choose`, call by call.

A question "if I took a number now" is a ghost: a leg that may be called and then occupies no window, so that
it changes nothing for the others. So is, in a share of the futures, a number taken by phone whose holder is
not there: its own question is answered, and where nobody comes it takes nobody's time.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import accumulate
from math import exp
from typing import NamedTuple

from server.domain.estimate.coming import Booked
from server.domain.estimate.scene import Desk, Dice, Pools, Scene, Spell
from server.domain.estimate.times import ServiceTime, cold
from server.domain.routing import APPOINTMENT, ORDINARY, SUPPLEMENT, kind_of_class, over_ratio
from server.domain.tickets import Leg, State

GHOSTS, NEWCOMERS = 1 << 62, 1 << 61  # ids from here on: no leg of a database has them
HORIZON = 16 * 60.0  # minutes: what is called later is not called today
NOBODY = 10.0  # minutes taken for a service the catalogue does not know
REMEMBERED = 20  # calls of a window and of the hall that the caps look at

# origin, joined, id, start of seniority before the gate, service; minutes from now
Person = tuple[float, float, int, float, str]


@dataclass(frozen=True)
class Kind:
    """What the rule and the windows must know to tell two lines apart. only: index of the one window that may
    call, -1 = nobody is there who could."""

    queue: str
    home: str  # the queue of its service: whether a special window can take it
    service: str | None  # where a window takes single services, and for appointments
    kind: str  # ordinary, appointment, priority or supplement
    stretch: float  # by how much the rule stretches its limit; 0 where it never matters
    only: int | None = None
    first: str | None = None  # supplement: the window where it goes first
    back: bool = False


class Seat(NamedTuple):
    """How one window sees one line: the line, 1 / stretch, minutes it leaves to special windows, whether it
    goes first there (2: it has come back), from how long after its origin, and the window's pace for it."""

    line: int
    sharpness: float
    hand: float
    first: int
    gate: float
    pace: float


class Stay(NamedTuple):
    """One wait of a future that is watched. Minutes from now; `joined` is negative for who waits already.

    `called` None: not called within the time that was watched. `gone`: the number was given back before.
    """

    queue: str
    joined: float
    called: float | None
    gone: bool = False


def next_moment(spells: Sequence[Spell], t: float) -> float | None:
    """The first moment from `t` on at which a window with these spells calls; None = never again."""
    for start, end in spells:
        if t < end:
            return t if t > start else start
    return None


class Stage:
    """A scene made ready for many futures. `ghosts`: legs that only ask. `asked`: ids of the waiting legs
    that matter; None = all."""

    def __init__(self, scene: Scene, ghosts: Iterable[Leg] = (), asked: Iterable[int] | None = None) -> None:
        self._scene, self._rules = scene, scene.rules
        ghosts = tuple(ghosts)
        means = scene.mean_minutes
        self._mean_all = sum(means.values()) / max(len(means), 1) or NOBODY
        self._single = {s for d in scene.desks for pools in d.pools for _, s in pools if s is not None}
        self._desk_of = {d.window: i for i, d in enumerate(scene.desks)}
        self._clerk_at = {d.clerk: i for i, d in enumerate(scene.desks) if d.clerk}
        self._lines: list[list[Person]] = []
        self._kinds: list[Kind] = []
        self._line_of: dict[Kind, int] = {}
        for leg in (*scene.waiting, *ghosts):
            self._lines[self._line(self._kind(leg))].append(self._person(leg))
        for line in self._lines:
            line.sort()
        if asked is None:
            self._asked = {leg.id for leg in (*scene.waiting, *ghosts)}
        else:
            self._asked = {*asked, *(ghost.id for ghost in ghosts)}
        self._coming = [self._booking(booked) for booked in scene.booked]
        self._mix = [
            (self._line(self._plain(service, priority)), service)
            for _, service, priority in scene.newcomers.mix
        ]
        self._mix_up_to = list(accumulate(share for share, _, _ in scene.newcomers.mix))
        self._seen: dict[Pools, list[int]] = {}
        self._sent_to: dict[int, list[int]] = {}  # window -> lines that wait for it alone
        for n, kind in enumerate(self._kinds):
            if kind.only is not None:
                self._sent_to.setdefault(kind.only, []).append(n)
        self._able: list[set[int]] = [set() for _ in self._kinds]
        for i, desk in enumerate(scene.desks):
            for pools in desk.pools:
                for n in self._lines_at(i, pools):
                    self._able[n].add(i)
        self._ranks = [sum(i in able for able in self._able) for i in range(len(scene.desks))]
        self._bounds = sorted({edge for desk in scene.desks for spell in desk.spells for edge in spell})
        self._seats: dict[tuple[int, int], list[list[Seat]]] = {}
        self._special: dict[int, frozenset[str]] = {}
        self._times: dict[str, ServiceTime] = {}
        share = Fraction(scene.max_share).limit_denominator(10)
        self._classes = [_class_of(kind) for kind in self._kinds]
        self._share = (share.numerator, share.denominator - 1) if scene.max_share < 1 else None
        self._busy = [
            (
                i,
                self._time(d.busy.service),
                d.busy.elapsed,
                scene.pace.get((d.window, d.busy.queue), 1.0) * d.busy.items,
            )
            for i, d in enumerate(scene.desks)
            if d.busy is not None
        ]

    # ------------------------------------------------------------------ lines

    def _stretch(self, service: str) -> float:
        mean = self._scene.mean_minutes.get(service, self._mean_all)
        share: float = (mean / self._mean_all) ** self._rules.gamma
        return min(max(share, self._rules.clip_low), self._rules.clip_high)

    def _kind(self, leg: Leg) -> Kind:
        only = None
        if leg.target_window is not None:
            only = self._desk_of.get(leg.target_window, -1)
        elif leg.target_clerk is not None:
            only = self._clerk_at.get(leg.target_clerk, -1)
        return self._told(leg.service, leg.queue, leg.priority, only, leg.first_window, leg.came_back)

    def _plain(self, service: str, priority: str) -> Kind:
        """Of somebody who takes a number for `service`."""
        queue = self._scene.queue_of.get(service, "")
        return self._told(service, queue, priority, None, None, False)

    def _told(
        self, service: str, queue: str, priority: str, only: int | None, first: str | None, back: bool
    ) -> Kind:
        kind = SUPPLEMENT if priority == SUPPLEMENT else kind_of_class(priority)
        always = kind == "priority" and self._rules.gate <= 0  # first at once: its length never matters
        single = service if service in self._single or kind == APPOINTMENT else None
        return Kind(
            queue=queue,
            home=self._scene.queue_of.get(service, ""),
            service=single,
            kind=kind,
            stretch=0.0 if always else self._stretch(service),
            only=only,
            first=first if kind == SUPPLEMENT else None,
            back=back,
        )

    def _line(self, kind: Kind) -> int:
        found = self._line_of.get(kind)
        if found is None:
            found = self._line_of[kind] = len(self._lines)
            self._lines.append([])
            self._kinds.append(kind)
        return found

    def _minute(self, at: datetime) -> float:
        return (at - self._scene.now).total_seconds() / 60

    def _person(self, leg: Leg) -> Person:
        origin, joined = self._minute(leg.origin_at), self._minute(leg.joined_at)
        senior = min(origin, joined) if leg.priority == APPOINTMENT else origin
        return origin, joined, leg.id, senior, leg.service

    def _booking(self, booked: Booked) -> tuple[float, float, Booked, int, int]:
        """(how probable, share of the coming that is over, who, line on time, line too late)."""
        comes, over = self._scene.showing.still_comes(booked.at)
        only = self._desk_of.get(booked.window or "")
        if only is not None and self._scene.desks[only].clerk is None:
            only = None  # nobody sits at the agreed window: every one takes it
        queue = self._scene.queue_of.get(booked.service, "")
        on_time, too_late = (
            self._line(self._told(booked.service, queue, kind, only, None, False))
            for kind in (APPOINTMENT, ORDINARY)
        )
        return comes, over, booked, on_time, too_late

    # ------------------------------------------------------------------ windows

    def _lines_at(self, i: int, pools: Pools) -> list[int]:
        """The lines that window `i` sees through one level of its pools."""
        seen = self._seen.get(pools)
        if seen is None:
            seen = self._seen[pools] = [
                line
                for line, kind in enumerate(self._kinds)
                if kind.only is None and any(q == kind.queue and s in (None, kind.service) for q, s in pools)
            ]
        return seen + self._sent_to.get(i, [])

    def _seats_at(self, i: int, t: float) -> list[list[Seat]]:
        """How window `i` sees the lines at `t`, one list per level of its pools."""
        desk = self._scene.desks[i]
        span = bisect_right(self._bounds, t) if desk.comprehensive else 0
        found = self._seats.get((i, span))
        if found is not None:
            return found
        special = self._special_at(span, t) if desk.comprehensive else frozenset()
        found = [
            sorted(  # who goes first is met first, and the others need not be looked at
                (
                    self._seat(desk, line, self._kinds[line], self._kinds[line].home in special)
                    for line in self._lines_at(i, pools)
                ),
                key=lambda seat: -seat.first,
            )
            for pools in desk.pools
        ]
        self._seats[i, span] = found
        return found

    def _special_at(self, span: int, t: float) -> frozenset[str]:
        """Queues that an open special window can take at `t`, which lies between two changes."""
        known = self._special.get(span)
        if known is None:
            known = self._special[span] = frozenset(
                queue
                for d in self._scene.desks
                if not d.comprehensive and not d.pause_left and d.pools
                if any(start <= t < end for start, end in d.spells)
                for queue, service in d.pools[0]
                if service is None
            )
        return known

    def _seat(self, desk: Desk, line: int, kind: Kind, special: bool) -> Seat:
        supplement = kind.kind == SUPPLEMENT
        first = kind.kind not in (ORDINARY, SUPPLEMENT) or (supplement and kind.first == desk.window)
        return Seat(
            line=line,
            sharpness=1 / kind.stretch if kind.stretch else 1.0,
            hand=self._rules.hand if special else 0.0,
            first=2 if kind.back else int(first),
            gate=0.0 if supplement else self._rules.gate,
            pace=self._scene.pace.get((desk.window, kind.queue), 1.0),
        )

    def _time(self, service: str) -> ServiceTime:
        """What was learned of a service, or its listed time: it may be new since this morning."""
        known = self._times.get(service)
        if known is None:
            known = self._scene.times.get(service) or cold(self._scene.mean_minutes.get(service, NOBODY))
            self._times[service] = known
        return known

    # ------------------------------------------------------------------ one future

    def play(self, dice: Dice, day: tuple[float, float] | None = None) -> dict[int, float]:
        """leg id -> minutes until its first call, for all who are called in this future. day: how slow and
        how busy this future is, in standard deviations; None = as the dice fall."""
        return _Future(self, dice, day or _some_day(dice)).play()

    def watch(self, dice: Dice, minutes: float) -> list[Stay]:
        """Everybody who waits within the next `minutes` of one future, whoever still comes included."""
        future = _Future(self, dice, _some_day(dice), minutes)
        future.play()
        return future.stays()


def _some_day(dice: Dice) -> tuple[float, float]:
    return dice.gauss(0.0, 1.0), dice.gauss(0.0, 1.0)


class _Future:
    """The state of one future. `watched`: minutes that are played to their end for everybody; None:
    only until the last call that is asked for."""

    def __init__(
        self, stage: Stage, dice: Dice, day: tuple[float, float], watched: float | None = None
    ) -> None:
        self._stage, self._dice = stage, dice
        self._end = HORIZON if watched is None else watched
        self._seen: dict[int, Stay] | None = None if watched is None else {}
        scene = stage._scene
        self._scene, self._rules = scene, scene.rules
        self._lines = [list(line) for line in stage._lines]
        self._next = [0] * len(self._lines)
        self._heads = [line[0] if line else None for line in self._lines]
        self._slow = scene.slow * exp(scene.slow_spread * day[0])
        self._busier = exp(scene.newcomers.spread * day[1])
        self._step, self._number = 0, NEWCOMERS
        self._items = dict(scene.items)
        self._joins: list[tuple[float, int, int, Person]] = []  # when, id, line, who
        self._run = scene.protected_run
        comes = scene.showing.by_phone
        self._absent = {leg for leg in sorted(scene.away) if dice.random() >= comes}
        self._counts = stage._share is not None or bool(scene.rules.ratio)
        self._recent: dict[str, list[str]] = {}
        if self._counts:
            self._recent = {window: list(kinds[:REMEMBERED]) for window, kinds in scene.recent.items()}

    def play(self) -> dict[int, float]:
        stage, scene, dice = self._stage, self._scene, self._dice
        desks, ranks, heads = scene.desks, stage._ranks, self._heads
        leaving, asked = scene.leaving, set(stage._asked)
        seen, end = self._seen, self._end
        ages = self._given_back_by_now() if leaving.given_back else {}
        pause_rate, items = scene.pauses.per_minute, self._items
        ready = self._first_moments()
        idle: set[int] = set()
        calls: dict[int, float] = {}
        self._bookings()
        self._next_newcomer(0.0)
        joins = self._joins
        while (asked or seen is not None) and (ready or (idle and joins)):
            if joins and (not ready or joins[0][0] <= ready[0][0]):
                t, number, line, person = heappop(joins)
                if t > end:
                    heappush(joins, (t, number, line, person))
                    break
                self._join(line, person)
                if number == self._number:
                    self._next_newcomer(t)
                for i in idle & stage._able[line] if idle else ():
                    at = next_moment(desks[i].spells, t)
                    idle.discard(i)
                    if at is not None:
                        heappush(ready, (at, ranks[i], i))
                continue
            t, rank, i = heappop(ready)
            if t > end:
                break
            seat = self._choose(i, t)
            if seat is None:
                idle.add(i)
                continue
            line = seat.line
            person_or_none = heads[line]
            assert person_or_none is not None
            person = person_or_none
            at_line = self._next[line] = self._next[line] + 1
            waiting = self._lines[line]
            heads[line] = waiting[at_line] if at_line < len(waiting) else None
            id = person[2]
            if id >= GHOSTS or id < NEWCOMERS:
                if id not in calls:
                    calls[id] = t
                    asked.discard(id)
                if id >= GHOSTS or id in self._absent:
                    heappush(ready, (t, rank, i))
                    continue
            desk, kind = desks[i], stage._kinds[line]
            gone = bool(ages) and dice.random() < 1 - exp(ages.get(id, 0.0) - leaving.hazard(t - person[1]))
            if seen is not None and id not in seen:
                seen[id] = Stay(kind.queue, person[1], t, gone)
            if gone:
                heappush(ready, (t, rank, i))  # the number was given back before this call
                continue
            self._called(desk.window, line, seat.first)
            if dice.random() < leaving.share_missing(t - person[1], stage._classes[line]):
                at = t + scene.miss_minutes
                if leaving.returning and id < GHOSTS and dice.random() < leaving.returning:
                    self._comes_back(line, person, at)
            else:
                time = stage._time(person[4])
                takes = exp(dice.gauss(time.mu, time.sigma)) * seat.pace * self._slow
                at = t + (takes * items.get(id, 1) if items else takes)
            if pause_rate and dice.random() < pause_rate * (at - t):
                at += dice.expovariate(1 / scene.pauses.minutes)
            again = next_moment(desk.spells, at)
            if again is not None:
                heappush(ready, (again, rank, i))
        return calls

    def stays(self) -> list[Stay]:
        """Everybody of a watched future: who was called, who still waits at its end."""
        found, kinds = self._seen or {}, self._stage._kinds
        while self._joins and self._joins[0][0] <= self._end:  # no window was left that could call them
            _, number, line, person = heappop(self._joins)
            self._join(line, person)
            if number == self._number:
                self._next_newcomer(person[1])
        left = [
            Stay(kinds[line].queue, person[1], None)
            for line, people in enumerate(self._lines)
            for person in people[self._next[line] :]
            if person[2] not in found and person[2] < GHOSTS
        ]
        return [*found.values(), *left]

    def _first_moments(self) -> list[tuple[float, int, int]]:
        """(when, how many lines it sees, window) of every window that will call."""
        stage, scene, dice = self._stage, self._scene, self._dice
        free = [dice.expovariate(1 / d.pause_left) if d.pause_left else 0.0 for d in scene.desks]
        for i, time, elapsed, pace in stage._busy:
            pace *= self._slow
            free[i] = max(free[i], time.remaining(elapsed / pace, dice) * pace)
        ready = []
        for i, desk in enumerate(scene.desks):
            t = next_moment(desk.spells, free[i])
            if t is not None:
                ready.append((t, stage._ranks[i], i))
        heapify(ready)
        return ready

    def _given_back_by_now(self) -> dict[int, float]:
        """leg -> the hazard of giving the number back that it has outlived."""
        hazard = self._scene.leaving.hazard
        return {person[2]: hazard(-person[1]) for line in self._lines for person in line}

    # ------------------------------------------------------------------ who comes

    def _join(self, line: int, person: Person) -> None:
        waiting, first = self._lines[line], self._next[line]
        if first == len(waiting) or waiting[-1] < person:
            waiting.append(person)
        else:
            insort(waiting, person, lo=first)
        self._heads[line] = waiting[first]

    def _bookings(self) -> None:
        """Who of the booked comes, when, and in which class (GATE's lead and late)."""
        dice, rules, showing = self._dice, self._rules, self._scene.showing
        for comes, over, booked, on_time, too_late in self._stage._coming:
            u, v = dice.random(), dice.random()
            if u >= comes:
                continue
            at, service = booked.at, booked.service
            self._number += 1
            if booked.items > 1:
                self._items[self._number] = booked.items
            t = showing.joins(at, over, v)
            origin, line = (
                (at - rules.lead, on_time) if t <= at else (t, on_time if t <= at + rules.late else too_late)
            )
            heappush(self._joins, (t, self._number, line, (origin, t, self._number, min(origin, t), service)))

    def _next_newcomer(self, t: float) -> None:
        """Put the first one who takes a number after `t` among those who join."""
        steps, dice = self._scene.newcomers.steps, self._dice
        while self._step < len(steps):
            start, end, rate = steps[self._step]
            t = max(t, start) + dice.expovariate(rate * self._busier)
            if t < end:
                break
            t = end
            self._step += 1
        else:
            self._number = -1
            return
        mix, up_to = self._stage._mix, self._stage._mix_up_to
        line, service = mix[min(bisect_right(up_to, dice.random() * up_to[-1]), len(mix) - 1)]
        self._number += 1
        heappush(self._joins, (t, self._number, line, (t, t, self._number, t, service)))

    def _comes_back(self, line: int, person: Person, t: float) -> None:
        """Somebody who missed the call stands in line again, with a part of the seniority."""
        t += self._dice.expovariate(1 / self._scene.leaving.back)
        kind = _class_of(self._stage._kinds[line])
        origin = max(person[0], t - self._rules.limit[kind] * self._rules.miss)
        heappush(self._joins, (t, person[2], line, (origin, person[1], person[2], origin, person[4])))

    # ------------------------------------------------------------------ the rule

    def _choose(self, i: int, t: float) -> Seat | None:
        """What `routing.choose` would say to window `i` at `t`: the line whose head it calls."""
        rules = self._rules
        for seats in self._stage._seats_at(i, t):
            best = self._best(seats, t)
            if best is None:
                continue
            if best.first != 1:
                return best
            if self._counts:
                other = self._capped(i, seats, best, t)
                if other is not None:
                    return other
            if not rules.ratio and self._run >= rules.run:
                heads = self._heads
                old = [s for s in seats if not s.first and (h := heads[s.line]) and t - h[0] > rules.guard]
                return self._best(old, t) or best
            return best
        return None

    def _best(self, seats: Iterable[Seat], t: float) -> Seat | None:
        """The line with the smallest key; the key is that of routing, compared number by number."""
        heads, hard = self._heads, self._rules.hard
        found, at_class, at_value = None, 9, 0.0
        chosen: Person = (0.0, 0.0, 0, 0.0, "")
        for seat in seats:
            head = heads[seat[0]]
            if head is None:
                continue
            first = seat[3]
            if first and (first == 2 or t - head[0] >= seat[4]):
                key_class = 1 - first
                if key_class > at_class:
                    continue
                value = head[0] if first == 2 else head[0] + seat[4]
            elif at_class < 1:
                continue  # somebody protected goes before
            else:
                age = t - head[3]
                if age >= hard:
                    key_class, value = 1, head[3]
                elif at_class < 2:
                    continue
                else:
                    key_class, value = 2, (seat[2] - age) * seat[1]
            if key_class < at_class or value < at_value or (value == at_value and head[1:3] < chosen[1:3]):
                found, at_class, at_value, chosen = seat, key_class, value, head
        return found

    def _capped(self, i: int, seats: Iterable[Seat], best: Seat, t: float) -> Seat | None:
        """The line that goes first instead of `best`, where a ratio or a share caps its class."""
        capped = self._caps(self._scene.desks[i].window)
        classes = self._stage._classes
        if classes[best.line] not in capped:
            return None
        return self._best([s for s in seats if not s.first or classes[s.line] not in capped], t)

    def _caps(self, window: str) -> set[str]:
        capped = set()
        share = self._stage._share
        if share is not None:
            most, looked_at = share
            if self._recent.get(window, [])[:looked_at].count("priority") >= most:
                capped.add("priority")
        for kind, (ordinary, of_kind) in self._rules.ratio.items():
            if over_ratio(self._recent.get("", []), kind, ordinary, of_kind):
                capped.add(kind)
        return capped

    def _called(self, window: str, line: int, first: int) -> None:
        protected = first == 1 or (first == 2 and self._stage._kinds[line].kind not in (ORDINARY, SUPPLEMENT))
        self._run = self._run + 1 if protected else 0
        if self._stage._share is not None:
            self._remember(window, line)
        if self._rules.ratio:
            self._remember("", line)

    def _remember(self, place: str, line: int) -> None:
        recent = self._recent.setdefault(place, [])
        recent.insert(0, self._stage._classes[line])
        if len(recent) > REMEMBERED:
            recent.pop()


def _class_of(kind: Kind) -> str:
    """The class whose limit and share of misses hold."""
    return "priority" if kind.kind == SUPPLEMENT else kind.kind


def asking(id: int, queue: str, service: str, priority: str, at: datetime) -> Leg:
    """A leg that is nobody's yet: it joins `queue` at `at`."""
    return Leg(
        id=id,
        ticket=id,
        ordinal=1,
        number="",
        service=service,
        queue=queue,
        priority=priority,
        state=State.WAITING,
        joined_at=at,
        origin_at=at,
    )
