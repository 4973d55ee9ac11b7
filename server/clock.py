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
PACE = 0.9


def now() -> datetime:
    """The present, aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Moment:
    """One look at the time. `clock`: what the computer says; `now`: the hall's time, never behind what is
    stored; `leaps`: the computer is absurdly ahead."""

    clock: datetime
    now: datetime
    leaps: bool


class HallTime:
    """The computer's clock as long as it can be believed, else the hall's time run on without it.

    A clock behind the last stored moment (set back), or more than LEAP ahead of it, is not believed.
    Meanwhile time runs on by `steady` (seconds that only go forward, of this process) at PACE: the spacing of
    calls goes on, and a clock set back catches up by a tenth of every hour. Safe for several threads.
    """

    def __init__(self, clock: Clock, steady: Steady = time.monotonic) -> None:
        self._clock, self._steady, self._guard = clock, steady, Lock()
        self._last: tuple[datetime, float] | None = None  # the hall's time, and `steady` then
        self._stored: datetime | None = None

    def look(self, stored_at: datetime) -> Moment:
        """The time, when `stored_at` is the last moment that any process has stored."""
        with self._guard:
            clock, steady = self._clock(), self._steady()
            if self._stored is None or stored_at > self._stored:
                self._stored = stored_at
            leaps = clock - self._stored > LEAP
            now = self._stored
            if self._last is not None and (leaps or clock < now):
                at, then = self._last
                now = max(now, at + timedelta(seconds=(steady - then) * PACE))
            if not leaps and clock >= now:
                now = clock
            self._last = now, steady
            return Moment(clock, now, leaps)

    def __call__(self) -> datetime:
        """The hall's time, by what this process has seen stored."""
        return self._clock() if self._stored is None else self.look(self._stored).now
