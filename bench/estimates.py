"""(f) Estimates: days of a pooled, crowded hall in which everybody is told a wait; the time of a look ahead.

"bare" is the error of an estimator that knows the distributions the days are drawn from: nobody does better.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from bench.figures import Row
from bench.procs import ROOT

if TYPE_CHECKING:
    from server.domain.estimate.scene import Scene
    from server.simulate.run import World
    from server.simulate.told import Told

LEARNING, DAYS, WATCHED = 25, 60, 3
HALL_DAYS = 100  # of which the hall itself is measured, as in QUEUEING's table of rules
WAITING, WINDOWS = 2000, 60


def run(folder: Path, quick: bool) -> list[Row]:
    """Rows: error, promises kept, jumps of the shown clock time, milliseconds of a look ahead."""
    from server.simulate.pooled import POOLED, pooled, truth
    from server.simulate.run import simulate, table
    from server.simulate.told import judge, jumpiness

    world, days = pooled(_world()), DAYS // 6 if quick else DAYS
    told = judge(_play(world, days))
    best = judge(_play(world, days, tune=truth(world)))
    lively = judge(_play(world, days, lively=True))
    jumps = jumpiness(_play(world, 1 if quick else WATCHED, watch=True, futures=40))
    for line in [*table(simulate(world, POOLED, 11, HALL_DAYS, real=False)), *told.lines()]:
        print(f"  {line}")
    part = "estimates"
    return [
        Row(part, "mean error", told.mae, unit="min", must=3.2, note=f"{told.calls} calls, {days} days"),
        Row(part, "mean error against knowing the truth", told.mae, best.mae, unit="min", must=1.1),
        Row(part, '"at most" broken', 100 * (1 - told.kept), unit="%", must=12, note="7-12 wanted"),
        Row(part, '"at most" broken, worst day', 100 * (1 - told.worst), unit="%", must=16),
        Row(part, "mean promise", told.most, best.most, unit="min"),
        Row(part, "mean error on lively days", lively.mae, unit="min", note="paces, pauses, slow days"),
        Row(part, '"at most" broken, lively', 100 * (1 - lively.kept), unit="%", must=12),
        Row(
            part,
            "changes of the shown time in 10 min",
            jumps.per_ten,
            unit="",
            note=f"p95 {jumps.p95:.0f} min",
        ),
        Row(part, f"look ahead, {WAITING} waiting, {WINDOWS} windows", _spent(_crowd(WAITING)), must=250),
        Row(part, "one question, 200 waiting", _spent(_crowd(200), one=True), must=20, note="else looked up"),
    ]


def _world() -> World:
    from server.settings import read_hall
    from server.simulate.arrivals import read_arrivals
    from server.simulate.run import World

    config = ROOT / "config"
    hall = read_hall(config / "demo", config)
    arrivals = read_arrivals(config / "demo" / "arrivals.toml", hall.catalogue)
    return World(hall, arrivals, hall.slips)


def _play(world: World, days: int, **more: Any) -> Sequence[Told]:
    from server.simulate.foresight import told_days
    from server.simulate.pooled import POOLED

    return told_days(world, LEARNING, days, seed=11, scenario=POOLED, **more)


def _crowd(many: int) -> Scene:
    """So many of all services and classes before WINDOWS busy windows, a quarter of them comprehensive."""
    from server.domain.estimate.coming import Newcomers
    from server.domain.estimate.roll import asking
    from server.domain.estimate.scene import Busy, Desk, Scene
    from server.domain.estimate.times import cold

    hall, dice, now = _world().hall, Random(1), datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    catalogue = hall.catalogue
    services = [s for s in catalogue.services.values() if catalogue.serving[s.queue]]
    kinds = ["ordinary"] * 8 + ["elder", "appointment"]
    legs = [
        asking(i, s.queue, s.id, dice.choice(kinds), now - timedelta(minutes=60 * dice.random()))
        for i, s in enumerate(dice.choices(services, k=many), 1)
    ]
    everything = tuple((queue, None) for queue in catalogue.queues)
    windows = [w for w in catalogue.windows.values() if w.kind != "comprehensive"]
    desks = []
    for i in range(WINDOWS):
        own = everything if i % 4 == 0 else tuple((q, None) for q in windows[i % len(windows)].queues)
        busy = Busy(dice.choice(services).id, 10 * dice.random())
        desks.append(Desk(str(i), (own,), i % 4 == 0, ((0.0, inf),), busy))
    minutes = {s.id: s.avg_minutes for s in catalogue.services.values()}
    mix = tuple((1.0, s.id, kind) for s in services for kind in ("ordinary", "elder"))
    return Scene(
        now=now,
        waiting=tuple(legs),
        desks=tuple(desks),
        rules=hall.rules,
        queue_of={s.id: s.queue for s in catalogue.services.values()},
        mean_minutes=minutes,
        times={s: cold(m) for s, m in minutes.items()},
        pace={},
        max_share=0.5,
        newcomers=Newcomers(((0.0, 240.0, 1.0),), mix, 0.1),
    )


def _spent(scene: Scene, one: bool = False) -> float:
    """Milliseconds, the best of five."""
    from server.domain.estimate.outlook import ask, how_many, look

    found = []
    for _ in range(5):
        begun = time.perf_counter()
        if one:
            ask(scene, (scene.waiting[0].service, "ordinary"), Random, how_many(len(scene.waiting)) // 8)
        else:
            look(scene, Random)
        found.append((time.perf_counter() - begun) * 1000)
    return min(found)
