"""转窗: close this leg, open the next in another queue or for one window. Number and seniority stay."""

from __future__ import annotations

from server.actions.at_window import ticket_at
from server.domain import refusals
from server.domain.events import TicketTransferred
from server.domain.tickets import Leg, Move
from server.settings import HallSettings
from server.store.tickets import add_leg, find_ticket, move
from server.store.unit import Unit


def transfer(
    unit: Unit, hall: HallSettings, window: str, queue: str | None, to_window: str | None, note: str = ""
) -> Leg:
    """The new waiting leg. Give a queue, or a window (then its first queue, and only it may call).

    Raises WindowIdle, TargetWrong, MoveRefused.
    """
    leg = ticket_at(unit, window)
    if to_window is not None:
        target = hall.catalogue.windows.get(to_window)
        if target is None or to_window == window:
            raise refusals.TargetWrong(window=to_window)
        queue = leg.queue if leg.queue in target.queues else target.queues[0]
    if queue not in hall.catalogue.queues:
        raise refusals.TargetWrong(queue=queue)
    move(unit, leg, Move.TRANSFER, ended_at=unit.now)
    ticket = find_ticket(unit.connection, unit.hall, leg.ticket)
    kept = {"service": leg.service, "priority": leg.priority, "origin_at": leg.origin_at}
    new = add_leg(
        unit, ticket, leg.ordinal + 1, queue, **kept, target_window=to_window, from_window=window, note=note
    )
    unit.add(TicketTransferred(leg.ticket, leg.number, leg.queue, window, queue, to_window))
    unit.note("ticket.transfer", f"leg:{leg.id}", window=window, queue=queue, to_window=to_window)
    return new
