"""转窗: close this leg, open the next in another queue, for one window or for one person. Number and
seniority stay. Who is set aside (挂起) can be sent on as well, and goes back to the queue when the window
closes."""

from __future__ import annotations

from dataclasses import dataclass

from server.actions.at_window import ticket_at, working_post
from server.actions.hold import held_leg
from server.domain import refusals
from server.domain.events import TicketReleased, TicketTransferred
from server.domain.tickets import Leg, Move, State
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.store.deeds import record
from server.store.tickets import add_leg, find_ticket, held_at, last_leg, move, next_ordinal
from server.store.unit import Unit
from server.store.windows import find_post, post_of


@dataclass(frozen=True)
class Target:
    """Where a ticket goes: its queue, and the one window or person that may call it."""

    queue: str
    window: str | None = None
    clerk: str | None = None


def transfer(
    unit: Unit,
    hall: HallSettings,
    window: str,
    queue: str | None,
    to_window: str | None,
    note: str = "",
    person: str | None = None,
    back: bool = False,
    held: int | None = None,
) -> Leg:
    """The new waiting leg. Give a queue; a window (only it may call; in `queue` when that is given too, else
    in the ticket's own queue or the window's first); or a person who is signed in somewhere (then that
    window, as long as the person stays).

    back: when the other leg is done, the ticket returns to this window ahead of its line.
    held: the leg of somebody who was set aside, instead of who stands at the window; they may go back to
    their own queue too, and do when nothing else is said.
    Raises WindowIdle, TargetWrong, PersonAway, MoveRefused, HeldElsewhere.
    """
    _, clerk = working_post(unit, window)
    leg = ticket_at(unit, window) if held is None else held_leg(unit, hall, window, held)
    if held is not None and (queue, to_window, person) == (None, None, None):
        queue = leg.queue
    target = _target(unit, hall, window, leg, queue, to_window, person)
    new, moved = _send(unit, window, leg, target, window if back else leg.back_to, note)
    record(unit, window, Move.TRANSFER, leg, moved, next_leg=new.id, clerk=clerk)
    return new


def release_held(unit: Unit, window: str, clerk: str) -> list[Leg]:
    """Everybody set aside at `window`, which closes, waits for their queue again with the seniority they
    had."""
    new = []
    for leg in held_at(unit.connection, unit.hall, unit.day, window):
        waits, moved = _send(unit, window, leg, Target(leg.queue), leg.back_to, leg.note)
        record(unit, window, Move.TRANSFER, leg, moved, next_leg=waits.id, clerk=clerk)
        new.append(waits)
    return new


def release_ticket(unit: Unit, hall: HallSettings, ticket: int) -> Leg:
    """The same by who answers for the hall, wherever it was set aside. Raises TicketUnknown, MoveRefused when
    the ticket is not set aside."""
    find_ticket(unit.connection, unit.hall, ticket)
    leg = last_leg(unit.connection, ticket)
    if leg.state is not State.HELD or leg.window is None:
        raise refusals.MoveRefused(state=leg.state.value, number=leg.number)
    return _send(unit, leg.window, leg, Target(leg.queue), leg.back_to, leg.note)[0]


def _send(
    unit: Unit, window: str, leg: Leg, target: Target, back_to: str | None, note: str
) -> tuple[Leg, Leg]:
    """The new leg, and the one that ended."""
    moved = move(unit, leg, Move.TRANSFER, ended_at=unit.now, superseded=True, window=window)
    ticket = find_ticket(unit.connection, unit.hall, leg.ticket)
    new = add_leg(
        unit,
        ticket,
        next_ordinal(unit.connection, leg.ticket),
        target.queue,
        service=leg.service,
        priority=leg.priority,
        origin_at=leg.origin_at,
        target_window=target.window,
        target_clerk=target.clerk,
        from_window=window,
        first_window=leg.first_window,
        back_to=back_to,
        note=note,
    )
    goal = target.window or (_place_of(unit, target.clerk) if target.clerk else None)
    said = (leg.ticket, leg.number, leg.queue, window, target.queue, goal)
    facts = {"queue": target.queue, "to_window": target.window, "to_person": target.clerk}
    facts |= {"window": window, "back": back_to == window}
    if leg.state is State.HELD:
        unit.add(TicketReleased(*said, leg.window))
        unit.note("ticket.release", f"leg:{leg.id}", held_at=leg.window, **facts)
    else:
        unit.add(TicketTransferred(*said))
        unit.note("ticket.transfer", f"leg:{leg.id}", **facts)
    return new, moved


def _target(
    unit: Unit,
    hall: HallSettings,
    window: str,
    leg: Leg,
    queue: str | None,
    to_window: str | None,
    person: str | None,
) -> Target:
    if person is not None:
        place = _place_of(unit, person)
        if place is None or place == window:
            raise refusals.PersonAway(person=person)
        return Target(_queue_at(hall, place, leg, queue), clerk=person)
    if to_window is not None:
        if to_window not in hall.catalogue.windows or to_window == window:
            raise refusals.TargetWrong(window=to_window)
        if find_post(unit.connection, unit.hall, to_window).state is WindowState.CLOSED:
            raise refusals.TargetWrong(window=to_window)  # only that window could call it: nobody would
        return Target(_queue_at(hall, to_window, leg, queue), window=to_window)
    if queue not in hall.catalogue.queues:
        raise refusals.TargetWrong(queue=queue)
    return Target(queue)


def _queue_at(hall: HallSettings, window: str, leg: Leg, wanted: str | None) -> str:
    """The queue in which the leg waits for `window`. Raises TargetWrong when the window does not take the
    wanted one."""
    queues = hall.catalogue.windows[window].queues
    if wanted is not None:
        if wanted not in queues:
            raise refusals.TargetWrong(window=window, queue=wanted)
        return wanted
    return leg.queue if leg.queue in queues else next(iter(queues), leg.queue)


def _place_of(unit: Unit, person: str) -> str | None:
    post = post_of(unit.connection, unit.hall, person)
    return post.window if post else None
