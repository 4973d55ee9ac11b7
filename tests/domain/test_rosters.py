"""The roster as a rule: a day goes before the week, the week before the post; nobody is in two places, away,
unable, and no window that is to be open is left without a person by accident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calendar import Interval
from server.domain.estimate.plan import spells_of
from server.domain.rosters import (
    LEADER,
    WEEK,
    Away,
    DayShift,
    Plan,
    Roster,
    Shift,
    WeekShift,
    clashes,
    expected_at,
    shifts_on,
    work_hours,
)
from server.domain.windows import WindowState
from server.settings import HallSettings

MONDAY, TUESDAY, SUNDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 8)
AM, PM = (time(8, 30), time(12)), (time(14), time(17, 30))
WORKDAYS = WEEK[:5]


def week(
    person: str, *spans: Interval, days: Iterable[str] = WORKDAYS, **more: date
) -> tuple[WeekShift, ...]:
    return tuple(WeekShift(tuple(days), a, b, person, **more) for a, b in spans)  # type: ignore[arg-type]


def on(person: str, day: date, *spans: Interval) -> tuple[DayShift, ...]:
    return tuple(DayShift(day, a, b, person) for a, b in spans)


def who(plan: Plan, window: str, day: date) -> list[tuple[str | None, str, str, str]]:
    return [(s.person, f"{s.start:%H:%M}", f"{s.end:%H:%M}", s.source) for s in plan.shifts(window, day)]


def with_rosters(hall: HallSettings, *rosters: Roster) -> Plan:
    return replace(hall.duties, rosters={r.window: r for r in rosters})


def told(
    plan: Plan, *changed: str, away: Iterable[Away] = (), today: date = MONDAY
) -> list[tuple[str, str, str]]:
    return [(w.item, w.field, w.code) for w in clashes(plan, changed, away, today)]


def test_without_a_roster_the_main_person_works_the_windows_hours(hall: HallSettings) -> None:
    bare = with_rosters(hall)
    assert who(bare, "W02", MONDAY) == [
        ("ZW002", "08:30", "12:00", "post"),
        ("ZW002", "14:00", "17:30", "post"),
    ]
    assert who(bare, "W01", MONDAY) == [("ZW001", "08:30", "17:30", "post")], "lunch duty"
    assert who(bare, "W02", SUNDAY) == who(bare, LEADER, MONDAY) == []
    assert who(bare, "W04", MONDAY) == [], "tidal: opens by request"


def test_a_day_goes_before_the_week_and_cuts_it(hall: HallSettings) -> None:
    plan = with_rosters(hall, Roster("W02", week("ZW017", AM, PM), on("ZW001", TUESDAY, (time(9), time(10)))))
    assert who(plan, "W02", MONDAY)[0] == ("ZW017", "08:30", "12:00", "week")
    assert who(plan, "W02", TUESDAY) == [
        ("ZW017", "08:30", "09:00", "week"),
        ("ZW001", "09:00", "10:00", "days"),
        ("ZW017", "10:00", "12:00", "week"),
        ("ZW017", "14:00", "17:30", "week"),
    ]
    closed = with_rosters(hall, Roster("W02", (), on("", TUESDAY, AM, PM)))
    local = datetime.combine(TUESDAY, time(9))
    assert expected_at(closed.shifts("W02", TUESDAY), local) is None, "closed on purpose"
    assert expected_at(closed.shifts("W02", MONDAY), datetime.combine(MONDAY, time(9))) is not None


def test_a_week_holds_from_its_day_to_its_day_and_never_on_holidays(hall: HallSettings) -> None:
    rows = week("ZW017", AM, PM, since=date(2026, 3, 9), until=date(2026, 3, 13))
    plan = with_rosters(hall, Roster("W02", rows))
    assert [who(plan, "W02", MONDAY + timedelta(days=n))[0][0] for n in (0, 7, 14)] == [
        "ZW002",
        "ZW017",
        "ZW002",
    ]
    holiday = next(iter(hall.years[0].closed)).first
    assert plan.shifts("W02", holiday) == []
    extra = with_rosters(hall, Roster("W02", (), on("ZW017", holiday, AM)))
    assert who(extra, "W02", holiday) == [("ZW017", "08:30", "12:00", "days")], "said of that very day"


@pytest.mark.parametrize(
    ("rosters", "changed", "said"),
    [
        ([Roster("W02", week("ZW017", AM, PM))], ["W02"], []),
        ([Roster("W02", week("ZW001", AM, PM))], ["W02"], [("W02", "week", "roster-twice")]),
        (
            [Roster("W02", week("ZW001", AM, PM)), Roster("W01", week("ZW002", (time(8, 30), time(17, 30))))],
            ["W01", "W02"],
            [],
        ),
        ([Roster("W02", week("ZW017", AM))], ["W02"], [("W02", "week", "roster-uncovered")]),
        ([Roster("W02", (*week("ZW017", AM), *week("", PM)))], ["W02"], []),
        (
            [Roster("W02", (*week("ZW017", AM, PM), *week("ZW002", (time(11), time(12)))))],
            ["W02"],
            [("W02", "week", "roster-overlap")],
        ),
        ([Roster("W02", (), on("ZW025", TUESDAY, AM))], ["W02"], [("W02", "days", "roster-role")]),
        ([Roster(LEADER, week("ZW021", AM, PM))], [LEADER], []),
        ([Roster(LEADER, week("ZW001", AM, PM))], [LEADER], [(LEADER, "week", "roster-role")]),
    ],
)
def test_clashes(
    hall: HallSettings, rosters: list[Roster], changed: list[str], said: list[tuple[str, str, str]]
) -> None:
    assert told(with_rosters(hall, *rosters), *changed) == said


def test_who_is_able_to_do_nothing_there_is_told(hall: HallSettings) -> None:
    able = {p.id for p in hall.catalogue.people.values() if "A" in p.skills or p.a_window in ("W01", "W02")}
    other = next(
        p.id
        for p in hall.catalogue.people.values()
        if p.role == "clerk" and p.id not in able and not p.b_windows
    )
    plan = with_rosters(hall, Roster("W02", (), on(other, TUESDAY, AM)))
    assert ("W02", "days", "roster-skill") in told(plan, "W02")


def test_leave_is_told_on_its_days_only(hall: HallSettings) -> None:
    away = [Away("ZW017", datetime.fromisoformat("2026-04-08"), datetime.fromisoformat("2026-04-09"))]
    plan = with_rosters(hall, Roster("W02", week("ZW017", AM, PM)))
    (found,) = clashes(plan, ["W02"], away, MONDAY)
    assert (found.code, found.facts["day"]) == ("roster-leave", "2026-04-08")
    assert told(plan, "W02", away=away, today=date(2026, 4, 9)) == []
    other = Roster("W02", week("ZW017", AM, PM), on("ZW002", date(2026, 4, 8), AM, PM))
    assert told(with_rosters(hall, other), "W02", away=away) == []


def test_the_estimator_believes_the_roster(hall: HallSettings) -> None:
    window, hours, local = hall.catalogue.windows["W02"], (AM, PM), datetime.fromisoformat("2026-03-02T08:00")
    plan = with_rosters(hall, Roster("W02", (*week("ZW017", (time(9), time(11))), *week("", PM))))
    asked = (window, WindowState.CLOSED, local, hours, False, False, 2.0)
    assert spells_of(*asked, plan.shifts("W02", MONDAY)) == ((62.0, 180.0),)
    assert len(spells_of(*asked, hall.duties.shifts("W02", MONDAY))) == 2


MINUTES = st.integers(0, 24 * 4 - 1)


@st.composite
def spans(draw: st.DrawFn) -> Interval:
    a = draw(MINUTES)
    b = draw(st.integers(a + 1, 24 * 4))
    return _clock(a), _clock(b)


def _clock(quarter: int) -> time:
    return time(23, 59) if quarter == 24 * 4 else time(quarter // 4, quarter % 4 * 15)


@given(st.lists(spans(), max_size=4), st.lists(spans(), max_size=3))
def test_what_is_said_of_a_day_holds_and_nothing_else_is_lost(
    weekly: list[Interval], daily: list[Interval]
) -> None:
    roster = Roster("W02", week("ZW017", *weekly), on("ZW001", MONDAY, *daily))
    found = shifts_on(roster, MONDAY, 0, ((time(0), time(23, 59)),), (), None)

    def at(moment: time, shifts: Iterable[Shift], source: str) -> bool:
        local = datetime.combine(MONDAY, moment)
        return any(s.start <= local < s.end and s.source == source for s in shifts)

    for quarter in range(24 * 4):
        moment = _clock(quarter)
        own = any(a <= moment < b for a, b in daily)
        assert at(moment, found, "days") is own
        assert at(moment, found, "week") is (not own and any(a <= moment < b for a, b in weekly))


def test_a_window_out_of_use_expects_nobody(hall: HallSettings) -> None:
    window = replace(hall.catalogue.windows["W02"], out="repair")
    assert work_hours(window, (AM, PM), False) == ()
