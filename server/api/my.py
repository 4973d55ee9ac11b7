"""The citizen's own ticket, by its 128-bit link: the phone page, its figures, cancelling and rating.

Phones hold no socket: they poll with an ETag, and a picture that has not changed costs 304 and no body.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from server.actions.cancel import cancel
from server.actions.complain import ask_again, complain
from server.actions.postpone import postpone
from server.api.access import check_origin, citizen_actor
from server.api.acts import act
from server.api.bodies import Act
from server.api.citizen_page import TICKET, asked_lang, qr, remembered, there, words_for
from server.api.complaints import ComplainBody, ReviewBody, sealed
from server.api.ratings import RateBody, rating_deed
from server.api.remote import ArriveBody, arrive_it
from server.api.told import Told
from server.domain.audit import canonical
from server.domain.postponing import By
from server.domain.refusals import PresenceWrong, RatingNotAsked, TooFast
from server.domain.tickets import Ticket
from server.house import house
from server.settings import Reason
from server.store.snapshots.citizen import citizen_value
from server.store.snapshots.view import View
from server.store.tickets import count_ahead, find_leg, ticket_by_link
from server.store.unit import Unit
from server.web.assets import entry
from server.web.headers import FORM_PAGE

bp = APIBlueprint("my", __name__, template_folder="../../kiosk/ticket/templates")


class PostponeBody(Act):
    by: By


def _look(link: str) -> tuple[Ticket, dict[str, Any]]:
    h = house()
    with h.store.read() as connection:
        ticket = ticket_by_link(connection, h.store.hall, link)
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        return ticket, citizen_value(view, ticket, h.clock())


@bp.get("/t/<link>")
@there
def get_page(link: str) -> ResponseReturnValue:
    """The phone page behind the slip's QR code: complete without script."""
    return _page(link)


@bp.post("/t/<link>/cancel")
@there
def post_cancel_form(link: str) -> ResponseReturnValue:
    """The page's own form, for phones without script: back to the page, or the page with the trouble."""
    return _form(link, lambda: _cancel(link, Act(request_id=_fresh_id())))


@bp.post("/t/<link>/postpone")
@there
def post_postpone_form(link: str) -> ResponseReturnValue:
    """The same for letting others go first."""
    facts = {"request_id": _fresh_id(), "by": request.form.get("by")}
    return _form(link, lambda: _postpone(link, PostponeBody.model_validate(facts)))


@bp.post("/t/<link>/arrive")
@there
def post_arrive_form(link: str) -> ResponseReturnValue:
    """The same for being in the hall."""
    facts = {"request_id": _fresh_id(), "code": request.form.get("code", "").strip()}
    return _form(link, lambda: arrive_it(link, ArriveBody.model_validate(facts)))


@bp.post("/t/<link>/complain")
@there
def post_complain_form(link: str) -> ResponseReturnValue:
    """The same for a complaint."""
    form = request.form
    facts = {"request_id": _fresh_id(), "text": form.get("text", ""), "contact": form.get("contact", "")}
    return _form(link, lambda: _complain(link, ComplainBody.model_validate(facts)))


@bp.post("/t/<link>/review")
@there
def post_review_form(link: str) -> ResponseReturnValue:
    """The same for a second look at an answer."""
    form = request.form
    nth = form.get("nth", "")
    facts = {"request_id": _fresh_id(), "text": form.get("text", ""), "contact": form.get("contact", "")}
    known = {**facts, "nth": int(nth) if nth.isascii() and nth.isdigit() and len(nth) < 3 else None}
    return _form(link, lambda: _review(link, ReviewBody.model_validate(known)))


@bp.post("/t/<link>/rate")
@there
def post_rate_form(link: str) -> ResponseReturnValue:
    """The same for the rating."""
    form = request.form

    def deed() -> ResponseReturnValue:
        facts = {"leg": form.get("leg"), "level": form.get("level"), "text": form.get("text", "")}
        reasons = form.getlist("reasons")
        return _rate(link, RateBody.model_validate({"request_id": _fresh_id(), "reasons": reasons, **facts}))

    return _form(link, deed)


def _form(link: str, deed: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    check_origin()
    lang = asked_lang(face=TICKET)
    try:
        reply = make_response(deed())
    except ValidationError:
        return _page(link, house().texts.say("refused.input-invalid", lang), 422)
    except (PresenceWrong, TooFast) as no:
        return _page(link, house().texts.say(f"refused.{no.code}", lang), no.status)
    if reply.status_code >= 400:
        no = reply.get_json()
        return _page(
            link, house().texts.say(f"refused.{no['refused']}", lang, **no["facts"]), reply.status_code
        )
    return redirect(f"/t/{link}?lang={lang}", 303)


def _fresh_id() -> str:
    return secrets.token_hex(16)


def _page(link: str, trouble: str = "", status: int = 200) -> ResponseReturnValue:
    h = house()
    ticket, facts = _look(link)
    lang = asked_lang(ticket.lang, TICKET)

    known = words_for(lang, TICKET)

    def because(reason: Reason) -> Told:
        """The official option, in the phone's language where its file knows the code."""
        key = f"pad.reason.{reason.code}"
        words = h.texts.say(key, lang)
        told: Told = known["tell"](reason.text, "") if words == key else Told(words)
        return told

    page = render_template(
        "ticket.html",
        **facts,
        **known,
        because=because,
        link=link,
        by_phone=h.hall.hall.remote.enabled,
        levels=h.hall.levels,
        guide=h.hall.catalogue.services.get(facts["ticket"]["service"]["id"]),
        reason_max_level=h.hall.rating.reason_required_max_level,
        qr=qr(facts["ticket"]["remote"]["code"]) if facts["ticket"]["remote"] else None,
        script=entry("kiosk/ticket/enhance.ts"),
        style=entry("kiosk/ticket/ticket.css"),
        trouble=trouble,
    )
    response = make_response(page, status)
    response.headers.update(FORM_PAGE)
    return _private(remembered(response))


@bp.get("/api/my/<link>")
def get_mine(link: str) -> ResponseReturnValue:
    """The ticket as it stands; 304 when nothing has changed since the ETag."""
    _, facts = _look(link)
    tag = sha256(canonical(facts).encode()).hexdigest()[:24]
    if request.if_none_match.contains(tag):
        response = make_response("", 304)
    else:
        response = jsonify({**facts, "at": house().clock().isoformat()})
    response.set_etag(tag)
    return _private(response)


@bp.post("/api/my/<link>/cancel")
@bp.input(Act, arg_name="body")
def post_cancel(link: str, body: Act) -> ResponseReturnValue:
    """Give the number back while it is still waiting."""
    return _cancel(link, body)


def _cancel(link: str, body: Act) -> ResponseReturnValue:
    ticket, _ = _look(link)
    g.actor = citizen_actor(ticket.id)

    def deed(unit: Unit) -> dict[str, Any]:
        return {"state": cancel(unit, ticket.id).state}

    return act(body, deed)


@bp.post("/api/my/<link>/postpone")
@bp.input(PostponeBody, arg_name="body")
def post_postpone(link: str, body: PostponeBody) -> ResponseReturnValue:
    """Let others go first: 200 {ahead}."""
    return _postpone(link, body)


def _postpone(link: str, body: PostponeBody) -> ResponseReturnValue:
    ticket, _ = _look(link)
    g.actor = citizen_actor(ticket.id)

    def deed(unit: Unit) -> dict[str, Any]:
        leg = postpone(unit, house().hall, ticket.id, body.by)
        return {"ahead": count_ahead(unit.connection, unit.hall, ticket.day, leg)}

    return act(body, deed)


@bp.post("/api/my/<link>/complain")
@bp.input(ComplainBody, arg_name="body")
def post_complain(link: str, body: ComplainBody) -> ResponseReturnValue:
    """Words to those who supervise the hall: 201."""
    return _complain(link, body)


def _complain(link: str, body: ComplainBody) -> ResponseReturnValue:
    ticket, _ = _look(link)
    g.actor = citizen_actor(ticket.id)
    words = sealed(body.text, body.contact)

    def deed(unit: Unit) -> dict[str, Any]:
        return {"state": complain(unit, house().hall, ticket.id, ticket.number, words).state.value}

    return act(body, deed, good=201)


@bp.post("/api/my/<link>/review")
@bp.input(ReviewBody, arg_name="body")
def post_review(link: str, body: ReviewBody) -> ResponseReturnValue:
    """复核: a second look at an answered complaint, by somebody else: 201."""
    return _review(link, body)


def _review(link: str, body: ReviewBody) -> ResponseReturnValue:
    ticket, _ = _look(link)
    g.actor = citizen_actor(ticket.id)
    words = sealed(body.text, body.contact)

    def deed(unit: Unit) -> dict[str, Any]:
        made = ask_again(unit, house().hall, ticket.id, ticket.number, body.nth, words)
        return {"state": made.state.value}

    return act(body, deed, good=201)


@bp.post("/api/my/<link>/rate")
@bp.input(RateBody, arg_name="body")
def post_rate(link: str, body: RateBody) -> ResponseReturnValue:
    """Rate a visit of this very ticket: 201."""
    return _rate(link, body)


def _rate(link: str, body: RateBody) -> ResponseReturnValue:
    ticket, _ = _look(link)
    g.actor = citizen_actor(ticket.id)
    give = rating_deed(body)

    def deed(unit: Unit) -> dict[str, Any]:
        if find_leg(unit.connection, unit.hall, body.leg).ticket != ticket.id:
            raise RatingNotAsked()
        answer: dict[str, Any] = give(unit)
        return answer

    return act(body, deed, good=201)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
