"""A day as it is in life: windows work at their own pace, whole days are slow, and people take a break.

The ordinary play (`loop.py`) gives every window the same pace and no pauses, so that two rules can be
compared; an estimator must be judged where those differ and it has to find out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from server.simulate.arrivals import Citizen
from server.simulate.loop import DONE, SERVED, Hall, Manners, Play, Shift


@dataclass(frozen=True)
class Liveliness:
    """pace: window -> factor on the time a visit takes; slow: factor of the whole day; pauses: share of
    visits after which a window pauses, and for how many minutes on average."""

    pace: Mapping[str, float] = field(default_factory=dict)
    slow: float = 1.0
    pauses: float = 0.0
    pause_minutes: float = 8.0

    @staticmethod
    def drawn(
        windows: Sequence[str], seed: int, day: object, spread: float = 0.15, slow: float = 0.08
    ) -> Liveliness:
        """Windows keep their pace for ever, days draw their own."""
        pace = {w: Random(f"{seed}/{w}").lognormvariate(0.0, spread) for w in windows}
        return Liveliness(pace, Random(f"{seed}/{day}").lognormvariate(0.0, slow), pauses=0.02)


class PausingHall(Hall, Protocol):
    def pause(self, window: str) -> None: ...
    def resume(self, window: str) -> None: ...


class LivelyPlay(Play):
    """`rng` draws the pauses."""

    def __init__(
        self,
        hall: PausingHall,
        manners: Manners,
        people: Sequence[Citizen],
        shifts: Sequence[Shift],
        life: Liveliness,
        rng: Random,
    ) -> None:
        super().__init__(hall, manners, people, shifts)
        self._life, self._rng, self._pausing = life, rng, hall

    def _starts(self, what: tuple[str, int]) -> None:
        self._hall.start(what[0])
        work_s = self.outcomes[what[1]].citizen.work_s * self._life.pace.get(what[0], 1.0) * self._life.slow
        self._plan(self._now + work_s, DONE, what)

    def _done(self, what: tuple[str, int | None]) -> None:
        window, citizen = what
        if citizen is None:
            self._pausing.resume(window)
        elif self._rng.random() < self._life.pauses and window not in self._ending:
            self._hall.finish(window)
            self.outcomes[citizen].fate, self.outcomes[citizen].ended_s = SERVED, self._now
            self._pausing.pause(window)
            self._plan(
                self._now + self._rng.expovariate(1 / self._life.pause_minutes) * 60, DONE, (window, None)
            )
            return
        super()._done(what)
