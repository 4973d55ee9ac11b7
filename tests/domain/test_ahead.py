"""The next two hours and today beside a usual day, on made-up halls."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.estimate.ahead import LEAST, SPAN, Aim, edges, foresee
from server.domain.estimate.coming import Newcomers
from server.domain.estimate.roll import Stage
from server.domain.routing import ORDINARY
from server.domain.staffing import service_level, waits_at_all, windows_needed
from server.domain.usual_day import FEWEST, HalfHour, Passed, comparable, compare
from server.settings import HallSettings
from tests.domain.test_estimate import NOW, desk, leg, scene

LOCAL = datetime.fromisoformat("2026-03-02T09:00")
AIM = {"A": Aim(15, 0.8)}
MIX = ((1.0, "a1", ORDINARY),)


# ---------------------------------------------------------------- METRICS 6


def test_erlang_c_gives_the_figures_of_the_metrics() -> None:
    told = {4: (0.856, 0.386), 5: (0.456, 0.906), 6: (0.224, 0.987)}
    for windows, (waits, level) in told.items():
        assert waits_at_all(14 * 16 / 60, windows) == pytest.approx(waits, abs=6e-4)
        assert service_level(14, 16, windows, 20) == pytest.approx(level, abs=6e-4)
    assert windows_needed(14, 16, 20, 0.8) == 5
    assert windows_needed(0, 16, 20, 0.8) == 0
    assert windows_needed(1e6, 16, 20, 0.8) is None


# ---------------------------------------------------------------- the next two hours


@given(st.integers(0, 24 * 60 - 1))
def test_the_half_hours_are_those_of_the_clock(minute: int) -> None:
    local = LOCAL.replace(hour=0) + timedelta(minutes=minute)
    found = edges(local)
    assert found[0] == 0
    assert LEAST <= found[1] < 30 + LEAST
    assert len(found) == 5
    assert SPAN - 20 <= found[-1] < SPAN + LEAST
    assert all((minute + edge) % 30 == 0 for edge in found[1:])


def test_what_comes_waits_and_is_called() -> None:
    """One window, five minutes each, somebody every ten minutes: nobody waits long, nobody piles up."""
    calm = scene(newcomers=Newcomers(((0.0, 240.0, 0.1),), MIX))
    found = foresee(calm, LOCAL, AIM, Random, futures=60)
    parts = found.parts["A"]
    assert [part.start for part in parts] == [0, 30, 60, 90]
    for part in parts:
        assert part.arrivals is not None
        assert part.wait is not None
        assert 0 <= part.arrivals.low < 3 < part.arrivals.high <= 8
        assert part.arrivals.middle == pytest.approx(3, abs=1.01)
        assert part.wait.middle < 8
        assert part.waiting.middle <= 1
        assert part.open == 1
        assert part.needed == 1
    assert found.advice is None
    assert foresee(calm, LOCAL, AIM, Random, futures=60) == found


def test_too_many_for_one_window_and_the_window_that_mends_it() -> None:
    """Thirty wait, somebody comes every five minutes: the advice names the fewest windows that keep the
    promise."""
    busy = scene(*(leg(i, 0.1) for i in range(30)), newcomers=Newcomers(((0.0, 240.0, 0.2),), MIX))
    spare = [desk("2", "A"), desk("3", "A"), desk("9", "B")]
    found = foresee(busy, LOCAL, AIM, Random, spare, futures=30)
    advice = found.advice
    assert advice is not None
    assert (advice.queue, advice.start, advice.target) == ("A", 0.0, 15)
    assert advice.wait > 100
    assert advice.windows == ("2", "3")
    assert advice.after is not None
    assert advice.after < advice.wait / 2
    assert "9" not in advice.windows
    alone = foresee(busy, LOCAL, AIM, Random, futures=16).advice
    assert alone is not None
    assert alone.windows == ()
    assert alone.after is None
    assert not alone.kept


def test_nobody_knows_is_said() -> None:
    shut = scene(leg(1, 5), desks=(desk("1", "B"),))
    assert "A" not in foresee(shut, LOCAL, AIM, Random, futures=4).parts
    strange = foresee(scene(leg(1, 5)), LOCAL, AIM, Random, knows_arrivals=False, futures=4).parts["A"]
    assert all(part.arrivals is None and part.needed is None and part.wait is None for part in strange)


def test_a_watched_future_counts_everybody_once() -> None:
    busy = scene(*(leg(i, 3) for i in range(20)), newcomers=Newcomers(((0.0, 60.0, 0.5),), MIX))
    for seed in range(5):
        stays = Stage(busy).watch(Random(seed), 120)
        here = [s for s in stays if s.joined < 0]
        assert len(here) == 20
        assert all(s.called is None or 0 <= s.called <= 120 for s in stays)
        assert [s for s in stays if s.called is None], "one window cannot call fifty in two hours"
    none = replace(busy, desks=(replace(desk("1", "A"), spells=((600.0, inf),)),))
    assert all(s.called is None for s in Stage(none).watch(Random(1), 60))
    assert len(Stage(none).watch(Random(1), 60)) > 30


# ---------------------------------------------------------------- today beside a usual day

MONDAY = date(2026, 3, 2)


def test_the_same_weekday_goes_before_other_days() -> None:
    assert NOW.date() == MONDAY
    every = [MONDAY - timedelta(days=n) for n in range(30)]
    basis, days = comparable(every, MONDAY, date.weekday)
    assert basis == "weekday"
    assert days == tuple(MONDAY - timedelta(weeks=n) for n in range(1, 5))
    basis, days = comparable(every[:11], MONDAY, date.weekday)
    assert (basis, len(days), days[0]) == ("days", 8, MONDAY - timedelta(days=1))
    basis, days = comparable(every[:FEWEST], MONDAY, date.weekday)
    assert (basis, len(days)) == (None, FEWEST - 1)


def test_a_weekend_day_that_works_is_held_against_its_kind_and_no_saturday_against_it(
    hall: HallSettings,
) -> None:
    """2026-02-14 and 02-28 are Saturdays that work; with fewer than three of them the last days are told."""
    weekday = hall.calendar.weekday_of
    makes_up, usual = date(2026, 2, 28), date(2026, 3, 14)
    every = [usual - timedelta(days=n) for n in range(1, 90)]
    basis, days = comparable(every, usual, weekday)
    assert basis == "weekday"
    assert all(d.weekday() == 5 for d in days)
    assert not {date(2026, 2, 14), makes_up} & set(days)
    basis, days = comparable(every, makes_up, weekday)
    assert (basis, days[0]) == ("days", makes_up - timedelta(days=1))


def test_the_middle_of_past_days_and_today_so_far() -> None:
    past = {
        MONDAY - timedelta(weeks=n): [Passed(545, wait, 560 + n) for wait in waits]
        for n, waits in ((1, (4.0, 6.0)), (2, (20.0,)), (3, (8.0, 9.0, 10.0)))
    }
    today = [Passed(541, 3.0, 552), Passed(545, 30.0), Passed(575)]
    found = compare(today, past, MONDAY, 570, date.weekday)
    assert found.basis == "weekday"
    assert found.usual == {18: HalfHour(2, 2, 9.0)}
    assert found.today == {18: HalfHour(2, 1, 16.5), 19: HalfHour(1, 0, None)}
    assert (found.so_far.arrivals, found.so_far.served, found.so_far.wait) == (2, 1, 3.0)
    assert found.usual_so_far is not None
    assert (found.usual_so_far.arrivals, found.usual_so_far.served) == (2, 2)


def test_too_few_days_are_called_nothing() -> None:
    found = compare([Passed(541)], {MONDAY - timedelta(days=1): [Passed(500)]}, MONDAY, 600, date.weekday)
    assert found.basis is None
    assert found.usual == {}
    assert found.usual_so_far is None
    assert found.days == (MONDAY - timedelta(days=1),)
