"""A person at a window: sign in and open, pause with a reason, resume, close."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from server.actions.at_window import working_post
from server.actions.tidal import check_tidal
from server.actions.transfer import release_held
from server.actions.unserved import only_served_by, some_numbers
from server.domain import refusals
from server.domain.events import WindowClosed, WindowOpened, WindowPaused, WindowResumed
from server.domain.windows import WindowState, check_skills
from server.settings import HallSettings
from server.store.covers import set_cover
from server.store.leaves import away_now
from server.store.tickets import held_at, leg_at, release_targets
from server.store.unit import Unit
from server.store.windows import find_post, post_of, save_post


def open_window(unit: Unit, hall: HallSettings, window: str, take_over: bool = False) -> None:
    """The caller takes the post and opens it. `take_over`: from somebody who forgot to leave, recorded.

    Raises WindowUnknown, WindowOut, PersonOnLeave, SkillMissing, WindowTidal, WindowOpen, WindowTaken,
    WindowBusy, ClerkElsewhere.
    """
    place = hall.catalogue.windows.get(window)
    if place is None:
        raise refusals.WindowUnknown(window=window)
    if place.out:
        raise refusals.WindowOut(window=window, number=place.number, why=place.out)
    clerk = unit.actor.id
    today = unit.now.astimezone(hall.zone).date()
    leave = away_now(unit.connection, unit.hall, unit.now).get(clerk)
    if leave is not None:
        until = f"{leave.until.astimezone(hall.zone):%Y-%m-%d %H:%M}"
        raise refusals.PersonOnLeave(leave=leave.id, until=until)
    check_skills(place, hall.catalogue.people[clerk], hall.catalogue, hall.files, today)
    check_tidal(unit, hall, window)
    post = find_post(unit.connection, unit.hall, window)
    if post.clerk == clerk:
        raise refusals.WindowOpen(window=window)
    if post.clerk is not None:
        if not take_over:
            raise refusals.WindowTaken(window=window, name=hall.catalogue.people[post.clerk].name)
        _check_empty(unit, window)
    elsewhere = post_of(unit.connection, unit.hall, clerk)
    if elsewhere is not None:
        raise refusals.ClerkElsewhere(window=elsewhere.window)
    if post.clerk is not None:
        release_targets(unit, window, post.clerk)
    save_post(unit, window, state=WindowState.OPEN, clerk=clerk, session=unit.actor.proof)
    set_cover(unit, window, "none")
    unit.add(WindowOpened(window))
    unit.note("window.open", f"window:{window}", taken_from=post.clerk)


def pause_window(
    unit: Unit, hall: HallSettings, window: str, reason: str, minutes: int | None = None
) -> None:
    """Pause with a reason from the list, and say when one is back if that is known; a ticket at the window
    stays. Raises WindowPaused, PauseReasonUnknown."""
    post, clerk = working_post(unit, window)
    if reason not in {r.id for r in hall.choices.pause_reason}:
        raise refusals.PauseReasonUnknown(reason=reason)
    if post.state is WindowState.PAUSED:
        raise refusals.WindowPaused(window=window)
    back_at = unit.now + timedelta(minutes=minutes) if minutes else None
    why = {"pause_reason": reason, "back_at": back_at}
    save_post(unit, window, state=WindowState.PAUSED, clerk=clerk, session=post.session, **why)
    unit.add(WindowPaused(window, reason))
    unit.note("window.pause", f"window:{window}", reason=reason, **({"minutes": minutes} if minutes else {}))


def resume_window(unit: Unit, window: str) -> None:
    """Raises WindowOpen when it is not paused."""
    post, clerk = working_post(unit, window)
    if post.state is not WindowState.PAUSED:
        raise refusals.WindowOpen(window=window)
    save_post(unit, window, state=WindowState.OPEN, clerk=clerk, session=post.session)
    unit.add(WindowResumed(window))
    unit.note("window.resume", f"window:{window}")


def close_window(
    unit: Unit,
    hall: HallSettings,
    window: str,
    held: Literal["queue", "keep"] | None = None,
    leave: bool = False,
) -> None:
    """Leave the post; who waited for this window or person alone waits for the queue.

    held: what becomes of those set aside here: back to their queue with the seniority they had, or kept aside
    for whichever able window they come to. leave: although others wait whom no other window could call now.
    Raises WindowBusy while a ticket stands there, WindowHolds when somebody is set aside and `held` is not
    said, WindowLast when the hall is closing and people wait for this window alone.
    """
    _, clerk = working_post(unit, window)
    _check_empty(unit, window)
    aside = held_at(unit.connection, unit.hall, unit.day, window)
    if aside and held is None:
        raise refusals.WindowHolds(window=window, numbers=some_numbers(aside))
    if not leave:
        waits = only_served_by(unit, hall, window)
        if waits:
            raise refusals.WindowLast(window=window, count=len(waits), numbers=some_numbers(waits))
    if held == "queue":
        release_held(unit, window, clerk)
    release_targets(unit, window, clerk)
    save_post(unit, window, state=WindowState.CLOSED, clerk=None, session=None)
    unit.add(WindowClosed(window))
    unit.note("window.close", f"window:{window}")


def _check_empty(unit: Unit, window: str) -> None:
    leg = leg_at(unit.connection, unit.hall, window)
    if leg is not None:
        raise refusals.WindowBusy(window=window, number=leg.number)
