"""The true state of a hall at one moment, as far as a future needs it. Minutes are counted from `now`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.domain.estimate.times import ServiceTime
from server.domain.routing import Rules
from server.domain.tickets import Leg

Pools = tuple[tuple[str, str | None], ...]  # (queue, one service of it or None for all)
Spell = tuple[float, float]  # from, to: minutes from now in which a window calls


class Dice(Protocol):
    """Where chance comes from: `random.Random(seed)` fits."""

    def random(self) -> float: ...

    def gauss(self, mu: float, sigma: float) -> float: ...

    def expovariate(self, lambd: float) -> float: ...


@dataclass(frozen=True)
class Busy:
    """Who stands at a window: the service and the minutes since the call."""

    service: str
    elapsed: float


@dataclass(frozen=True)
class Desk:
    """One window. `pools`: the own queues first, then what it takes only when those are empty.

    `spells` are sorted and do not touch; empty: it will not call any more. `pause_left`: mean minutes until a
    paused window goes on, 0 when it is not paused.
    """

    window: str
    pools: tuple[Pools, ...]
    comprehensive: bool
    spells: tuple[Spell, ...]
    busy: Busy | None = None
    pause_left: float = 0.0

    @property
    def is_sure(self) -> bool:
        """Does the plan say when it calls? Nobody knows how long a pause lasts."""
        return any(spell for spell in self.spells if not self.pause_left or spell[0] > 0)

    def serves(self, queue: str, service: str) -> bool:
        return any(q == queue and s in (None, service) for pools in self.pools for q, s in pools)


@dataclass(frozen=True)
class Newcomers:
    """Citizens who will take a number: a Poisson stream of one class in one queue."""

    queue: str
    service: str
    priority: str
    per_minute: float
    until: float  # minutes from now: no number is given later


@dataclass(frozen=True)
class Scene:
    """`coming`: legs that join at their own joined_at, later than `now` (appointments that are due)."""

    now: datetime
    waiting: tuple[Leg, ...]
    desks: tuple[Desk, ...]
    rules: Rules
    queue_of: Mapping[str, str]  # service -> its queue
    mean_minutes: Mapping[str, float]  # service -> what the rule takes for its length
    times: Mapping[str, ServiceTime]
    pace: Mapping[tuple[str, str], float]  # (window, queue) -> factor on the service time
    no_show: float = 0.05  # share of calls that nobody answers
    miss_minutes: float = 1.5  # how long a window waits for somebody who does not come
    protected_run: int = 0
    coming: tuple[Leg, ...] = ()
    newcomers: tuple[Newcomers, ...] = ()
