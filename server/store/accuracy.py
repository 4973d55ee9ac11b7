"""How well the promises were kept: recomputed from what was told and what came true."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from server.store import tables as t

NEAR_MIN, NEAR_SHARE = 5.0, 0.2  # "about right": off by at most 5 minutes or a fifth of the wait

_P = t.promise.c
_SETTLED = select(_P.p50_s, _P.at_most_s, _P.waited_s).where(
    _P.hall == bindparam("hall"),
    _P.day.between(bindparam("first"), bindparam("last")),
    _P.waited_s.is_not(None),
)


@dataclass(frozen=True)
class Accuracy:
    """Of all promises whose leg was called. Shares are None when there was none.

    kept: share that was called within "at most". error_min: mean |wait - p50|. near: share of p50 within
    5 minutes or 20 % of the wait. at_most_min: how much was promised on average.
    """

    calls: int
    kept: float | None
    error_min: float | None
    near: float | None
    at_most_min: float | None


def accuracy(connection: Connection, hall: str, first: str, last: str) -> Accuracy:
    """Over the business days from `first` to `last` (ISO dates, both counted)."""
    rows = connection.execute(_SETTLED, {"hall": hall, "first": first, "last": last}).all()
    if not rows:
        return Accuracy(0, None, None, None, None)
    n = len(rows)
    errors = [abs(row.waited_s - row.p50_s) / 60 for row in rows]
    near = [
        error <= max(NEAR_MIN, NEAR_SHARE * row.waited_s / 60)
        for error, row in zip(errors, rows, strict=True)
    ]
    return Accuracy(
        calls=n,
        kept=sum(row.waited_s <= row.at_most_s for row in rows) / n,
        error_min=sum(errors) / n,
        near=sum(near) / n,
        at_most_min=sum(row.at_most_s for row in rows) / n / 60,
    )
