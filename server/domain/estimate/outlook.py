"""All answers at once: the forecast of every waiting leg, and of a number taken now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil, inf

from server.domain.estimate.promise import Forecast
from server.domain.estimate.roll import GHOSTS, Stage, asking
from server.domain.estimate.scene import Dice, Scene
from server.domain.routing import ORDINARY
from server.domain.tickets import Leg

PRIORITY = "priority"
MOST, FEWEST = 100, 6  # futures
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
        for leg, minutes in stage.play(dice(n)).items():
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
    calls = (stage.play(dice(n)).get(ghost.id) for n in range(futures))
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


def quantiles(times: Iterable[float], count: int) -> tuple[float, float]:
    """(p50, p90) of `count` futures of which `times` came to a call."""
    found = sorted(times)
    found += [inf] * (count - len(found))
    return found[ceil(count * 0.5) - 1], found[ceil(count * 0.9) - 1]
