"""The next two hours: who will come, how many will wait and how long, queue by queue and half hour by
half hour, and which further windows would keep the promise. The futures are those of the estimate (`roll`),
watched to the end of the time for everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil, inf

from server.domain.estimate.roll import Stage, Stay
from server.domain.estimate.scene import Desk, Dice, Scene
from server.domain.staffing import windows_needed

SPAN, PARTS, HALF_HOUR, LEAST = (
    120.0,
    4,
    30.0,
    10.0,
)  # minutes; a first part shorter than LEAST joins the next
FUTURES = (16, 60)
WORK = 9_000  # people to be played for one forecast
LONGEST = 120.0  # a wait beyond it is only called longer
FEW_FUTURES = 16  # for trying further windows
TRIED = 3  # further windows at most


@dataclass(frozen=True)
class Aim:
    """What a queue promises: `goal` of its numbers within `target` minutes."""

    target: float
    goal: float


@dataclass(frozen=True)
class Range:
    """The middle, and the range of eight futures in ten."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """One queue in one half hour. Minutes from now in `start`, `end`.

    arrivals None: the hall's arrivals are not known. wait: minutes, of who joins in it; None: nobody
    can know, or nobody comes. within: share of them called in time. waiting: at its end. open: windows
    that call for the queue then. needed: windows for a steady load of so many arrivals (METRICS 6);
    None: unknown.
    """

    start: float
    end: float
    arrivals: Range | None
    waiting: Range
    wait: Range | None
    within: float | None
    open: int
    needed: int | None


@dataclass(frozen=True)
class Advice:
    """From `start` on `queue` breaks its promise with a middle wait of `wait`; with `windows` open too
    it would be `after`. No windows: there is none that could be opened. kept: whether the promise would
    hold then."""

    queue: str
    start: float
    wait: float
    target: float
    windows: tuple[str, ...] = ()
    after: float | None = None
    kept: bool = False


@dataclass(frozen=True)
class Ahead:
    """`parts`: queue -> its half hours; empty: no window of it is open or planned."""

    parts: Mapping[str, tuple[Part, ...]]
    advice: Advice | None
    futures: int


def edges(local: datetime) -> tuple[float, ...]:
    """Where the half hours of the clock begin and end, in minutes from `local`, about two hours in all."""
    past = local.minute % HALF_HOUR + local.second / 60
    first = HALF_HOUR - past
    if first < LEAST:
        first += HALF_HOUR
    found = [0.0, first]
    while len(found) <= PARTS:
        found.append(found[-1] + HALF_HOUR)
    return tuple(found)


def foresee(
    scene: Scene,
    local: datetime,
    aims: Mapping[str, Aim],
    dice: Callable[[int], Dice],
    spare: Sequence[Desk] = (),
    knows_arrivals: bool = True,
    futures: int | None = None,
) -> Ahead:
    """The forecast at `local`, the hall's own clock. `spare`: closed windows that could be opened, best
    first.

    knows_arrivals: False when nobody knows who will come; then only those who are here or have booked are
    played. dice(n): the dice of future n; equal dice give equal answers.
    """
    at = edges(local)
    people = len(scene.waiting) + sum(
        (min(e, SPAN) - s) * rate for s, e, rate in scene.newcomers.steps if s < SPAN
    )
    count = futures or max(FUTURES[0], min(FUTURES[1], int(WORK / max(people, 1))))
    days = _watched(scene, dice, count)
    parts = {
        queue: tuple(_parts(scene, queue, aim, at, days, knows_arrivals))
        for queue, aim in aims.items()
        if any(_serves(desk, queue) and desk.is_sure for desk in scene.desks)
    }
    return Ahead(parts, _advice(scene, parts, aims, at, spare, dice), count)


def _watched(scene: Scene, dice: Callable[[int], Dice], count: int) -> list[dict[str, list[Stay]]]:
    stage, found = Stage(scene), []
    for n in range(count):
        by_queue: dict[str, list[Stay]] = defaultdict(list)
        for stay in stage.watch(dice(n), SPAN + LEAST + LONGEST):
            by_queue[stay.queue].append(stay)
        found.append(by_queue)
    return found


def _serves(desk: Desk, queue: str) -> bool:
    return any(q == queue and service is None for pools in desk.pools for q, service in pools)


def _parts(
    scene: Scene,
    queue: str,
    aim: Aim,
    at: Sequence[float],
    days: Sequence[Mapping[str, Sequence[Stay]]],
    known: bool = True,
) -> list[Part]:
    stays = [day.get(queue, ()) for day in days]
    own = [desk for desk in scene.desks if _serves(desk, queue)]
    minutes = _mean_minutes(scene, queue)
    return [_part(own, minutes, aim, span, stays, known) for span in zip(at, at[1:], strict=False)]


def _part(
    own: Sequence[Desk],
    minutes: float,
    aim: Aim,
    span: tuple[float, float],
    days: Sequence[Sequence[Stay]],
    known: bool,
) -> Part:
    start, end = span
    joins = [[s for s in day if max(start, 1e-9) <= s.joined < end] for day in days]
    waits = [_wait(s) for day in joins for s in day if not s.gone]
    arrivals = _range([float(len(day)) for day in joins])
    mean = sum(map(len, joins)) / len(joins)
    return Part(
        start=start,
        end=end,
        arrivals=arrivals if known else None,
        waiting=_range([float(sum(_waits_at(s, end) for s in day)) for day in days]),
        wait=_range(waits) if waits else None,
        within=sum(w <= aim.target for w in waits) / len(waits) if waits else None,
        open=sum(any(a < end and b > start for a, b in desk.spells) for desk in own),
        needed=windows_needed(mean * 60 / (end - start), minutes, aim.target, aim.goal) if known else None,
    )


def _wait(stay: Stay) -> float:
    wait = inf if stay.called is None else stay.called - stay.joined
    return wait if wait <= LONGEST else inf


def _waits_at(stay: Stay, t: float) -> bool:
    return stay.joined <= t and (stay.called is None or stay.called > t)


def _mean_minutes(scene: Scene, queue: str) -> float:
    """Of the queue's services, by who is expected for them."""
    shares: dict[str, float] = defaultdict(float)
    for share, service, _ in scene.newcomers.mix:
        if scene.queue_of.get(service) == queue:
            shares[service] += share
    if not shares:
        shares.update({s: 1.0 for s, q in scene.queue_of.items() if q == queue})
    total = sum(shares.values())
    return sum(scene.mean_minutes[s] * share for s, share in shares.items()) / total if total else 0.0


def _range(values: Sequence[float]) -> Range:
    found = sorted(values)
    n = len(found)
    return Range(found[ceil(n * 0.5) - 1], found[ceil(n * 0.1) - 1], found[ceil(n * 0.9) - 1])


# ---------------------------------------------------------------------- advice


def _broken(part: Part, aim: Aim) -> bool:
    """Is the promise of this half hour broken in the middle future?"""
    return (
        part.wait is not None
        and part.within is not None
        and part.within < aim.goal
        and part.wait.middle > aim.target
    )


def _advice(
    scene: Scene,
    parts: Mapping[str, Sequence[Part]],
    aims: Mapping[str, Aim],
    at: Sequence[float],
    spare: Sequence[Desk],
    dice: Callable[[int], Dice],
) -> Advice | None:
    """For the queue that is over its promise by the most: the fewest further windows that mend it, or
    what the most of them would do."""
    worst: tuple[float, str, Part] | None = None
    for queue, mine in parts.items():
        late = [part for part in mine if _broken(part, aims[queue])]
        if not late:
            continue
        over = max((part.wait.middle if part.wait else 0.0) / max(aims[queue].target, 1.0) for part in late)
        if worst is None or over > worst[0]:
            worst = over, queue, late[0]
    if worst is None:
        return None
    _, queue, first = worst
    aim = aims[queue]
    assert first.wait is not None
    told = Advice(queue, first.start, first.wait.middle, aim.target)
    able = [desk for desk in spare if _serves(desk, queue)][:TRIED]
    for n in range(1, len(able) + 1):
        more = replace(scene, desks=(*(d for d in scene.desks if d.window not in _ids(able[:n])), *able[:n]))
        tried = _parts(more, queue, aim, at, _watched(more, dice, FEW_FUTURES))
        same = next(part for part in tried if part.start == first.start)
        kept = not any(_broken(part, aim) for part in tried if part.start >= first.start)
        after = same.wait.middle if same.wait else None
        told = replace(told, windows=tuple(d.window for d in able[:n]), after=after, kept=kept)
        if kept:
            break
    return told


def _ids(desks: Sequence[Desk]) -> set[str]:
    return {desk.window for desk in desks}
