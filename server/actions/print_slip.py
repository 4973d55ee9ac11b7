"""The paper of a ticket: owed with the number, reprinted on request (补打), followed by the printer's own
words."""

from __future__ import annotations

from datetime import timedelta

from server.domain import refusals
from server.domain.access import KIOSK
from server.domain.events import SlipChanged
from server.domain.routing import APPOINTMENT
from server.domain.slips import SlipTemplate, compose
from server.domain.tickets import Ticket
from server.settings import HallSettings
from server.store.appointments import appointment_time
from server.store.errands import open_errands
from server.store.estimates import told_with
from server.store.health import printing_kiosks
from server.store.orders import order_of
from server.store.slips import Slip, add_slip, copies, find_slip, last_slip, queued_before, save_slip
from server.store.tickets import count_ahead, find_ticket, last_leg
from server.store.unit import Unit

PATIENCE = timedelta(seconds=90)  # longer than the host's own deadline for a print job
FOLLOWS = {  # what a printer's word may still change: a late one nothing, and nothing is queued again
    "queued": ("sending", "printed", "unsure", "failed"),
    "sending": ("sending", "printed", "unsure", "failed"),
    "unsure": ("printed", "failed"),
    "printed": (),
    "failed": (),
}


def owe_slip(
    unit: Unit,
    hall: HallSettings,
    template: SlipTemplate,
    base_url: str,
    ticket: Ticket,
    ahead: int,
    copy: int,
    kiosk: str,
) -> Slip:
    """Write the slip that `kiosk` owes; the host prints it after commit."""
    item = hall.catalogue.services[ticket.service]
    windows = [hall.catalogue.windows[w].number for w in hall.catalogue.serving[item.queue]]
    shows = hall.hall.ticket.show_estimated_wait
    estimate, further = told_with(unit.connection, ticket.id), open_errands(unit.connection, ticket.id)
    order = order_of(unit.connection, unit.hall, ticket.id)
    facts = {
        "number": ticket.number,
        "hall": hall.hall.centre.name,
        "service": item.name,
        "service_en": item.name_en if ticket.lang == "en" else "",
        "queue": hall.catalogue.queues[item.queue].name,
        "ahead": ahead,
        "windows": "、".join(windows),
        "taken_at": f"{ticket.taken_at.astimezone(hall.zone):%Y-%m-%d %H:%M}",
        "url": f"{base_url}/t/{ticket.link}",
        "copy": copy - 1,
        "reprint": copy > 1,
        "wait": f"{estimate.low}～{estimate.high}" if shows and estimate.state == "range" else "",
        "wait_soon": shows and estimate.state == "soon",
        "wait_unknown": shows and estimate.state == "unknown",
        "hotline": hall.hall.centre.hotline,
        "appointment": agreed_time(unit, hall, ticket),
        "items": order.items if order and order.items > 1 else "",
        "further": "、".join(hall.catalogue.services[e.service].name for e in further),
    }
    slip = add_slip(
        unit, ticket.id, copy, kiosk, {"number": ticket.number, "parts": compose(template, facts)}
    )
    unit.add(SlipChanged(slip.id, ticket.id, kiosk, "queued", "", copy))
    return slip


def agreed_time(unit: Unit, hall: HallSettings, ticket: Ticket) -> str:
    """The appointment's local time, empty for a walk-in and for who came too late to keep it."""
    at = appointment_time(unit.connection, ticket.id) if ticket.priority == APPOINTMENT else None
    return f"{at.astimezone(hall.zone):%H:%M}" if at else ""


def reprint_slip(
    unit: Unit, hall: HallSettings, template: SlipTemplate, base_url: str, ticket: int, at: str | None = None
) -> Slip:
    """补打: one more paper with the same number, marked and counted.

    A kiosk prints its own numbers only. Staff name the kiosk `at` which the paper comes out; without it, it
    is the one that printed before. Raises TicketUnknown, ReprintsSpent, DayClosed; PrinterNeeded when no
    kiosk is known, PrinterUnknown when the named one has no printer.
    """
    found = find_ticket(unit.connection, unit.hall, ticket)
    kiosk = unit.actor.kiosk
    if kiosk is not None and found.channel != f"{KIOSK}:{kiosk}":
        raise refusals.TicketUnknown(ticket=ticket)
    if found.day != unit.day:
        raise refusals.DayClosed(date=found.day, opens=None)
    before = last_slip(unit.connection, ticket)
    made = copies(unit.connection, ticket)
    if made > hall.hall.ticket.reprint_allowed:
        raise refusals.ReprintsSpent(number=found.number, allowed=hall.hall.ticket.reprint_allowed)
    place = kiosk or _printer(unit, found, at, before)
    ahead = count_ahead(unit.connection, unit.hall, found.day, last_leg(unit.connection, ticket))
    slip = owe_slip(unit, hall, template, base_url, found, ahead, made + 1, place)
    unit.note("slip.reprint", f"ticket:{ticket}", copy=slip.copy, kiosk=place)
    return slip


def _printer(unit: Unit, ticket: Ticket, at: str | None, before: Slip | None) -> str:
    known = printing_kiosks(unit.connection, unit.hall)
    if at is not None:
        if at not in known:
            raise refusals.PrinterUnknown(kiosk=at, kiosks=known)
        return at
    if before is None or not before.kiosk:
        raise refusals.PrinterNeeded(number=ticket.number, kiosks=known)
    return before.kiosk


def follow_slip(unit: Unit, slip: int, state: str, reason: str) -> None:
    """The device host's word about a slip, if FOLLOWS lets it count. Raises NotFound."""
    found = find_slip(unit.connection, unit.hall, slip)
    if state not in FOLLOWS[found.state] or (found.state, found.reason) == (state, reason):
        return
    save_slip(unit, slip, state, reason)
    unit.add(SlipChanged(slip, found.ticket, found.kiosk, state, reason, found.copy))
    unit.note("slip.follow", f"slip:{slip}", state=state, reason=reason)


def give_up_late_slips(unit: Unit) -> None:
    """A slip that no printer took in time is failed: a paper that comes out later finds nobody (F51)."""
    for slip in queued_before(unit.connection, unit.hall, unit.now - PATIENCE):
        follow_slip(unit, slip, "failed", "no_printer")
