"""Taking numbers and their paper."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from server.actions.print_slip import reprint_slip
from server.actions.set_priority import set_priority
from server.actions.take_number import Taken, standing, take_number
from server.actions.transfer import release_ticket
from server.api.access import current_actor, needs
from server.api.acts import act
from server.api.bodies import Act, Body, Prose, Sealed, Word
from server.domain.estimate.promise import on_the_clock
from server.domain.marks import read_number
from server.domain.persons import Reading, person_key
from server.domain.refusals import ClassReasonNeeded, InputInvalid, NumberLost, TicketUnknown
from server.domain.routing import ORDINARY
from server.domain.tickets import STANDING, State
from server.domain.windows import callable_pools
from server.house import House, house
from server.readings import open_reading
from server.store.appointments import by_person
from server.store.estimates import estimate_json, expectation
from server.store.health import printing_kiosks
from server.store.marks import in_gap
from server.store.remote import Remote, find_remote
from server.store.slips import Slip, last_slip
from server.store.snapshots.booking import booking_value
from server.store.snapshots.view import View, iso
from server.store.tickets import count_ahead, find_ticket, last_leg, ticket_by_number
from server.store.unit import Unit
from server.store.windows import post_of

bp = APIBlueprint("tickets", __name__, url_prefix="/api/tickets")


class PersonBody(Body):
    """Who takes the number; only a keyed hash of it is kept."""

    kind: Literal["id_card", "phone"]
    number: Annotated[str, StringConstraints(max_length=24)]


class CardBody(Body):
    """The card that was just laid on the reader of this kiosk, closed as `card.read` told it."""

    kind: Literal["card"]
    reading: Sealed


class ReprintBody(Act):
    reading: Sealed | None = None  # at another kiosk than the number's: whose it is
    kiosk: Word | None = None  # where the paper comes out, for staff


class MineBody(Body):
    reading: Sealed


class TakeBody(Act):
    service: Word
    priority: Word = ORDINARY
    lang: Literal["zh", "en"] = "zh"
    person: Annotated[PersonBody | CardBody, Field(discriminator="kind")] | None = None
    confirm: tuple[Literal["queue-long", "service-twice"], ...] = ()  # refusals that asked and were answered
    first_window: Word | None = None
    further: Annotated[tuple[Word, ...], Field(max_length=4)] = ()  # services that follow on the same number
    kiosk: Word | None = None  # where the paper comes out, for staff; without it there is none
    reason: Prose = ""  # why staff give the class


class PriorityBody(Act):
    priority: Word
    reason: Annotated[Prose, StringConstraints(min_length=2, strip_whitespace=True)]


@bp.post("")
@needs("ticket.take")
@bp.input(TakeBody, arg_name="body")
def post_ticket(body: TakeBody) -> ResponseReturnValue:
    """Take a number for a service: 201 with ticket and slip; the same request_id gets the same number.

    A person who waits for the service already gets `existing: true` and that number, to be reprinted. Staff
    name the kiosk that prints it, and say why they give a class.
    """
    h = house()
    reason, at = body.reason.strip(), place_named(body.kiosk)
    if current_actor().kind == "staff" and body.priority != ORDINARY and len(reason) < 2:
        raise ClassReasonNeeded()
    said = body.person
    who = person_key(h.key, said.kind, said.number) if isinstance(said, PersonBody) else None

    def deed(unit: Unit) -> dict[str, Any]:
        wish = (body.service, body.priority, body.lang)
        more: dict[str, Any] = {"person": who, "confirmed": body.confirm, "first_window": body.first_window}
        more["further"] = body.further
        if unit.actor.kind == "staff":
            more |= {"at": at, "reason": reason}
        if isinstance(said, CardBody):
            more["reading"] = reading_here(unit, h, said.reading)
        if unit.actor.kind == "device":
            more["first_window"] = None  # a kiosk does not know who handled it first
        return taken_json(h, take_number(unit, h.hall, h.slip, h.settings.url, *wish, **more))

    return act(body, deed, good=201, instead={"person": who} if who else None)


def place_named(kiosk: str | None) -> str | None:
    """The kiosk that staff want a paper from. Raises InputInvalid for a kiosk: it prints at itself."""
    if kiosk is not None and current_actor().kind == "device":
        raise InputInvalid(
            fields=[{"field": "kiosk", "zh": "取号机只在本机出票", "en": "a kiosk prints at itself"}]
        )
    return kiosk


def reading_here(unit: Unit, h: House, closed: str) -> Reading:
    """What is in a closed reading of the caller's own kiosk. Raises CardExpired."""
    return open_reading(h.key, closed, unit.actor.kiosk, unit.now)


@bp.post("/mine")
@needs("ticket.take")
@bp.input(MineBody, arg_name="body")
def post_mine(body: MineBody) -> ResponseReturnValue:
    """我在排队吗: the open numbers and today's booking of who laid the card on this kiosk's reader. Reads
    only; it is a POST so that the reading stands in no address.
    """
    h = house()
    reading = open_reading(h.key, body.reading, current_actor().kiosk, h.clock())
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        held = standing(view, reading.person)
        today = h.clock().astimezone(h.hall.zone).date().isoformat()
        booked = [
            booking_value(view, b, h.clock()) for b in by_person(connection, view.hall, reading.person, today)
        ]
    shown = ("state", "service", "time", "at", "can")
    return {
        "tickets": [taken_json(h, taken) for taken in held],
        "bookings": [{k: b[k] for k in shown} for b in booked if b["state"] == "booked"],
    }


@bp.post("/<int(max=9223372036854775807):ticket>/reprint")
@needs("ticket.reprint")
@bp.input(ReprintBody, arg_name="body")
def post_reprint(ticket: int, body: ReprintBody) -> ResponseReturnValue:
    """Print the same number once more (补打), marked and counted: 201 with the slip. `kiosk`: where the paper
    comes out, for staff; a kiosk prints at itself."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        reading = reading_here(unit, h, body.reading) if body.reading else None
        papers = (h.slip, h.settings.url)
        return {"slip": slip_json(reprint_slip(unit, h.hall, *papers, ticket, reading, body.kiosk))}

    return act(body, deed, good=201)


@bp.get("/by-number/<number>")
@needs("ticket.find")
def get_by_number(number: str) -> ResponseReturnValue:
    """Today's ticket with this number, for who helps the citizen that holds it: 200 {ticket, kiosks}; how it
    stands and where it may be printed, never whose it is and never its link. service and ahead are null while
    it waits for the window of the one who asks: nobody chooses by the matter."""
    h = house()
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        try:
            found = ticket_by_number(connection, h.store.hall, view.day, number.upper())
        except TicketUnknown:
            queues = h.hall.catalogue.queues.values()
            if view.day and in_gap(connection, h.store.hall, view.day, read_number(queues, number.upper())):
                raise NumberLost(number=number.upper()) from None
            raise
        leg = last_leg(connection, found.id)
        waits = leg.state in STANDING
        windows, look = h.hall.catalogue.windows, expectation(connection, leg.id) if waits else None
        able = [leg.target_window] if leg.target_window else h.hall.catalogue.serving[leg.queue]
        blind = waits and _may_call(h, connection, leg.queue)
        soon = look.expected_at if look and not blind else None
        ticket = {
            "id": found.id,
            "number": found.number,
            "service": None if blind else _named(h, leg.service),
            "state": leg.state,
            "priority": leg.priority,
            "ahead": count_ahead(connection, h.store.hall, found.day, leg) if waits and not blind else None,
            "taken_at": found.taken_at.isoformat(),
            "window": windows[leg.window].number if leg.window and not waits else None,
            "windows": [windows[w].number for w in able],
            "expected_at": on_the_clock(soon).isoformat() if soon else None,
            "remote": _remote_json(find_remote(connection, found.id), leg.state),
        }
        kiosks = printing_kiosks(connection, h.store.hall)
    return {"ticket": ticket, "kiosks": kiosks}


@bp.post("/<int(max=9223372036854775807):ticket>/priority")
@needs("ticket.priority")
@bp.input(PriorityBody, arg_name="body")
def post_priority(ticket: int, body: PriorityBody) -> ResponseReturnValue:
    """Verify the class of a waiting number: give the right one, or take a wrong one away; with a reason."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        return {"priority": set_priority(unit, h.hall, ticket, body.priority, body.reason).priority}

    return act(body, deed)


@bp.post("/<int(max=9223372036854775807):ticket>/release")
@needs("ticket.release")
@bp.input(Act, arg_name="body")
def post_release(ticket: int, body: Act) -> ResponseReturnValue:
    """Whoever answers for the hall sends a number that is set aside back to its queue, with the seniority it
    had: 200 {queue}."""
    hall = house().hall
    return act(body, lambda unit: {"queue": release_ticket(unit, hall, ticket).queue})


@bp.get("/<int(max=9223372036854775807):ticket>/slip")
@needs("ticket.take")
def get_slip(ticket: int) -> ResponseReturnValue:
    """How the newest paper of a ticket stands. A kiosk sees its own slips only."""
    h = house()
    with h.store.read() as connection:
        find_ticket(connection, h.store.hall, ticket)
        slip = last_slip(connection, ticket)
    kiosk = current_actor().kiosk
    if slip is not None and kiosk is not None and slip.kiosk != kiosk:
        raise TicketUnknown(ticket=ticket)
    return {"slip": slip_json(slip) if slip else None}


def taken_json(h: House, taken: Taken) -> dict[str, Any]:
    """A fresh number as the faces read it."""
    ticket, catalogue = taken.ticket, h.hall.catalogue
    return {
        "ticket": {
            "id": ticket.id,
            "number": ticket.number,
            "queue": ticket.prefix,
            "estimate": estimate_json(taken.estimate) if h.hall.hall.ticket.show_estimated_wait else None,
            "queue_name": catalogue.queues[ticket.prefix].name,
            "queue_name_en": catalogue.queues[ticket.prefix].name_en,
            "service": _named(h, ticket.service),
            "further": [_named(h, s) for s in taken.further],
            "state": taken.leg.state,
            "ahead": taken.ahead,
            "taken_at": ticket.taken_at.isoformat(),
            "link": ticket.link,
            "url": f"{h.settings.url}/t/{ticket.link}",
            "windows": [catalogue.windows[w].number for w in catalogue.serving[ticket.prefix]],
            "appointment": {"at": iso(taken.agreed), "late": taken.late} if taken.agreed else None,
        },
        "slip": slip_json(taken.slip) if taken.slip else None,
        "existing": taken.existing,
    }


def _remote_json(remote: Remote | None, state: State) -> dict[str, Any] | None:
    if remote is None:
        return None
    absent = remote.arrived_at is None and state in (State.AWAY, State.NO_SHOW)
    return {"arrived_at": iso(remote.arrived_at), "may_arrive": absent}


def _may_call(h: House, connection: Connection, queue: str) -> bool:
    """Does the caller sit at a window that calls `queue`?"""
    post = post_of(connection, h.store.hall, current_actor().id)
    if post is None:
        return False
    window = h.hall.catalogue.windows[post.window]
    return queue in window.queues or queue in {q for q, _ in callable_pools(window)}


def _named(h: House, service: str) -> dict[str, str]:
    item = h.hall.catalogue.services[service]
    return {"id": item.id, "name": item.name, "name_en": item.name_en}


def slip_json(slip: Slip) -> dict[str, Any]:
    return {
        "id": slip.id,
        "ticket": slip.ticket,
        "state": slip.state,
        "copy": slip.copy,
        "reason": slip.reason,
    }
