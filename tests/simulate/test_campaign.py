"""Hall-days with faults on the real deeds: retries, duplicates, crashes, restarts, clock jumps, one day after
another on the same database. What was promised holds every evening."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from server.simulate.loop import Play
from server.simulate.real import temporary_store
from server.simulate.run import World
from server.simulate.scenario import Scenario, citizens_of, manners_of, shifts_of, working_days
from server.text import Texts
from tests.conftest import ROOT
from tests.simulate.faulty import FaultyHall


def hall_days(world: World, seed: int, days: int, tickets: int, rate: float) -> Counter[str]:
    """So many days in a row on one database; the faults that were met."""
    rng = Random(seed)
    scenario = Scenario(tickets=tickets, appointment_share=0.0, priority_share=0.2, back_share=0.5,
                        date=Scenario().date + timedelta(days=7 * (seed % 4)))  # fmt: skip
    with temporary_store(world.hall) as (store, clock):
        hall = FaultyHall(
            store, clock, world.hall, world.template, Texts(ROOT / "config" / "text"), rng, rate
        )
        for day in working_days(scenario, world.hall, days):
            hall.begin(day)
            people = citizens_of(scenario, world.hall, world.arrivals, day, seed)
            shifts = shifts_of(scenario, world.hall, day)
            Play(hall, manners_of(scenario, world.hall, world.arrivals), people, shifts).run()
            hall.hold()
            hall.end()
        hall.hold()
        hall.store.engine.dispose()
        return hall.faults


def test_a_few_days_with_many_faults(world: World) -> None:
    faults = hall_days(world, seed=1, days=3, tickets=40, rate=0.05)
    assert all(faults[f] for f in ("jump", "crash", "lost reply", "late duplicate")), faults


def test_a_crowded_day_with_faults(world: World) -> None:
    hall_days(world, seed=2, days=1, tickets=150, rate=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_campaign_of_hall_days(world: World, seed: int) -> None:
    """100 x 10 = 1,000 days."""
    hall_days(world, seed, days=10, tickets=8 + seed % 25, rate=0.04)
