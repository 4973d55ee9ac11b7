"""How well the promises were kept: recomputed from what was told and what came true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Row, bindparam, case, func, select

from server.store import tables as t

NEAR_S, NEAR_SHARE = 300, 0.2  # "about right": off by at most 5 minutes or a fifth of the wait

_P = t.promise.c
_ERROR = func.abs(_P.waited_s - _P.p50_s)
_SUMS = (
    select(
        _P.day,
        _P.queue,
        _P.occasion,
        func.count().label("calls"),
        func.sum(case((_P.waited_s <= _P.at_most_s, 1), else_=0)).label("kept"),
        func.sum(_ERROR).label("error_s"),
        func.sum(case((_ERROR <= NEAR_S, 1), (NEAR_SHARE * _P.waited_s >= _ERROR, 1), else_=0)).label("near"),
        func.sum(_P.at_most_s).label("at_most_s"),
        func.sum(_P.waited_s).label("waited_s"),
    )
    .where(
        _P.hall == bindparam("hall"),
        _P.day.between(bindparam("first"), bindparam("last")),
        _P.waited_s.is_not(None),
    )
    .group_by(_P.day, _P.queue, _P.occasion)
)


@dataclass(frozen=True)
class Accuracy:
    """Of all promises whose leg was called. Shares and minutes are None when there was none.

    kept: share that was called within "at most". error_min: mean |wait - p50|. near: share of p50 within
    5 minutes or 20 % of the wait. at_most_min, waited_min: what was promised and what came true on average.
    """

    calls: int
    kept: float | None = None
    error_min: float | None = None
    near: float | None = None
    at_most_min: float | None = None
    waited_min: float | None = None


@dataclass(frozen=True)
class Report:
    """taken: promises made with the number, altogether, by queue and by ISO date. moved: those made anew when
    a ticket was sent on or went on to a further service."""

    taken: Accuracy
    moved: Accuracy
    queues: Mapping[str, Accuracy]
    days: Mapping[str, Accuracy]


def accuracy(connection: Connection, hall: str, first: str, last: str) -> Report:
    """Over the business days from `first` to `last` (ISO dates, both counted)."""
    rows = connection.execute(_SUMS, {"hall": hall, "first": first, "last": last}).all()
    taken = [row for row in rows if row.occasion == "taken"]
    return Report(
        taken=_together(taken),
        moved=_together(row for row in rows if row.occasion == "moved"),
        queues=_each(taken, lambda row: str(row.queue)),
        days=_each(taken, lambda row: str(row.day)),
    )


def _each(
    rows: Iterable[Row[tuple[object, ...]]], key: Callable[[Row[tuple[object, ...]]], str]
) -> dict[str, Accuracy]:
    parts: dict[str, list[Row[tuple[object, ...]]]] = defaultdict(list)
    for row in rows:
        parts[key(row)].append(row)
    return {name: _together(parts[name]) for name in sorted(parts)}


def _together(rows: Iterable[Row[tuple[object, ...]]]) -> Accuracy:
    found = list(rows)

    def total(column: str) -> int:
        return sum(int(getattr(row, column)) for row in found)

    n = total("calls")
    if n == 0:
        return Accuracy(0)
    return Accuracy(
        calls=n,
        kept=total("kept") / n,
        error_min=total("error_s") / n / 60,
        near=total("near") / n,
        at_most_min=total("at_most_s") / n / 60,
        waited_min=total("waited_s") / n / 60,
    )
