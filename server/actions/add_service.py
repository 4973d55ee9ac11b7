"""一票到底: one more service on the same number; it waits its turn until the present one is finished."""

from __future__ import annotations

from server.actions.at_window import ticket_at
from server.domain import refusals
from server.domain.events import ServiceAdded
from server.settings import HallSettings
from server.store.errands import Errand, add_errand
from server.store.unit import Unit


def add_service(unit: Unit, hall: HallSettings, window: str, service: str) -> Errand:
    """Raises WindowIdle, ServiceUnknown, ServiceSingle where a hall gives one service per ticket."""
    if not hall.hall.ticket.multi_service_ticket:
        raise refusals.ServiceSingle()
    if service not in hall.catalogue.services:
        raise refusals.ServiceUnknown(service=service)
    leg = ticket_at(unit, window)
    errand = add_errand(unit, leg.ticket, service)
    unit.add(ServiceAdded(leg.ticket, leg.number, window))
    unit.note("service.add", f"ticket:{leg.ticket}", window=window, service=service)
    return errand
