"""How good the estimates are: days in memory in which everybody who takes a number is told what the estimator
says, and the estimator learns from the days before, as in the hall.

`Foresight.play` plays one day after another; `told.judge` makes figures of what people were told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from random import Random

from server.domain.crew import pools_of
from server.domain.estimate.coming import Booked, Newcomers, learn_profile, learn_showing
from server.domain.estimate.leaving import Wait, learn_leaving
from server.domain.estimate.outlook import PRIORITY, ask, look
from server.domain.estimate.pauses import Change, learn_pauses
from server.domain.estimate.plan import opening_of, spells_of
from server.domain.estimate.promise import (
    Widths,
    at_most,
    before_its_time,
    bucket,
    moved,
    on_the_clock,
)
from server.domain.estimate.scene import Busy, Desk, Scene
from server.domain.estimate.times import SLOW_SPREAD, Learned, Visit, learn
from server.domain.routing import APPOINTMENT, ORDINARY, kind_of
from server.domain.tickets import Leg
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.simulate.arrivals import Citizen
from server.simulate.lively import Liveliness, LivelyPlay
from server.simulate.loop import Called
from server.simulate.pure import PureHall, joined
from server.simulate.run import World
from server.simulate.scenario import Scenario, citizens_of, manners_of, queues_of, shifts_of, working_days
from server.simulate.told import LOOK_S, Told

KEPT_DAYS = 40  # working days that are remembered
FUTURES = 100


@dataclass
class Past:
    """What the hall has written down of one day."""

    visits: list[Visit] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    taken: list[tuple[datetime, str, str]] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


Tuning = Callable[[Learned], Learned]


class Foresight:
    """The estimator beside a hall in memory. `tune`: changes what was learned (a test takes effects away, an
    oracle puts the truth in their place)."""

    def __init__(
        self,
        world: World,
        scenario: Scenario,
        seed: int,
        *,
        futures: int = FUTURES,
        tune: Tuning = lambda learned: learned,
        lively: bool = False,
        watch: bool = False,
    ) -> None:
        self._world, self._scenario, self._seed = world, scenario, seed
        self._futures, self._tune, self._lively, self._watch = futures, tune, lively, watch
        self._past: deque[Past] = deque(maxlen=KEPT_DAYS)
        self._widths = Widths()

    def play(self, day: date, asking: bool = True) -> list[Told]:
        """One day; with `asking` people are told something, without it the hall only gathers experience."""
        world, scenario = self._world, self._scenario
        self._widths.today = 0.0
        people = citizens_of(scenario, world.hall, world.arrivals, day, self._seed)
        hall = ToldHall(
            world.hall,
            day,
            self._learned() if asking else None,
            people,
            self._widths,
            self._futures,
            self._watch,
        )
        life = Liveliness()
        if self._lively:
            life = Liveliness.drawn(list(world.hall.catalogue.windows), self._seed, day)
        manners = manners_of(scenario, world.hall, world.arrivals)
        shifts = shifts_of(scenario, world.hall, day)
        LivelyPlay(hall, manners, people, shifts, life, Random(f"{self._seed}/{day}/pauses")).run()
        self._past.append(hall.past)
        return list(hall.told.values())

    def _learned(self) -> Learned:
        services = self._world.hall.catalogue.services
        days = {c.at.date() for past in self._past for c in past.changes}
        listed = {s.id: s.avg_minutes for s in services.values()}
        times, pace = learn(
            (v for past in self._past for v in past.visits),
            listed,
            queues_of(self._scenario, self._world.hall),
        )
        found = Learned(
            times=times,
            pace=pace,
            rough=len(self._past) < 5,
            leaving=learn_leaving(w for past in self._past for w in past.waits),
            profile=learn_profile(
                (row for past in self._past for row in past.taken), self._world.hall.calendar.weekday_of
            ),
            showing=learn_showing([s for past in self._past for s in past.shown], 0),
            pauses=learn_pauses(
                (c for past in self._past for c in past.changes), opening_of(self._world.hall.calendar, days)
            ),
        )
        return self._tune(found)


class ToldHall(PureHall):
    """The hall in memory, with an estimator that knows what the hall knows and no more. learned None: nobody
    is told anything."""

    def __init__(
        self,
        settings: HallSettings,
        day: date,
        learned: Learned | None,
        people: Sequence[Citizen],
        widths: Widths,
        futures: int,
        watch: bool,
    ) -> None:
        super().__init__(settings, day)
        self._learned, self._widths, self._futures, self._watch = learned, widths, futures, watch
        self._expected = {c.id: c for c in people if c.slot_s is not None}  # booked and not here yet
        self._legs: dict[int, Leg] = {}  # waiting
        self._called_s: dict[str, float] = {}
        self._wait_of: dict[int, int] = {}  # who was called -> where in the past's waits
        self._paused: set[str] = set()
        self._clock: dict[int, tuple[datetime, datetime]] = {}  # leg -> (expected, said at)
        self._looked_s = 0.0
        self.past, self.told = Past(), {}

    told: dict[int, Told]

    def at(self, now_s: float) -> None:
        if self._watch and self._learned is not None and now_s - self._looked_s >= LOOK_S and self._legs:
            self._looked_s = now_s
            super().at(now_s)
            self._look()
        super().at(now_s)

    def open(self, window: str) -> bool:
        self._change(window, "open")
        return super().open(window)

    def leave(self, window: str) -> bool:
        self._change(window, "closed")
        return super().leave(window)

    def pause(self, window: str) -> None:
        self._paused.add(window)
        self._change(window, "paused")

    def resume(self, window: str) -> None:
        self._paused.discard(window)
        self._change(window, "open")

    def _change(self, window: str, state: str) -> None:
        self.past.changes.append(Change(window, state, self._local()))

    def _local(self) -> datetime:
        return self._now.astimezone(self._settings.zone).replace(tzinfo=None)

    def join(self, citizen: Citizen, at_s: float) -> None:
        self._expected.pop(citizen.id, None)
        priority, origin_s = joined(citizen, at_s, self._rules)
        if self._learned is not None:
            self._tell(citizen, priority, origin_s)
        if citizen.slot_s is None:
            self.past.taken.append((self._local(), citizen.service, citizen.priority))
        else:
            self.past.shown.append((citizen.slot_s - at_s) / 60)
        super().join(citizen, at_s)

    def stand(self, leg: Leg) -> None:
        self._legs[leg.id] = leg
        super().stand(leg)

    def call(self, window: str) -> Called | None:
        called = super().call(window)
        if called is not None:
            self._legs.pop(called.citizen)
            self._called_s[window] = self._now_s
            self._settle(called.citizen)
        return called

    def finish(self, window: str) -> None:
        leg = self._at.get(window)
        if leg is not None:
            minutes = (self._now_s - self._called_s[window]) / 60
            self.past.visits.append(Visit(leg.service, leg.queue, window, minutes))
            if leg.id not in self._wait_of:  # who has missed a call has waited for it already
                self._waited(leg, window, missed=False)
        super().finish(window)

    def miss(self, window: str) -> float:
        leg = self._at[window]
        if leg.id not in self._wait_of:
            self._waited(leg, window, missed=True)
        return super().miss(window)

    def come_back(self, citizen: int, window: str) -> bool:
        at = self._wait_of[citizen]
        self.past.waits[at] = replace(self.past.waits[at], returned=True)
        return super().come_back(citizen, window)

    def _waited(self, leg: Leg, window: str, missed: bool) -> None:
        joined_s = (leg.joined_at - self._midnight).total_seconds()
        waited = (self._called_s[window] - joined_s) / 60
        self._wait_of[leg.id] = len(self.past.waits)
        self.past.waits.append(Wait(kind_of(leg), waited, "missed" if missed else "answered"))

    # ------------------------------------------------------------------ what is told

    def _tell(self, citizen: Citizen, priority: str, origin_s: float) -> None:
        scene = self.scene()
        forecast = ask(
            scene, (citizen.service, PRIORITY if priority != ORDINARY else ORDINARY), Random, self._futures
        )
        ahead = (origin_s - self._now_s) / 60
        if forecast is not None and priority == APPOINTMENT and ahead > 0:
            ordinary = ask(scene, (citizen.service, ORDINARY), Random, self._futures)
            forecast = before_its_time(forecast, ordinary or forecast, ahead)
        if forecast is None:
            return
        size = bucket(forecast.p50)
        self.told[citizen.id] = Told(
            self._day,
            self._queue_of[citizen.service],
            "priority" if priority not in (ORDINARY, APPOINTMENT) else priority,
            forecast.p50,
            at_most(forecast, self._widths.of(size)),
            size,
            self._now_s,
        )

    def _settle(self, citizen: int) -> None:
        told = self.told.get(citizen)
        if told is None or told.waited is not None:
            return
        told.waited = (self._now_s - told.told_s) / 60
        self._widths.learn(told.size, told.waited > told.most)

    def _look(self) -> None:
        """Move the clock times that people see."""
        for leg, forecast in look(self.scene(), Random, self._futures).legs.items():
            told = self.told.get(leg)
            if forecast is None or told is None or told.waited is not None:
                continue
            was = self._clock.get(leg, (None, None))
            expected = moved(was[0], forecast, was[1], self._now)
            self._clock[leg] = expected, self._now
            told.shown.append((on_the_clock(expected) - self._midnight).total_seconds() / 60)

    def scene(self) -> Scene:
        """The state as the store would read it."""
        learned = self._learned
        assert learned is not None
        settings, now = self._settings, self._now
        local = self._local()
        hours = settings.calendar.intervals(local.date())
        saturday = settings.calendar.kind(local.date()) == "saturday"
        desks = []
        for window in settings.catalogue.windows.values():
            state = WindowState.OPEN if window.id in self._open else WindowState.CLOSED
            shifts = settings.duties.shifts(window.id, local.date()) if settings.rosters else ()
            own, overflow = pools_of(settings.duties, window.id, None, local.date())
            if window.id in self._open:  # who sits there may call less than the window
                own, overflow = self._pools[window.id]
            leg = self._at.get(window.id)
            paused = window.id in self._paused
            desks.append(
                Desk(
                    window=window.id,
                    pools=(own, overflow) if overflow else (own,),
                    comprehensive=window.kind == "comprehensive",
                    spells=spells_of(
                        window, state, local, hours, saturday, False, learned.pauses.tardy, shifts
                    ),
                    busy=Busy(leg.service, (self._now_s - self._called_s[window.id]) / 60, leg.queue)
                    if leg
                    else None,
                    pause_left=learned.pauses.minutes if paused else 0.0,
                )
            )
        stop = datetime.combine(local.date(), hours[-1][1]) - settings.calendar.stop_before_close
        until = (stop - local).total_seconds() / 60
        call = settings.hall.call
        taken, weekday = len(self.past.taken), settings.calendar.weekday_of(local.date())
        return Scene(
            now=now,
            waiting=tuple(self._legs.values()),
            desks=tuple(desks),
            rules=self._rules,
            queue_of=self._queue_of,
            mean_minutes=self._means,
            times=learned.times,
            pace=learned.pace,
            leaving=learned.leaving,
            miss_minutes=(
                call.no_show_wait_seconds + call.recalls_before_no_show * call.recall_interval_seconds
            )
            / 60,
            protected_run=self.run,
            max_share=settings.hall.priority.max_share_of_calls,
            recent={window: tuple(kinds) for window, kinds in self._called.items()},
            booked=tuple(
                Booked(c.service, ((c.slot_s or 0) - self._now_s) / 60) for c in self._expected.values()
            ),
            showing=learned.showing,
            newcomers=learned.profile.ahead(local, weekday, until, taken)
            if learned.profile
            else Newcomers(),
            pauses=learned.pauses,
            slow=learned.slow(self.past.visits),
            slow_spread=SLOW_SPREAD,
        )


def told_days(
    world: World,
    learning: int,
    days: int,
    seed: int,
    *,
    futures: int = FUTURES,
    scenario: Scenario,
    tune: Tuning = lambda learned: learned,
    lively: bool = False,
    watch: bool = False,
) -> list[Told]:
    """What people were told on `days` weekdays in a row, after `learning` ones in which the hall watched."""
    foresight = Foresight(world, scenario, seed, futures=futures, tune=tune, lively=lively, watch=watch)
    calendar = working_days(scenario, world.hall, 2 * (learning + days))
    weekdays = [day for day in calendar if day.weekday() < 5][: learning + days]
    return [told for n, day in enumerate(weekdays) for told in foresight.play(day, asking=n >= learning)]
