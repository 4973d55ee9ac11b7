"""What if one more window opened, one closed, a service moved, more people came by appointment? The present
rolled forward twice with the same people.

Each path draws who will walk in within two hours, who of those that have booked today comes and when, how
long everybody takes and who does not answer, and plays it once as things are and once as asked (common
random numbers): the difference is the change's alone. Pure: everything it needs is in `Present` and `Habits`;
deterministic by seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from random import Random
from statistics import NormalDist
from typing import Literal

from server.domain.crew import pools_of, seats
from server.domain.estimate.coming import Showing
from server.domain.estimate.leaving import Leaving
from server.domain.rosters import Away
from server.domain.routing import APPOINTMENT, ORDINARY
from server.domain.tickets import Leg, State
from server.settings import HallSettings
from server.simulate.arrivals import Arrivals, Citizen, Demand, People, draw_span, in_order, lognormal
from server.simulate.holders import Booked, holder
from server.simulate.loop import Outcome, Play, Shift
from server.simulate.measures import percentile
from server.simulate.pure import PureHall
from server.simulate.scenario import Scenario, ServicePlan, manners_of, queues_of, shifts_of

SOON_S = 2 * 3600  # who joins within this counts
MOST_S = 3 * 3600  # a wait is counted until this long from now
PEOPLE_PER_ANSWER = 12_000  # people played per plan: the time an answer may take
PATHS = (20, 120)
PRIOR_TICKETS = 20.0  # how much the ordinary day weighs against what today has shown
NEWCOMERS = 1_000_000_000_000  # ids of those who do not exist yet begin here
BOOKED = NEWCOMERS + 1_000_000_000  # of those among them who have booked
NORMAL = NormalDist()


@dataclass(frozen=True)
class Present:
    """The hall as it is. `legs`: waiting, called and serving; `open`: windows that may call when free;
    `sitting`: window -> who is signed in there; `away`: granted leave; `booked`: the appointments of today
    that have not checked in. taken, taken_last_hour: numbers given without appointment."""

    at: datetime
    legs: tuple[Leg, ...]
    open: frozenset[str]
    protected_run: int = 0
    taken: int = 0
    taken_last_hour: int = 0
    sitting: Mapping[str, str] = field(default_factory=dict)
    away: tuple[Away, ...] = ()
    booked: tuple[Booked, ...] = ()


@dataclass(frozen=True)
class Habits:
    """What the hall's own past says of people. minutes: service -> mean at the window, where it was measured;
    leaving: who does not answer a call, None: by the file."""

    minutes: Mapping[str, float] = field(default_factory=dict)
    showing: Showing = field(default_factory=Showing)
    leaving: Leaving | None = None


NO_HABITS = Habits()


@dataclass(frozen=True)
class Change:
    """What is asked. `until`: when it ends; None: it stays.

    open, close: `window`. move: new tickets of `service` go to `queue`. share: of who joins within two hours,
    this share comes by appointment: those who have booked, and of the others as many as their services allow.
    """

    kind: Literal["open", "close", "move", "share"]
    window: str = ""
    service: str = ""
    queue: str = ""
    share: float = 0.0
    until: datetime | None = None


@dataclass(frozen=True)
class Difference:
    """After minus before: the mean over the paths, and the range of nine paths in ten."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """One figure before and after; None when it concerns nobody."""

    before: float
    after: float
    difference: Difference


@dataclass(frozen=True)
class Answer:
    """Minutes, and shares of 1. `waiting`: mean wait of those waiting now; `joining`: of who joins within two
    hours; `over`: share of both over the promised limit of their class. `booked_share`: of who is expected to
    join, so many have an appointment already."""

    paths: int
    people: int
    booked_share: float
    waiting: Effect | None
    joining: Effect | None
    over: Effect | None


Figures = tuple[float | None, float | None, float | None]


def what_if(
    present: Present,
    change: Change,
    hall: HallSettings,
    arrivals: Arrivals,
    seed: int = 1,
    paths: int | None = None,
    habits: Habits = NO_HABITS,
) -> Answer:
    """The effect of `change` from now on."""
    there = _Hall(present, hall, arrivals, habits)
    if paths is None:
        paths = max(PATHS[0], min(PATHS[1], round(PEOPLE_PER_ANSWER / max(1.0, there.expected()))))
    before, after = [], []
    for path in range(paths):
        future = there.future(f"{seed}/{path}")
        before.append(there.play(future, None))
        changed = there.shared(future, f"{seed}/{path}", change.share) if change.kind == "share" else future
        after.append(there.play(changed, change))
    effects = [_effect([b[i] for b in before], [a[i] for a in after]) for i in range(3)]
    people = sum(leg.state is State.WAITING for leg in present.legs)
    return Answer(paths, people, there.booked_share(), *effects)


def _effect(before: Sequence[float | None], after: Sequence[float | None]) -> Effect | None:
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if b is not None and a is not None]
    if not pairs:
        return None
    gaps = [a - b for b, a in pairs]
    low, high = percentile(gaps, 0.05), percentile(gaps, 0.95)
    assert low is not None
    assert high is not None
    n = len(pairs)
    difference = Difference(sum(gaps) / n, low, high)
    return Effect(sum(b for b, _ in pairs) / n, sum(a for _, a in pairs) / n, difference)


@dataclass(frozen=True)
class Future:
    """One path: who comes, how those who are here behave, when the busy windows become free."""

    coming: list[Citizen]
    here: dict[int, Citizen]
    free_s: dict[str, float]


class _Hall:
    """The present in seconds of its local day."""

    def __init__(
        self,
        present: Present,
        hall: HallSettings,
        arrivals: Arrivals,
        habits: Habits = NO_HABITS,
    ) -> None:
        self._present, self._hall, self._arrivals, self._habits = present, hall, arrivals, habits
        self._day: date = present.at.astimezone(hall.zone).date()
        self._midnight = datetime.combine(self._day, time(), hall.zone).astimezone(UTC)
        self._now_s = self._second(present.at)
        self._crew = seats(hall.duties, present.away, self._day)
        walk_in = 1 - arrivals.appointment_share
        self._expected = arrivals.expected(self._day, hall.calendar) * walk_in
        self._profile = arrivals.profile()
        self._factor = self._todays_factor()
        self._flat = sum(s for a, b, s in self._profile if b > self._now_s and a < self._now_s + SOON_S) == 0

    def _second(self, at: datetime) -> float:
        return (at - self._midnight).total_seconds()

    def _todays_factor(self) -> float:
        """How busy today is against an ordinary day, drawn towards 1 while little is known."""
        so_far = sum(s * min(1.0, max(0.0, (self._now_s - a) / (b - a))) for a, b, s in self._profile)
        usual = self._expected * so_far
        return (self._present.taken + PRIOR_TICKETS) / (usual + PRIOR_TICKETS) if usual else 1.0

    def _rate(self, at_s: float) -> float:
        """Walk-ins a second; outside the profile's hours as many as in the last hour."""
        if self._flat or not self._expected:
            return self._present.taken_last_hour / 3600
        share = next((s / (b - a) for a, b, s in self._profile if a <= at_s < b), 0.0)
        return share * self._expected * self._factor

    def _walking(self) -> float:
        """How many are expected to walk in within two hours."""
        return sum(self._rate(self._now_s + s) * 600 for s in range(0, SOON_S, 600))

    def _holding(self) -> float:
        """How many of the booked are expected within two hours."""
        found = 0.0
        for booked in self._present.booked:
            if booked.slot_s < self._now_s + SOON_S:
                found += self._habits.showing.still_comes((booked.slot_s - self._now_s) / 60)[0]
        return found

    def expected(self) -> float:
        """About how many people one path plays."""
        return len(self._present.legs) + self._walking() + self._holding()

    def booked_share(self) -> float:
        """Of who is expected within two hours, how many have an appointment."""
        both = self._walking() + self._holding()
        return self._holding() / both if both else 0.0

    def future(self, seed: str) -> Future:
        """One path's draws, the same for both plans."""
        coming = self._coming(seed, 0.0)
        rng = Random(f"{seed}/here")
        people = People(self._arrivals, self._hall, self._demand(), rng)
        here, free_s = {}, {}
        for leg in self._present.legs:
            own, late = people.draw(leg.id, 0.0), rng.random()
            if leg.state is State.WAITING:
                here[leg.id] = self._standing(leg, own)
            elif leg.window is not None:
                free_s[leg.window] = self._now_s + self._remaining(leg, own, late)
        return Future(coming, here, free_s)

    def shared(self, future: Future, seed: str, share: float) -> Future:
        """The same path; of those who have not booked so many would have that `share` of all come by
        appointment. Who has booked has booked."""
        walking, holding = self._walking(), self._holding()
        more = (share * (walking + holding) - holding) / walking if walking else 0.0
        return replace(future, coming=self._coming(seed, min(max(more, 0.0), 1.0)))

    def _coming(self, seed: str, share: float) -> list[Citizen]:
        """Who joins within two hours: the walk-ins, of whom `share` would have booked, and the booked."""
        rng = Random(f"{seed}/coming")
        demand = self._demand(share, self._arrivals.priority_share)
        people = People(self._arrivals, self._hall, demand, rng)
        most = max(self._rate(self._now_s + s) for s in range(0, SOON_S + 1, 300)) * 1.2
        found = draw_span(people, self._rate, self._now_s, self._now_s + SOON_S, most, rng)
        step_s = self._hall.hall.appointment.slot_minutes * 60
        walking = [replace(_yet(c, self._now_s, step_s), id=NEWCOMERS + c.id) for c in found]
        return in_order([*walking, *self._holders(seed)])

    def _holders(self, seed: str) -> list[Citizen]:
        """Of the booked, who comes within two hours; the same in both plans."""
        rng = Random(f"{seed}/booked")
        people = People(self._arrivals, self._hall, self._demand(), rng)
        told = (self._habits.showing, self._minutes, rng, self._now_s)
        every = [holder(people, b, BOOKED + i, *told) for i, b in enumerate(self._present.booked)]
        return [c for c in every if c.comes and c.at_s < self._now_s + SOON_S]

    def _demand(self, appointment_share: float = 0.0, priority_share: float = 0.0) -> Demand:
        """Wishes of people who take as long, and come back after a missed call as often, as they did."""
        leaving = self._habits.leaving
        back = leaving.returning if leaving else 0.0
        return Demand(0, False, appointment_share, priority_share, back, minutes=self._habits.minutes)

    def _standing(self, leg: Leg, own: Citizen) -> Citizen:
        minutes = self._minutes(leg.service) / self._minutes(own.service)
        origin_s = self._second(leg.origin_at)
        slot_s = origin_s + self._hall.rules.lead * 60 if leg.priority == APPOINTMENT else None
        return replace(own, at_s=self._second(leg.joined_at), service=leg.service, priority=leg.priority,
                       slot_s=slot_s, work_s=own.work_s * minutes)  # fmt: skip

    def _minutes(self, service: str) -> float:
        return self._habits.minutes.get(service, self._hall.catalogue.services[service].avg_minutes)

    def _remaining(self, leg: Leg, own: Citizen, u: float) -> float:
        """Seconds until the window is free: the service time, given that it has lasted so long already."""
        sigma, least = self._arrivals.service_time.sigma, 1.0
        mean_s = self._minutes(leg.service) * 60
        if leg.started_at is None:
            walked = (self._present.at - (leg.called_at or self._present.at)).total_seconds()
            return max(least, own.walk_s - walked) + lognormal(mean_s, sigma, NORMAL.inv_cdf(0.01 + 0.98 * u))
        elapsed = max(least, (self._present.at - leg.started_at).total_seconds())
        normal = (math.log(elapsed / mean_s) + sigma * sigma / 2) / sigma
        passed = min(0.999, NORMAL.cdf(normal))
        share = passed + (1 - passed) * (0.001 + 0.998 * u)
        return max(least, lognormal(mean_s, sigma, NORMAL.inv_cdf(share)) - elapsed)

    def play(self, future: Future, change: Change | None) -> Figures:
        """(mean wait of those waiting now, of those who join, share over the limit)."""
        moved = ()
        if change is not None and change.kind == "move":
            moved = (ServicePlan(change.service, queue=change.queue),)
        plan = Scenario(service=moved)
        queue_of = queues_of(plan, self._hall)
        hall = PureHall(self._hall, self._day, queue_of=queue_of, giving=False, crew=self._crew)
        hall.at(self._now_s)
        hall.run = self._present.protected_run
        manners = replace(manners_of(plan, self._hall, self._arrivals), leaving=self._habits.leaving)
        play = Play(hall, manners, future.coming, self._shifts(change), self._now_s)
        for leg in self._present.legs:
            if leg.state is State.WAITING:
                hall.stand(leg)
                play.stand(future.here[leg.id])
        for window in sorted(self._present.open | future.free_s.keys()):
            person = self._present.sitting.get(window)
            if person is None:
                hall.open(window)
            else:
                hall.sit(window, *pools_of(self._hall.duties, window, person, self._day))
            if window in future.free_s:
                play.occupy(window, future.free_s[window], person)
            else:
                play.sit(window, person)
        play.run()
        return self._figures(play)

    def _shifts(self, change: Change | None) -> list[Shift]:
        """The calendar's hours from now on, as far as somebody is there, and the change."""
        far = self._now_s + 24 * 3600
        plan: list[Shift] = []
        usual = shifts_of(Scenario(), self._hall, self._day, self._crew)
        staffed = {s.window for s in usual if s.from_s <= self._now_s < s.to_s}
        for shift in usual:
            running = shift.window in self._present.open and shift.from_s <= self._now_s < shift.to_s
            later = shift.from_s > self._now_s and (
                shift.window in self._present.open or shift.window not in staffed
            )
            if running:  # whoever the roster says, who is there stays until the next one comes
                person = self._present.sitting.get(shift.window, shift.person)
                plan.append(replace(shift, from_s=self._now_s, person=person))
            elif later:
                plan.append(shift)
        if change is None or change.kind in ("move", "share"):
            return plan
        until_s = far if change.until is None else self._second(change.until)
        if change.kind == "open":
            return [*plan, Shift(change.window, self._now_s, until_s)]
        away = [Shift(change.window, self._now_s, self._now_s)]
        kept = [replace(s, from_s=max(s.from_s, until_s)) for s in plan if s.window == change.window]
        back = [s for s in kept if s.from_s < s.to_s] or [Shift(change.window, until_s, far)]
        others = [s for s in plan if s.window != change.window]
        return others + away + (back if change.until is not None else [])

    def _figures(self, play: Play) -> Figures:
        waiting, joining, over = [], [], []
        for o in play.outcomes.values():
            wait = self._wait(o)
            (joining if o.citizen.id >= NEWCOMERS else waiting).append(wait)
            over.append(wait > self._hall.rules.limit[_kind(o.citizen.priority)])
        return _mean(waiting), _mean(joining), _mean(over)

    def _wait(self, o: Outcome) -> float:
        end_s = self._now_s + MOST_S
        called_s = end_s if o.called_s is None else min(o.called_s, end_s)
        return max(0.0, called_s - o.ready_s) / 60


def _yet(citizen: Citizen, now_s: float, step_s: int) -> Citizen:
    """Whose slot would have been so early that they were here before now has the next one that is not."""
    late = math.ceil(max(0.0, now_s - citizen.at_s) / step_s) * step_s
    if citizen.slot_s is None or late == 0:
        return citizen
    return replace(citizen, at_s=citizen.at_s + late, slot_s=citizen.slot_s + late)


def _kind(priority: str) -> str:
    return priority if priority in (ORDINARY, APPOINTMENT) else "priority"


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
