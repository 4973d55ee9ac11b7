"""顺延: the citizen lets others go first, by the ticket's own link."""

from __future__ import annotations

from server.domain.events import TicketPostponed
from server.domain.postponing import By, postponed_origin
from server.domain.tickets import Leg
from server.settings import HallSettings
from server.store.tickets import last_leg, restore, waiting_behind
from server.store.unit import Unit


def postpone(unit: Unit, hall: HallSettings, ticket: int, by: By) -> Leg:
    """Raises MoveRefused unless the ticket waits, PostponesSpent, PostponeNeedless."""
    leg, rules = last_leg(unit.connection, ticket), hall.hall.call
    origin = postponed_origin(
        leg,
        waiting_behind(unit.connection, unit.hall, leg),
        unit.now,
        by,
        times=rules.postpone_times,
        people=rules.postpone_people,
        minutes=rules.postpone_minutes,
    )
    later = restore(unit, leg, origin_at=origin, postpones=leg.postpones + 1)
    unit.add(TicketPostponed(ticket, leg.number, leg.queue))
    unit.note(
        "ticket.postpone", f"leg:{leg.id}", by=by, was=leg.origin_at.isoformat(), now=origin.isoformat()
    )
    return later
