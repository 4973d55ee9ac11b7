"""Appointments as they are shown: to the holder of the link, to the desks and to the manager."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from server.domain.appointments import Appointment, Booking, moment
from server.store.appointments import of_day, waiting_list
from server.store.days import find_day
from server.store.snapshots.view import View, iso
from server.store.tickets import find_ticket

SHOWN = (Booking.BOOKED, Booking.CHECKED_IN, Booking.CANCELLED, Booking.MISSED)


def booking_value(view: View, booking: Appointment, now: datetime) -> dict[str, Any]:
    """One booking for its holder, and what may be done with it at `now`."""
    catalogue, terms = view.settings.catalogue, view.settings.hall.appointment
    service, queue = catalogue.services[booking.service], catalogue.queues[booking.queue]
    state = booking.state
    if state is Booking.DRAFT and booking.holds_until is not None and booking.holds_until <= now:
        state = Booking.EXPIRED  # the next act or tick writes it down
    local = booking.at.astimezone(view.settings.zone) if booking.at else None
    opens = booking.at - timedelta(minutes=terms.early_minutes) if booking.at else None
    in_time = booking.at is not None and now <= booking.at - timedelta(hours=terms.cancel_hours_before)
    today = now.astimezone(view.settings.zone).date().isoformat() == booking.day
    kept = state is Booking.BOOKED
    phase: str | None = moment(booking.at, now, view.settings.rules, terms) if kept and booking.at else None
    held = find_day(view.connection, view.hall, booking.day) if phase in ("ready", "late") else None
    if held is not None and (held.state == "closed" or (phase == "late" and held.state != "open")):
        phase = "over"
    before = None
    if state is Booking.WAITLISTED:
        waiting = waiting_list(view.connection, view.hall, booking.queue, booking.day)
        before = sum(one.id < booking.id for one in waiting)
    ticket = find_ticket(view.connection, view.hall, booking.ticket) if booking.ticket else None
    return {
        "state": state,
        "service": {"id": service.id, "name": service.name, "name_en": service.name_en},
        "queue": booking.queue,
        "queue_name": queue.name,
        "queue_name_en": queue.name_en,
        "day": booking.day,
        "at": iso(booking.at),
        "time": f"{local:%H:%M}" if local else None,
        "code": booking.code if kept else None,
        "holds_until": iso(booking.holds_until) if state is Booking.DRAFT else None,
        "check_in_from": iso(opens) if kept else None,
        "moves": booking.moves,
        "said": booking.said,
        "phase": phase,  # of a booking that is to be kept: early | ready | late | over
        "before": before,  # how many wait longer for a place of that day
        "ticket": {"number": ticket.number, "link": ticket.link} if ticket else None,
        "can": {
            "confirm": state is Booking.DRAFT,
            "cancel": state in (Booking.DRAFT, Booking.WAITLISTED) or (kept and in_time),
            "move": kept and in_time,
            "check_in": today and phase in ("ready", "late"),
        },
    }


def today_value(view: View) -> list[dict[str, Any]]:
    """The appointments of the business day by time; no code and no person."""
    if view.day is None:
        return []
    services = view.settings.catalogue.services
    return [
        {
            "id": row["id"],
            "at": iso(row["at"]),
            "queue": services[row["service"]].queue,  # where a check-in joins now
            "service": {"name": services[row["service"]].name, "name_en": services[row["service"]].name_en},
            "state": row["state"],
            "number": row["number"],
        }
        for row in of_day(view.connection, view.hall, view.day, SHOWN)
        if row["at"] is not None
    ]


def desk_value(view: View, window: str) -> list[dict[str, Any]]:
    """Those of the window's own queues."""
    queues = view.settings.catalogue.windows[window].queues
    return [row for row in today_value(view) if row["queue"] in queues]
