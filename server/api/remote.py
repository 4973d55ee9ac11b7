"""手机取号 without app or account: choose, read what to bring, take; and 到场确认 with what only the hall
shows.

A phone is known by a cookie that says nothing but that it is the same phone; only a keyed hash of it is
kept, for the limits, and forgotten with the other keys of persons.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import current_app, g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from server.actions.arrive import arrive
from server.actions.take_remote import take_remote
from server.api.access import check_origin, citizen_actor, needs
from server.api.acts import act
from server.api.bodies import MOST, Act, Word
from server.api.booking_pages import guide_page_facts
from server.api.citizen_page import asked_lang, page, qr, spoken_lang, there, tried
from server.api.limit import Limit
from server.api.tickets import taken_json
from server.domain import refusals
from server.domain.actors import Actor
from server.domain.appointments import takes_appointments
from server.domain.catalogue import Service
from server.domain.remote import RemoteRules, changes_at, is_present, offers, presence_code, session_key
from server.domain.tickets import State
from server.house import House, house
from server.settings import HallSettings
from server.store.quotas import numbers_of
from server.store.remote import find_remote
from server.store.snapshots.public import day_value, queue_rows
from server.store.snapshots.view import ALL, View
from server.store.tickets import find_ticket, last_leg, ticket_by_link
from server.store.unit import Unit

bp = APIBlueprint("remote", __name__)

COOKIE = "wucha_phone"
COOKIE_S = 24 * 3600
CITIZEN = "remote"  # whoever has no link yet
TRIES = 60  # an hour and address, whatever comes of them


@dataclass
class Patience:
    """How much one address, and one number, may ask."""

    tries: Limit = field(default_factory=lambda: Limit(TRIES, timedelta(hours=1)))
    takes: Limit | None = None  # numbers of one address; the hall says how many
    wrong_digits: Limit = field(default_factory=lambda: Limit(10, timedelta(minutes=5)))


class RemoteBody(Act):
    service: Word
    lang: Literal["zh", "en"] = "zh"


class ArriveBody(Act):
    """code: the digits that the hall's screens show now."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9 ]{4,12}$")]


def patience(h: House) -> Patience:
    found = current_app.extensions.setdefault("wucha-remote", Patience())
    assert isinstance(found, Patience)
    if found.takes is None:
        found.takes = Limit(h.hall.hall.remote.takes_per_hour, timedelta(hours=1))
    return found


# --- to take one
@bp.post("/api/remote")
@bp.input(RemoteBody, arg_name="body")
def post_remote(body: RemoteBody) -> ResponseReturnValue:
    """Take a number by phone: 201 {link, url, number, existing}; the phone's cookie comes with it."""
    session = _session()
    reply = make_response(take(body, session))
    return _with_session(reply, session)


def take(body: RemoteBody, session: str) -> ResponseReturnValue:
    """Raises OriginForeign, TooFast."""
    check_origin()
    h, limits, at = house(), patience(house()), request.remote_addr or "-"
    assert limits.takes is not None
    if limits.takes.is_spent(at, h.clock()) or not limits.tries.mark(at, h.clock()):
        raise refusals.TooFast()
    g.wucha_actor = Actor("citizen", CITIZEN, "citizen")
    phone = session_key(h.key, session)

    def deed(unit: Unit) -> dict[str, Any]:
        taken = take_remote(unit, h.hall, h.slip, h.settings.url, body.service, body.lang, phone)
        assert limits.takes is not None
        if not taken.existing:
            limits.takes.mark(at, h.clock())
        ticket = taken.ticket
        known = {"link": ticket.link, "url": f"{h.settings.url}/t/{ticket.link}", "number": ticket.number}
        return {**known, "existing": taken.existing}

    return act(body, deed, good=201)


@bp.get("/take")
@there
def get_take() -> ResponseReturnValue:
    """What can be had by phone with how many ahead; ?service= what to bring for it, and the button."""
    return _take_page()


@bp.post("/take")
@there
def post_take_form() -> ResponseReturnValue:
    """The page's form: on to the number's own page, or the page with the trouble."""
    form, session = request.form, _session()
    facts = {"request_id": form.get("request_id"), "service": form.get("service", ""), "lang": spoken_lang()}
    reply, trouble = tried(lambda: take(RemoteBody.model_validate(facts), session))
    done = _take_page(trouble) if trouble else redirect(f"/t/{reply['link']}?lang={asked_lang()}", 303)
    return _with_session(make_response(done), session)


@bp.get("/take/poster")
@there
def get_poster() -> ResponseReturnValue:
    """A sheet to hang up: the QR code of the page where numbers are taken by phone. Nothing is secret."""
    h = house()
    address = f"{h.settings.url}/take"
    return page("poster.html", "", qr=qr(address), address=address, rules=h.hall.hall.remote)


def _take_page(trouble: str = "") -> ResponseReturnValue:
    h = house()
    hall, rules = h.hall, h.hall.hall.remote
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, hall, h.texts)
        queues = queue_rows(view, ALL)
        mine, day = _numbers(view, h), day_value(view)
    service = hall.catalogue.services.get(request.args.get("service", request.form.get("service", "")))
    asked = request.args.get("q", "").strip().lower()
    groups: dict[str, list[Any]] = {}
    if service is None:
        for item in hall.catalogue.services.values():
            known = not asked or asked in item.name.lower() or asked in item.name_en.lower()
            if known and _offered(hall, item):
                groups.setdefault(item.theme, []).append(item)
    facts = guide_page_facts(hall, service) if service else None
    may = service is not None and _offered(hall, service)
    if service is not None and not may and not trouble:
        no, names = _why_not(rules, service), {"name": service.name, "name_en": service.name_en}
        trouble = h.texts.say(f"refused.{no.code}", asked_lang(), **names)
    books = service is not None and not service.closed and takes_appointments(hall.catalogue, service)
    told = {"service": service, "facts": facts, "may": may, "books": books, "groups": groups, "q": asked}
    show = {
        "queues": queues,
        "rules": rules,
        "mine": mine,
        "day": day,
        "back_minutes": hall.hall.call.no_show_return_minutes,
    }
    return page("take.html", trouble, **told, **show)


def _why_not(rules: RemoteRules, item: Service) -> type[refusals.Refusal]:
    if not rules.enabled:
        return refusals.RemoteOff
    return refusals.ServiceClosed if item.closed else refusals.RemoteNot


def _offered(hall: HallSettings, item: Service) -> bool:
    """Where a card is asked for, the number is taken where it can be laid on a reader."""
    by_card = hall.identity_of(item) == "id_card_required"
    return not by_card and offers(hall.hall.remote, hall.catalogue.queues[item.queue], item)


# --- to be there
@bp.get("/api/remote/screen")
@needs("presence.show")
def get_screen() -> ResponseReturnValue:
    """What a kiosk shows so that a phone can prove where it is: 200 {code, url, until}; 409
    where the hall gives no numbers by phone."""
    h = house()
    if not h.hall.hall.remote.enabled:
        raise refusals.RemoteOff()
    now = h.clock()
    code = presence_code(h.key, now)
    return {"code": code, "url": f"{h.settings.url}/here?k={code}", "until": changes_at(now).isoformat()}


@bp.get("/here")
@there
def get_here() -> ResponseReturnValue:
    """Behind the QR code on the hall's screens: the numbers of this phone that wait for their holder."""
    return _here_page()


@bp.post("/here")
@there
def post_here_form() -> ResponseReturnValue:
    """One of them is there."""
    link = request.form.get("link", "")
    facts = {"request_id": request.form.get("request_id"), "code": request.form.get("k", "")}
    _, trouble = tried(lambda: arrive_it(link, ArriveBody.model_validate(facts)))
    return _here_page(trouble) if trouble else redirect(f"/t/{link}?lang={asked_lang()}", 303)


def _here_page(trouble: str = "") -> ResponseReturnValue:
    h = house()
    code = request.args.get("k", request.form.get("k", ""))
    code = code if code.isascii() and code.isdigit() and len(code) < 12 else ""
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        mine = _numbers(view, h)
    return page("here.html", trouble, code=code, mine=mine)


@bp.post("/api/my/<link>/arrive")
@bp.input(ArriveBody, arg_name="body")
def post_arrive(link: str, body: ArriveBody) -> ResponseReturnValue:
    """The holder is in the hall and sends the digits of its screens: 200 with the number as it stands."""
    return arrive_it(link, body)


def arrive_it(link: str, body: ArriveBody) -> ResponseReturnValue:
    """Raises TicketUnknown, OriginForeign, PresenceWrong, TooFast."""
    h, wrong = house(), patience(house()).wrong_digits
    with h.store.read() as connection:
        ticket = ticket_by_link(connection, h.store.hall, link)
    g.wucha_actor = citizen_actor(ticket.id)
    if wrong.is_spent(link, h.clock()):
        raise refusals.TooFast()
    if not is_present(h.key, body.code.replace(" ", ""), h.clock()):
        wrong.mark(link, h.clock())
        raise refusals.PresenceWrong()

    def deed(unit: Unit) -> dict[str, Any]:
        return taken_json(h, arrive(unit, h.hall, h.slip, h.settings.url, ticket.id))

    return act(body, deed)


@bp.post(f"/api/tickets/<int(max={MOST}):ticket>/arrive")
@needs("ticket.arrive")
@bp.input(Act, arg_name="body")
def post_arrive_by_staff(ticket: int, body: Act) -> ResponseReturnValue:
    """Whoever holds the number stands before a member of staff: 200 with the number as it stands."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        return taken_json(h, arrive(unit, h.hall, h.slip, h.settings.url, ticket))

    return act(body, deed)


# --- whose phone
def _session() -> str:
    """The phone's own, or a fresh one."""
    known = request.cookies.get(COOKIE, "")
    return known if 16 <= len(known) <= 64 else secrets.token_urlsafe(16)


def _with_session(reply: Any, session: str) -> Any:
    reply.set_cookie(
        COOKIE, session, max_age=COOKIE_S, path="/", httponly=True, samesite="Lax", secure=request.is_secure
    )
    return reply


def _numbers(view: View, h: House) -> list[dict[str, Any]]:
    """The numbers of this phone that are not over: {number, link, service, present, waits}."""
    if view.day is None or COOKIE not in request.cookies:
        return []
    found = []
    for id, service, is_open in numbers_of(
        view.connection, view.hall, view.day, session_key(h.key, _session())
    ):
        ticket, leg = find_ticket(view.connection, view.hall, id), last_leg(view.connection, id)
        remote = find_remote(view.connection, id)
        absent = remote is not None and remote.arrived_at is None and leg.state in (State.AWAY, State.NO_SHOW)
        if is_open or absent:
            named = h.hall.catalogue.services[service]
            found.append({"number": ticket.number, "link": ticket.link, "service": named, "absent": absent})
    return found
