"""Appointments: what is free, booking by phone or by staff, the booking behind its link, and checking in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import current_app, g, request
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from server.actions.arrive import arrive
from server.actions.book import cancel_booking, confirm, draft, move_booking, wait_for_place
from server.actions.check_in import booked_with_card, check_in, find_booking
from server.actions.check_in_batch import check_in_batch
from server.api.access import check_origin, current_actor, needs
from server.api.acts import act
from server.api.bodies import Act, Sealed, When, Word
from server.api.limit import Limit
from server.api.tickets import place_named, reading_here, taken_json
from server.domain import refusals
from server.domain.actors import Actor
from server.domain.appointments import Appointment
from server.domain.persons import person_key
from server.house import House, house
from server.store.appointments import by_link
from server.store.orders import order_by_code
from server.store.remote import remote_by_code
from server.store.snapshots.booking import booking_value
from server.store.snapshots.slots import SlotDay, slot_days
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("booking", __name__)

IdCard = Annotated[str, StringConstraints(min_length=15, max_length=24)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{4,19}$")]
CITIZEN = "booking"  # whoever has no link yet


@dataclass
class Patience:
    """How much one address may ask of the bookings."""

    places: Limit = field(default_factory=lambda: Limit(30, timedelta(hours=1)))
    wrong_codes: Limit = field(default_factory=lambda: Limit(10, timedelta(minutes=5)))


class BookBody(Act):
    service: Word
    at: When
    lang: Literal["zh", "en"] = "zh"


class StaffBookBody(BookBody):
    phone: Phone | None = None
    id_card: IdCard | None = None  # who shows it can check in with it


class WaitBody(Act):
    service: Word
    day: date
    lang: Literal["zh", "en"] = "zh"


class ConfirmBody(Act):
    phone: Phone | None = None
    id_card: IdCard | None = None


class MoveBody(Act):
    at: When


class CheckInBody(Act):
    """One of the two: a code that was typed or scanned, or the card on this kiosk's reader. The card may
    also come with a code: then it tells the class of age.
    """

    code: Word | None = None
    reading: Sealed | None = None
    kiosk: Word | None = None  # where the paper comes out, for staff


def patience() -> Patience:
    found = current_app.extensions.setdefault("wucha-booking", Patience())
    assert isinstance(found, Patience)
    return found


# --- to have one
@bp.get("/api/slots")
def get_slots() -> ResponseReturnValue:
    """The times that may be booked for ?service=, day by day, with their free places; and the rules."""
    return slots_json(request.args.get("service", ""))


def slots_json(service: str) -> dict[str, Any]:
    h = house()
    if service not in h.hall.catalogue.services:
        raise refusals.ServiceUnknown(service="?")  # what came from outside is not repeated
    with h.store.read() as connection:
        days = slot_days(connection, h.hall, service, h.clock())
    terms = h.hall.hall.appointment
    rules = {
        "cancel_hours_before": terms.cancel_hours_before,
        "early_minutes": terms.early_minutes,
        "late_minutes": round(h.hall.rules.late),
        "draft_minutes": terms.draft_minutes,
        "max_per_person_per_day": terms.max_per_person_per_day,
        "max_per_person_per_week": terms.max_per_person_per_week,
        "max_per_person_per_month": terms.max_per_person_per_month,
        "ask_phone": terms.ask_phone,
        "ask_id_card": terms.ask_id_card,
    }
    return {"service": service, "days": [_day_json(h, day) for day in days], "rules": rules}


def _day_json(h: House, day: SlotDay) -> dict[str, Any]:
    slots = [
        {
            "at": slot.at.isoformat(),
            "time": f"{slot.at.astimezone(h.hall.zone):%H:%M}",
            "places": slot.places,
            "free": len(slot.free),
        }
        for slot in day.slots
    ]
    return {
        "date": day.day.isoformat(),
        "weekday": day.day.weekday(),
        "provisional": day.provisional,
        "slots": slots,
    }


@bp.post("/api/appointments")
@bp.input(BookBody, arg_name="body")
def post_appointment(body: BookBody) -> ResponseReturnValue:
    """Keep a place for some minutes (a draft): 201 with its link, which confirms it."""
    return book(body)


def book(body: BookBody) -> ResponseReturnValue:
    _as_citizen()
    h = house()

    at = body.at.astimezone(UTC)
    return _shown(body, lambda unit: draft(unit, h.hall, body.service, at, body.lang))


@bp.post("/api/appointments/by-staff")
@needs("appointment.book")
@bp.input(StaffBookBody, arg_name="body")
def post_by_staff(body: StaffBookBody) -> ResponseReturnValue:
    """Book for a citizen at once: 201 with link and check-in code."""
    h = house()
    person = _person(h, body.phone, body.id_card, by_staff=True)

    def deed(unit: Unit) -> Appointment:
        made = draft(unit, h.hall, body.service, body.at.astimezone(UTC), body.lang)
        return confirm(unit, h.hall, made, person)

    return _shown(body, deed, _unsaid(person))


@bp.post("/api/appointments/wait")
@bp.input(WaitBody, arg_name="body")
def post_wait(body: WaitBody) -> ResponseReturnValue:
    """Wait for a place on a full day: 201 with the link on which it will be offered."""
    return wait(body)


def wait(body: WaitBody) -> ResponseReturnValue:
    _as_citizen()
    h = house()

    return _shown(body, lambda unit: wait_for_place(unit, h.hall, body.service, body.day, body.lang))


def _shown(
    body: Act, deed: Callable[[Unit], Appointment], instead: Mapping[str, Any] | None = None
) -> ResponseReturnValue:
    """Make the booking and answer with its link."""
    url = house().settings.url

    def doing(unit: Unit) -> dict[str, Any]:
        link = deed(unit).link
        return {"link": link, "url": f"{url}/b/{link}"}

    return act(body, doing, good=201, instead=instead)


# --- to keep one
@bp.get("/api/booking/<link>")
def get_booking(link: str) -> ResponseReturnValue:
    """The booking as it stands, and what may be done with it now."""
    return {"appointment": look(link)}


def look(link: str) -> dict[str, Any]:
    h = house()
    with h.store.read() as connection:
        booking = by_link(connection, h.store.hall, link)
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        return booking_value(view, booking, h.clock())


@bp.post("/api/booking/<link>/confirm")
@bp.input(ConfirmBody, arg_name="body")
def post_confirm(link: str, body: ConfirmBody) -> ResponseReturnValue:
    """Book the place that the draft keeps. Only now, and once, a phone number may be named."""
    return confirm_it(link, body)


def confirm_it(link: str, body: ConfirmBody) -> ResponseReturnValue:
    h = house()
    person = _person(h, body.phone, body.id_card)
    return with_booking(
        link, body, lambda unit, booking: confirm(unit, h.hall, booking, person), _unsaid(person)
    )


@bp.post("/api/booking/<link>/cancel")
@bp.input(Act, arg_name="body")
def post_cancel_booking(link: str, body: Act) -> ResponseReturnValue:
    """Give the place back, until some hours before."""
    return cancel_it(link, body)


def cancel_it(link: str, body: Act) -> ResponseReturnValue:
    return with_booking(link, body, lambda unit, booking: cancel_booking(unit, house().hall, booking))


@bp.post("/api/booking/<link>/move")
@bp.input(MoveBody, arg_name="body")
def post_move(link: str, body: MoveBody) -> ResponseReturnValue:
    """The same booking at another time; link and holder stay."""
    return move_it(link, body)


def move_it(link: str, body: MoveBody) -> ResponseReturnValue:
    at = body.at.astimezone(UTC)
    return with_booking(link, body, lambda unit, booking: move_booking(unit, house().hall, booking, at))


@bp.post("/api/booking/<link>/check-in")
@bp.input(Act, arg_name="body")
def post_check_in_by_link(link: str, body: Act) -> ResponseReturnValue:
    """The citizen is in the hall and says so on the phone: 201 with the number."""
    return check_in_it(link, body)


def check_in_it(link: str, body: Act) -> ResponseReturnValue:
    h = house()
    _holder(link)

    def deed(unit: Unit) -> dict[str, Any]:
        booking = by_link(unit.connection, unit.hall, link)
        return taken_json(h, check_in(unit, h.hall, h.slip, h.settings.url, booking))

    return act(body, deed, good=201)


def with_booking(
    link: str,
    body: Act,
    deed: Callable[[Unit, Appointment], object],
    instead: Mapping[str, Any] | None = None,
) -> ResponseReturnValue:
    """Do `deed` to the booking behind `link` and answer with it as it is after."""
    _holder(link)

    def doing(unit: Unit) -> dict[str, Any]:
        deed(unit, by_link(unit.connection, unit.hall, link))
        return {}

    return act(body, doing, show=lambda view: {"appointment": _again(view, link)}, instead=instead)


def _again(view: View, link: str) -> dict[str, Any]:
    return booking_value(view, by_link(view.connection, view.hall, link), house().clock())


# --- to come
@bp.post("/api/check-in")
@needs("appointment.check-in")
@bp.input(CheckInBody, arg_name="body")
def post_check_in(body: CheckInBody) -> ResponseReturnValue:
    """At the kiosk or the desk, by check-in code, link or card of an appointment, by the code of a batch,
    or by that of a number taken by phone: 201 with the number, as for a fresh ticket.
    """
    if body.code is None and body.reading is None:
        raise refusals.InputInvalid(fields=[])
    h, actor, at = house(), current_actor(), place_named(body.kiosk)
    wrong = patience().wrong_codes
    if wrong.is_spent(actor.client, h.clock()):
        raise refusals.TooFast()

    def deed(unit: Unit) -> dict[str, Any]:
        reading = reading_here(unit, h, body.reading) if body.reading else None
        if body.code is None:
            assert reading is not None
            booking = booked_with_card(unit, h.hall, reading)
            return taken_json(h, check_in(unit, h.hall, h.slip, h.settings.url, booking, reading))
        try:
            booking = find_booking(unit, h.hall, body.code)
        except refusals.BookingUnknown:
            return _other_code(unit, h, body.code, at)
        return taken_json(h, check_in(unit, h.hall, h.slip, h.settings.url, booking, reading, at))

    return act(body, deed, good=201)


def _other_code(unit: Unit, h: House, code: str, at: str | None) -> dict[str, Any]:
    """Of a batch, or of a number that was taken by phone. Raises BookingUnknown."""
    papers = (h.slip, h.settings.url)
    try:
        batch = order_by_code(unit.connection, unit.hall, code)
        return taken_json(h, check_in_batch(unit, h.hall, *papers, batch, at))
    except refusals.OrderUnknown:
        pass
    try:
        ticket = remote_by_code(unit.connection, unit.hall, unit.day, code).ticket
    except refusals.TicketUnknown:
        patience().wrong_codes.mark(current_actor().client, h.clock())
        raise refusals.BookingUnknown() from None
    return taken_json(h, arrive(unit, h.hall, *papers, ticket, at))


# --- who asks
def _as_citizen() -> None:
    """A citizen without a link. Raises OriginForeign, TooFast."""
    check_origin()
    if not patience().places.mark(request.remote_addr or "-", house().clock()):
        raise refusals.TooFast()
    g.wucha_actor = Actor("citizen", CITIZEN, "citizen")


def _holder(link: str) -> None:
    """The holder of a booking's link. Raises OriginForeign, BookingUnknown."""
    check_origin()
    h = house()
    with h.store.read() as connection:
        booking = by_link(connection, h.store.hall, link)
    g.wucha_actor = Actor("citizen", f"booking-{booking.id}", "citizen")


def _person(h: House, phone: str | None, id_card: str | None, by_staff: bool = False) -> str | None:
    """Whose booking it is: by identity card, which then checks in with it, or by phone. Raises
    PersonInvalid, and InputInvalid where the hall asks the public for no such number; staff have the
    citizen before them.
    """
    terms = h.hall.hall.appointment
    if (phone is not None and not terms.ask_phone) or (
        id_card is not None and not (terms.ask_id_card or by_staff)
    ):
        raise refusals.InputInvalid(fields=[])
    if id_card is not None:
        return person_key(h.key, "foreign_card" if id_card[:1].isalpha() else "id_card", id_card)
    return person_key(h.key, "phone", phone) if phone is not None else None


def _unsaid(person: str | None) -> dict[str, Any]:
    """What stands for the numbers in the memory of requests."""
    return {"phone": person, "id_card": None}
