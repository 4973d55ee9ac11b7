"""The true state of a hall at one moment, as far as a future needs it. Minutes are counted from `now`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from server.domain.estimate.coming import Booked, Newcomers, Showing
from server.domain.estimate.leaving import Leaving
from server.domain.estimate.pauses import Pauses
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
    """Who stands at a window: the service, the queue it came from, the minutes since the call, and how many
    matters of the service it brought (集约)."""

    service: str
    elapsed: float
    queue: str = ""
    items: int = 1


@dataclass(frozen=True)
class Desk:
    """One window. `pools`: the own queues first, then what it takes only when those are empty; what its
    person is not able to do is in neither.

    `spells` are sorted and do not touch; empty: it will not call any more. `pause_left`: mean minutes until a
    paused window goes on, 0 when it is not paused. `clerk`: who is signed in.
    """

    window: str
    pools: tuple[Pools, ...]
    comprehensive: bool
    spells: tuple[Spell, ...]
    busy: Busy | None = None
    pause_left: float = 0.0
    clerk: str | None = None

    @property
    def is_sure(self) -> bool:
        """Does the plan say when it calls? Nobody knows how long a pause lasts."""
        return any(spell for spell in self.spells if not self.pause_left or spell[0] > 0)

    def serves(self, queue: str, service: str) -> bool:
        return any(q == queue and s in (None, service) for pools in self.pools for q, s in pools)

    def may_call(self, leg: Leg) -> bool:
        """Who was sent to one window or person waits for that one alone."""
        if leg.target_window is not None:
            return leg.target_window == self.window
        if leg.target_clerk is not None:
            return leg.target_clerk == self.clerk
        return self.serves(leg.queue, leg.service)


@dataclass(frozen=True)
class Scene:
    """`booked`: appointments of today that have not checked in. `recent`: classes of a window's last calls,
    newest first, "" = of the whole hall; read only where `max_share` or a ratio of the rules caps a class.
    `slow`: how much longer than usual things take today, known up to the share `slow_spread`. `items`:
    waiting leg -> how many matters of its service it brings, where that is more than one. `away`: those of
    `waiting` that were taken by phone and whose holder is not there: the share `showing.by_phone` of
    them comes, in time for their turn.
    """

    now: datetime
    waiting: tuple[Leg, ...]
    desks: tuple[Desk, ...]
    rules: Rules
    queue_of: Mapping[str, str]  # service -> its queue
    mean_minutes: Mapping[str, float]  # service -> what the rule takes for its length
    times: Mapping[str, ServiceTime]
    pace: Mapping[tuple[str, str], float]  # (window, queue) -> factor on the service time
    leaving: Leaving = field(default_factory=Leaving)
    miss_minutes: float = 1.5  # how long a window waits for somebody who does not come
    protected_run: int = 0
    max_share: float = 1.0  # of a window's calls that may go to a priority class
    recent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    booked: tuple[Booked, ...] = ()
    showing: Showing = field(default_factory=Showing)
    newcomers: Newcomers = field(default_factory=Newcomers)
    pauses: Pauses = field(default_factory=Pauses)
    slow: float = 1.0
    slow_spread: float = 0.0
    items: Mapping[int, int] = field(default_factory=dict)
    away: frozenset[int] = frozenset()
