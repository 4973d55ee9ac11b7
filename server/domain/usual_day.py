"""Today beside a usual day: the hall's own past days, half hour by half hour.

A usual day is the median of comparable days: the last of the same weekday, or, while there are too few
of them, the last days whatever their weekday. With fewer than FEWEST of either nothing is called usual.
Each figure's name and meaning are those of METRICS 2, 3 and 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal

HALF_HOUR = 30  # minutes
MOST, FEWEST = 8, 3  # days that are compared with

Basis = Literal["weekday", "days"]
WeekdayOf = Callable[[date], int | None]


@dataclass(frozen=True)
class Passed:
    """One leg, in minutes of its local day. `wait`: minutes from joining to the first call, None: not called.
    `served`: when its service ended, None: it was not served."""

    joined: float
    wait: float | None = None
    served: float | None = None


@dataclass(frozen=True)
class HalfHour:
    """`wait`: middle wait in minutes of those who joined in it and were called; None: nobody was."""

    arrivals: float = 0
    served: float = 0
    wait: float | None = None


@dataclass(frozen=True)
class SoFar:
    """A day up to one minute of it: who joined, who was served, the middle wait of who was called by then."""

    arrivals: float
    served: float
    wait: float | None


@dataclass(frozen=True)
class Compared:
    """`basis` None: too few days to call anything usual; `days`: the days compared with, newest first."""

    today: Mapping[int, HalfHour]  # half hour of the day -> figures
    usual: Mapping[int, HalfHour]
    so_far: SoFar
    usual_so_far: SoFar | None
    basis: Basis | None
    days: tuple[date, ...]


def comparable(
    past: Iterable[date], today: date, weekday: WeekdayOf
) -> tuple[Basis | None, tuple[date, ...]]:
    """Which of the hall's past days today is held against, newest first. weekday: by the hall's calendar, so
    that a weekend day that works is like others of its kind and like no weekend."""
    found = sorted({day for day in past if day < today}, reverse=True)
    same = [day for day in found if weekday(day) == weekday(today)][:MOST]
    if len(same) >= FEWEST:
        return "weekday", tuple(same)
    latest = tuple(found[:MOST])
    return ("days", latest) if len(latest) >= FEWEST else (None, latest)


def compare(
    today: Sequence[Passed],
    past: Mapping[date, Sequence[Passed]],
    day: date,
    minute: float,
    weekday: WeekdayOf,
) -> Compared:
    """`minute`: how far `day` has come. `past`: the legs of the days that may be compared with."""
    basis, days = comparable(past, day, weekday)
    known = [past[d] for d in days] if basis else []
    return Compared(
        today=_halves(today),
        usual=_middle([_halves(legs) for legs in known]),
        so_far=_so_far(today, minute),
        usual_so_far=_middle_so_far([_so_far(legs, minute) for legs in known]),
        basis=basis,
        days=days,
    )


def _half(minute: float) -> int:
    return int(minute // HALF_HOUR)


def _halves(legs: Sequence[Passed]) -> dict[int, HalfHour]:
    joined: dict[int, int] = {}
    served: dict[int, int] = {}
    waits: dict[int, list[float]] = {}
    for leg in legs:
        at = _half(leg.joined)
        joined[at] = joined.get(at, 0) + 1
        if leg.wait is not None:
            waits.setdefault(at, []).append(leg.wait)
        if leg.served is not None:
            end = _half(leg.served)
            served[end] = served.get(end, 0) + 1
    return {
        at: HalfHour(joined.get(at, 0), served.get(at, 0), _median(waits.get(at, ())))
        for at in sorted({*joined, *served})
    }


def _middle(days: Sequence[Mapping[int, HalfHour]]) -> dict[int, HalfHour]:
    """Half hour by half hour; a day on which nothing happened in one counts as nothing, not as missing."""
    halves = sorted({at for day in days for at in day})
    nothing = HalfHour()
    found = {}
    for at in halves:
        here = [day.get(at, nothing) for day in days]
        found[at] = HalfHour(
            median(h.arrivals for h in here),
            median(h.served for h in here),
            _median([h.wait for h in here if h.wait is not None]),
        )
    return found


def _so_far(legs: Iterable[Passed], minute: float) -> SoFar:
    """As it stood at that minute: a wait counts once its call was over."""
    joined = [leg for leg in legs if leg.joined <= minute]
    waits = [leg.wait for leg in joined if leg.wait is not None and leg.joined + leg.wait <= minute]
    served = sum(leg.served is not None and leg.served <= minute for leg in joined)
    return SoFar(len(joined), served, _median(waits))


def _middle_so_far(days: Sequence[SoFar]) -> SoFar | None:
    if not days:
        return None
    return SoFar(
        median(d.arrivals for d in days),
        median(d.served for d in days),
        _median([d.wait for d in days if d.wait is not None]),
    )


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
