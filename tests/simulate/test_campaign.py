"""Hall-days with faults on the real deeds: retries, duplicates, crashes, restarts, a busy database, clock
jumps, one day after another on the same database. What was promised holds every evening."""

from __future__ import annotations

import time
from datetime import timedelta
from random import Random

import pytest

from server.simulate.loop import Play
from server.simulate.real import temporary_store
from server.simulate.run import World
from server.simulate.scenario import Scenario, citizens_of, manners_of, shifts_of, working_days
from server.store import engine
from server.text import Texts
from tests.conftest import ROOT
from tests.simulate.faulty import FAULTS, FaultyHall

DAYS, SEEDS = 10, range(100, 200)  # 1,000 days


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy database is given up after a moment, not after fifteen seconds."""
    monkeypatch.setattr(engine, "BUSY_S", 0.005)


def hall_days(
    world: World, seed: int, days: int, tickets: int, rate: float, lively: float = 0.08
) -> FaultyHall:
    """So many days in a row on one database."""
    rng = Random(seed)
    scenario = Scenario(tickets=tickets, appointment_share=0.2, missed_share=0.1, priority_share=0.2,
                        back_share=0.5, date=Scenario().date + timedelta(days=7 * (seed % 4)))  # fmt: skip
    texts = Texts(ROOT / "config" / "text")
    with temporary_store(world.hall) as (store, clock):
        hall = FaultyHall(store, clock, world.hall, world.template, texts, rng, rate, lively)
        for day in working_days(scenario, world.hall, days):
            people = hall.begin(day, citizens_of(scenario, world.hall, world.arrivals, day, seed))
            shifts = shifts_of(scenario, world.hall, day)
            Play(hall, manners_of(scenario, world.hall, world.arrivals), people, shifts).run()
            hall.hold()
            hall.end()
        hall.hold()
        hall.store.engine.dispose()
        return hall


def test_a_few_days_with_many_faults(world: World) -> None:
    hall = hall_days(world, seed=1, days=3, tickets=40, rate=0.04, lively=0.15)
    assert all(hall.faults[f] for f in FAULTS), hall.faults
    rare = {"unhold", "undo", "transfer", "rate", "cancel", "alarm", "over", "pause", "choose", "confirm"}
    assert all(hall.done[word] for word in rare), hall.done


@pytest.mark.slow
def test_a_crowded_day_with_faults(world: World) -> None:
    hall_days(world, seed=2, days=1, tickets=150, rate=0.02)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
def test_campaign_of_hall_days(world: World, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A failure names its seed: hall_days(world, seed, ...) plays it again, act by act the same."""
    begun = time.perf_counter()
    hall = hall_days(world, seed, DAYS, tickets=8 + seed % 25, rate=0.04)
    took = f"{time.perf_counter() - begun:.1f} s"
    met = ", ".join(f"{n} x {fault}" for fault, n in sorted(hall.faults.items()))
    with capsys.disabled():
        print(f"\nseed {seed}: {DAYS} days, {len(hall.given)} numbers, {took}: {met}")
