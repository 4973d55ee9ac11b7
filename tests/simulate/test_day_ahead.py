"""Tomorrow against the roster: square-root staffing is the guess, played days are the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from datetime import time as time_of_day

import pytest

from server.domain.estimate.coming import Profile, Showing
from server.domain.estimate.times import Learned
from server.domain.rosters import Away, DayShift, Roster
from server.domain.staffing import service_level, square_root_staffing, windows_needed
from server.simulate.arrivals import told_newcomers
from server.simulate.day_ahead import DayAhead, Half, Wishes, foresee_day
from server.simulate.holders import Booked
from server.simulate.past import everybody_of_past, walk_ins_of_past
from server.simulate.run import World
from server.simulate.scenario import Scenario, citizens_of

TUESDAY = date(2026, 3, 3)
SPARE = ("W04", "W13", "W02", "W03")


def wishes(world: World, tickets: float = 300, **more: object) -> Wishes:
    return Wishes(replace(world.arrivals, base_tickets_per_day=tickets), **more)  # type: ignore[arg-type]


def at(found: DayAhead, queue: str, hour: float) -> Half:
    return next(h for h in found.halves[queue] if h.at_s == hour * 3600)


@pytest.mark.parametrize(
    ("per_hour", "minutes", "target", "goal"),
    [(60, 10, 10, 0.8), (120, 12, 20, 0.8), (20, 6, 5, 0.9), (300, 8, 1, 0.95), (3, 30, 30, 0.8)],
)
def test_the_square_root_rule_is_near_erlang_c(
    per_hour: float, minutes: float, target: float, goal: float
) -> None:
    """Never fewer than one below, nor more than one above what Erlang C asks; it carries the load."""
    guess, needed = (
        square_root_staffing(per_hour, minutes, target, goal),
        windows_needed(per_hour, minutes, target, goal),
    )
    assert needed is not None
    assert abs(guess - needed) <= 1
    assert guess >= per_hour * minutes / 60
    assert service_level(per_hour, minutes, guess + 1, target) >= goal


def test_no_load_no_windows() -> None:
    assert square_root_staffing(0, 10, 10, 0.8) == 0
    assert square_root_staffing(10, 0, 10, 0.8) == 0


def test_an_ordinary_day_by_half_hours(world: World) -> None:
    found = foresee_day(world.hall, wishes(world, 200), (), TUESDAY, SPARE, played=4)
    assert found == foresee_day(world.hall, wishes(world, 200), (), TUESDAY, SPARE, played=4), "by its seed"
    everybody = sum(h.arrivals for mine in found.halves.values() for h in mine)
    assert everybody == pytest.approx(found.expected, rel=0.01)
    ten, noon = at(found, "A", 10), at(found, "A", 12)
    assert ten.rostered == 3
    assert noon.rostered == 1, "window 1 alone over lunch, by the roster"
    assert ten.arrivals > 5 * noon.arrivals
    assert ten.guess >= 1
    assert ten.within is not None


def test_leave_and_roster_make_a_day_late_and_further_windows_mend_it(world: World) -> None:
    usual = foresee_day(world.hall, wishes(world, 260), (), TUESDAY, SPARE, played=4)
    away = [
        Away(p, datetime.combine(TUESDAY, time_of_day()), datetime.combine(TUESDAY, time_of_day(23)))
        for p in ("ZW002", "ZW012")
    ]
    nobody = DayShift(TUESDAY, time_of_day(8, 30), time_of_day(17, 30), "")
    hall = replace(world.hall, rosters={**world.hall.rosters, "W03": Roster("W03", (), (nobody,))})
    found = foresee_day(hall, wishes(world, 260), away, TUESDAY, SPARE, played=4)
    assert at(found, "A", 10).rostered == 1
    late = at(found, "A", 10.5)
    assert late.within is not None
    assert late.guess > late.rostered, "the first guess says so"
    assert late.within < (at(usual, "A", 10.5).within or 0), "and so do the played days"
    assert found.more is not None
    assert found.more.queue == "A"
    assert "W04" in found.more.windows, "the tidal one first"
    assert found.more.after is not None
    assert found.more.after > found.more.before + 0.1


def test_a_day_that_few_come_to_wants_nothing(world: World) -> None:
    found = foresee_day(world.hall, wishes(world, 40), (), TUESDAY, SPARE, played=4)
    assert found.more is None


def test_who_has_booked_comes_and_nobody_can_open_what_is_not_there(world: World) -> None:
    booked = tuple(Booked("S001", 10 * 3600.0) for _ in range(30))
    found = foresee_day(world.hall, wishes(world, 0, booked=booked, showing=Showing(1.0)), (), TUESDAY, ())
    assert found.booked == 30
    assert at(found, "A", 10).arrivals == 30
    assert found.more is not None
    assert found.more.windows == ()
    assert found.more.after is None


def test_the_hall_that_serves_nobody_says_nothing(world: World) -> None:
    sunday = foresee_day(world.hall, wishes(world, 0), (), date(2026, 3, 8), SPARE)
    assert sunday.more is None
    assert all(mine == () for mine in sunday.halves.values())


def test_a_weekend_day_that_works_is_expected_as_an_ordinary_working_day(world: World) -> None:
    """Not with the few of a Saturday: told, drawn and foreseen."""
    calendar, makes_up, saturday = world.hall.calendar, date(2026, 2, 28), date(2026, 3, 7)
    base = world.arrivals.base_tickets_per_day
    assert world.arrivals.expected(makes_up, calendar) == base
    assert world.arrivals.expected(saturday, calendar) < base / 2
    told = told_newcomers(world.arrivals, calendar, datetime.combine(makes_up, time_of_day(9)), 60, 0)
    usual = told_newcomers(world.arrivals, calendar, datetime.combine(saturday, time_of_day(9)), 60, 0)
    assert told.steps[0][2] > 2 * usual.steps[0][2]
    many = [len(citizens_of(Scenario(), world.hall, world.arrivals, d, 1)) for d in (makes_up, saturday)]
    assert many[0] > 2 * many[1]
    found = foresee_day(world.hall, Wishes(world.arrivals), (), makes_up, (), played=1)
    assert found.expected == pytest.approx(base * (1 - world.arrivals.appointment_share))


def test_the_halls_own_past_goes_before_the_file(world: World) -> None:
    past = Learned({}, {}, rough=False)
    assert walk_ins_of_past(past, world.arrivals, world.hall.catalogue) is None
    profile = Profile({36: 20.0, 37: 10.0}, {1: 1.5}, ((0.9, "S001", "ordinary"), (0.1, "S003", "elder")), 50)
    own = walk_ins_of_past(replace(past, profile=profile), world.arrivals, world.hall.catalogue)
    assert own is not None
    assert own.expected(TUESDAY, world.hall.calendar) == 45
    found = foresee_day(world.hall, Wishes(own), (), TUESDAY, ())
    assert at(found, "A", 9).arrivals == pytest.approx(45)
    assert own.priority_share == 0.1
    booking = replace(past, profile=profile, by_appointment={"S003": 0.25, "S999": 0.5})
    everybody = everybody_of_past(booking, world.arrivals, world.hall.catalogue)
    assert everybody is not None
    expected = everybody.expected(TUESDAY, world.hall.calendar)
    assert expected * (1 - everybody.appointment_share) == pytest.approx(45)
    assert everybody.appointment_share == pytest.approx(0.75 / 1.75)
    mix = {m.service: m.share * 1.25 for m in everybody.mix}
    assert mix == pytest.approx({"S001": 0.9, "S003": 0.35}, rel=0.5), "nobody for what is not offered"
    late = replace(profile, quarters={95: 3.0})
    assert walk_ins_of_past(replace(past, profile=late), world.arrivals, world.hall.catalogue) is not None
