"""The business day: opened once, closing (everyone with a number is served), closed (the rest expires)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from server.actions.raise_alarm import clear_alarm, keep_alarms
from server.domain import refusals
from server.domain.blocks import LOST, UNENTERED, UNUSUAL
from server.domain.events import DayClosed, DayClosing, DayOpened, WindowClosed
from server.domain.marks import GAP
from server.domain.opening import day_stops, is_lengthened
from server.domain.tickets import Move, State
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.store.alarms import alarms_of
from server.store.day_sums import recounted, sums_of
from server.store.days import add_day, find_day, latest_day, overtime, save_day
from server.store.tickets import legs_in, move
from server.store.unit import Unit
from server.store.windows import save_post, staffed_windows

STEP = timedelta(minutes=5)  # a clock set back further than this is doubted (F8); a leap ahead: store/unit.py


def open_day(
    unit: Unit, hall: HallSettings, by_hand: bool, believe_clock: bool = False, reason: str = ""
) -> str:
    """Open the business day of the hall's local date. by_hand: a person decides, whatever the calendar says.

    A day that was closed today may be opened again by hand, and one that is closing with a `reason`: its
    numbers go on, they never restart (D7). believe_clock: the person has looked at the clock. A day of a year
    without official calendar is marked. Raises DayOpenAlready, DayReasonNeeded, DayClosed (already ended),
    ClockInsane.
    """
    if unit.day is not None and by_hand:
        return reopen_by_hand(unit, hall, reason)
    if unit.day is not None:
        raise refusals.DayOpenAlready(date=unit.day)
    if by_hand and believe_clock:
        unit.believe_clock()
    elif clock_is_doubtful(unit):
        raise refusals.ClockInsane(date=_date(hall, unit.clock_at), latest=_date(hall, unit.stored_at))
    today = _date(hall, unit.now)
    latest = latest_day(unit.connection, unit.hall)
    if latest is not None and today < latest:
        raise refusals.ClockInsane(date=today, latest=latest)
    if latest == today:
        if not by_hand:
            raise refusals.DayClosed(date=today, opens=None)
        save_day(unit, today, state="open", by_hand=True, closed_at=None, sums=None)
        unit.set_day(today)
    else:
        add_day(unit, today, by_hand)
        unit.protected_run = 0
    if hall.calendar.is_provisional(date.fromisoformat(today)):
        save_day(unit, today, provisional=True)
    unit.add(DayOpened(today))
    unit.note("day.open", f"day:{today}", by_hand=by_hand, believe_clock=believe_clock)
    return today


def trust_clock(unit: Unit, hall: HallSettings) -> None:
    """A person has looked at a clock that leapt ahead, and it is right: the hall's time follows it at once.

    Raises ClockInsane for a clock that is behind what is stored: time never goes back.
    """
    if unit.clock_at < unit.stored_at - STEP:
        raise refusals.ClockInsane(date=_date(hall, unit.clock_at), latest=_date(hall, unit.stored_at))
    unit.believe_clock()
    unit.note("clock.believe", "hall")


def clock_is_doubtful(unit: Unit) -> bool:
    """Is the clock well behind what is stored, or absurdly ahead of it?"""
    return unit.clock_leaps or unit.clock_at < unit.stored_at - STEP


def _date(hall: HallSettings, moment: datetime) -> str:
    return moment.astimezone(hall.zone).date().isoformat()


def begin_closing(unit: Unit) -> None:
    """No new numbers from now on. Raises DayClosed when no day is open."""
    day = find_day(unit.connection, unit.hall, unit.day)
    if day is None or day.state != "open":
        raise refusals.DayClosed(date=unit.day, opens=None)
    save_day(unit, day.day, state="closing")
    unit.add(DayClosing(day.day))
    unit.note("day.closing", f"day:{day.day}")


def reopen_by_hand(unit: Unit, hall: HallSettings, reason: str) -> str:
    """Numbers are given again on a day that is closing, because who leads says why; the day.

    Where the hours still give numbers (it was stopped too soon) they go on holding; else the day runs by hand
    from here on. Raises DayOpenAlready, DayReasonNeeded.
    """
    day = find_day(unit.connection, unit.hall, unit.day)
    if day is None or day.state != "closing":
        raise refusals.DayOpenAlready(date=unit.day)
    if not reason:
        raise refusals.DayReasonNeeded()
    stops = day_stops(hall.calendar, hall.catalogue, date.fromisoformat(day.day))
    local = unit.now.astimezone(hall.zone).replace(tzinfo=None)
    by_hand = day.by_hand or stops is None or stops <= local
    _reopen(unit, day.day, by_hand, reason=reason)
    return day.day


def reopen_by_hours(unit: Unit, before: HallSettings, after: HallSettings, **why: object) -> None:
    """Hours that were published lengthen today: a day that is closing because they were over gives numbers
    again. What a person stopped while the hours still ran stays stopped."""
    day = find_day(unit.connection, unit.hall, unit.day)
    if day is None or day.state != "closing" or day.by_hand:
        return
    local = unit.now.astimezone(after.zone).replace(tzinfo=None)
    hours = ((hall.calendar, hall.catalogue) for hall in (before, after))
    if is_lengthened(*hours, date.fromisoformat(day.day), local):
        _reopen(unit, day.day, by_hand=False, **why)


def _reopen(unit: Unit, day: str, by_hand: bool, **why: object) -> None:
    save_day(unit, day, state="open", by_hand=by_hand)
    unit.add(DayOpened(day))
    unit.note("day.reopen", f"day:{day}", by_hand=by_hand, **why)


def close_day(unit: Unit, closes: datetime | None = None) -> None:
    """End the day: who still waits expires, windows close, the sums are sealed.

    closes: when the windows should have closed; what was served later is overtime. Raises WindowBusy while
    somebody is at a window.
    """
    if unit.day is None:
        raise refusals.DayClosed(date=None, opens=None)
    day, connection = unit.day, unit.connection
    at_window = legs_in(connection, unit.hall, day, State.CALLED, State.SERVING)
    if at_window:
        raise refusals.WindowBusy(window=at_window[0].window, number=at_window[0].number)
    for leg in legs_in(connection, unit.hall, day, State.AWAY, State.WAITING, State.HELD, State.NO_SHOW):
        move(unit, leg, Move.EXPIRE, ended_at=unit.now)
    for window in staffed_windows(connection, unit.hall):
        save_post(unit, window, state=WindowState.CLOSED, clerk=None, session=None)
        unit.add(WindowClosed(window))
    sums = sums_of(connection, unit.hall, day)
    if closes is not None:
        sums["overtime"] = overtime(connection, unit.hall, day, closes)
    save_day(unit, day, state="closed", closed_at=unit.now, sums=sums)
    for kind in (LOST, *(f"{UNUSUAL}{end}" for end in UNENTERED)):
        keep_alarms(unit, kind, "yellow", {})  # seen for a day; the audit trail keeps them
    for lost in alarms_of(unit.connection, unit.hall, GAP):
        if lost <= day:  # a backup of yesterday may miss numbers of today
            clear_alarm(unit, GAP, lost)
    unit.set_day(None)
    unit.add(DayClosed(day))
    unit.note("day.close", f"day:{day}", sums=sums)


def reseal_day(unit: Unit, day: str, reason: str) -> None:
    """The sums of a closed day are made again from its events: a kiosk that was cut off told only now what it
    gave, or who runs the hall asks for it. What was sealed before stays in the audit trail beside what is
    sealed now. Nothing happens while the day is not closed."""
    found = recounted(unit.connection, unit.hall, day)
    if found is not None and found[0] != found[1]:
        before, sums = found
        save_day(unit, day, sums=sums)
        unit.note("day.amend", f"day:{day}", reason=reason, before=before, sums=sums)
