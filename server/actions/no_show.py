"""过号: the citizen did not come; and 过号重排: the one who comes back in time waits again."""

from __future__ import annotations

from datetime import timedelta

from server.actions.at_window import able_pools, parked_leg, ticket_at, working_post
from server.domain import refusals
from server.domain.events import TicketNoShow, TicketReturned
from server.domain.holding import in_pools
from server.domain.routing import returned_origin
from server.domain.tickets import Leg, Move, State
from server.settings import HallSettings
from server.store.deeds import record
from server.store.remote import find_remote, save_remote
from server.store.tickets import find_leg, move
from server.store.unit import Unit


def no_show(unit: Unit, hall: HallSettings, window: str) -> Leg:
    """Set the called ticket aside as missed; also one that was only taken as arrived, where the hall does
    so (call.auto_arrive_seconds). Raises WindowIdle, MoveRefused, NoShowTooSoon."""
    leg = ticket_at(unit, window)
    if leg.state is State.SERVING and not hall.hall.call.auto_arrive_seconds:
        raise refusals.MoveRefused(state=leg.state.value, move=Move.NO_SHOW.value)
    if leg.state is State.CALLED and leg.called_at is not None:
        wait = leg.called_at + timedelta(seconds=hall.hall.call.min_service_seconds) - unit.now
        if wait > timedelta(0):
            raise refusals.NoShowTooSoon(number=leg.number, wait_s=round(wait.total_seconds()) or 1)
    missed = move(unit, leg, Move.NO_SHOW, ended_at=unit.now, started_at=None)
    record(unit, window, Move.NO_SHOW, leg, missed)
    unit.add(TicketNoShow(leg.ticket, leg.number, leg.queue, window))
    unit.note("ticket.no_show", f"leg:{leg.id}", window=window, calls=leg.calls)
    return missed


def give_back_place(unit: Unit, hall: HallSettings, window: str, leg: int) -> Leg:
    """A missed citizen is back: waiting again, with the seniority the rule leaves. They may say so at the
    window that called them, or at any other that could serve them.

    Raises MoveRefused, ReturnTooLate, ReturnsSpent, TicketUnknown.
    """
    working_post(unit, window)
    found = find_leg(unit.connection, unit.hall, leg)
    if not in_pools(found, able_pools(unit, hall, window)):
        found = parked_leg(unit, window, leg, State.NO_SHOW)
    elif found.state is not State.NO_SHOW:
        raise refusals.MoveRefused(state=found.state.value, number=found.number)
    rules = hall.hall.call
    if found.returns >= rules.max_return_times:
        raise refusals.ReturnsSpent(number=found.number, allowed=rules.max_return_times)
    if found.ended_at is not None and unit.now - found.ended_at > timedelta(
        minutes=rules.no_show_return_minutes
    ):
        raise refusals.ReturnTooLate(number=found.number, minutes=rules.no_show_return_minutes)
    again = move(
        unit,
        found,
        Move.RETURN,
        origin_at=returned_origin(found, unit.now, hall.rules),
        returns=found.returns + 1,
        window=None,
        clerk=None,
        called_at=None,
        ended_at=None,
        calls=0,
    )
    remote = find_remote(unit.connection, found.ticket)
    if remote is not None and remote.arrived_at is None:
        save_remote(unit, found.ticket, arrived_at=unit.now)  # whoever held it by phone stands here
    unit.add(TicketReturned(found.ticket, found.number, found.queue, window, found.window))
    unit.note("ticket.return", f"leg:{found.id}", window=window, returns=again.returns)
    return again
