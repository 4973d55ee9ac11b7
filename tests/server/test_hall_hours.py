"""The day by itself: opened, closed and carried over by calendar and hours, with nobody pressing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.actions.at_window import check_able
from server.actions.day import begin_closing, close_day, open_day
from server.actions.run_day import run_day, watch
from server.app import App
from server.domain import refusals
from server.domain.actors import SYSTEM
from server.domain.calendar import LocalDay
from server.domain.catalogue import Person
from server.domain.opening import day_ends, day_stops, opening
from server.domain.skills import ending_skills, is_able
from server.settings import HallSettings
from server.store import tables as t
from server.store.alarms import all_alarms
from server.store.days import find_day, latest_day
from server.store.snapshots.public import day_value
from server.store.snapshots.view import View
from server.text import Texts
from tests.conftest import ROOT, SHANGHAI, clerk
from tests.server.callers import staff
from tests.server.hall_day import HallDay

MONDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 7)


def beat(day: HallDay) -> None:
    with day.store.unit(SYSTEM) as unit:
        watch(unit, day.hall)
        run_day(unit, day.hall, always_open=False)


def at(day: HallDay, moment: str) -> None:
    """Move the clock to a local moment, and let the hall notice."""
    day.clock.at = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    beat(day)


def test_a_day_of_the_demo_hall_that_a_person_closed_stays_closed_until_midnight(day: HallDay) -> None:
    """It keeps no hours, so it opens by itself; but not against whoever ended it."""

    def demo(moment: str) -> tuple[str, str] | None:
        day.clock.at = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
        with day.store.unit(SYSTEM) as unit:
            run_day(unit, day.hall, always_open=True)
        return state(day)

    with day.store.unit(SYSTEM) as unit:
        if unit.day is not None:
            close_day(unit)
    assert demo("2026-03-07T23:50:00") == ("2026-03-07", "open"), "at any hour of any day"
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    assert demo("2026-03-07T23:59:50") == ("2026-03-07", "closed")
    with day.store.unit(SYSTEM) as unit:
        open_day(unit, day.hall, by_hand=True)
        close_day(unit)
    assert demo("2026-03-08T00:00:10") == ("2026-03-08", "open")


def test_faces_know_a_day_that_was_ended_from_one_that_has_not_begun(day: HallDay) -> None:
    """Ended in the morning by a person, kiosk and board say that it is over, not that it has yet to begin."""

    def told() -> tuple[str, str]:
        with day.store.read() as connection:
            value = day_value(View.of(connection, day.hall.id, day.hall, Texts(ROOT / "config" / "text")))
        return value["date"], value["state"]

    at(day, "2026-03-02T10:00:00")
    assert told() == ("2026-03-02", "open")
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    assert told() == ("2026-03-02", "closed")


def state(day: HallDay) -> tuple[str, str] | None:
    with day.store.read() as connection:
        latest = latest_day(connection, day.hall.id)
        found = find_day(connection, day.hall.id, latest)
    return (found.day, found.state) if found else None


def kinds(day: HallDay) -> list[str]:
    with day.store.read() as connection:
        return [a["kind"] for a in all_alarms(connection, day.hall.id)]


def with_queue(hall: HallSettings, prefix: str, **changes: Any) -> HallSettings:
    queues = {**hall.catalogue.queues, prefix: replace(hall.catalogue.queues[prefix], **changes)}
    return replace(hall, catalogue=replace(hall.catalogue, queues=queues))


def with_calendar(hall: HallSettings, **changes: Any) -> HallSettings:
    return replace(hall, calendar=replace(hall.calendar, **changes))


def test_the_day_opens_and_closes_without_anybody_pressing(day: HallDay):
    at(day, "2026-03-03T07:00")
    assert state(day) is None
    at(day, "2026-03-03T08:10")
    assert state(day) == ("2026-03-03", "open")
    at(day, "2026-03-03T17:14")
    assert state(day) == ("2026-03-03", "open")
    at(day, "2026-03-03T17:15")
    assert state(day) == ("2026-03-03", "closing")
    at(day, "2026-03-03T17:29")
    assert state(day) == ("2026-03-03", "closing")
    at(day, "2026-03-03T17:30")
    assert state(day) == ("2026-03-03", "closed")
    at(day, "2026-03-04T08:10")
    assert state(day) == ("2026-03-04", "open")


def test_C3_late_service_everyone_with_a_ticket_is_served_and_overtime_is_recorded(day: HallDay):
    day.open("W01")
    day.take()
    at(day, "2026-03-02T17:40")
    assert state(day) == ("2026-03-02", "closing")
    with pytest.raises(refusals.DayClosing):
        day.take()
    day.call("W01")
    day.serve("W01", minutes=20)
    beat(day)
    assert state(day) == ("2026-03-02", "closed")
    with day.store.read() as connection:
        sums = connection.execute(select(t.day.c.sums)).scalar_one()
    assert sums == {"taken": 1, "done": 1, "overtime": {"ZW001": {"minutes": 30, "served": 1}}}


def test_the_sealed_sums_count_a_number_of_several_matters_once(day: HallDay):
    """As the day is told while it runs: by the leg each number stands at."""
    day.open("W01", "W05")
    day.take("S001", further=("S101",))
    day.take()
    for window in ("W01", "W05"):
        assert day.call(window)
        day.serve(window)
    at(day, "2026-03-02T17:40")
    at(day, "2026-03-03T00:00")
    with day.store.read() as connection:
        sums = connection.execute(select(t.day.c.sums)).scalar_one()
    assert (sums["taken"], sums["done"], sums["expired"]) == (2, 1, 1)


def test_who_is_never_called_expires_with_the_date(day: HallDay):
    day.open("W01")
    day.take()
    at(day, "2026-03-02T17:40")
    at(day, "2026-03-02T23:59")
    assert state(day) == ("2026-03-02", "closing")
    at(day, "2026-03-03T00:00")
    assert state(day) == ("2026-03-02", "closed")
    with day.store.read() as connection:
        assert connection.execute(select(t.leg.c.state)).scalar_one() == "expired"


def test_a_day_that_cannot_end_is_told_to_the_manager(day: HallDay):
    day.open("W01")
    day.take()
    day.call("W01")
    at(day, "2026-03-02T17:40")
    at(day, "2026-03-03T00:10")
    assert (state(day), kinds(day)) == (("2026-03-02", "closing"), ["day-stuck"])
    day.serve("W01", minutes=0)
    beat(day)
    assert (state(day), kinds(day)) == (("2026-03-02", "closed"), [])


def test_C2_early_service_one_queue_opens_before_the_hall(day: HallDay):
    day.hall = with_queue(day.hall, "E", hours=((time(7, 30), time(12)), (time(14), time(17, 30))))
    at(day, "2026-03-03T07:15")
    assert day.take(_of(day, "E")).ticket.prefix == "E"
    with pytest.raises(refusals.HoursClosed) as no:
        day.take("S001")
    assert no.value.facts["opens"] == "08:10"


def _of(day: HallDay, queue: str) -> str:
    return next(s.id for s in day.hall.catalogue.services.values() if s.queue == queue)


def test_late_and_staggered_hours_per_queue(day: HallDay):
    day.hall = with_queue(day.hall, "B", hours=((time(10), time(20)),))
    at(day, "2026-03-02T09:00")
    with pytest.raises(refusals.HoursClosed):
        day.take("S101")
    at(day, "2026-03-02T17:30")
    assert state(day) == ("2026-03-02", "open")
    with pytest.raises(refusals.HoursClosed):
        day.take("S001")
    assert day.take("S101").ticket.number == "B001"
    at(day, "2026-03-02T19:45")
    assert state(day) == ("2026-03-02", "closing")


def test_stop_before_close_and_last_ticket_per_queue(hall: HallSettings):
    windows = [hall.catalogue.windows["W01"]]
    queue = hall.catalogue.queues["A"]
    stops = [
        opening(hall.calendar, replace(queue, **change), windows, MONDAY)
        for change in ({}, {"stop_minutes_before_close": 60}, {"last_ticket": time(16)})
    ]
    assert [f"{o.stop:%H:%M}" for o in stops if o] == ["17:15", "16:30", "16:00"]


@pytest.mark.parametrize(("lunch", "service", "given"), [("open", "S201", True), ("closed", "S001", False)])
def test_lunch_rule_per_queue_no_number_that_nobody_will_call(
    day: HallDay, lunch: str, service: str, given: bool
):
    day.open()
    day.clock.at = day.clock.at.replace(hour=12, minute=30)
    day.hall = with_queue(day.hall, day.hall.catalogue.services[service].queue, lunch=lunch)
    if given:
        day.take(service)
        return
    with pytest.raises(refusals.LunchClosed) as no:
        day.take(service)
    assert no.value.facts == {"until": "14:00"}


def test_saturday_by_appointment_only(day: HallDay):
    at(day, "2026-03-07T09:00")
    assert state(day) == ("2026-03-07", "open")  # those with an appointment come
    with pytest.raises(refusals.AppointmentOnly) as no:
        day.take()
    assert no.value.facts["opens"] == "2026-03-09"
    at(day, "2026-03-07T12:00")
    assert state(day) == ("2026-03-07", "closing")
    beat(day)
    assert state(day) == ("2026-03-07", "closed")


def test_saturday_walk_in_only_where_a_window_works_on_saturdays(day: HallDay):
    day.hall = with_calendar(day.hall, saturday_walk_in=True)
    at(day, "2026-03-07T09:00")
    assert day.take("S001").ticket.number == "A001"
    tax = _of(day, "D")  # no window of the tax queue works on Saturdays
    with pytest.raises(refusals.DayClosed):
        day.take(tax)


def test_a_queue_with_saturday_hours_gives_numbers_while_the_others_do_not(day: HallDay):
    day.hall = with_queue(day.hall, "E", saturday=((time(9), time(16)),))
    at(day, "2026-03-07T14:00")
    assert day.take(_of(day, "E")).ticket.number == "E001"
    with pytest.raises(refusals.AppointmentOnly):
        day.take("S001")


def test_C12_a_self_service_queue_carries_over_midnight(day: HallDay):
    hours = {"hours": ((time(8), time(8)),), "carry_over": True, "stop_minutes_before_close": 10}
    day.hall = with_queue(day.hall, "P", **hours)
    service = _of(day, "P")
    at(day, "2026-03-02T08:00")
    at(day, "2026-03-02T23:30")
    assert day.take(service, actor=clerk("ZW025")).ticket.number == "P001"
    at(day, "2026-03-03T02:00")
    assert state(day) == ("2026-03-02", "open")
    assert day.take(service, actor=clerk("ZW025")).ticket.number == "P002"  # the numbers go on
    with pytest.raises(refusals.HoursClosed):
        day.take("S001")
    at(day, "2026-03-03T07:50")
    assert state(day) == ("2026-03-02", "closing")
    at(day, "2026-03-03T09:00")  # an hour of grace for those who wait
    assert state(day) == ("2026-03-02", "closed")
    beat(day)
    assert state(day) == ("2026-03-03", "open")
    assert day.take(service, actor=clerk("ZW025")).ticket.number == "P001"


@pytest.mark.parametrize(
    ("kind", "morning", "afternoon"),
    [("closed", False, False), ("closed_morning", False, True), ("closed_afternoon", True, False)],
)
def test_the_halls_own_closures(hall: HallSettings, kind: Any, morning: bool, afternoon: bool):
    calendar = replace(hall.calendar, local={MONDAY: LocalDay(MONDAY, kind, "业务培训")})
    spans = calendar.intervals(MONDAY)
    assert any(a <= time(10) < b for a, b in spans) is morning
    assert any(a <= time(15) < b for a, b in spans) is afternoon


def test_a_local_day_may_open_a_rest_day_or_name_its_hours(hall: HallSettings):
    sunday = date(2026, 3, 8)
    local = {
        sunday: LocalDay(sunday, "open"),
        MONDAY: LocalDay(MONDAY, "hours", hours=((time(10), time(11)),)),
    }
    calendar = replace(hall.calendar, local=local)
    assert calendar.intervals(sunday) == hall.calendar.weekday
    assert calendar.intervals(MONDAY) == ((time(10), time(11)),)


def test_the_demo_closes_on_the_afternoon_of_its_training(hall: HallSettings):
    ends = day_ends(hall.calendar, hall.catalogue, date(2026, 6, 10))
    assert ends == datetime.fromisoformat("2026-06-10T12:00")


@pytest.mark.parametrize(
    ("today", "missing"), [("2026-11-30", None), ("2026-12-01", 2027), ("2027-01-04", 2027)]
)
def test_a_missing_year_is_flagged(hall: HallSettings, today: str, missing: int | None):
    assert hall.calendar.missing_year(date.fromisoformat(today)) == missing


def test_a_day_without_official_calendar_is_marked_and_told(day: HallDay):
    at(day, "2027-01-04T09:00")
    with day.store.read() as connection:
        found = find_day(connection, day.hall.id, "2027-01-04")
    assert found is not None
    assert found.provisional
    assert kinds(day) == ["calendar"]


@pytest.mark.parametrize("year", [1970, 2000, 2099])
def test_F8_F9_a_wrong_clock_opens_no_day_until_a_person_confirms(day: HallDay, year: int):
    right = day.clock.at
    day.clock.at = right.replace(year=year)
    beat(day)
    assert (state(day), "clock" in kinds(day)) == (None, True)
    with pytest.raises(refusals.ClockInsane), day.store.unit(SYSTEM) as unit:
        open_day(unit, day.hall, by_hand=True)
    day.clock.at = right  # the clock was set right: nobody has to do anything
    beat(day)
    assert (state(day), kinds(day)) == (("2026-03-02", "open"), [])
    assert day.take().ticket.number == "A001"


def test_F9_a_person_may_believe_a_clock_that_leapt(day: HallDay):
    day.clock.forward(days=500)
    beat(day)
    with day.store.unit(SYSTEM) as unit:
        opened = open_day(unit, day.hall, by_hand=True, believe_clock=True)
    assert opened == (MONDAY + timedelta(days=500)).isoformat()
    beat(day)
    assert "clock" not in kinds(day)


@pytest.mark.parametrize("days", [-2, 500])
def test_a_manager_confirms_a_doubted_clock_through_the_door(app: App, clock: Any, days: int):
    clock.forward(days=days)
    manager = staff(app, "manager")
    asked = {"request_id": "open-0001"}
    assert manager.ask("POST", "/api/day/open", asked).get_json()["refused"] == "clock-insane"
    sure = {"request_id": "open-0002", "believe_clock": True}
    assert manager.ask("POST", "/api/day/open", sure).get_json()["state"] == "open"


def test_a_closed_day_keeps_its_sums_and_a_reopened_one_counts_on(day: HallDay):
    day.open("W01")
    day.take()
    for deed in (begin_closing, close_day):
        with day.store.unit(SYSTEM) as unit:
            deed(unit)
    with day.store.read() as connection:
        assert connection.execute(select(t.day.c.sums)).scalar_one() == {"taken": 1, "expired": 1}
    with day.store.unit(SYSTEM) as unit:
        open_day(unit, day.hall, by_hand=True)
    assert day.take().ticket.number == "A002"
    with day.store.read() as connection:
        assert connection.execute(select(t.day.c.sums)).scalar_one() is None


def _person(**changes: Any) -> Person:
    plain = Person("P1", "李", "1", "D01", "clerk", a_window="W13", skills=("A", "B"))
    return replace(plain, **changes)


def test_B17_a_skill_that_ended_takes_the_person_out_after_a_warning(hall: HallSettings):
    person = _person(skill_until={"A": MONDAY})
    queue, roster = hall.catalogue.queues["A"], hall.files.windows
    assert is_able(person, queue, roster, MONDAY)
    assert not is_able(person, queue, roster, MONDAY + timedelta(days=1))
    assert ending_skills({"P1": person}, MONDAY - timedelta(days=14)) == {"P1:A": MONDAY}
    assert not ending_skills({"P1": person}, MONDAY - timedelta(days=15))


def test_B17_the_window_calls_only_what_its_person_still_may(day: HallDay):
    people = day.hall.catalogue.people
    ended = replace(people["ZW001"], skill_until={"A": date(2026, 3, 1)}, skills=("A", "B"))
    windows = day.hall.catalogue.windows
    catalogue = replace(
        day.hall.catalogue,
        people={**people, "ZW001": ended},
        windows={**windows, "W01": replace(windows["W01"], queues=("A", "B"))},
    )
    day.hall = replace(day.hall, catalogue=catalogue)
    day.open("W01")
    day.take("S001")
    day.take("S101")
    assert day.call("W01").number == "B001"  # type: ignore[union-attr]
    day.serve("W01")
    assert day.call("W01") is None
    day.at("W01", check_able, day.hall, "W01")  # nobody waits for what is left
    both = replace(ended, skill_until={"A": date(2026, 3, 1), "B": date(2026, 3, 1)})
    nothing = replace(day.hall, catalogue=replace(catalogue, people={**people, "ZW001": both}))
    with pytest.raises(refusals.SkillMissing):  # never as if the queue were empty
        day.at("W01", check_able, nothing, "W01")
    beat(day)
    assert kinds(day) == ["skill"]


def test_B19_a_window_cannot_be_opened_by_a_person_without_any_skill_for_it(day: HallDay):
    people = day.hall.catalogue.people
    alone = replace(people["ZW001"], skills=("B",), a_window="", b_windows=())
    catalogue = replace(day.hall.catalogue, people={**people, "ZW001": alone})
    day.hall = replace(day.hall, catalogue=catalogue)
    with pytest.raises(refusals.SkillMissing):
        day.open("W01")


def test_the_last_number_of_the_day_is_that_of_the_last_queue(hall: HallSettings):
    assert day_stops(hall.calendar, hall.catalogue, MONDAY) == datetime.fromisoformat("2026-03-02T17:15")
    assert day_stops(hall.calendar, hall.catalogue, SATURDAY) == datetime.fromisoformat("2026-03-07T12:00")
    assert day_stops(hall.calendar, hall.catalogue, date(2026, 3, 8)) is None
