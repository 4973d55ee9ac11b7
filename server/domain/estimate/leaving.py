"""Who leaves before the call: silently, so that nobody answers it, or by giving the number back.

Both are learned per age (minutes since the number was taken). A bin with few calls leans on the hall's share
with the weight of 20 calls, the hall's share on 5 % with the weight of 100; a class (ordinary, appointment,
priority) differs from it by a factor that leans on 1 with the weight of 5 misses. A hall that has seen nobody
give a number back reckons with nobody doing so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

AGES = (0.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 110.0, 150.0)  # minutes: where the bins begin
MISSING, MISSING_WEIGHT, BIN_WEIGHT, CLASS_WEIGHT = 0.05, 100.0, 20.0, 5.0
RISK = 600.0  # minutes of waiting that are added to what a bin has seen, so that one cancellation is no habit
MOST = 0.9


@dataclass(frozen=True)
class Leaving:
    """`missing`: share of calls that nobody answers, one per bin of AGES. `factor`: class -> factor on it.
    `given_back`: numbers given back per minute of waiting, one per bin. `returning`: share of those who
    missed the call and come back, after `back` minutes on average."""

    missing: tuple[float, ...] = (MISSING,) * len(AGES)
    factor: Mapping[str, float] = field(default_factory=dict)
    given_back: tuple[float, ...] = ()
    returning: float = 0.0
    back: float = 10.0

    def share_missing(self, age: float, kind: str) -> float:
        """How probable it is that somebody of class `kind` does not answer a call after `age` minutes."""
        share = self.missing[bin_of(age)] * self.factor.get(kind, 1.0)
        return min(share, MOST)

    def hazard(self, age: float) -> float:
        """Sum of `given_back` from 0 to `age`: exp(-hazard) is the share that still holds the number."""
        found = 0.0
        if not self.given_back:
            return found
        for rate, start, end in zip(self.given_back, AGES, (*AGES[1:], inf), strict=True):
            if age <= start:
                break
            found += rate * (min(age, end) - start)
        return found


@dataclass(frozen=True)
class Wait:
    """How one wait ended: minutes from joining to the first call, or to the giving back."""

    kind: str
    minutes: float
    end: Literal["answered", "missed", "given_back"]
    returned: bool = False


def bin_of(age: float) -> int:
    return max(bisect_right(AGES, age) - 1, 0)


def learn_leaving(waits: Iterable[Wait]) -> Leaving:
    """From past waits."""
    calls: Counter[int] = Counter()
    missed: Counter[int] = Counter()
    left: Counter[int] = Counter()
    risk = [RISK] * len(AGES)
    by_kind: Counter[tuple[str, int]] = Counter()
    kind_missed: Counter[str] = Counter()
    returned = 0
    for wait in waits:
        at = bin_of(wait.minutes)
        for i in range(at):
            risk[i] += AGES[i + 1] - AGES[i]
        risk[at] += wait.minutes - AGES[at]
        if wait.end == "given_back":
            left[at] += 1
            continue
        calls[at] += 1
        by_kind[wait.kind, at] += 1
        if wait.end == "missed" or wait.returned:
            missed[at] += 1
            kind_missed[wait.kind] += 1
            returned += wait.returned
    overall = (missed.total() + MISSING * MISSING_WEIGHT) / (calls.total() + MISSING_WEIGHT)
    shares = tuple((missed[i] + overall * BIN_WEIGHT) / (calls[i] + BIN_WEIGHT) for i in range(len(AGES)))
    expected: defaultdict[str, float] = defaultdict(float)
    for (kind, at), n in by_kind.items():
        expected[kind] += n * shares[at]
    return Leaving(
        missing=shares,
        factor={k: (kind_missed[k] + CLASS_WEIGHT) / (expected[k] + CLASS_WEIGHT) for k in expected},
        given_back=tuple(left[i] / risk[i] for i in range(len(AGES))) if left else (),
        returning=returned / (missed.total() + BIN_WEIGHT),
    )
