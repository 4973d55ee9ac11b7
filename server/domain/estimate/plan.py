"""When a window will call: its state now, and the opening hours of the day.

An open window calls through the running spell of hours, through lunch only on lunch duty, and after the last
hour as long as somebody with a number waits. A closed window that the plan opens comes back with the next
spell; one that should be open by now is believed for LATE minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from math import inf

from server.domain.calendar import HallCalendar, Interval
from server.domain.catalogue import Window
from server.domain.estimate.pauses import TARDY
from server.domain.estimate.scene import Spell
from server.domain.rosters import Shift
from server.domain.windows import WindowState

LATE = 15.0  # minutes after opening in which a closed window is still expected


def opening_of(calendar: HallCalendar, days: Iterable[date]) -> dict[date, time]:
    """When the hall opens on those of `days` that have hours."""
    return {day: hours[0][0] for day in days if (hours := calendar.intervals(day))}


def hours_from(local: datetime, hours: Sequence[Interval], lunch_duty: bool) -> tuple[Spell, ...]:
    """The opening hours of the day in minutes from `local`; the last spell has no end: all are served."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    now = (local - midnight).total_seconds() / 60
    spells = [(a.hour * 60 + a.minute - now, b.hour * 60 + b.minute - now) for a, b in hours]
    if not spells:
        return ()
    if lunch_duty:
        return ((spells[0][0], inf),)
    return (*spells[:-1], (spells[-1][0], inf))


def spells_of(
    window: Window,
    state: WindowState,
    local: datetime,
    hours: Sequence[Interval],
    saturday: bool,
    by_hand: bool,
    tardy: float = TARDY,
    shifts: Sequence[Shift] = (),
) -> tuple[Spell, ...]:
    """When `window` calls, in minutes from `local`. saturday: the calendar makes the day one, which a weekend
    that works (调休) is not. by_hand: a person opened the day, it has no hours. tardy: minutes by which
    windows open after the hour. shifts: who is to sit there today; where a roster says it, a closed window
    comes and goes with it."""
    here = state is not WindowState.CLOSED
    if by_hand or not hours:
        return ((0.0, inf),) if here else ()
    if not here and any(s.source != "post" for s in shifts):
        return _rostered(local, hours, shifts, tardy)
    planned = hours_from(local, hours, window.lunch_duty)
    if saturday and not window.saturday and not here:
        return ()
    if here:
        return tuple((max(start, 0.0), end) for start, end in planned if end > 0)
    if window.default_state != "open":
        return ()
    return tuple((max(start + tardy, tardy), end) for start, end in planned if start > -LATE)


def _rostered(
    local: datetime, hours: Sequence[Interval], shifts: Sequence[Shift], tardy: float
) -> tuple[Spell, ...]:
    """The shifts to come, one after the other as one; who works until the hall closes serves all."""
    joined: list[tuple[datetime, datetime]] = []
    for shift in (s for s in shifts if s.staffed):
        if joined and shift.start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], shift.end))
        else:
            joined.append((shift.start, shift.end))
    closes = datetime.combine(local.date(), hours[-1][1])
    found = []
    for start, end in joined:
        a = (start - local.replace(tzinfo=None)).total_seconds() / 60
        b = inf if end >= closes else (end - local.replace(tzinfo=None)).total_seconds() / 60
        if a > -LATE and b > max(a + tardy, tardy):
            found.append((max(a + tardy, tardy), b))
    return tuple(found)
