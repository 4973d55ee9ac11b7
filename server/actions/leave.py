"""请销假: ask for leave, decide, cancel, return; and tell who has not returned in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from server.actions.raise_alarm import keep_alarms
from server.domain import refusals
from server.domain.events import LeaveChanged
from server.domain.leave import Leave, LeaveState, LeaveStep, check_cover, check_overlap, check_span, stepped
from server.domain.posts import main_person
from server.settings import HallSettings
from server.store.covers import covers
from server.store.leaves import add_leave, find_leave, leaves_in, leaves_of, save_leave
from server.store.unit import Unit


def ask_leave(unit: Unit, hall: HallSettings, since: datetime, until: datetime, note: str) -> Leave:
    """The caller asks for leave. Raises LeaveInvalid, LeaveOverlap, LeaveUncovered."""
    person = unit.actor.id
    check_span(since, until, unit.now)
    check_overlap(person, since, until, leaves_of(unit.connection, unit.hall, person))
    _check_cover(unit, hall, person, since, until)
    made = add_leave(unit, person, since, until, note)
    _told(unit, made, "leave.ask", since=since.isoformat(), until=until.isoformat())
    return made


def decide_leave(unit: Unit, hall: HallSettings, leave: int, yes: bool) -> Leave:
    """Grant it or not; whether somebody of each post stays is looked at again.

    Raises LeaveUnknown, LeaveOwn, LeaveStateWrong, LeaveUncovered.
    """
    found = find_leave(unit.connection, unit.hall, leave)
    if found.person == unit.actor.id:
        raise refusals.LeaveOwn()
    step = LeaveStep.APPROVE if yes else LeaveStep.DENY
    state = stepped(found, step, unit.now)
    if yes:
        _check_cover(unit, hall, found.person, found.since, found.until)
    decided = save_leave(unit, found, state=state, decided_by=unit.actor.id, decided_at=unit.now)
    _told(unit, decided, "leave.decide", state=state.value, person=found.person)
    return decided


def cancel_leave(unit: Unit, leave: int) -> Leave:
    """The caller takes the own wish back, until it begins. Raises LeaveUnknown, LeaveStateWrong."""
    return _close(unit, leave, LeaveStep.CANCEL, lambda found: found.person == unit.actor.id)


def return_from_leave(unit: Unit, leave: int, leads: bool) -> Leave:
    """销假: back at work, on time, early or late; `leads`: who decides about leave may close it for others.

    Raises LeaveUnknown, LeaveStateWrong.
    """
    return _close(unit, leave, LeaveStep.RETURN, lambda found: leads or found.person == unit.actor.id)


def watch_leaves(unit: Unit, hall: HallSettings) -> None:
    """Keep the alarms of who should be back and has not said so."""
    late = {
        f"{x.person}": {"name": hall.catalogue.people[x.person].name, "until": _local(hall, x.until)}
        for x in leaves_in(unit.connection, unit.hall, LeaveState.APPROVED)
        if x.until <= unit.now and x.person in hall.catalogue.people
    }
    keep_alarms(unit, "leave", "yellow", late)


def _close(unit: Unit, leave: int, step: LeaveStep, may: Callable[[Leave], bool]) -> Leave:
    found = find_leave(unit.connection, unit.hall, leave)
    if not may(found):
        raise refusals.LeaveUnknown()
    closed = save_leave(unit, found, state=stepped(found, step, unit.now), closed_at=unit.now)
    _told(unit, closed, f"leave.{step.value}", person=found.person)
    return closed


def _check_cover(unit: Unit, hall: HallSettings, person: str, since: datetime, until: datetime) -> None:
    people = list(hall.catalogue.people.values())
    granted = leaves_in(unit.connection, unit.hall, LeaveState.APPROVED)
    empty = [w for w, state in covers(unit.connection, unit.hall).items() if state != "none"]
    missing = {main.id for w in empty if (main := main_person(w, people)) is not None}
    try:
        check_cover(person, since, until, unit.now, people, granted, missing)
    except refusals.LeaveUncovered as no:
        window = hall.catalogue.windows.get(str(no.facts["window"]))
        raise refusals.LeaveUncovered(
            window=window.number if window else no.facts["window"], names=no.facts["names"]
        ) from None


def _told(unit: Unit, leave: Leave, act: str, **facts: object) -> None:
    unit.add(LeaveChanged(leave.id, leave.state.value))
    unit.note(act, f"leave:{leave.id}", **facts)


def _local(hall: HallSettings, at: datetime) -> str:
    return f"{at.astimezone(hall.zone):%Y-%m-%d %H:%M}"
