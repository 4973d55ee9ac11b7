"""What the hall's own history teaches the estimator, and how little it takes from a few lucky days."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

import pytest

from server.domain.estimate.coming import (
    EARLY,
    LEAST_K,
    MOST_K,
    SHOWN,
    Newcomers,
    Showing,
    learn_profile,
    learn_showing,
)
from server.domain.estimate.leaving import AGES, MISSING, Leaving, Wait, bin_of, learn_leaving
from server.domain.estimate.pauses import LASTING, TARDY, Change, Pauses, learn_pauses
from server.domain.estimate.promise import Forecast, before_its_time
from server.domain.estimate.times import Learned, ServiceTime, Visit, cold

MONDAY = date(2026, 3, 2)


def at(clock: str, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock))


# ------------------------------------------------------------------ leaving


def test_without_history_one_call_in_twenty_is_missed_and_nobody_gives_back() -> None:
    found = learn_leaving([])
    assert found.share_missing(0, "ordinary") == found.share_missing(200, "ordinary") == MISSING
    assert found.hazard(100) == 0


def test_who_waits_longer_leaves_more_often() -> None:
    waits = [Wait("ordinary", 2, "answered")] * 980 + [Wait("ordinary", 2, "missed")] * 20
    waits += [Wait("ordinary", 70, "answered")] * 75 + [Wait("ordinary", 70, "missed")] * 25
    found = learn_leaving(waits)
    assert found.missing[bin_of(2)] == pytest.approx(0.02, abs=0.005)
    assert found.missing[bin_of(70)] == pytest.approx(0.22, abs=0.03)
    assert found.missing[bin_of(30)] == pytest.approx(0.045, abs=0.01), (
        "an unseen age leans on the whole hall"
    )


def test_two_misses_at_an_age_prove_little() -> None:
    found = learn_leaving([Wait("ordinary", 40, "missed")] * 2)
    assert found.missing[bin_of(40)] < 0.2


def test_a_class_that_always_comes_is_known() -> None:
    waits = [Wait("appointment", 3, "answered")] * 500 + [Wait("ordinary", 3, "answered")] * 400
    waits += [Wait("ordinary", 3, "missed")] * 100
    found = learn_leaving(waits)
    assert found.share_missing(3, "appointment") < 0.02 < 0.15 < found.share_missing(3, "ordinary")


def test_numbers_given_back_are_counted_against_the_time_at_risk() -> None:
    waits = [Wait("ordinary", 25, "given_back")] * 50 + [Wait("ordinary", 30, "answered")] * 950
    found = learn_leaving(waits)
    assert found.given_back[bin_of(25)] == pytest.approx(50 / (950 * 10 + 50 * 5), rel=0.1)
    assert found.hazard(20) == 0
    assert found.hazard(30) == pytest.approx(10 * found.given_back[bin_of(25)])


def test_ages_have_their_bins() -> None:
    assert [bin_of(a) for a in (-1, 0, 4.9, 5, 44, 1000)] == [0, 0, 0, 1, 4, len(AGES) - 1]
    assert Leaving().hazard(10) == 0


# ------------------------------------------------------------------ who comes


def days(count: int, per_day: int, seed: int = 1, factor: float = 0.0) -> list[tuple[datetime, str, str]]:
    """`count` working days with numbers between nine and ten; `factor`: how much whole days differ."""
    dice, found = Random(seed), []
    for n in range(count):
        day = MONDAY + timedelta(days=n // 5 * 7 + n % 5)
        for _ in range(round(per_day * (1 + factor * dice.uniform(-1, 1)))):
            kind = "elder" if dice.random() < 0.1 else "ordinary"
            found.append((datetime.combine(day, time(9)) + timedelta(minutes=60 * dice.random()), "a1", kind))
    return found


def test_the_profile_of_the_day_and_what_is_left_of_it() -> None:
    profile = learn_profile(days(20, 100))
    assert profile is not None
    assert sum(profile.quarters.values()) == pytest.approx(100, rel=0.02)
    ahead = profile.ahead(at("09:30"), 0, until=300, taken=50)
    assert sum((end - start) * rate for start, end, rate in ahead.steps) == pytest.approx(50, rel=0.1)
    assert ahead.steps[0][0] == 0
    assert [kind for _, _, kind in profile.mix] == ["elder", "ordinary"]
    assert profile.ahead(at("09:30"), 0, until=10, taken=50).steps[-1][1] == 10, "no number is given later"


def test_a_weekend_day_that_works_is_an_ordinary_working_day() -> None:
    """调休: what came on it says nothing of Saturdays, and of it only what of any day."""
    made_up = MONDAY + timedelta(days=5)
    taken = days(10, 100) + [(datetime.combine(made_up, time(9)), "a1", "ordinary")] * 100
    as_saturday = learn_profile(taken)
    own = learn_profile(taken, lambda day: None if day == made_up else day.weekday())
    assert as_saturday is not None
    assert own is not None
    assert 5 in as_saturday.weekday
    assert 5 not in own.weekday
    assert sum(own.quarters.values()) == pytest.approx(100)
    assert own.expected(None, 24 * 60) == pytest.approx(100)
    assert own.expected(5, 24 * 60) == own.expected(None, 24 * 60), "no Saturday was seen"


def test_a_busy_morning_makes_a_busy_day_as_far_as_days_differ() -> None:
    alike, unlike = learn_profile(days(20, 100)), learn_profile(days(20, 100, factor=0.6))
    assert alike is not None
    assert unlike is not None
    assert alike.k == MOST_K
    assert LEAST_K <= unlike.k < 50
    calm, wild = (
        sum(rate for _, _, rate in p.ahead(at("09:30"), 0, 300, 100).steps)
        / sum(rate for _, _, rate in p.ahead(at("09:30"), 0, 300, 50).steps)
        for p in (alike, unlike)
    )
    assert 1 < calm < 1.2 < 1.3 < wild < 2


def test_without_days_nobody_is_expected() -> None:
    assert learn_profile([]) is None
    assert Newcomers().steps == ()


def test_who_booked_comes_a_little_early_and_not_after_a_while() -> None:
    showing = Showing(0.9, early=5, spread=5)
    assert showing.still_comes(60)[0] == pytest.approx(0.9)
    assert showing.still_comes(5)[0] == pytest.approx(0.45 / 0.55)
    assert showing.still_comes(-30)[0] < 0.01
    _, over = showing.still_comes(60)
    assert showing.joins(60, over, 0.5) == pytest.approx(55, abs=0.1)
    _, over = showing.still_comes(2)
    assert all(showing.joins(2, over, u / 10) >= 0 for u in range(11))


def test_how_many_show_up_is_learned_with_care() -> None:
    assert learn_showing([], 0) == Showing(SHOWN)
    few = learn_showing([8.0, 9.0], 2)
    assert EARLY < few.early < 6
    many = learn_showing([8.0, 9.0, 10.0] * 100, 100)
    assert many.share == pytest.approx(0.75, abs=0.02)
    assert many.early == pytest.approx(9, abs=0.3)


# ------------------------------------------------------------------ pauses


def test_pauses_and_late_openings() -> None:
    day = [("08:36", "open"), ("10:00", "paused"), ("10:20", "open"), ("12:00", "closed")]
    changes = [
        Change("W1", state, at(clock, MONDAY + timedelta(days=n))) for n in range(40) for clock, state in day
    ]
    opening = {MONDAY + timedelta(days=n): time(8, 30) for n in range(40)}
    found = learn_pauses(changes, opening)
    assert found.per_minute == pytest.approx(1 / (84 + 100))
    assert found.minutes == pytest.approx(18, abs=1)
    assert found.tardy == pytest.approx(5.4, abs=0.2)


def test_nobody_paused_nothing_is_reckoned_with() -> None:
    assert learn_pauses([], {}) == Pauses(0.0, LASTING, TARDY)
    night = [
        Change("W1", "paused", at("17:00")),
        Change("W1", "open", at("08:30", MONDAY + timedelta(days=1))),
    ]
    assert learn_pauses(night, {}).minutes == LASTING, "a night is no pause"


# ------------------------------------------------------------------ today


def test_a_slow_day_is_noticed_slowly() -> None:
    learned = Learned({"a1": ServiceTime(2.0, 0.1), "b1": cold(10)}, {}, rough=False)
    usual = learned.times["a1"].mean
    assert learned.slow([]) == 1
    slow = [Visit("a1", "A", "1", usual * 1.5)]
    assert 1 < learned.slow(slow * 10) < 1.05
    assert learned.slow(slow * 2000) == pytest.approx(1.5, abs=0.08)
    assert learned.slow([Visit("a1", "A", "1", usual * 50)]) < 1.02, "one endless visit makes no slow day"
    assert learned.slow([Visit("gone", "A", "1", 99)]) == 1


def test_an_appointment_before_its_time_waits_for_it_or_for_its_turn() -> None:
    first, ordinary = Forecast(2, 5), Forecast(20, 40)
    assert before_its_time(first, ordinary, 10) == Forecast(12, 15)
    assert before_its_time(first, ordinary, 30) == Forecast(20, 35)
    assert before_its_time(first, Forecast(0, 1), 10) == Forecast(0, 1), "an idle window takes it at once"
