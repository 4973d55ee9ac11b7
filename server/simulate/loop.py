"""The day's events, one after the other, in whichever hall they are played.

Citizens come, idle windows take them at once (fewest skills first, then longest idle), windows that become
free call the next one; a called citizen walks and is served, or misses the call and perhaps comes back. At
the end of a shift a window leaves when it is free; at the end of the day everybody with a number is served.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.domain.catalogue import Catalogue, parse_overflow
from server.domain.estimate.leaving import Leaving
from server.domain.routing import kind_of_class
from server.simulate.arrivals import Arrivals, Citizen

SERVED, MISSED, AWAY, WAITING = "served", "missed", "turned_away", "waiting"


@dataclass(frozen=True)
class Called:
    """Whom the rule chose and the rule that fired; `stranger`: somebody whom the loop did not send."""

    citizen: int
    rule: str
    stranger: Citizen | None = None


class Hall(Protocol):
    """What the loop asks of a hall. All deeds happen at the moment that `at` was told."""

    def at(self, now_s: float) -> None: ...
    def open(self, window: str) -> bool: ...
    def leave(self, window: str) -> bool: ...
    def take(self, citizen: Citizen) -> float | None:
        """0: a number was given. More: so many seconds until an appointment may be checked in. None: the hall
        gives no number now."""

    def call(self, window: str) -> Called | None: ...
    def start(self, window: str) -> None: ...
    def finish(self, window: str) -> None: ...
    def miss(self, window: str) -> float:
        """0, or how many seconds the hall still wants to wait before it lets a number go."""

    def come_back(self, citizen: int, window: str) -> bool: ...


@dataclass
class Outcome:
    """What became of one citizen. Seconds of the day; called_s is the first call."""

    citizen: Citizen
    joined_s: float
    fate: str = WAITING
    called_s: float | None = None
    window: str | None = None
    rule: str = ""
    ended_s: float | None = None
    returned: bool = False

    @property
    def ready_s(self) -> float:
        """When waiting began to count: for an appointment not before its time."""
        return max(self.joined_s, self.citizen.slot_s or 0.0)

    @property
    def wait_min(self) -> float | None:
        return None if self.called_s is None else max(0.0, self.called_s - self.ready_s) / 60


@dataclass(frozen=True)
class Shift:
    """A window is staffed from..to, seconds of the day. `last`: who holds a number then is still served.
    `person`: who sits there; somebody else takes over once the window is free."""

    window: str
    from_s: float
    to_s: float
    last: bool = False
    person: str | None = None


@dataclass(frozen=True)
class Manners:
    """How people and clerks behave beside the rule. leaving: who does not answer a call by the hall's own
    past, instead of what the file says."""

    arrivals: Arrivals
    patience_s: float  # how long a window waits for somebody who was called
    reach: Mapping[str, frozenset[str]]  # window -> services it may call
    queue_of: Mapping[str, str] = field(default_factory=dict)
    leaving: Leaving | None = None

    def missing_share(self, citizen: Citizen, waited_min: float) -> float:
        """How probable it is that somebody called after so long does not answer."""
        if self.leaving is None:
            return self.arrivals.missing_share(waited_min)
        return self.leaving.share_missing(waited_min, kind_of_class(citizen.priority))


def reach_of(catalogue: Catalogue, queue_of: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Which services every window may call, overflow included; `queue_of`: service -> queue."""
    found: dict[str, frozenset[str]] = {}
    for window in catalogue.windows.values():
        pools = [(q, None) for q in window.queues] + [parse_overflow(o) for o in window.overflow]
        found[window.id] = frozenset(s for s, q in queue_of.items() if (q, None) in pools or (q, s) in pools)
    return found


COME_AGAIN_S = 60  # who still serves elsewhere looks again after so long whether the new window can open

ARRIVE, OPEN, END, START, DONE, MISS, BACK = range(7)


class Play:
    """One day in one hall. `run` plays it to its end; `outcomes` tells what became of whom."""

    def __init__(
        self,
        hall: Hall,
        manners: Manners,
        people: Sequence[Citizen],
        shifts: Sequence[Shift],
        now_s: float = 0.0,
    ) -> None:
        self._hall, self._manners = hall, manners
        self._events: list[tuple[float, int, int, Any]] = []  # second, order, kind, what that kind is about
        self._count = 0
        self._idle: dict[str, float] = {}  # window -> since when
        self._ending: dict[str, bool] = {}  # window whose shift is over -> was it the last of the day
        self._open: set[str] = set()
        self._sits: dict[str, str | None] = {}
        self._relief: dict[str, Shift] = {}  # who takes over there once the window is free
        self._now = now_s
        self.outcomes: dict[int, Outcome] = {}
        self.calls: list[tuple[float, str, int, str]] = []  # (second, window, citizen, rule)
        for shift in shifts:
            self._plan(shift.from_s, OPEN, shift)
            self._plan(shift.to_s, END, shift)
        for citizen in people:
            if citizen.comes:
                self._plan(citizen.at_s, ARRIVE, citizen)

    def stand(self, citizen: Citizen) -> None:
        """Somebody who waits already; the hall knows them."""
        self.outcomes[citizen.id] = Outcome(citizen, citizen.at_s)

    def occupy(self, window: str, free_s: float, person: str | None = None) -> None:
        """The window is at work and becomes free at `free_s`."""
        self._open.add(window)
        self._sits[window] = person
        self._plan(free_s, DONE, (window, None))

    def sit(self, window: str, person: str | None = None) -> None:
        """The window is staffed and free as the play begins."""
        self._open.add(window)
        self._sits[window] = person
        self._idle[window] = self._now

    def run(self) -> list[Outcome]:
        deeds: dict[int, Callable[[Any], None]]
        deeds = {ARRIVE: self._arrive, OPEN: self._opens, END: self._ends, START: self._starts,
                 DONE: self._done, MISS: self._missed, BACK: self._back}  # fmt: skip
        for window in list(self._idle):
            self._free(window)
        while self._events:
            self._now, _, kind, what = heapq.heappop(self._events)
            self._hall.at(self._now)
            deeds[kind](what)
        return list(self.outcomes.values())

    def _plan(self, at_s: float, kind: int, what: object) -> None:
        self._count += 1
        heapq.heappush(self._events, (at_s, self._count, kind, what))

    def _arrive(self, citizen: Citizen) -> None:
        outcome = self.outcomes[citizen.id] = Outcome(citizen, self._now)
        wait = self._hall.take(citizen)
        if wait is None:
            outcome.fate = AWAY
        elif wait > 0:
            self._plan(self._now + wait, ARRIVE, citizen)
        else:
            self._offer(citizen)

    def _offer(self, citizen: Citizen) -> None:
        """An idle window takes the newcomer at once."""
        reach = self._manners.reach
        able = [w for w in self._idle if citizen.service in reach[w]]
        for window in sorted(able, key=lambda w: (len(reach[w]), self._idle[w], w)):
            if self._free(window):
                return

    def _opens(self, shift: Shift) -> None:
        window = shift.window
        self._ending.pop(window, None)
        if window in self._open:  # still serving since before lunch, or until the next one takes over
            if self._sits.get(window, shift.person) != shift.person:
                self._relief[window] = shift
                if window in self._idle:
                    self._free(window)
        elif self._sits_elsewhere(shift):
            if self._now + COME_AGAIN_S < shift.to_s:
                self._plan(self._now + COME_AGAIN_S, OPEN, shift)
        elif self._hall.open(window):
            self._open.add(window)
            self._sits[window] = shift.person
            self._free(window)

    def _sits_elsewhere(self, shift: Shift) -> bool:
        """Is its person still serving at another window?"""
        others = (p for w, p in self._sits.items() if w in self._open and w != shift.window)
        return shift.person is not None and shift.person in others

    def _ends(self, shift: Shift) -> None:
        if shift.window not in self._open:
            return
        self._ending[shift.window] = shift.last
        if shift.window in self._idle:
            self._free(shift.window)

    def _free(self, window: str) -> bool:
        """The window calls the next one, waits, or leaves. True when somebody was called."""
        self._idle.pop(window, None)
        if window in self._relief and not self._sits_elsewhere(self._relief[window]):
            shift = self._relief.pop(window)
            if self._hall.leave(window) and not self._hall.open(window):
                self._open.discard(window)
                return False
            self._sits[window] = shift.person
        over = window in self._ending
        called = None if over and not self._ending[window] else self._hall.call(window)
        if called is not None:
            self._called(window, called)
            return True
        if over and self._hall.leave(window):
            self._ending.pop(window)
            self._open.discard(window)
            self._sits.pop(window, None)
            self._relief.pop(window, None)
        else:
            self._idle[window] = self._now
        return False

    def _called(self, window: str, called: Called) -> None:
        self.calls.append((self._now, window, called.citizen, called.rule))
        if called.stranger is not None:
            self.outcomes[called.citizen] = Outcome(called.stranger, self._now)
        outcome = self.outcomes[called.citizen]
        if outcome.called_s is None:
            outcome.called_s, outcome.rule = self._now, called.rule
        outcome.window = window
        missing = self._manners.missing_share(outcome.citizen, outcome.wait_min or 0.0)
        if not outcome.returned and outcome.citizen.luck < missing:
            self._plan(self._now + self._manners.patience_s, MISS, (window, called.citizen))
        else:
            self._plan(self._now + outcome.citizen.walk_s, START, (window, called.citizen))

    def _starts(self, what: tuple[str, int]) -> None:
        self._hall.start(what[0])
        self._plan(self._now + self.outcomes[what[1]].citizen.work_s, DONE, what)

    def _done(self, what: tuple[str, int | None]) -> None:
        window, citizen = what
        self._hall.finish(window)
        if citizen is not None:
            outcome = self.outcomes[citizen]
            outcome.fate, outcome.ended_s = SERVED, self._now
        self._free(window)

    def _missed(self, what: tuple[str, int]) -> None:
        window, citizen = what
        wait = self._hall.miss(window)
        if wait > 0:
            return self._plan(self._now + wait, MISS, what)
        outcome = self.outcomes[citizen]
        outcome.fate, outcome.ended_s = MISSED, self._now
        if outcome.citizen.back_s is not None:
            self._plan(self._now + outcome.citizen.back_s, BACK, what)
        self._free(window)

    def _back(self, what: tuple[str, int]) -> None:
        window, citizen = what
        if window in self._open and self._hall.come_back(citizen, window):
            outcome = self.outcomes[citizen]
            outcome.fate, outcome.ended_s, outcome.returned = WAITING, None, True
            self._offer(outcome.citizen)
