"""Who is able to serve what on a day: the shifts of the plan (rosters.py) less granted leave, with stand-ins
where a post would be empty, and what each person may call at their window.

It looks ahead: appointment places, simulated days and the what-if of another day count these seats. Where no
roster says anything the A role holds the post in the window's hours. Times are the hall's own, naive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from server.domain.calendar import Interval
from server.domain.catalogue import Window
from server.domain.posts import main_person, stand_ins
from server.domain.rosters import Away, Plan, Shift, less
from server.domain.skills import Pool, help_pools, own_pools
from server.domain.windows import callable_pools

Stretch = tuple[datetime, datetime]
DAY_END = time(23, 59)


@dataclass(frozen=True)
class Seat:
    """A window with somebody who is able to serve there. person None: whoever. own: what the window calls
    first; help: once that is empty. rostered: a roster says so, not the A role."""

    window: str
    person: str | None
    start: datetime
    end: datetime
    own: tuple[Pool, ...]
    help: tuple[Pool, ...]
    rostered: bool = False


def seats(plan: Plan, away: Iterable[Away], day: date, hours: Sequence[Interval] | None = None) -> list[Seat]:
    """The seats of `day`, by window and time. hours: instead of those in which each window works.

    Nobody sits in two places: what a roster says of a person goes before the post they hold. Who is on leave
    or may call nothing there is stood in for by the first B who is free; else the seat stays empty.
    """
    absent: defaultdict[str, list[Stretch]] = defaultdict(list)
    for leave in away:
        absent[leave.person].append((leave.since, leave.until))
    open_ = [w for w in plan.catalogue.windows.values() if not w.out]
    wanted = [
        s
        for w in open_
        for s in plan.shifts(w.id, day, own_hours(plan, w, day) if hours is None else hours)
        if s.staffed
    ]
    wanted.sort(key=lambda s: s.source == "post")
    taken: defaultdict[str, list[Stretch]] = defaultdict(list)
    found: list[Seat] = []
    empty: list[tuple[Shift, Stretch]] = []
    for shift in wanted:
        span = (shift.start, shift.end)
        if shift.person is None:
            found.append(_seat(plan, shift, None, span, day))
            continue
        there = _able(plan, shift, shift.person, day)
        held = less(span, (*absent[shift.person], *taken[shift.person])) if there else []
        for part in held:
            found.append(_seat(plan, shift, shift.person, part, day))
            taken[shift.person].append(part)
        empty += [(shift, gap) for gap in less(span, held)]
    for shift, gap in empty:
        gaps = [gap]
        for b in stand_ins(shift.window, plan.catalogue.people.values()):
            if not _able(plan, shift, b.id, day):
                continue
            covered = [part for g in gaps for part in less(g, (*absent[b.id], *taken[b.id]))]
            found += [_seat(plan, shift, b.id, part, day) for part in covered]
            taken[b.id] += covered
            gaps = [left for g in gaps for left in less(g, covered)]
    return sorted(found, key=lambda s: (s.window, s.start, s.end))


def own_hours(plan: Plan, window: Window, day: date) -> tuple[Interval, ...]:
    """The hours of `day` in which `window` may have somebody to serve: the hall's, and those of its queues
    that have their own (early, late, Saturday)."""
    calendar = plan.calendar
    hours = list(calendar.intervals(day))
    for queue in (plan.catalogue.queues[q] for q in window.queues):
        own = {"working": queue.hours, "saturday": queue.saturday}.get(calendar.kind(day), ())
        if queue.carry_over:
            own = tuple((a, b if a < b else DAY_END) for a, b in own)
        hours += calendar.cut(day, own) if own else ()
    joined: list[Interval] = []
    for a, b in sorted(set(hours)):
        if joined and a <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], b))
        else:
            joined.append((a, b))
    return tuple(joined)


def seat_at(found: Iterable[Seat], window: str, local: datetime) -> Seat | None:
    """Who sits at `window` at that moment."""
    return next((s for s in found if s.window == window and s.start <= local < s.end), None)


def usual_seat(plan: Plan, window: str, day: date) -> Seat:
    """The window with its A role, or with whoever where nobody has it: as if opened on request."""
    main = main_person(window, plan.catalogue.people.values())
    midnight = datetime.combine(day, time())
    shift = Shift(window, main.id if main else None, midnight, midnight + timedelta(days=1), "post")
    return _seat(plan, shift, shift.person, (shift.start, shift.end), day)


def windows_for(found: Iterable[Seat], queue: str, start: datetime, end: datetime) -> float:
    """How many windows call `queue` from `start` to `end`, on average; one that takes n queues as its own
    counts 1/n for each."""
    span = (end - start).total_seconds()
    mine = (s for s in found if (queue, None) in s.own)
    there = ((max(0.0, (min(s.end, end) - max(s.start, start)).total_seconds()), len(s.own)) for s in mine)
    return sum(seconds / span / queues for seconds, queues in there)


def _able(plan: Plan, shift: Shift, person: str, day: date) -> bool:
    own, spare = pools_of(plan, shift.window, person, day)
    return bool(own or spare)


def pools_of(
    plan: Plan, window: str, person: str | None, day: date
) -> tuple[tuple[Pool, ...], tuple[Pool, ...]]:
    """(own queues, those it helps) that `person` may call at `window`; None: whoever sits there."""
    place = plan.catalogue.windows[window]
    if person is None:
        return tuple((q, None) for q in place.queues), callable_pools(place)
    able = (place, plan.catalogue.people.get(person), plan.catalogue, plan.files, day)
    return own_pools(*able), help_pools(*able)


def _seat(plan: Plan, shift: Shift, person: str | None, span: Stretch, day: date) -> Seat:
    own, spare = pools_of(plan, shift.window, person, day)
    return Seat(shift.window, person, *span, own, spare, shift.source != "post")
