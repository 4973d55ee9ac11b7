"""挂起: set the served citizen aside (copying, paying), bring them back, or close what nobody came back for.

Who was set aside is of the window that did it. When that window closes or pauses, or the hold has lasted
longer than call.max_hold_minutes, any other able window may take them up.
"""

from __future__ import annotations

from server.actions.at_window import able_pools, parked_leg, ticket_at, working_post
from server.actions.next_leg import LEFT
from server.actions.raise_alarm import keep_alarms
from server.domain import refusals
from server.domain.events import HoldOverdue, TicketHeld, TicketLetGo, TicketResumed
from server.domain.holding import in_pools, is_open_to_others, is_overdue
from server.domain.tickets import Leg, Move, State
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.store.alarms import alarms_of
from server.store.deeds import record
from server.store.tickets import find_leg, leg_at, legs_in, move
from server.store.unit import Unit
from server.store.windows import find_post, posts


def hold(unit: Unit, window: str) -> Leg:
    """Raises WindowIdle, MoveRefused unless the service has started."""
    leg = ticket_at(unit, window)
    held = move(unit, leg, Move.HOLD, held_at=unit.now)
    record(unit, window, Move.HOLD, leg, held)
    unit.add(TicketHeld(leg.ticket, leg.number, leg.queue, window))
    unit.note("ticket.hold", f"leg:{leg.id}", window=window)
    return held


def unhold(unit: Unit, hall: HallSettings, window: str, leg: int) -> Leg:
    """The held citizen is served again, here and by who sits here.

    Raises WindowBusy, MoveRefused, TicketUnknown, HeldElsewhere.
    """
    _, clerk = working_post(unit, window)
    found = held_leg(unit, hall, window, leg)
    current = leg_at(unit.connection, unit.hall, window)
    if current is not None:
        raise refusals.WindowBusy(window=window, number=current.number)
    back = move(unit, found, Move.UNHOLD, window=window, clerk=clerk, held_at=None)
    unit.add(TicketResumed(found.ticket, found.number, found.queue, window, found.window))
    unit.note("ticket.unhold", f"leg:{found.id}", window=window, held_at=found.window)
    return back


def let_go(unit: Unit, hall: HallSettings, window: str, leg: int) -> Leg:
    """The held citizen did not come back: closed as left, and nobody is asked how it was.

    Raises MoveRefused, TicketUnknown, HeldElsewhere.
    """
    _, clerk = working_post(unit, window)
    found = held_leg(unit, hall, window, leg)
    gone = move(unit, found, Move.FINISH, ended_at=unit.now, outcome=LEFT)
    record(unit, window, Move.FINISH, found, gone, clerk=clerk)
    unit.add(TicketLetGo(found.ticket, found.number, found.queue, window, found.window))
    unit.note("ticket.let_go", f"leg:{found.id}", window=window, held_at=found.window)
    return gone


def held_leg(unit: Unit, hall: HallSettings, window: str, leg: int) -> Leg:
    """A held leg that the caller's window may deal with: its own, or one that another window left.

    Raises TicketUnknown, MoveRefused when it is in another state, HeldElsewhere.
    """
    found = find_leg(unit.connection, unit.hall, leg)
    if found.window == window or found.state is not State.HELD:
        return parked_leg(unit, window, leg, State.HELD)
    post = find_post(unit.connection, unit.hall, found.window or "")
    left = is_open_to_others(found, post, hall.hall.call.max_hold_minutes, unit.now)
    if not left or not in_pools(found, able_pools(unit, hall, window)):
        number = hall.catalogue.windows[post.window].number if post.window in hall.catalogue.windows else ""
        raise refusals.HeldElsewhere(number=found.number, window=number)
    return found


def watch_holds(unit: Unit, hall: HallSettings) -> None:
    """Tell clerks and manager of holds beyond their limit, and of those whose window has closed."""
    held = legs_in(unit.connection, unit.hall, unit.day, State.HELD) if unit.day else []
    staffed = posts(unit.connection, unit.hall) if held else {}
    minutes = hall.hall.call.max_hold_minutes
    late = {leg.number: leg for leg in held if is_overdue(leg, minutes, unit.now)}
    for number in late.keys() - alarms_of(unit.connection, unit.hall, "hold"):
        unit.add(HoldOverdue(late[number].ticket, number, late[number].queue, late[number].window or ""))
    facts = {n: {"window": _number(hall, leg), "minutes": minutes} for n, leg in late.items()}
    keep_alarms(unit, "hold", "yellow", facts)
    alone = [
        leg
        for leg in held
        if leg.number not in late
        and (post := staffed.get(leg.window or "")) is not None
        and post.state is WindowState.CLOSED
    ]
    keep_alarms(unit, "hold-left", "yellow", {leg.number: {"window": _number(hall, leg)} for leg in alone})


def _number(hall: HallSettings, leg: Leg) -> str:
    place = hall.catalogue.windows.get(leg.window or "")
    return place.number if place else leg.window or ""
