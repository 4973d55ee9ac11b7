"""What is shown of a forecast, and how "at most" stays true nine times in ten.

The promise is X = p50 + c (p90 - p50 + 1), with one c per size of p50. After each call the c of its bucket
moves by 0.04 (broken - 0.1): a broken promise widens the next ones, nine kept ones bring it back (adaptive
conformal prediction, Gibbs & Candes 2021). A bad day breaks promises of all sizes at once, which each size
by itself learns too late: `today` widens them all, moves by the same steps and begins at nothing each day.
Minutes throughout.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Literal

EDGES = (0.0, 1.0, 4.0, 8.0, 14.0, 22.0, 34.0, 50.0, 75.0)
START = 1.0  # c of a hall that has no history
LEAST, STEP, MISSES = 0.3, 0.04, 0.1
SOON = 2.0  # below this: "about to be called"
COARSE = 30.0  # above this the range is rounded to 5 minutes
LATER, EARLIER, SWIFT = 0.2, 0.3, 2.0  # share of the way per SWIFT minutes
SHOWN_STEP = timedelta(minutes=2)

Known = Literal["range", "soon", "unknown"]


@dataclass(frozen=True)
class Forecast:
    """Half of the futures call within `p50` minutes, nine of ten within `p90`."""

    p50: float
    p90: float


@dataclass(frozen=True)
class Estimate:
    """What people see. `low`-`high` whole minutes, None when unknown; rough = from listed times alone."""

    state: Known
    low: int | None
    high: int | None
    rough: bool


def bucket(p50: float) -> int:
    return max(bisect_right(EDGES, p50) - 1, 0)


def at_most(forecast: Forecast, c: float) -> float:
    return forecast.p50 + c * (forecast.p90 - forecast.p50 + 1)


@dataclass
class Widths:
    """c per size, with what today adds to every one of them."""

    by_size: dict[int, float] = field(default_factory=dict)
    today: float = 0.0

    def of(self, size: int) -> float:
        return self.by_size.get(size, START) + self.today

    def learn(self, size: int, broken: bool) -> None:
        """One more call of this day whose promise was `broken` or kept."""
        self.by_size[size] = adapted(self.by_size.get(size, START), broken)
        self.today = surcharge(self.today, broken)


def before_its_time(at_once: Forecast, ordinary: Forecast, wait: float) -> Forecast:
    """What an appointment may expect that checks in `wait` minutes before its seniority begins: until then it
    stands among the ordinary ones, from then on it goes first. `at_once`: what it would expect if it began
    now.
    """
    return Forecast(min(ordinary.p50, wait + at_once.p50), min(ordinary.p90, wait + at_once.p90))


def adapted(c: float, broken: bool) -> float:
    """c after one more call whose promise was `broken` or kept."""
    return max(LEAST, c + STEP * (broken - MISSES))


def surcharge(today: float, broken: bool) -> float:
    """What today adds to every c after one more call."""
    return max(0.0, today + STEP * (broken - MISSES))


def shown(forecast: Forecast | None, most: float, rough: bool) -> Estimate:
    """The range from p50 to the promise. The end is rounded up, so that what is shown is kept too."""
    if forecast is None:
        return Estimate("unknown", None, None, rough)
    if forecast.p50 < SOON:
        return Estimate("soon", 0, _up(most), rough)
    step = 5 if forecast.p50 > COARSE else 1
    return Estimate("range", int(forecast.p50 // step * step), _up(most), rough)


def _up(minutes: float) -> int:
    step = 5 if minutes > COARSE else 1
    return ceil(minutes / step) * step


def steady(before: Estimate, after: Estimate) -> Estimate:
    """The range to show after a new forecast: the old one while it is still true and nearly the same."""
    if before.state != "range" or after.state != "range" or before.rough != after.rough:
        return after
    step = 5 if (after.low or 0) >= COARSE else 1
    up, down = abs((before.low or 0) - (after.low or 0)), (before.high or 0) - (after.high or 0)
    return before if up <= step and 0 <= down <= step else after


def moved(expected: datetime | None, forecast: Forecast, since: datetime | None, now: datetime) -> datetime:
    """The expected clock time of a call after a new forecast: part of the way, less when it gets later.

    `expected` and `since`: what was expected and when that was said; None at first.
    """
    target = now + timedelta(minutes=forecast.p50 + 0.2 * (forecast.p90 - forecast.p50))
    if expected is None or since is None:
        return target
    share = LATER if target > expected else EARLIER
    passed = max((now - since).total_seconds() / 60, 0.0)
    part: float = 1 - (1 - share) ** (passed / SWIFT)
    return max(expected + (target - expected) * part, now)


def on_the_clock(expected: datetime) -> datetime:
    """The clock time that is shown: the nearest step of two minutes."""
    step = SHOWN_STEP.total_seconds()
    return datetime.fromtimestamp(round(expected.timestamp() / step) * step, UTC)
