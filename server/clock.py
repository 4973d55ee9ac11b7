"""The only now() of the server; tests replace it. And the hall's own time, which a clock that leaps cannot
take along."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

Clock = Callable[[], datetime]
Steady = Callable[[], float]

LEAP = timedelta(days=400)
JUMP = timedelta(minutes=10)  # what a clock may be put right by; further ahead than its seconds it has leapt
TRUST = timedelta(hours=1)  # a clock that leapt and then ran on evenly for so long is believed
PACE = 0.9


def now() -> datetime:
    """The present, aware, UTC."""
    return datetime.now(UTC)


def steady() -> float:
    """Seconds that only go forward, also while the machine sleeps where the system counts those."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(frozen=True)
class Moment:
    """One look at the time. `clock`: what the computer says; `now`: the hall's time, never behind what is
    stored; `leaps`: the computer is absurdly ahead, or has just leapt; `even_since`: since when this process
    has seen the time pass evenly, None when it has no seconds to hold it against."""

    clock: datetime
    now: datetime
    leaps: bool
    even_since: datetime | None = None


class HallTime:
    """The computer's clock as long as it can be believed, else the hall's time run on without it.

    A clock behind the last stored moment (set back), or more than LEAP ahead of it, is not believed; nor is
    one that ran right until it leapt ahead by more than JUMP between two looks, until it comes back, a person
    believes it or TRUST has passed. Meanwhile time runs on by `steady` (seconds that only go forward, of this
    process), so that the spacing of calls goes on; at PACE while the clock is behind, which catches up by a
    tenth of every hour. Without `steady` the clock is one moved by hand (a simulation): its leaps are meant.
    Safe for several threads.
    """

    def __init__(self, clock: Clock, steady: Steady | None = None) -> None:
        self._clock, self._steady, self._guard = clock, steady or time.monotonic, Lock()
        self._compares = steady is not None
        self._last: tuple[datetime, float] | None = None  # the hall's time, and `steady` then
        self._stored: datetime | None = None
        self._right: tuple[datetime, float] | None = None  # the clock when it was believed last, and `steady`
        self._leapt: float | None = None  # `steady` when it was first seen to have leapt
        self._even_since: datetime | None = None

    def look(self, stored_at: datetime) -> Moment:
        """The time, when `stored_at` is the last moment that any process has stored."""
        with self._guard:
            clock, steady = self._clock(), self._steady()
            if self._stored is None or stored_at > self._stored:
                self._stored = stored_at
            leaps = clock - self._stored > LEAP or self._has_leapt(clock, steady)
            now = self._stored
            if self._last is not None and (leaps or clock < now):
                at, then = self._last
                now = max(now, at + timedelta(seconds=(steady - then) * (1 if leaps else PACE)))
            if not leaps and clock >= now:
                if self._even_since is None or self._leapt is not None:
                    self._even_since = clock
                now, self._right, self._leapt = clock, (clock, steady), None
            self._last = now, steady
            return Moment(clock, now, leaps, self._even_since or now if self._compares else None)

    def _has_leapt(self, clock: datetime, steady: float) -> bool:
        if not self._compares or self._right is None:
            return False
        right, then = self._right
        if clock - right - timedelta(seconds=steady - then) <= JUMP:
            self._leapt = None
            return False
        if self._leapt is None:
            self._leapt = steady
        return steady - self._leapt < TRUST.total_seconds()

    def believe(self) -> None:
        """A person has looked: the clock is right."""
        with self._guard:
            self._right = None

    def __call__(self) -> datetime:
        """The hall's time, by what this process has seen stored."""
        return self._clock() if self._stored is None else self.look(self._stored).now
