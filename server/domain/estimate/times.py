"""How long a service occupies a window: log-normal, from the catalogue at first, from own visits later.

Learning works on the logarithm of occupied time / listed time. A service leans on its queue with the weight
of 15 visits, a queue on the catalogue with 15; a window's factor is shrunk with 20 visits, its factor for one
queue with 40, so that two lucky mornings prove nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from server.domain.estimate.coming import Profile, Showing
from server.domain.estimate.leaving import Leaving
from server.domain.estimate.pauses import Pauses

if TYPE_CHECKING:
    from server.domain.estimate.scene import Dice

CV = 0.7  # of a service nobody has measured
COLD_VARIANCE = log(1 + CV * CV)
BORROWED, WINDOW_WEIGHT, PAIR_WEIGHT = 15, 20, 40
ROUGH_DAYS = 5  # with fewer days of own history a figure is rough
SLOW_WEIGHT, SLOW_SPREAD = 170 * 11.0, 0.05  # minutes of visits; share by which today's pace is uncertain
SHORTEST, LONGEST = 0.05, 600.0  # minutes: what lies outside is a slip of the hand, not a visit

_NORMAL = NormalDist()


@dataclass(frozen=True)
class ServiceTime:
    """log(minutes) is normal with `mu` and `sigma`."""

    mu: float
    sigma: float

    @property
    def mean(self) -> float:
        return exp(self.mu + self.sigma * self.sigma / 2)

    def draw(self, dice: Dice) -> float:
        return exp(dice.gauss(self.mu, self.sigma))

    def remaining(self, elapsed: float, dice: Dice) -> float:
        """Minutes still to go for somebody served since `elapsed` minutes. Who has outlasted nearly all is
        judged by nothing but how long it took so far: a tenth of that more, on average.
        """
        if elapsed <= 0:
            return self.draw(dice)
        passed = _NORMAL.cdf((log(elapsed) - self.mu) / self.sigma)
        if passed > 0.995:
            return dice.expovariate(10 / elapsed)
        share = min(passed + (1 - passed) * dice.random(), 0.9999)
        return max(0.0, exp(self.mu + self.sigma * _NORMAL.inv_cdf(max(share, 1e-9))) - elapsed)


@dataclass(frozen=True)
class Visit:
    """One finished visit: minutes from the call to the end."""

    service: str
    queue: str
    window: str
    minutes: float


@dataclass(frozen=True)
class Learned:
    """What the hall's own history says; the defaults are what is believed before there is any.
    by_appointment: service -> how many came for it by appointment to each walk-in of the hall."""

    times: Mapping[str, ServiceTime]
    pace: Mapping[tuple[str, str], float]
    rough: bool
    leaving: Leaving = field(default_factory=Leaving)
    profile: Profile | None = None
    showing: Showing = field(default_factory=Showing)
    pauses: Pauses = field(default_factory=Pauses)
    by_appointment: Mapping[str, float] = field(default_factory=dict)

    def slow(self, today: Iterable[Visit]) -> float:
        """How slow today is: minutes of the finished visits against those expected of them, leaning on 1 with
        the weight of SLOW_WEIGHT minutes. A visit counts for at most three times what was expected."""
        actual = expected = SLOW_WEIGHT
        for visit in today:
            time = self.times.get(visit.service)
            if time is None or not SHORTEST <= visit.minutes <= LONGEST:
                continue
            usual = time.mean * self.pace.get((visit.window, visit.queue), 1.0)
            expected += usual
            actual += min(visit.minutes, 3 * usual)
        return actual / expected


def cold(minutes: float) -> ServiceTime:
    """A service known by its listed time alone."""
    return ServiceTime(log(max(minutes, 0.5)) - COLD_VARIANCE / 2, sqrt(COLD_VARIANCE))


class _Sum:
    """Count, sum and sum of squares."""

    def __init__(self) -> None:
        self.n, self.total, self.squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.n += 1
        self.total += value
        self.squares += value * value

    def shrunk(self, weight: float, towards: float = 0.0) -> float:
        return (self.total + weight * towards) / (self.n + weight)

    def variance(self, around: float, weight: float, towards: float) -> float:
        spread = self.squares - 2 * around * self.total + self.n * around * around
        return max((spread + weight * towards) / (self.n + weight), 0.01)


def learn(
    visits: Iterable[Visit], listed: Mapping[str, float], queue_of: Mapping[str, str]
) -> tuple[dict[str, ServiceTime], dict[tuple[str, str], float]]:
    """(service -> its time, (window, queue) -> factor) from visits; `listed`: minutes by the catalogue."""
    start = {service: cold(minutes) for service, minutes in listed.items()}
    seen = [
        (v, log(v.minutes) - start[v.service].mu)
        for v in visits
        if v.service in start and SHORTEST <= v.minutes <= LONGEST
    ]
    overall = _Sum()
    for _, residual in seen:
        overall.add(residual)
    level = overall.shrunk(BORROWED)
    windows: dict[str, _Sum] = defaultdict(_Sum)
    for visit, residual in seen:
        windows[visit.window].add(residual - level)
    of_window = {w: s.shrunk(WINDOW_WEIGHT) for w, s in windows.items()}
    pairs: dict[tuple[str, str], _Sum] = defaultdict(_Sum)
    for visit, residual in seen:
        pairs[visit.window, visit.queue].add(residual - level - of_window[visit.window])
    factor = {pair: of_window[pair[0]] + s.shrunk(PAIR_WEIGHT) for pair, s in pairs.items()}
    services: dict[str, _Sum] = defaultdict(_Sum)
    queues: dict[str, _Sum] = defaultdict(_Sum)
    for visit, residual in seen:
        rest = residual - factor[visit.window, visit.queue]
        services[visit.service].add(rest)
        queues[queue_of[visit.service]].add(rest)
    times = {}
    for service, nominal in start.items():
        group, own = queues[queue_of[service]], services[service]
        shift = group.shrunk(BORROWED)
        spread = group.variance(shift, BORROWED, COLD_VARIANCE)
        mine = own.shrunk(BORROWED, shift)
        times[service] = ServiceTime(nominal.mu + mine, sqrt(own.variance(mine, BORROWED, spread)))
    return times, {pair: exp(value) for pair, value in factor.items()}
