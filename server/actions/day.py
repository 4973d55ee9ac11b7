"""The business day: opened once, closing (everyone with a number is served), closed (the rest expires)."""

from __future__ import annotations

from datetime import timedelta

from server.domain import refusals
from server.domain.events import DayClosed, DayClosing, DayOpened, WindowClosed
from server.domain.tickets import Move, State
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.store.days import add_day, find_day, latest_day, save_day
from server.store.tickets import legs_in, move
from server.store.unit import Unit
from server.store.windows import save_post, staffed_windows

SANE = timedelta(days=400)  # a clock further ahead of the last stored moment than this is doubted (F9)


def open_day(unit: Unit, hall: HallSettings, by_hand: bool) -> str:
    """Open the business day of the hall's local date. by_hand: a person decides, whatever the calendar says.

    A day that was closed today may be opened again by hand: its numbers go on, they never restart (D7).
    Raises DayOpenAlready, DayClosed (already ended), ClockInsane.
    """
    if unit.day is not None:
        raise refusals.DayOpenAlready(date=unit.day)
    date = unit.now.astimezone(hall.zone).date().isoformat()
    latest = latest_day(unit.connection, unit.hall)
    if latest is not None and date < latest:
        raise refusals.ClockInsane(date=date, latest=latest)
    if latest == date:
        if not by_hand:
            raise refusals.DayClosed(date=date, opens=None)
        save_day(unit, date, state="open", by_hand=True, closed_at=None)
        unit.set_day(date)
    else:
        add_day(unit, date, by_hand)
    unit.add(DayOpened(date))
    unit.note("day.open", f"day:{date}", by_hand=by_hand)
    return date


def begin_closing(unit: Unit) -> None:
    """No new numbers from now on. Raises DayClosed when no day is open."""
    day = find_day(unit.connection, unit.hall, unit.day)
    if day is None or day.state != "open":
        raise refusals.DayClosed(date=unit.day, opens=None)
    save_day(unit, day.day, state="closing")
    unit.add(DayClosing(day.day))
    unit.note("day.closing", f"day:{day.day}")


def close_day(unit: Unit) -> None:
    """End the day: who still waits expires, windows close. Raises WindowBusy while somebody is at a
    window."""
    if unit.day is None:
        raise refusals.DayClosed(date=None, opens=None)
    day, connection = unit.day, unit.connection
    at_window = legs_in(connection, unit.hall, day, State.CALLED, State.SERVING)
    if at_window:
        raise refusals.WindowBusy(window=at_window[0].window, number=at_window[0].number)
    for leg in legs_in(connection, unit.hall, day, State.WAITING, State.HELD, State.NO_SHOW):
        move(unit, leg, Move.EXPIRE, ended_at=unit.now)
    for window in staffed_windows(connection, unit.hall):
        save_post(unit, window, state=WindowState.CLOSED, clerk=None, session=None)
        unit.add(WindowClosed(window))
    save_day(unit, day, state="closed", closed_at=unit.now)
    unit.set_day(None)
    unit.add(DayClosed(day))
    unit.note("day.close", f"day:{day}")
