"""The pure rules of appointments: when, how many, who, and where seniority begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import refusals
from server.domain.appointments import (
    STEPS,
    Appointments,
    Booking,
    Step,
    arrival,
    bookable_days,
    booking_hours,
    capacity,
    check_change,
    check_person,
    moment,
    places,
    slot_times,
    stepped,
)
from server.domain.calendar import HallCalendar, LocalDay
from server.domain.crew import seats, windows_for
from server.domain.routing import Rules, Situation, choose, key
from server.domain.tickets import Leg, State
from server.settings import HallSettings
from tests.conftest import SHANGHAI

TERMS, RULES = Appointments(), Rules()
TEN = datetime(2026, 3, 3, 10, 0, tzinfo=SHANGHAI)
MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize("state", Booking)
@pytest.mark.parametrize("step", Step)
def test_every_arrow_that_is_not_drawn_is_refused(state: Booking, step: Step) -> None:
    if (state, step) in STEPS:
        assert stepped(state, step) is STEPS[state, step]
    else:
        with pytest.raises(refusals.BookingState):
            stepped(state, step)


def test_bookable_days_are_the_next_five_workdays_and_saturday_between(hall: HallSettings) -> None:
    days = bookable_days(hall.calendar, MONDAY, TERMS)
    assert days == [date(2026, 3, d) for d in (3, 4, 5, 6, 7, 9)]


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 2, 13), date(2026, 2, 14)),  # a Saturday that works
        (date(2026, 2, 14), date(2026, 2, 24)),  # nine days of rest
        (date(2026, 9, 30), date(2026, 10, 8)),
    ],
)
def test_rest_days_and_working_weekends(hall: HallSettings, today: date, first: date) -> None:
    assert bookable_days(hall.calendar, today, TERMS)[0] == first


def test_feature_210_a_closed_day_has_no_appointments(hall: HallSettings) -> None:
    closed = replace(TERMS, closed=(date(2026, 3, 4),))
    assert date(2026, 3, 4) not in bookable_days(hall.calendar, MONDAY, closed)


def test_feature_210_the_halls_own_days_count(hall: HallSettings) -> None:
    """What a manager publishes in the calendar: closed, half a day, other hours, a Sunday that works."""

    def with_day(kind: str, on: date, *hours: tuple[time, time]) -> HallCalendar:
        local = LocalDay(on, kind, "", hours)  # type: ignore[arg-type]
        return replace(hall.calendar, local={on: local})

    wednesday, sunday = date(2026, 3, 4), date(2026, 3, 8)
    days = bookable_days(with_day("closed", wednesday), MONDAY, TERMS)
    assert wednesday not in days
    assert days[-1] == date(2026, 3, 10), "five working days ahead, and that was none"
    assert sunday in bookable_days(with_day("open", sunday), MONDAY, TERMS)
    queue = hall.catalogue.queues["A"]
    morning = slot_times(booking_hours(with_day("closed_afternoon", wednesday), queue, wednesday), 30)
    assert max(morning) < time(12)
    told = with_day("hours", wednesday, (time(9), time(10)))
    assert slot_times(booking_hours(told, queue, wednesday), 30) == [time(9), time(9, 30)]


def test_a_queue_is_booked_in_its_own_hours(hall: HallSettings) -> None:
    early = replace(hall.catalogue.queues["A"], hours=((time(7), time(8)),))
    assert slot_times(booking_hours(hall.calendar, early, MONDAY), 30) == [time(7), time(7, 30)]


def test_today_only_where_the_hall_says_so(hall: HallSettings) -> None:
    assert MONDAY not in bookable_days(hall.calendar, MONDAY, TERMS)
    assert bookable_days(hall.calendar, MONDAY, replace(TERMS, earliest_workdays_ahead=0))[0] == MONDAY


def test_slots_are_whole_and_leave_lunch_alone(hall: HallSettings) -> None:
    times = slot_times(booking_hours(hall.calendar, hall.catalogue.queues["A"], MONDAY), 40)
    assert times[:2] == [time(8, 30), time(9, 10)]
    assert time(11, 50) not in times, "it would run into lunch"
    assert max(times) <= time(16, 50)


def test_feature_205_capacity_is_a_share_of_what_the_windows_can_do() -> None:
    assert capacity(3, 30, 15, 0.4) == pytest.approx(2.4)
    assert places([2.4] * 5) == [2, 2, 3, 2, 3]
    assert sum(places([0.48] * 14)) == 6, "a slow service still gets its share of the day"
    assert places([0.0] * 4) == [0] * 4
    assert places([2.4, 0.0, 0.8]) == [2, 0, 1], "a slot that nobody serves has none"


@given(bears=st.lists(st.floats(0, 50), min_size=1, max_size=40))
def test_the_day_keeps_the_share(bears: list[float]) -> None:
    given_ = places(bears)
    assert all(abs(n - each) <= 1.001 for n, each in zip(given_, bears, strict=True))
    assert abs(sum(given_) - sum(bears)) <= 1.001


def test_tidal_windows_do_not_count_and_saturday_needs_its_roster(hall: HallSettings) -> None:
    bare = replace(hall.duties, rosters={})
    for day, many in ((MONDAY, 3), (date(2026, 3, 7), 1)):
        ten = datetime.combine(day, time(10))
        assert windows_for(seats(bare, (), day), "A", ten, ten + timedelta(minutes=30)) == many


@pytest.mark.parametrize(
    ("minutes", "priority", "origin"),
    [
        (-15, "appointment", -3),
        (-4, "appointment", -3),
        (0, "appointment", -3),
        (1, "appointment", 1),
        (10, "appointment", 10),
        (11, "ordinary", 1),  # with the small credit
        (15, "ordinary", 5),
        (16, "ordinary", 16),
        (200, "ordinary", 200),
    ],
)
def test_feature_206_early_on_time_late_and_too_late(minutes: int, priority: str, origin: int) -> None:
    now = TEN + timedelta(minutes=minutes)
    assert arrival(TEN, now, RULES, TERMS) == (priority, TEN + timedelta(minutes=origin))


def test_feature_206_too_early() -> None:
    with pytest.raises(refusals.CheckInEarly) as no:
        arrival(TEN, TEN - timedelta(minutes=15, seconds=1), RULES, TERMS)
    opens = TEN - timedelta(minutes=15)
    assert (no.value.facts["time"], no.value.facts["start"]) == (f"{TEN:%H:%M}", f"{opens:%H:%M}")


def _leg(id: int, priority: str, joined: datetime, origin: datetime) -> Leg:
    return Leg(id, id, 1, f"A{id:03d}", "S001", "A", priority, State.WAITING, joined, origin)


def test_feature_59_an_appointment_before_its_gate_waits_as_long_as_it_has_waited() -> None:
    """Not yet due it is no privilege, but no loss either: seniority from min(origin, joined)."""
    joined = TEN - timedelta(minutes=14)
    booked = _leg(1, "appointment", joined, TEN - timedelta(minutes=3))
    walked_in = _leg(2, "ordinary", joined - timedelta(minutes=5), joined - timedelta(minutes=5))
    at = Situation(False, {"S001": 10.0}, 10.0)
    early = TEN - timedelta(minutes=10)
    assert key(booked, early, RULES, at)[0] == 2
    called = choose([booked], early, RULES, at)
    assert called is not None
    assert (called.leg, called.rule, called.waited) == (booked, "share", 4)
    assert choose([booked, walked_in], early, RULES, at).leg is walked_in  # type: ignore[union-attr]
    due = TEN - timedelta(minutes=3)
    assert key(booked, due, RULES, at)[0] == 0
    assert choose([booked, walked_in], due, RULES, at).leg is booked  # type: ignore[union-attr]


# --- the published limits
def _had(*days: int, state: Booking = Booking.BOOKED) -> list[tuple[date, Booking]]:
    return [(date(2026, 3, d), state) for d in days]


@pytest.mark.parametrize(
    ("earlier", "day", "span"),
    [
        (_had(3), date(2026, 3, 3), "day"),
        (_had(3, 4), date(2026, 3, 5), "week"),
        (_had(3, 5, 10, 12, 17, 19), date(2026, 3, 24), "month"),
        (_had(3, 4), date(2026, 3, 9), None),  # the next week
        (_had(3, state=Booking.CANCELLED), date(2026, 3, 3), None),
    ],
)
def test_feature_10_limits_per_person(
    earlier: list[tuple[date, Booking]], day: date, span: str | None
) -> None:
    if span is None:
        check_person(earlier, day, MONDAY, TERMS)
    else:
        with pytest.raises(refusals.BookingLimit) as no:
            check_person(earlier, day, MONDAY, TERMS)
        assert no.value.facts["span"] == span


def test_feature_211_two_missed_and_three_months_without() -> None:
    missed = [(date(2026, 1, 5), Booking.MISSED), (date(2026, 2, 2), Booking.MISSED)]
    with pytest.raises(refusals.BookingBanned) as no:
        check_person(missed, date(2026, 3, 3), MONDAY, TERMS)
    assert no.value.facts["until"] == "2026-05-03"
    check_person(missed, date(2026, 5, 5), date(2026, 5, 4), TERMS)
    check_person(missed[:1], date(2026, 3, 3), MONDAY, TERMS)
    check_person(missed, date(2026, 3, 3), MONDAY, replace(TERMS, no_show_ban_after=3))


def test_cancel_until_two_hours_before() -> None:
    check_change(TEN, TEN - timedelta(hours=2), TERMS)
    with pytest.raises(refusals.BookingTooLate):
        check_change(TEN, TEN - timedelta(hours=1, minutes=59), TERMS)


@given(st.integers(-2000, 4000))
def test_the_page_tells_the_time_as_the_check_in_takes_it(seconds: int) -> None:
    now = TEN + timedelta(seconds=seconds)
    try:
        priority, _ = arrival(TEN, now, RULES, TERMS)
        taken = "ready" if priority == "appointment" else "late"
    except refusals.CheckInEarly:
        taken = "early"
    assert moment(TEN, now, RULES, TERMS) == taken
