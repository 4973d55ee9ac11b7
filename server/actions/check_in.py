"""预约签到: who has an appointment gets a number of the ordinary queue at once, never a second one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.actions.print_slip import Told, owe_slip, printing_place
from server.actions.take_number import Taken, check_giving
from server.domain import refusals
from server.domain.appointments import Appointment, Booking, Step, arrival, moment
from server.domain.events import AppointmentCheckedIn, TicketTaken
from server.domain.numbering import number
from server.domain.persons import Reading, proven_class
from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.store.appointments import by_code, by_link, by_person, step
from server.store.days import find_day
from server.store.estimates import make_promise
from server.store.slips import Slip
from server.store.tickets import add_leg, add_ticket, count_ahead, find_ticket, next_seq
from server.store.unit import Unit


def find_booking(unit: Unit, hall: HallSettings, code: str) -> Appointment:
    """The booking that a typed or scanned `code` names: today's check-in code, or the link of the phone page.

    Raises BookingUnknown.
    """
    today = unit.now.astimezone(hall.zone).date().isoformat()
    if code.isdigit():
        return by_code(unit.connection, unit.hall, code, today)
    return by_link(unit.connection, unit.hall, code)


def booked_with_card(unit: Unit, hall: HallSettings, reading: Reading) -> Appointment:
    """Today's booking of who laid the card there: the earliest that still is to be kept, else the last one.

    Raises BookingNone.
    """
    today = unit.now.astimezone(hall.zone).date().isoformat()
    found = by_person(unit.connection, unit.hall, reading.person, today)
    if not found:
        raise refusals.BookingNone()
    return next((booking for booking in found if booking.state is Booking.BOOKED), found[-1])


def check_in(
    unit: Unit,
    hall: HallSettings,
    slips: SlipBook,
    base_url: str,
    booking: Appointment,
    reading: Reading | None = None,
    at: str | None = None,
) -> Taken:
    """The number of who came by appointment; a kiosk's slip is owed in the same transaction. reading: the
    card that was laid there. at: the kiosk that prints it when staff check somebody in.

    Who is on time is let in over lunch and after the last walk-in too. Raises BookingState, CheckedInAlready,
    CheckInOtherDay, CheckInEarly, DayClosed, and for who is too late what taking a number raises.
    """
    if booking.ticket is not None:
        standing = find_ticket(unit.connection, unit.hall, booking.ticket)
        raise refusals.CheckedInAlready(number=standing.number)
    if booking.state is not Booking.BOOKED or booking.at is None:
        raise refusals.BookingState(state=booking.state.value, step=Step.CHECK_IN.value)
    if booking.day != unit.now.astimezone(hall.zone).date().isoformat():
        raise refusals.CheckInOtherDay(date=booking.day)
    agreed = booking.at.astimezone(hall.zone)
    priority, origin = arrival(agreed, unit.now, hall.rules, hall.hall.appointment)
    queue = hall.catalogue.queues[hall.catalogue.services[booking.service].queue]  # where it stands now
    check_standing(unit, hall, queue.prefix, booking.at, booking.day)
    priority = proven_class(priority, reading, hall.hall.priority.classes)
    person = reading.person if reading else booking.person
    seq = next_seq(unit, queue.prefix)
    printed = number(queue, seq)
    ticket = add_ticket(unit, queue.prefix, seq, printed, booking.service, priority, booking.lang, person)
    leg = add_leg(unit, ticket, 1, queue.prefix, origin_at=origin.astimezone(UTC))
    step(unit, booking, Step.CHECK_IN, ticket=ticket.id)
    ahead = count_ahead(unit.connection, unit.hall, ticket.day, leg)
    estimate = make_promise(unit, leg)
    slip: Slip | None = None
    kiosk = printing_place(unit, at)
    if kiosk:
        told = Told(ahead, estimate)
        slip = owe_slip(unit, hall, slips, base_url, ticket, told, 1, kiosk)
    agreed = booking.at.isoformat()
    unit.add(TicketTaken(ticket.id, printed, queue.prefix))
    unit.add(AppointmentCheckedIn(booking.id, queue.prefix, agreed, ticket.id, printed))
    facts = {"number": printed, "service": booking.service, "priority": priority}
    unit.note("ticket.take", f"ticket:{ticket.id}", appointment=booking.id, **facts)
    late = moment(booking.at, unit.now, hall.rules, hall.hall.appointment) == "late"
    return Taken(ticket, leg, ahead, slip, estimate, agreed=booking.at, late=late)


def check_standing(unit: Unit, hall: HallSettings, queue: str, at: datetime, day: str) -> None:
    """May who agreed on `at` come in now? On time over lunch and after the last walk-in too; later, as
    anybody. Raises DayClosed, and for who is too late what taking a number raises."""
    keeps = timedelta(minutes=max(hall.rules.late, hall.hall.appointment.grace_minutes))
    if unit.now > at + keeps:
        check_giving(unit, hall, queue)
        return
    open_day = find_day(unit.connection, unit.hall, unit.day)
    if open_day is None or open_day.state == "closed":
        raise refusals.DayClosed(date=day, opens=None)
