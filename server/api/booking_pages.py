"""/book and /b/<link>: booking on the phone, complete without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from apiflask import APIBlueprint
from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from server.api import booking
from server.api.bodies import Act
from server.api.citizen_page import asked_lang, page, qr, spoken_lang, there, tried, words_for
from server.api.guide import guide_facts
from server.domain.appointments import takes_appointments
from server.domain.catalogue import Service
from server.domain.ics import calendar_entry
from server.domain.refusals import NotFound
from server.domain.remote import offers
from server.house import house
from server.settings import HallSettings

bp = APIBlueprint(
    "booking_pages", __name__, enable_openapi=False, template_folder="../../kiosk/book/templates"
)


@bp.get("/book")
@there
def get_book() -> ResponseReturnValue:
    """What to book, then when; ?move=<link> moves that booking."""
    return _book()


@bp.post("/book")
@there
def post_book() -> ResponseReturnValue:
    """A time was chosen: keep it and go on to its own page."""
    form, service = request.form, request.args.get("service", "")
    facts = {"request_id": form.get("request_id"), "service": service, "lang": spoken_lang()}
    if "day" in form:
        return _made(lambda: booking.wait(booking.WaitBody.model_validate({**facts, "day": form["day"]})))
    return _made(lambda: booking.book(booking.BookBody.model_validate({**facts, "at": form.get("at")})))


@bp.get("/guide/<service>")
@there
def get_guide(service: str) -> ResponseReturnValue:
    """What a service needs, costs and takes, to carry home from the kiosk's QR code: nothing personal."""
    hall = house().published()
    item = hall.catalogue.services.get(service)
    if item is None:
        raise NotFound()
    facts = guide_page_facts(hall, item)
    by_phone = offers(hall.hall.remote, hall.catalogue.queues[item.queue], item)
    return page("guide.html", "", service=item, facts=facts, bookable=item.appointment, by_phone=by_phone)


def guide_page_facts(hall: HallSettings, item: Service) -> dict[str, Any]:
    """What the page says of a service, in the language that was asked for."""
    words = words_for(asked_lang())
    return guide_facts(hall, item, words["t"], words["tell"], words["comma"])


def _made(deed: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    reply, trouble = tried(deed)
    return redirect(f"/b/{reply['link']}?lang={asked_lang()}", 303) if not trouble else _book(trouble)


def _book(trouble: str = "") -> ResponseReturnValue:
    h, service, asked = house(), request.args.get("service", ""), request.args.get("q", "").strip()
    catalogue = h.hall.catalogue
    facts: dict[str, Any] = {"service": None, "days": [], "rules": {}, "themes": {}, "q": asked, "move": None}
    if service:
        move = request.args.get("move", "")
        slots = booking.slots_json(service)
        moving = {"link": move, **booking.look(move)} if move else None
        facts |= {**slots, "service": catalogue.services[service], "move": moving}
    else:
        for s in catalogue.services.values():
            if takes_appointments(catalogue, s) and _matches(asked, s.name, s.name_en):
                facts["themes"].setdefault(s.theme, []).append(s)
    facts["by_phone"] = h.hall.hall.remote.enabled
    return page("book.html", trouble, **facts)


def _matches(asked: str, *names: str) -> bool:
    return not asked or any(asked.lower() in name.lower() for name in names)


@bp.get("/b/<link>")
@there
def get_booking_page(link: str) -> ResponseReturnValue:
    """The booking: confirm, move, cancel, the code for the kiosk, and checking in."""
    return _booking(link)


@bp.get("/b/<link>/calendar.ics")
@there
def get_calendar_entry(link: str) -> ResponseReturnValue:
    """The booking for the phone's own calendar, with a reminder; a moved one replaces what was kept."""
    h, a, lang = house(), booking.look(link), asked_lang()
    if a["at"] is None or a["state"] not in ("booked", "cancelled"):
        raise NotFound()
    centre, terms = h.hall.hall.centre, h.hall.hall.appointment
    page_words = words_for(lang)
    at = datetime.fromisoformat(a["at"])
    named, tell = page_words["named"], page_words["tell"]
    service, hall = named(a["service"]), named(centre)
    words = {
        "summary": h.texts.say("book.entry", lang, service=service, hall=hall),
        "location": f"{hall} {tell(centre.address, centre.address_en)}".strip(),
        "description": h.texts.say("book.entry_lead", lang, code=a["code"] or "", early=terms.early_minutes),
        "url": f"{h.settings.url}/b/{link}?lang={lang}",
    }
    until = at + timedelta(minutes=terms.slot_minutes)
    uid = f"{sha256(link.encode()).hexdigest()[:32]}@wucha"
    gone = a["state"] == "cancelled"
    kept = calendar_entry(uid, at, until, h.clock(), words, terms.remind_before_minutes, a["moves"], gone)
    response = make_response(kept)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/b/<link>/<any(confirm, cancel, move, check_in):deed>")
@there
def post_booking_form(link: str, deed: str) -> ResponseReturnValue:
    """The page's own forms: back to the page, to the ticket's page, or the page with the trouble."""
    form = request.form
    facts: dict[str, Any] = {"request_id": form.get("request_id")}
    who = {key: form.get(key, "").strip() or None for key in ("phone", "id_card")}
    at = form.get("at")
    deeds: dict[str, Callable[[], ResponseReturnValue]] = {
        "confirm": lambda: booking.confirm_it(link, booking.ConfirmBody.model_validate({**facts, **who})),
        "cancel": lambda: booking.cancel_it(link, Act.model_validate(facts)),
        "move": lambda: booking.move_it(link, booking.MoveBody.model_validate({**facts, "at": at})),
        "check_in": lambda: booking.check_in_it(link, Act.model_validate(facts)),
    }
    reply, trouble = tried(deeds[deed])
    if trouble:
        return _booking(link, trouble)
    if deed == "check_in":
        return redirect(f"/t/{reply['ticket']['link']}?lang={asked_lang()}", 303)
    return redirect(f"/b/{link}?lang={asked_lang()}", 303)


def _booking(link: str, trouble: str = "") -> ResponseReturnValue:
    facts = booking.look(link)
    terms = house().hall.hall.appointment
    code = facts["code"]
    until = datetime.fromisoformat(facts["at"]) if facts["at"] else None
    remind = until is not None and until - house().clock() > timedelta(minutes=terms.remind_before_minutes)
    drawn = qr(code) if code else None
    return page(
        "booking.html",
        trouble,
        a=facts,
        link=link,
        qr=drawn,
        terms=terms,
        remind=remind,
        late=round(house().hall.rules.late),
    )
