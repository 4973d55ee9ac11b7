"""What a played day is judged by: waits, promises kept, people lost, people overtaken."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from server.domain.routing import APPOINTMENT, ORDINARY
from server.simulate.loop import AWAY, SERVED, Outcome

LONG_MIN, LATE_MIN = 30.0, 10.0


@dataclass(frozen=True)
class Measures:
    """Minutes; shares of 1. None: nobody of that kind was called."""

    days: int
    tickets: int  # numbers given
    turned_away: int  # came when no number was given
    mean_wait: float | None  # of all called
    walk_in_p95: float | None
    walk_in_over_30: float | None
    appointment_over_10_late: float | None
    priority_p95: float | None
    lost: float | None  # of the numbers given, never served
    overtakes: float | None  # per called walk-in: later ones of the same queue that were called before

    def row(self) -> dict[str, float | int | None]:
        return asdict(self)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Nearest rank: the value at position ceil(share x n) of the sorted list."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def measure(days: Iterable[Sequence[Outcome]], queue_of: Mapping[str, str]) -> Measures:
    """All days together, one weight per ticket."""
    everybody: list[Outcome] = []
    overtaken = walk_ins = count = 0
    for day in days:
        count += 1
        everybody += day
        one, many = _overtakes(day, queue_of)
        overtaken, walk_ins = overtaken + one, walk_ins + many
    given = [o for o in everybody if o.fate != AWAY]
    waits: dict[str, list[float]] = defaultdict(list)
    for o in given:
        if o.wait_min is not None:
            waits[_kind(o)].append(o.wait_min)
    walk, booked, first = waits[ORDINARY], waits[APPOINTMENT], waits["priority"]
    return Measures(
        days=count,
        tickets=len(given),
        turned_away=len(everybody) - len(given),
        mean_wait=mean([*walk, *booked, *first]),
        walk_in_p95=percentile(walk, 0.95),
        walk_in_over_30=mean([float(w > LONG_MIN) for w in walk]),
        appointment_over_10_late=mean([float(w > LATE_MIN) for w in booked]),
        priority_p95=percentile(first, 0.95),
        lost=mean([float(o.fate != SERVED) for o in given]),
        overtakes=overtaken / walk_ins if walk_ins else None,
    )


def _kind(o: Outcome) -> str:
    return o.citizen.priority if o.citizen.priority in (ORDINARY, APPOINTMENT) else "priority"


def _overtakes(day: Sequence[Outcome], queue_of: Mapping[str, str]) -> tuple[int, int]:
    """(how often a called walk-in was overtaken within its queue, how many such walk-ins)."""
    queues: dict[str, list[tuple[bool, float, float]]] = defaultdict(list)  # is a walk-in, joined, called
    for o in day:
        if o.called_s is not None:
            queues[queue_of[o.citizen.service]].append((_kind(o) == ORDINARY, o.joined_s, o.called_s))
    overtaken = walk_ins = 0
    for line in queues.values():
        for walk_in, joined_s, called_s in line:
            if walk_in:
                walk_ins += 1
                overtaken += sum(joined > joined_s and called < called_s for _, joined, called in line)
    return overtaken, walk_ins
