"""A roster by whole weeks: one laid over another, two people who change places. Both are said of single
days and leave the week's pattern as it is.

Whoever is expected without a name (the post has no main person) cannot be said of a day and stays as usual.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from server.domain.calendar import Interval
from server.domain.rosters import LEADER, DayShift, Plan, Roster, Shift, less

DAYS = 7
ALWAYS = (time.min, time.max)


def copied(plan: Plan, source: date, target: date, today: date) -> dict[str, Roster]:
    """The rosters that make the week from `target` what the week from `source` is, by window; those that need
    no change are left out. Days on which either week has no hours, and days before `today`, stay as they
    are."""
    found = {}
    for window in (*plan.catalogue.windows, LEADER):
        roster = now = plan.rosters.get(window, Roster(window))
        for n in range(DAYS):
            there, here = source + timedelta(days=n), target + timedelta(days=n)
            before, hours = plan.calendar.intervals(there), plan.calendar.intervals(here)
            if here >= today and before and hours:
                wanted = _moved(plan.shifts(window, there), here, hours)
                now = _said(plan, now, here, wanted, (before[0][0], before[-1][1]))
        if now != roster:
            found[window] = now
    return found


def swapped(plan: Plan, one: str, other: str, since: date, until: date) -> dict[str, Roster]:
    """The rosters in which `one` and `other` have changed places from `since` to `until`, by window."""
    places = {one: other, other: one}
    found = {}
    for window in (*plan.catalogue.windows, LEADER):
        roster = now = plan.rosters.get(window, Roster(window))
        for n in range((until - since).days + 1):
            day = since + timedelta(days=n)
            shifts = plan.shifts(window, day)
            if any(s.person in places for s in shifts):
                wanted = [replace(s, person=places.get(s.person or "", s.person)) for s in shifts]
                now = _said(plan, now, day, wanted, ALWAYS)
        if now != roster:
            found[window] = now
    return found


def _moved(shifts: Iterable[Shift], day: date, hours: Sequence[Interval]) -> list[Shift]:
    """The same on another day: what is usual within its hours, what was said of a day whatever they are."""
    found = []
    for s in shifts:
        start, end = s.start.time(), s.end.time()
        if s.source != "days":
            start, end = max(start, hours[0][0]), min(end, hours[-1][1])
        if start < end:
            found.append(replace(s, start=datetime.combine(day, start), end=datetime.combine(day, end)))
    return found


def _said(plan: Plan, roster: Roster, day: date, wanted: Sequence[Shift], known: Interval) -> Roster:
    """`roster` with no more said of `day` than makes `wanted` those who are expected.

    known: between these times nobody being wanted means that nobody is expected; beside them the usual stays.
    """
    others = tuple(row for row in roster.days if row.date != day)
    bare = replace(roster, days=others)
    usual = replace(plan, rosters={**plan.rosters, roster.window: bare}).shifts(roster.window, day)
    wishes, kept, dropped = Counter(_what(s) for s in wanted), list[Shift](), list[Shift]()
    for shift in usual:
        (kept if wishes[_what(shift)] > 0 else dropped).append(shift)
        wishes[_what(shift)] -= 1
    said = [s for s in wanted if s.person is not None]
    fresh = [s for s in said if wishes[_what(s)] > 0]
    if any(a.start < b.end and b.start < a.end for a in (*fresh, *dropped) for b in kept):
        fresh, kept, dropped = said, [], usual  # it cannot be said of one without the other
    rows = [DayShift(day, s.start.time(), s.end.time(), s.person or "", s.reason) for s in fresh]
    settled = [(s.start, s.end) for s in (*fresh, *kept, *(s for s in wanted if s.person is None))]
    for shift in dropped:
        start, end = max(shift.start.time(), known[0]), min(shift.end.time(), known[1])
        if start >= end:
            continue
        span = (datetime.combine(day, start), datetime.combine(day, end))
        rows += [DayShift(day, a.time(), b.time()) for a, b in less(span, settled)]
        settled.append(span)
    return replace(bare, days=tuple(sorted((*others, *rows), key=_order)))


def _what(shift: Shift) -> tuple[str | None, datetime, datetime]:
    return shift.person, shift.start, shift.end


def _order(row: DayShift) -> tuple[date, time, time, str]:
    return row.date, row.start, row.end, row.person
