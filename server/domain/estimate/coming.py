"""Who will still come: newcomers by the hall's own profile of the day, and who has booked.

A day's numbers are thought to be Poisson with the rate  profile(quarter of an hour) x weekday x today. The
profile is the mean of past days; a weekday's factor leans on 1 with the weight of 2 days, and a weekend day
that works (weekday None, 调休) has none; today's factor is
(k + taken so far) / (k + expected so far), the mean of a gamma whose k is what past days scattered beyond
Poisson (method of moments, between 10 and 400).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import sqrt
from statistics import NormalDist, fmean, pstdev, pvariance

QUARTER = 15  # minutes
WEEKDAY_WEIGHT = 2.0
LEAST_K, MOST_K = 10.0, 400.0
SHOWN, SHOWN_WEIGHT = 0.85, 20.0  # of the appointments that nobody has counted yet
EARLY, EARLY_SPREAD = 5.0, 6.0  # minutes before the time

Mix = tuple[tuple[float, str, str], ...]  # (share, service, class)


@dataclass(frozen=True)
class Newcomers:
    """Citizens who will take a number. `steps`: (from, to, per minute), in order, minutes from now.
    `spread`: by what share the rate itself is uncertain."""

    steps: tuple[tuple[float, float, float], ...] = ()
    mix: Mix = ()
    spread: float = 0.0


@dataclass(frozen=True)
class Booked:
    """One appointment that has not checked in; `at`: its time in minutes from now. A batch (集约) brings
    several matters and has an agreed window."""

    service: str
    at: float
    window: str | None = None
    items: int = 1


@dataclass(frozen=True)
class Showing:
    """How many of the booked come, and how many minutes before the time: normal(`early`, `spread`)."""

    share: float = SHOWN
    early: float = EARLY
    spread: float = EARLY_SPREAD
    by_phone: float = SHOWN  # of the numbers taken by phone whose holder is not there yet

    def still_comes(self, at: float) -> tuple[float, float]:
        """(how probable it is that somebody booked for `at` who is not here yet still comes, the share of the
        coming that is over)."""
        over = 1 - NormalDist(self.early, self.spread or 1e-6).cdf(at)
        return self.share * (1 - over) / max(1 - self.share * over, 1e-9), over

    def joins(self, at: float, over: float, u: float) -> float:
        """When they come, given that they were not here at 0; `u` in 0..1."""
        share = min(max(over + (1 - over) * u, 1e-9), 1 - 1e-9)
        return max(at - NormalDist(self.early, self.spread or 1e-6).inv_cdf(1 - share), 0.0)


@dataclass(frozen=True)
class Profile:
    """What the hall's past says of a day's numbers. `quarters`: quarter of the day -> numbers in it."""

    quarters: Mapping[int, float]
    weekday: Mapping[int, float]
    mix: Mix
    k: float

    def expected(self, weekday: int | None, to_minute: float) -> float:
        """Numbers from midnight to `to_minute` of such a day."""
        whole, part = divmod(to_minute, QUARTER)
        found = sum(n for q, n in self.quarters.items() if q < whole)
        return (found + self.quarters.get(int(whole), 0.0) * part / QUARTER) * self._factor(weekday)

    def _factor(self, weekday: int | None) -> float:
        return 1.0 if weekday is None else self.weekday.get(weekday, 1.0)

    def ahead(self, local: datetime, weekday: int | None, until: float, taken: int) -> Newcomers:
        """Who will come from `local` on, a day like `weekday`, until `until` minutes later, when `taken` have
        come so far today."""
        minute = local.hour * 60 + local.minute + local.second / 60
        usual = self.expected(weekday, minute)
        today = (self.k + taken) / (self.k + usual) * self._factor(weekday)
        steps = []
        for quarter, numbers in sorted(self.quarters.items()):
            start = max(quarter * QUARTER - minute, 0.0)
            end = min((quarter + 1) * QUARTER - minute, until)
            if start < end and numbers > 0:
                steps.append((start, end, numbers * today / QUARTER))
        return Newcomers(tuple(steps), self.mix, 1 / sqrt(self.k + taken))


def learn_profile(
    taken: Iterable[tuple[datetime, str, str]], weekday_of: Callable[[date], int | None] = date.weekday
) -> Profile | None:
    """From (local time, service, class) of past numbers without appointment; None: there were none."""
    quarters: Counter[int] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    days: Counter[date] = Counter()
    for at, service, priority in taken:
        quarters[(at.hour * 60 + at.minute) // QUARTER] += 1
        kinds[service, priority] += 1
        days[at.date()] += 1
    if not days:
        return None
    mean = fmean(days.values())
    of_weekday: dict[int, list[int]] = defaultdict(list)
    for day, n in days.items():
        like = weekday_of(day)
        if like is not None:
            of_weekday[like].append(n)
    weekday = {
        d: (sum(ns) / mean + WEEKDAY_WEIGHT) / (len(ns) + WEEKDAY_WEIGHT) for d, ns in of_weekday.items()
    }
    factors = {d: 1.0 if (like := weekday_of(d)) is None else weekday[like] for d in days}
    scale = sum(factors.values())  # days of weight 1
    total = sum(kinds.values())
    return Profile(
        quarters={q: n / scale for q, n in quarters.items()},
        weekday=weekday,
        mix=tuple((n / total, *kind) for kind, n in sorted(kinds.items())),
        k=_scatter([n / factors[day] for day, n in days.items()], total / scale),
    )


def _scatter(numbers: Sequence[float], usual: float) -> float:
    """k of the gamma: 1 / (variance of actual / expected, less what Poisson explains). numbers: of days of
    weight 1."""
    if len(numbers) < 5:
        return 2 * LEAST_K
    beyond = pvariance(numbers) / usual**2 - 1 / usual
    return MOST_K if beyond <= 1 / MOST_K else max(1 / beyond, LEAST_K)


def share_coming(came: int, of: int) -> float:
    """Of `of` numbers taken by phone on past days the holders of `came` were there; leans on SHOWN."""
    return (came + SHOWN * SHOWN_WEIGHT) / (of + SHOWN_WEIGHT)


def learn_showing(shown: Iterable[float], missed: int) -> Showing:
    """`shown`: minutes before the time at which past holders checked in; `missed`: how many never came."""
    early = list(shown)
    n = len(early)
    share = (n + SHOWN * SHOWN_WEIGHT) / (n + missed + SHOWN_WEIGHT)
    if n < 2:
        return Showing(share)
    part = n / (n + SHOWN_WEIGHT)
    return Showing(
        share,
        part * fmean(early) + (1 - part) * EARLY,
        part * max(pstdev(early), 0.5) + (1 - part) * EARLY_SPREAD,
    )
