"""排班: who sits at which window when. A week's pattern per window, over it what differs on single days;
where neither says anything, the main person (A) works the window's hours.

Within the hours of one day, what is said of that day goes before the week, and the week before the post. A
row without a person says on purpose that the window is not staffed then. Times are the hall's own, naive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import ClassVar, Literal

from server.domain.access import AT_DESK, DUTY_LEADER, MANAGER
from server.domain.calendar import HallCalendar, Interval
from server.domain.catalogue import STRICT, Catalogue, Person, Window
from server.domain.configuration import Wrong
from server.domain.posts import main_person
from server.domain.skills import help_pools, own_pools

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKING = frozenset(WEEK[:5])
LEADER = "leader"  # the roster of the duty leaders (带班), beside those of the windows
LEADERS = (DUTY_LEADER, MANAGER)
WEEKS_AHEAD = 5  # how far a working day of each weekday is looked for: past any holiday


@dataclass(frozen=True)
class WeekShift:
    """Every week on `days`, from the day `since` to the day `until`. person "" = nobody, on purpose."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    days: tuple[Weekday, ...]
    start: time
    end: time
    person: str = ""
    since: date | None = None
    until: date | None = None

    def holds(self, day: date, weekday: int | None) -> bool:
        """weekday: that of `day` by the hall's calendar; a weekend day that works (None) has what is said of
        every working day of the week."""
        begun = self.since is None or self.since <= day
        named = WORKING if weekday is None else {WEEK[weekday]}
        return begun and (self.until is None or day <= self.until) and named <= set(self.days)


@dataclass(frozen=True)
class DayShift:
    """On one day only. person "" = nobody, on purpose."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    date: date
    start: time
    end: time
    person: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Roster:
    """Of one window, or of LEADER (rosters.toml)."""

    __pydantic_config__: ClassVar[dict[str, object]] = STRICT

    window: str
    week: tuple[WeekShift, ...] = ()
    days: tuple[DayShift, ...] = ()


@dataclass(frozen=True)
class Shift:
    """One person at one window on one day. person: "" = nobody on purpose, None = whoever. source: what said
    so; "post" = the A role."""

    window: str
    person: str | None
    start: datetime
    end: datetime
    source: Literal["week", "days", "post"]
    reason: str = ""

    @property
    def staffed(self) -> bool:
        return self.person != ""


@dataclass(frozen=True)
class Away:
    """A granted leave, in the hall's own time."""

    person: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Plan:
    """All that says who is expected: files and placement, the calendar, the rosters by window."""

    catalogue: Catalogue
    files: Catalogue
    calendar: HallCalendar
    rosters: Mapping[str, Roster]

    def shifts(self, window: str, day: date, hours: Sequence[Interval] | None = None) -> list[Shift]:
        """Who is expected at `window`, or as the hall's leader, on `day`, by time. hours: instead of the
        hall's, where a queue has its own."""
        roster = self.rosters.get(window, Roster(window))
        hours = self.calendar.intervals(day) if hours is None else hours
        main = main_person(window, self.catalogue.people.values())
        weekday = self.calendar.weekday_of(day)
        return shifts_on(roster, day, weekday, hours, self.work_hours(window, day, hours), main)

    def work_hours(self, window: str, day: date, hours: Sequence[Interval]) -> tuple[Interval, ...]:
        """When somebody must sit at `window` on `day`; `hours` are those of the day."""
        place = self.catalogue.windows.get(window)
        return work_hours(place, hours, self.calendar.kind(day) == "saturday")


def work_hours(window: Window | None, hours: Sequence[Interval], saturday: bool) -> tuple[Interval, ...]:
    """When somebody must sit at `window`; `hours` are the day's. Tidal windows open by request and those that
    are out of use not at all; over lunch only those with lunch duty, on a Saturday (one that is no working
    day by the calendar) only those that work then. No window: never."""
    if window is None or not hours or window.out or window.default_state == "tidal":
        return ()
    if saturday and not window.saturday:
        return ()
    return ((hours[0][0], hours[-1][1]),) if window.lunch_duty else tuple(hours)


def shifts_on(
    roster: Roster,
    day: date,
    weekday: int | None,
    hours: Sequence[Interval],
    works: Sequence[Interval],
    main: Person | None,
) -> list[Shift]:
    """Who is expected on `day`, by time.

    weekday: of the day by the hall's calendar. hours: of the hall, which cut the week's rows; a day without
    hours has what is said of that very day only. works: when the window is staffed where the week does not
    name this weekday.
    """

    def at(moment: time) -> datetime:
        return datetime.combine(day, moment)

    rows = [row for row in roster.week if row.holds(day, weekday)]
    usual: list[Shift] = []
    if rows and hours:
        first, last = hours[0][0], hours[-1][1]
        usual = [
            Shift(roster.window, row.person, at(max(row.start, first)), at(min(row.end, last)), "week")
            for row in rows
            if max(row.start, first) < min(row.end, last)
        ]
    elif not rows:
        usual = [Shift(roster.window, main.id if main else None, at(a), at(b), "post") for a, b in works]
    own = [
        Shift(roster.window, row.person, at(row.start), at(row.end), "days", row.reason)
        for row in roster.days
        if row.date == day
    ]
    kept = [
        replace(shift, start=a, end=b)
        for shift in usual
        for a, b in less((shift.start, shift.end), [(x.start, x.end) for x in own])
    ]
    return sorted((*kept, *own), key=lambda s: (s.start, s.end, s.person or ""))


def expected_at(shifts: Iterable[Shift], local: datetime) -> Shift | None:
    """The shift that runs at `local`, when somebody ought to sit there."""
    return next((s for s in shifts if s.staffed and s.start <= local < s.end), None)


def clashes(plan: Plan, changed: Collection[str], away: Iterable[Away], today: date) -> list[Wrong]:
    """What is wrong with the rosters of `changed` from `today` on: each kind once per item and person, at the
    first day on which it happens.

    roster-twice: one person in two places; roster-overlap: two people at one window; roster-leave: on granted
    leave; roster-skill: able to do nothing there; roster-role: no work for this role; roster-uncovered (B11):
    a window that is to be open and has nobody.
    """
    absent = list(away)
    found: dict[tuple[str, str, str], Wrong] = {}
    for day in _telling_days(plan, absent, today):
        shifts = [s for w in (*plan.catalogue.windows, LEADER) for s in plan.shifts(w, day)]
        for wrong, who in _of_day(plan, shifts, changed, absent, day):
            found.setdefault((wrong.item, wrong.code, who), wrong)
    return list(found.values())


def _telling_days(plan: Plan, away: Iterable[Away], today: date) -> list[date]:
    """Days that show every clash there can be: between two days on which something begins or ends each
    weekday is like the next, so the first working one of each speaks for all, and so do weekend days that
    work."""
    rosters, one = plan.rosters.values(), timedelta(days=1)
    bounds = {today, *(row.since for r in rosters for row in r.week if row.since)}
    bounds |= {row.until + one for r in rosters for row in r.week if row.until}
    bounds |= {day for a in away for day in (a.since.date(), a.since.date() + one, a.until.date())}
    named = {row.date for r in rosters for row in r.days}
    usual = set()
    for bound in (b for b in bounds if b >= today):
        later = (bound + timedelta(days=n) for n in range(7 * WEEKS_AHEAD))
        first: dict[int | None, date] = {}
        for open_day in (d for d in later if plan.calendar.intervals(d)):
            first.setdefault(plan.calendar.weekday_of(open_day), open_day)
        usual |= set(first.values())
    return sorted(d for d in usual | named if d >= today)


def _of_day(
    plan: Plan, shifts: Sequence[Shift], changed: Collection[str], away: Iterable[Away], day: date
) -> Iterable[tuple[Wrong, str]]:
    for one, other in combinations([s for s in shifts if s.staffed], 2):
        if one.start >= other.end or other.start >= one.end:
            continue
        at = {"day": day.isoformat(), **_span(max(one.start, other.start), min(one.end, other.end))}
        if one.window == other.window and one.window in changed:
            yield _wrong(one, "roster-overlap", **at), ""
        elif one.person and one.person == other.person and LEADER not in (one.window, other.window):
            mine, theirs = (one, other) if one.window in changed else (other, one)
            if mine.window in changed:
                where = plan.catalogue.windows[theirs.window].number
                who = _name(plan, mine.person)
                yield _wrong(mine, "roster-twice", name=who, window=where, **at), mine.person or ""
    for shift in shifts:
        if shift.window not in changed or shift.source == "post" or not shift.person:
            continue
        at = {"day": day.isoformat(), "name": _name(plan, shift.person)}
        if any(a.person == shift.person and a.since < shift.end and shift.start < a.until for a in away):
            yield _wrong(shift, "roster-leave", **at), shift.person
        person = plan.catalogue.people.get(shift.person)
        if person is not None and person.role not in (LEADERS if shift.window == LEADER else AT_DESK):
            yield _wrong(shift, "roster-role", **at), shift.person
        elif person is not None and shift.window != LEADER:
            able = (plan.catalogue.windows[shift.window], person, plan.catalogue, plan.files, day)
            if not own_pools(*able) and not help_pools(*able):
                yield _wrong(shift, "roster-skill", **at), shift.person
    for window in changed:
        own = [s for s in shifts if s.window == window]
        if all(s.source == "post" for s in own):
            continue
        works = plan.work_hours(window, day, plan.calendar.intervals(day))
        spans = [(datetime.combine(day, a), datetime.combine(day, b)) for a, b in works]
        for a, b in (gap for span in spans for gap in less(span, [(s.start, s.end) for s in own])):
            facts = {"day": day.isoformat(), **_span(a, b)}
            yield Wrong(window, "week", "roster-uncovered", facts), ""


def less(
    span: tuple[datetime, datetime], holes: Iterable[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """What is left of `span` without `holes`."""
    left = [span]
    for start, end in holes:
        left = [
            part
            for a, b in left
            for part in (((a, min(b, start)), (max(a, end), b)) if start < b and a < end else ((a, b),))
            if part[0] < part[1]
        ]
    return left


def _wrong(shift: Shift, code: str, **facts: str) -> Wrong:
    return Wrong(shift.window, "days" if shift.source == "days" else "week", code, facts)


def _span(start: datetime, end: datetime) -> dict[str, str]:
    return {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}


def _name(plan: Plan, person: str | None) -> str:
    known = plan.catalogue.people.get(person or "")
    return known.name if known else person or ""
