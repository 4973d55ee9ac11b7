"""The citizen's own ticket, by its 128-bit link: the phone page, its figures, cancelling and rating.

Phones hold no socket: they poll with an ETag, and a picture that has not changed costs 304 and no body.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue

from server.actions.cancel import cancel
from server.api.access import citizen_actor
from server.api.acts import act
from server.api.bodies import Act
from server.api.ratings import RateBody, rating_deed
from server.domain.audit import canonical
from server.domain.refusals import RatingNotAsked
from server.domain.tickets import Ticket
from server.house import house
from server.store.snapshots.citizen import citizen_value
from server.store.snapshots.view import View
from server.store.tickets import find_leg, ticket_by_link
from server.store.unit import Unit
from server.web.assets import entry

bp = APIBlueprint("my", __name__, template_folder="../../kiosk/ticket/templates")


def _look(link: str) -> tuple[Ticket, dict[str, Any]]:
    h = house()
    with h.store.read() as connection:
        ticket = ticket_by_link(connection, h.store.hall, link)
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        return ticket, citizen_value(view, ticket)


@bp.get("/t/<link>")
def get_page(link: str) -> ResponseReturnValue:
    """The phone page behind the slip's QR code: complete without script."""
    h = house()
    ticket, facts = _look(link)
    lang = request.args.get("lang", ticket.lang)
    lang = lang if lang in h.texts.languages else "zh"

    def t(key: str, **facts: object) -> str:
        return h.texts.say(key, lang, **facts)

    centre = h.hall.hall.centre
    hall = {
        "name": centre.name,
        "name_en": centre.name_en,
        "hotline": centre.hotline,
        "address": centre.address,
    }
    return _private(
        make_response(
            render_template(
                "ticket.html",
                **facts,
                hall=hall,
                t=t,
                lang=lang,
                link=link,
                levels=h.hall.levels,
                reason_max_level=h.hall.rating.reason_required_max_level,
                script=entry("kiosk/ticket/enhance.ts"),
                style=entry("kiosk/ticket/ticket.css"),
            )
        )
    )


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
    ticket, _ = _look(link)
    g.actor = citizen_actor(ticket.id)

    def deed(unit: Unit) -> dict[str, Any]:
        return {"state": cancel(unit, ticket.id).state}

    return act(body, deed)


@bp.post("/api/my/<link>/rate")
@bp.input(RateBody, arg_name="body")
def post_rate(link: str, body: RateBody) -> ResponseReturnValue:
    """Rate a visit of this very ticket: 201."""
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
