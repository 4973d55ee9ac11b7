"""(k) Replay: a hall-day on the virtual clock, by the pure rule and by the real deeds; what-if."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from bench.figures import Row

if TYPE_CHECKING:
    from server.simulate.run import World
    from server.simulate.what_if import Present

TICKETS = 400
MUST = 2000  # ms
CROWDS = (0, 60, 200)
TEN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # ten o'clock in the demo hall


def run(folder: Path, quick: bool) -> list[Row]:
    """Rows: milliseconds of a day and of an answer."""
    from bench.estimates import _world
    from server.simulate.run import simulate
    from server.simulate.scenario import Scenario
    from server.simulate.what_if import Change, what_if

    world, times = _world(), 2 if quick else 4
    day, found = Scenario(tickets=TICKETS), []
    for how, real in (("in memory", False), ("with the real deeds and SQLite", True)):
        spent = _best(partial(simulate, world, day, 1, 1, real), times)
        found.append(Row("replay", f"a hall-day of {TICKETS} tickets {how}", spent, must=MUST))
    for waiting in CROWDS:
        now = _present(world, waiting)
        for what, change in (
            ("one more window", Change("open", "W04")),
            ("40 % booked", Change("share", share=0.4)),
        ):
            spent = _best(partial(what_if, now, change, world.hall, world.arrivals), times)
            found.append(Row("replay", f"what if: {what}, {waiting} waiting", spent, must=MUST))
    return found


def _best(do: Callable[[], object], times: int) -> float:
    """Milliseconds, the best of so many."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        do()
        found.append((time.perf_counter() - begun) * 1000)
    return min(found)


def _present(world: World, waiting: int) -> Present:
    """So many wait for what the demo hall's mix asks, every window but the tidal one is at work."""
    from server.domain.estimate.roll import asking
    from server.domain.tickets import State
    from server.simulate.what_if import Present

    catalogue, dice = world.hall.catalogue, Random(5)
    services, shares = zip(*((m.service, m.share) for m in world.arrivals.mix), strict=True)
    legs = []
    for i, service in enumerate(dice.choices(services, shares, k=waiting), 1):
        cls = dice.choice(["ordinary"] * 8 + ["elder", "appointment"])
        since = TEN - timedelta(minutes=dice.uniform(0, 25))
        legs.append(asking(i, catalogue.services[service].queue, service, cls, since))
    open = [w for w in catalogue.windows.values() if w.default_state == "open" and w.queues[0] != "N"]
    for i, window in enumerate(open, waiting + 1):
        service = next(s.id for s in catalogue.services.values() if s.queue == window.queues[0])
        began = TEN - timedelta(minutes=dice.uniform(0.1, 12))
        leg = asking(i, window.queues[0], service, "ordinary", began)
        busy = replace(leg, state=State.SERVING, window=window.id, called_at=began, started_at=began)
        legs.append(busy)
    return Present(TEN, tuple(legs), frozenset(w.id for w in open), taken=150, taken_last_hour=60)
