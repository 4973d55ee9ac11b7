"""All answers at once: the forecast of every waiting leg, and of a number taken now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil, exp, gcd, inf, lgamma, log
from operator import mul
from statistics import NormalDist

from server.domain.estimate.promise import Forecast
from server.domain.estimate.roll import GHOSTS, Stage, asking
from server.domain.estimate.scene import Dice, Scene
from server.domain.routing import ORDINARY
from server.domain.tickets import Leg

PRIORITY = "priority"
MOST, FEWEST = 100, 6  # futures
FEW = 20  # futures, of which each rank is still much a matter of chance
FINE = 50  # steps of the integral per value
WORK = 16_000  # calls to be played for one answer: the more wait, the fewer futures

Question = tuple[str, str]  # service, class: ordinary or priority


@dataclass(frozen=True)
class Outlook:
    """None: nobody can know, since no window of the queue is open or planned."""

    legs: Mapping[int, Forecast | None]
    fresh: Mapping[Question, Forecast | None]
    futures: int


def how_many(waiting: int) -> int:
    """How many futures are played for so many waiting."""
    return max(FEWEST, min(MOST, WORK // max(waiting, 1)))


def look(scene: Scene, dice: Callable[[int], Dice], futures: int | None = None) -> Outlook:
    """Play the scene forward. `dice(n)`: the dice of future n; equal dice give equal answers."""
    ghosts, answers = _questions(scene)
    stage = Stage(scene, ghosts)
    count = futures or how_many(len(scene.waiting))
    times: dict[int, list[float]] = defaultdict(list)
    for n in range(count):
        for leg, minutes in stage.play(dice(n), days(count)[n]).items():
            times[leg].append(minutes)
    asked = {ghost.id: ghost for ghost in ghosts}
    found = {leg.id: _forecast(scene, leg, times[leg.id], count) for leg in (*scene.waiting, *ghosts)}
    return Outlook(
        legs={leg: forecast for leg, forecast in found.items() if leg not in asked},
        fresh={question: found[ghost] for question, ghost in answers.items()},
        futures=count,
    )


def ask(scene: Scene, question: Question, dice: Callable[[int], Dice], futures: int) -> Forecast | None:
    """The answer to one question alone; every future ends with it."""
    service, priority = question
    ghost = asking(GHOSTS, scene.queue_of[service], service, priority, scene.now)
    stage = Stage(scene, (ghost,), asked=())
    calls = (stage.play(dice(n), days(futures)[n]).get(ghost.id) for n in range(futures))
    return _forecast(scene, ghost, [t for t in calls if t is not None], futures)


def _questions(scene: Scene) -> tuple[list[Leg], dict[Question, int]]:
    """One ghost for all services that the rule and the windows cannot tell apart; who asks which."""
    mean_all = sum(scene.mean_minutes.values()) / max(len(scene.mean_minutes), 1)
    ghosts: dict[object, Leg] = {}
    answers: dict[Question, int] = {}
    for service, queue in scene.queue_of.items():
        share = round((scene.mean_minutes[service] / mean_all) ** scene.rules.gamma * 4)
        able = tuple(desk.window for desk in scene.desks if desk.serves(queue, service))
        for priority in (ORDINARY, PRIORITY):
            kind = (queue, able, priority, share if priority == ORDINARY else 0)
            if kind not in ghosts:
                ghosts[kind] = asking(GHOSTS + len(ghosts), queue, service, priority, scene.now)
            answers[service, priority] = ghosts[kind].id
    return list(ghosts.values()), answers


def _forecast(scene: Scene, leg: Leg, times: Iterable[float], count: int) -> Forecast | None:
    if not any(desk.is_sure and desk.may_call(leg) for desk in scene.desks):
        return None
    p50, p90 = quantiles(times, count)
    return None if p90 == inf else Forecast(p50, p90)


@cache
def days(count: int) -> tuple[tuple[float, float], ...]:
    """How slow and how busy each of `count` futures is, in standard deviations: every slice of either is met
    once (a Latin square), which a few draws of the dice would not do."""
    step = next(k for k in range(max(round(count * 0.618), 1), count + 2) if gcd(k, count) == 1)
    slice_of = [NormalDist().inv_cdf((n + 0.5) / count) for n in range(count)]
    return tuple((slice_of[n], slice_of[n * step % count]) for n in range(count))


def quantiles(times: Iterable[float], count: int) -> tuple[float, float]:
    """(p50, p90) of `count` futures of which `times` came to a call; inf when too few did.

    Of FEW and more the ranks themselves, which are times at which somebody is called. Of fewer a mean of all
    by their rank (Harrell and Davis, Biometrika 69, 1982), which is less a matter of chance.
    """
    found = sorted(times)
    shares, called = (0.5, 0.9), len(found)
    ranks = [ceil(count * share) - 1 for share in shares]
    if count < FEW and called:
        found += [found[-1]] * (count - called)
        means = [sum(map(mul, _weights(count, share), found)) for share in shares]
        p50, p90 = (mean if rank < called else inf for mean, rank in zip(means, ranks, strict=True))
    else:
        p50, p90 = (found[rank] if rank < called else inf for rank in ranks)
    return p50, p90


@cache
def _weights(count: int, share: float) -> tuple[float, ...]:
    """What each of `count` ordered values weighs in the quantile `share`: slices of a beta distribution."""
    a, b = (count + 1) * share, (count + 1) * (1 - share)
    scale = lgamma(a + b) - lgamma(a) - lgamma(b)
    weights = [0.0] * count
    for i in range(FINE * count):
        x = (i + 0.5) / (FINE * count)
        weights[i // FINE] += exp(scale + (a - 1) * log(x) + (b - 1) * log(1 - x))
    total = sum(weights)
    return tuple(weight / total for weight in weights)
