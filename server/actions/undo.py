"""撤销: take back the last call, no-show, finish, transfer or hold of a window within seconds."""

from __future__ import annotations

from itertools import takewhile

from server.actions.at_window import working_post
from server.domain import refusals
from server.domain.events import DeedUndone, RatingWithdrawn
from server.domain.routing import is_protected
from server.domain.tickets import AT_WINDOW, Leg, Move, State, undone
from server.domain.undo import check_undo, columns
from server.settings import HallSettings
from server.store import ratings
from server.store.deeds import is_last_of_leg, last_deed, mark_undone
from server.store.errands import set_errand_leg
from server.store.tickets import (
    find_leg,
    leg_at,
    move,
    recent_calls,
    restore,
    supersede,
    take_back_calls,
)
from server.store.unit import Unit


def undo(unit: Unit, hall: HallSettings, window: str) -> Leg:
    """The leg as it was before the clerk's last move at `window`; a leg which that move made is withdrawn.

    Raises WindowClosed, WindowForeign, UndoNothing, UndoTooLate, UndoRated, WindowBusy when another ticket
    stands there, MoveRefused when the ticket has moved on since.
    """
    _, clerk = working_post(unit, window)
    found = last_deed(unit.connection, unit.hall, unit.day, window)
    deed = check_undo(found, clerk, unit.now, hall.hall.call.undo_seconds)
    leg = find_leg(unit.connection, unit.hall, deed.leg)
    back = columns(deed.before)
    state = leg.state
    if (state, deed.move) == (State.SERVING, Move.CALL) and hall.hall.call.auto_arrive_seconds:
        state, back["started_at"] = State.CALLED, None  # was only taken as arrived
    before = undone(state, deed.move, State(str(back["state"])))
    if not is_last_of_leg(unit.connection, unit.hall, unit.day, deed):  # another window has called it since
        raise refusals.MoveRefused(state=leg.state.value, move=f"undo-{deed.move.value}")
    current = leg_at(unit.connection, unit.hall, window)
    if before in AT_WINDOW and current is not None and current.id != leg.id:
        raise refusals.WindowBusy(window=window, number=current.number)
    if deed.move is Move.FINISH:
        _withdraw_question(unit, leg, window)
    if deed.move is Move.CALL:
        take_back_calls(unit, leg)
        unit.protected_run = _protected_run(unit, hall.rules.run)
    to_queue = None
    if deed.next_leg is not None:
        further = find_leg(unit.connection, unit.hall, deed.next_leg)
        if further.priority != leg.priority:  # staff verified the class meanwhile
            back["priority"] = further.priority
        move(unit, further, Move.CANCEL, ended_at=unit.now)
        supersede(unit, further)
        to_queue = further.queue
    if deed.errand is not None:
        set_errand_leg(unit, deed.errand, None)
    restored = restore(unit, leg, **back)
    mark_undone(unit, deed)
    unit.add(DeedUndone(leg.ticket, leg.number, leg.queue, window, deed.move.value, to_queue))
    unit.note("deed.undo", f"leg:{leg.id}", window=window, move=deed.move.value, deed=deed.id)
    return restored


def _protected_run(unit: Unit, most: int) -> int:
    """How many protected calls in a row there were without the one taken back, as far as the rule counts."""
    last = recent_calls(unit.connection, unit.hall, unit.day, most)
    return sum(1 for _ in takewhile(lambda call: is_protected(*call), last))


def _withdraw_question(unit: Unit, leg: Leg, window: str) -> None:
    asked = ratings.find_round(unit.connection, unit.hall, leg.id)
    if asked is not None and asked.state == "given":
        raise refusals.UndoRated(number=leg.number)
    ratings.withdraw(unit, leg.id)
    unit.add(RatingWithdrawn(window, leg.id))
