"""咨询: an enquiry at the door is registered with one tap, and taken back within seconds."""

from __future__ import annotations

from server.domain import refusals
from server.domain.enquiries import Enquiry, check_withdraw
from server.domain.events import EnquiryRegistered, EnquiryWithdrawn
from server.settings import HallSettings
from server.store.enquiries import add_enquiry, find_enquiry, withdraw
from server.store.unit import Unit


def register_enquiry(unit: Unit, hall: HallSettings, kind: str, service: str | None) -> Enquiry:
    """Who registers it was asked first (首问). Raises EnquiryKindUnknown, ServiceUnknown."""
    if kind not in {k.id for k in hall.choices.enquiry_kind}:
        raise refusals.EnquiryKindUnknown(kind=kind)
    if service is not None and service not in hall.catalogue.services:
        raise refusals.ServiceUnknown(service=service)
    made = add_enquiry(unit, kind, service)
    unit.add(EnquiryRegistered(made.id, kind))
    unit.note("enquiry.register", f"enquiry:{made.id}", kind=kind)
    return made


def withdraw_enquiry(unit: Unit, hall: HallSettings, enquiry: int) -> None:
    """It was a slip of the finger: it stays, and does not count. Raises EnquiryUnknown, UndoNothing,
    UndoTooLate."""
    found = find_enquiry(unit.connection, unit.hall, enquiry)
    check_withdraw(found, unit.actor.id, unit.now, hall.hall.call.undo_seconds)
    withdraw(unit, found)
    unit.add(EnquiryWithdrawn(found.id, found.kind))
    unit.note("enquiry.withdraw", f"enquiry:{found.id}", kind=found.kind)
