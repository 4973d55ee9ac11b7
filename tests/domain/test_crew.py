"""Who can serve what on a day: the roster less leave, stand-ins, skills; the A role where no roster is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.crew import Seat, own_hours, seat_at, seats, windows_for
from server.domain.rosters import Away, DayShift, Plan, Roster, Weekday, WeekShift
from server.settings import HallSettings

MONDAY, SATURDAY, WORKING_SATURDAY = date(2026, 3, 2), date(2026, 3, 7), date(2026, 2, 14)
AM, PM = (time(8, 30), time(12)), (time(14), time(17, 30))
WORKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


def plan(hall: HallSettings, *rosters: Roster) -> Plan:
    return replace(hall.duties, rosters={r.window: r for r in rosters})


def at(hour: float, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(int(hour), round(hour % 1 * 60)))


def who(found: list[Seat], window: str) -> list[tuple[str | None, str, str]]:
    return [(s.person, f"{s.start:%H:%M}", f"{s.end:%H:%M}") for s in found if s.window == window]


def week(window: str, person: str, *spans: tuple[time, time]) -> Roster:
    return Roster(window, tuple(WeekShift(WORKDAYS, a, b, person) for a, b in spans))  # type: ignore[arg-type]


def test_without_a_roster_the_a_role_holds_the_window_in_its_hours(hall: HallSettings) -> None:
    found = seats(plan(hall), (), MONDAY)
    assert who(found, "W02") == [("ZW002", "08:30", "12:00"), ("ZW002", "14:00", "17:30")]
    assert who(found, "W01") == [("ZW001", "08:30", "17:30")], "lunch duty"
    tidal = [w.id for w in hall.catalogue.windows.values() if w.default_state == "tidal"]
    assert tidal
    assert not any(who(found, w) for w in tidal)


def test_a_roster_goes_before_and_nobody_sits_in_two_places(hall: HallSettings) -> None:
    """ZW005 is rostered for window 2 in the morning: the own post at window 5 has them afternoons only."""
    found = seats(plan(hall, week("W02", "ZW003", AM), Roster("W03", (), ())), (), MONDAY)
    assert who(found, "W02") == [("ZW003", "08:30", "12:00")]
    assert ("ZW003", "08:30", "12:00") not in who(found, "W03")
    assert ("ZW003", "14:00", "17:30") in who(found, "W03")


def test_leave_takes_the_person_out_and_a_free_b_stands_in(hall: HallSettings) -> None:
    away = [Away("ZW002", at(8), at(12))]
    found = seats(plan(hall), away, MONDAY)
    assert who(found, "W02") == [("ZW002", "14:00", "17:30")], "its B sits at window 1 himself"
    nobody = Roster("W01", (), (DayShift(MONDAY, time(8, 30), time(17, 30), "", "整修"),))
    found = seats(plan(hall, nobody), away, MONDAY)
    assert who(found, "W02")[0] == ("ZW001", "08:30", "12:00"), "whose own window is not staffed, stands in"
    both = [*away, Away("ZW001", at(10), at(24 - 1 / 60))]
    assert who(seats(plan(hall, nobody), both, MONDAY), "W02")[0] == ("ZW001", "08:30", "10:00")


def test_a_skill_that_ended_empties_the_seat_or_narrows_it(hall: HallSettings) -> None:
    people = dict(hall.catalogue.people)
    people["ZW002"] = replace(people["ZW002"], skill_until={"A": date(2026, 3, 1)})
    gone = replace(plan(hall), catalogue=replace(hall.catalogue, people=people))
    assert who(seats(gone, (), MONDAY), "W02") == []
    assert who(seats(gone, (), date(2026, 2, 27)), "W02") != []
    windows = {**hall.catalogue.windows, "W02": replace(hall.catalogue.windows["W02"], queues=("A", "B"))}
    wide = replace(plan(hall), catalogue=replace(hall.catalogue, windows=windows))
    found = seat_at(seats(wide, (), MONDAY), "W02", at(9))
    assert found is not None
    assert found.own == (("A", None),), "the files' post of ZW002 has no B, and they have no skill for it"


def test_a_saturday_that_works_is_a_working_day(hall: HallSettings) -> None:
    assert who(seats(plan(hall), (), SATURDAY), "W02") == []
    assert who(seats(plan(hall), (), SATURDAY), "W01") != []
    assert who(seats(plan(hall), (), WORKING_SATURDAY), "W02") == who(seats(plan(hall), (), MONDAY), "W02")


def test_a_saturday_that_works_has_the_roster_of_working_days(hall: HallSettings) -> None:
    """What is said of Monday to Friday, not of Saturdays; what names one weekday is not said of it."""

    def there(day: date, days: tuple[Weekday, ...]) -> list[tuple[str | None, time]]:
        rows = (
            WeekShift(days, time(8, 30), time(17, 30), "ZW003"),
            WeekShift(("sat",), time(9), time(12), "ZW004"),
        )
        shifts = replace(plan(hall), rosters={"W02": Roster("W02", rows)}).shifts("W02", day)
        return [(s.person, s.start.time()) for s in shifts]

    assert there(WORKING_SATURDAY, WORKDAYS) == there(MONDAY, WORKDAYS) == [("ZW003", time(8, 30))]
    assert there(WORKING_SATURDAY, ("mon",))[0][0] == "ZW002", "nothing is said of it: the post's own"
    assert there(SATURDAY, WORKDAYS) == [("ZW004", time(9))]


def test_a_window_works_in_the_hours_of_its_queues_too(hall: HallSettings) -> None:
    queues = {**hall.catalogue.queues}
    for q, hours in (("A", ((time(7), time(8, 30)), (time(11), time(13)))), ("B", ((time(20), time(2)),))):
        queues[q] = replace(queues[q], hours=hours, carry_over=q == "B")
    changed = replace(plan(hall), catalogue=replace(hall.catalogue, queues=queues))
    assert own_hours(changed, hall.catalogue.windows["W02"], MONDAY) == ((time(7), time(13)), PM)
    night = next(w for w in hall.catalogue.windows.values() if w.queues == ("B",))
    assert own_hours(changed, night, MONDAY)[-1] == (time(20), time(23, 59))
    assert own_hours(plan(hall), night, MONDAY) == (AM, PM)


@pytest.mark.parametrize(("start", "share"), [(9, 1.0), (11.75, 0.5), (12, 0.0)])
def test_half_a_slot_is_half_a_window(hall: HallSettings, start: float, share: float) -> None:
    only = seats(plan(hall, week("W02", "ZW002", AM)), (), MONDAY)
    mine = [s for s in only if s.window == "W02"]
    assert windows_for(mine, "A", at(start), at(start + 0.5)) == pytest.approx(share)
    shared = [replace(s, own=(("A", None), ("B", None))) for s in mine]
    assert windows_for(shared, "A", at(start), at(start + 0.5)) == pytest.approx(share / 2)
    assert windows_for(mine, "B", at(start), at(start + 0.5)) == 0


PEOPLE = ("ZW001", "ZW002", "ZW003", "ZW004")
spans = st.tuples(st.integers(16, 34), st.integers(1, 12)).map(
    lambda x: (time(x[0] // 2, x[0] % 2 * 30), time(min(x[0] + x[1], 47) // 2, min(x[0] + x[1], 47) % 2 * 30))
)
WINDOWS = ("W01", "W02", "W03", "W04")
days = st.lists(st.tuples(st.sampled_from(WINDOWS), spans, st.sampled_from(PEOPLE)), max_size=6)
leaves = st.lists(st.tuples(st.sampled_from(PEOPLE), spans), max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(days=days, leaves=leaves)
def test_whatever_is_rostered_nobody_sits_twice_away_or_unable(
    hall: HallSettings,
    days: list[tuple[str, tuple[time, time], str]],
    leaves: list[tuple[str, tuple[time, time]]],
) -> None:
    rows: defaultdict[str, list[DayShift]] = defaultdict(list)
    for window, (a, b), person in days:
        rows[window].append(DayShift(MONDAY, a, b, person))
    away = [Away(p, datetime.combine(MONDAY, a), datetime.combine(MONDAY, b)) for p, (a, b) in leaves]
    found = seats(plan(hall, *(Roster(w, (), tuple(r)) for w, r in rows.items())), away, MONDAY)
    of_person: defaultdict[str | None, list[Seat]] = defaultdict(list)
    for seat in found:
        assert seat.start < seat.end
        assert seat.own or seat.help
        of_person[seat.person].append(seat)
    for person, mine in of_person.items():
        mine.sort(key=lambda s: s.start)
        assert all(a.end <= b.start for a, b in zip(mine, mine[1:], strict=False)), person
        gone = [x for x in away if x.person == person]
        assert not any(x.since < s.end and s.start < x.until for x in gone for s in mine)
