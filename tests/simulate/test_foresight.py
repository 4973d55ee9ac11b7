"""How good the estimates are on simulated days: a few here, the campaign behind the slow marker, and the full
table by `wucha bench estimates`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from random import Random

import pytest

from server.domain.estimate.promise import Widths
from server.domain.estimate.times import Learned
from server.domain.rosters import DayShift, Roster
from server.simulate.foresight import ToldHall, told_days
from server.simulate.lively import Liveliness
from server.simulate.pooled import POOLED, pooled, truth
from server.simulate.run import World, simulate
from server.simulate.told import Told, judge, jumpiness

MONDAY = date(2026, 3, 2)


def unaware(learned: Learned) -> Learned:
    """Nobody comes after those who are here."""
    return replace(learned, profile=None)


def told(waited: float, p50: float, most: float, day: int = 2) -> Told:
    return Told(date(2026, 3, day), "A", "ordinary", p50, most, 0, 0.0, waited)


def test_the_figures_of_a_verdict() -> None:
    found = judge([told(10, 12, 15), told(20, 12, 15), told(40, 33, 45, day=3)])
    assert (found.calls, found.mae) == (3, pytest.approx((2 + 8 + 7) / 3))
    assert found.kept == pytest.approx(2 / 3)
    assert found.worst == 0.5
    assert found.near == pytest.approx(2 / 3)
    assert found.by_size == {"5-15": 2, "15-30": 8, "30-60": 7}
    assert judge([told(1, 1, 2), Told(date(2026, 3, 2), "A", "ordinary", 9, 9, 0, 0.0)]).calls == 1


def test_the_jumps_of_a_shown_time() -> None:
    person = replace(told(5, 5, 9), shown=[600.0, 600.0, 602.0, 602.0, 600.0])
    found = jumpiness([person])
    assert (found.per_ten, found.mean) == (pytest.approx(4.0), 2.0)
    assert jumpiness([]).per_ten == 0


def test_the_pooled_hall_is_crowded(world: World) -> None:
    found = simulate(pooled(world), POOLED, 1, 20, real=False)
    assert found.mean_wait == pytest.approx(12.8, abs=3)
    assert found.lost == pytest.approx(0.028, abs=0.01)


def test_the_estimator_sees_who_sits_where_as_the_hall_does(world: World) -> None:
    """Two skills at a window of which one has ended; a window that the roster fills from half past ten."""
    people, windows = ({**d} for d in (world.hall.catalogue.people, world.hall.catalogue.windows))
    ended = date(2026, 3, 1)
    people["ZW001"] = replace(people["ZW001"], skills=("A", "B"), skill_until={"A": ended})
    windows["W01"] = replace(windows["W01"], queues=("A", "B"))
    half = time(10, 30)
    later = (DayShift(MONDAY, time(8, 30), half, ""), DayShift(MONDAY, half, time(12), "ZW003"))
    catalogue = replace(world.hall.catalogue, people=people, windows=windows)
    hall = replace(world.hall, catalogue=catalogue, rosters={"W03": Roster("W03", (), later)})
    told_hall = ToldHall(hall, MONDAY, Learned({}, {}, rough=True), [], Widths(), 5, watch=False)
    told_hall.at(10 * 3600)
    told_hall.open("W01")
    desks = {d.window: d for d in told_hall.scene().desks}
    assert desks["W01"].pools == ((("B", None),),)
    assert desks["W02"].pools[0] == (("A", None),), "who will sit at a closed window is thought to be able"
    assert desks["W03"].spells[0][0] == pytest.approx(30 + Learned({}, {}, rough=True).pauses.tardy)


def test_windows_keep_their_pace_and_days_draw_their_own() -> None:
    one, other = (Liveliness.drawn(["W01", "W02"], 1, day) for day in ("mon", "tue"))
    assert one.pace == other.pace
    assert one.slow != other.slow
    assert one == Liveliness.drawn(["W01", "W02"], 1, "mon")
    assert Random(1).random() != one.slow


@pytest.mark.timeout(300)
@pytest.mark.slow
def test_a_crowded_day(world: World) -> None:
    """After a week the hall knows nearly what is to be known, and newcomers have to be reckoned with."""
    crowded = pooled(world)
    own, best, blind = (
        judge(told_days(crowded, 6, 1, seed=4, futures=15, scenario=POOLED, tune=tune))
        for tune in (lambda learned: learned, truth(crowded), unaware)
    )
    assert own.calls > 300
    assert own.mae < 1.2 * best.mae
    assert own.mae < blind.mae
    assert own.kept > 0.8


def test_the_shown_time_moves_in_small_steps(world: World) -> None:
    found = jumpiness(told_days(pooled(world), 2, 1, seed=4, futures=5, scenario=POOLED, watch=True))
    assert 0 < found.per_ten < 6
    assert found.p95 <= 6


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("lively", [False, True])
def test_campaign_of_days(world: World, lively: bool) -> None:
    """Sixty days, as QUEUEING's table: `-s` shows the figures."""
    crowded = pooled(world)
    own = judge(told_days(crowded, 25, 60, seed=11, scenario=POOLED, lively=lively))
    best = judge(told_days(crowded, 25, 60, seed=11, scenario=POOLED, lively=lively, tune=truth(crowded)))
    print(*own.lines(), f"knowing the truth: {best.mae:.2f} min", sep="\n")
    assert own.mae < 1.05 * best.mae
    assert 0.88 <= own.kept <= 0.95
    assert own.worst >= (0.8 if lively else 0.84)
    assert lively or own.mae <= 3.2
