"""A week laid over another, two people who change places: what is expected afterwards is what was meant, and
nothing more is said than that takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.calendar import LocalDay
from server.domain.roster_moves import copied, swapped
from server.domain.rosters import LEADER, WEEK, DayShift, Plan, Roster, WeekShift
from server.settings import HallSettings

MONDAY, NEXT = date(2026, 3, 2), date(2026, 3, 9)
AM, PM = (time(8, 30), time(12)), (time(14), time(17, 30))
PEOPLE = ("ZW001", "ZW002", "ZW003", "")
WINDOWS = ("W01", "W02")


def with_rosters(hall: HallSettings, *rosters: Roster) -> Plan:
    return replace(hall.duties, rosters={r.window: r for r in rosters})


def then(plan: Plan, moved: dict[str, Roster]) -> Plan:
    return replace(plan, rosters={**plan.rosters, **moved})


def who(plan: Plan, window: str, since: date, days: int = 7) -> list[list[tuple[str, time, time]]]:
    """Who is expected, day by day; nobody on purpose is nobody."""
    week = [plan.shifts(window, since + timedelta(days=n)) for n in range(days)]
    return [
        sorted((s.person, s.start.time(), s.end.time()) for s in day if s.person is not None and s.staffed)
        for day in week
    ]


def test_a_week_is_laid_over_the_next(hall: HallSettings) -> None:
    own = (DayShift(MONDAY, *AM, "ZW017", "调班"), DayShift(MONDAY + timedelta(days=1), *PM))
    plan = with_rosters(hall, Roster("W02", (), own))
    moved = copied(plan, MONDAY, NEXT, MONDAY)
    assert list(moved) == ["W02"], "the others work as usual in both weeks"
    assert moved["W02"].days == (
        *own,
        DayShift(NEXT, *AM, "ZW017", "调班"),
        DayShift(NEXT + timedelta(days=1), *PM),
    )
    after = then(plan, moved)
    assert copied(after, MONDAY, NEXT, MONDAY) == {}, "twice changes nothing"
    back = copied(after, MONDAY + timedelta(days=14), NEXT, MONDAY)
    assert back["W02"].days == own, "as usual again: nothing is said of it any more"


def test_what_is_past_and_what_is_closed_stays(hall: HallSettings) -> None:
    plan = with_rosters(hall, Roster("W02", (), (DayShift(MONDAY, *AM, "ZW017"),)))
    assert copied(plan, MONDAY, NEXT, NEXT + timedelta(days=1)) == {}
    shut = LocalDay(NEXT, "closed", "停电")
    calendar = replace(plan.calendar, local={**plan.calendar.local, NEXT: shut})
    assert copied(replace(plan, calendar=calendar), MONDAY, NEXT, MONDAY) == {}
    half = LocalDay(MONDAY, "closed_afternoon", "培训")
    plan = replace(plan, calendar=replace(plan.calendar, local={**plan.calendar.local, MONDAY: half}))
    after = then(plan, copied(plan, MONDAY, NEXT, MONDAY))
    assert who(after, "W02", NEXT, 1) == [[("ZW002", *PM), ("ZW017", *AM)]], "nobody knew of an afternoon"


def test_two_people_change_places(hall: HallSettings) -> None:
    leads = Roster(LEADER, (WeekShift(WEEK[:5], *AM, "ZW021"),))
    plan = with_rosters(hall, leads, Roster("W03", (), (DayShift(MONDAY, *AM, "ZW001", "顶班"),)))
    after = then(plan, swapped(plan, "ZW001", "ZW002", MONDAY, MONDAY))
    assert who(after, "W01", MONDAY, 1) == [[("ZW002", time(8, 30), time(17, 30))]]
    assert who(after, "W02", MONDAY, 1) == [[("ZW001", *AM), ("ZW001", *PM)]]
    assert after.shifts("W03", MONDAY)[0].reason == "顶班"
    assert after.shifts("W03", MONDAY)[0].person == "ZW002"
    assert who(after, "W02", MONDAY + timedelta(days=1), 1) == [[("ZW002", *AM), ("ZW002", *PM)]]
    led = then(plan, swapped(plan, "ZW021", "ZW022", MONDAY, MONDAY))
    assert who(led, LEADER, MONDAY, 2) == [[("ZW022", *AM)], [("ZW021", *AM)]]


HOURS = [time(8, 30), time(10), time(12), time(14), time(16), time(17, 30)]
spans = st.sampled_from(list(combinations(HOURS, 2)))


def rows_of(window: str) -> st.SearchStrategy[Roster]:
    days = st.sets(st.sampled_from(WEEK), min_size=1).map(lambda d: tuple(x for x in WEEK if x in d))
    week = st.builds(
        lambda d, s, p, since: WeekShift(d, *s, p, since),
        *(days, spans, st.sampled_from(PEOPLE), st.sampled_from([None, NEXT])),
    )
    day = st.builds(
        lambda n, s, p: DayShift(MONDAY + timedelta(days=n), *s, p),
        *(st.integers(0, 13), spans, st.sampled_from(PEOPLE)),
    )
    return st.builds(
        lambda w, d: Roster(window, tuple(w), tuple(d)),
        *(st.lists(week, max_size=4), st.lists(day, max_size=6)),
    )


plans = st.tuples(*(rows_of(w) for w in WINDOWS))
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def in_hours(plan: Plan, days: Iterable[date]) -> list[bool]:
    return [bool(plan.calendar.intervals(d)) for d in days]


@quick
@given(rosters=plans)
def test_afterwards_the_week_is_the_other_one(hall: HallSettings, rosters: tuple[Roster, ...]) -> None:
    plan = with_rosters(hall, *rosters)
    after = then(plan, copied(plan, MONDAY, NEXT, MONDAY))
    for window in WINDOWS:
        assert who(after, window, MONDAY) == who(plan, window, MONDAY), "the one it came from"
        open_days = in_hours(plan, (NEXT + timedelta(days=n) for n in range(7)))
        was, copy, old = (
            who(plan, window, MONDAY),
            who(after, window, NEXT),
            who(plan, window, NEXT),
        )
        assert copy == [a if o else b for a, b, o in zip(was, old, open_days, strict=True)]
        assert after.rosters[window].week == plan.rosters[window].week


@quick
@given(rosters=plans)
def test_changing_places_exchanges_them_and_nobody_else(
    hall: HallSettings, rosters: tuple[Roster, ...]
) -> None:
    plan = with_rosters(hall, *rosters)
    after = then(plan, swapped(plan, "ZW001", "ZW002", MONDAY, NEXT))
    places = {"ZW001": "ZW002", "ZW002": "ZW001"}
    for window in (*WINDOWS, "W03"):
        wanted = [sorted((places.get(p, p), a, b) for p, a, b in day) for day in who(plan, window, MONDAY, 8)]
        assert who(after, window, MONDAY, 8) == wanted
        beyond = NEXT + timedelta(days=1)
        assert who(after, window, beyond) == who(plan, window, beyond)
    back = then(after, swapped(after, "ZW001", "ZW002", MONDAY, NEXT))
    for window in WINDOWS:
        assert who(back, window, MONDAY, 8) == who(plan, window, MONDAY, 8)
