"""留言: words to those who supervise the hall, at any hour and without a number; the answer stands on the
message's own page, whose link of 128 random bits is the proof from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import current_app, g, redirect, request
from flask.typing import ResponseReturnValue

from server.actions.complain import leave_message
from server.api.access import check_origin
from server.api.acts import act
from server.api.citizen_page import asked_lang, page, there, tried
from server.api.complaints import ComplainBody, sealed
from server.api.limit import Limit
from server.domain import refusals
from server.domain.actors import Actor
from server.house import house
from server.store.complaints import find_message
from server.store.once import is_answered
from server.store.snapshots.citizen import complaint_value
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("messages", __name__, enable_openapi=False, template_folder="../../kiosk/book/templates")
CITIZEN = "message"  # whoever has no link yet


def _patience() -> Limit:
    """How much one address may write."""
    limit = Limit(house().hall.hall.messages.per_hour, timedelta(hours=1))
    found: Limit = current_app.extensions.setdefault("wucha-messages", limit)
    return found


@bp.get("/message")
@there
def get_message() -> ResponseReturnValue:
    """Where to write."""
    return _written()


@bp.post("/message")
@there
def post_message() -> ResponseReturnValue:
    """It was written: on to its own page."""
    form = request.form
    facts = {key: form.get(key, "") for key in ("request_id", "text", "contact")}
    reply, trouble = tried(lambda: _leave(ComplainBody.model_validate(facts)))
    return _written(trouble) if trouble else redirect(f"/m/{reply['link']}?lang={asked_lang()}", 303)


@bp.get("/m/<link>")
@there
def get_answer(link: str) -> ResponseReturnValue:
    """How far it is, until when, and the answer; what was written is not shown again."""
    h = house()
    with h.store.read() as connection:
        found = find_message(connection, h.store.hall, link)
        told = complaint_value(View.of(connection, h.store.hall, h.hall, h.texts), found)
    return page("message.html", "", one={**told, "number": found.number}, by_phone=h.hall.hall.remote.enabled)


def _written(trouble: str = "") -> ResponseReturnValue:
    typed = {key: request.form.get(key, "") for key in ("text", "contact")}
    return page("message.html", trouble, one=None, typed=typed)


def _leave(body: ComplainBody) -> ResponseReturnValue:
    check_origin()
    h, limit, at = house(), _patience(), request.remote_addr or "-"
    g.wucha_actor = actor = Actor("citizen", CITIZEN, "citizen")
    if limit.is_spent(at, h.clock()):
        with h.store.read() as connection:  # what was sent already is only told again
            if not is_answered(connection, actor.client, body.request_id):
                raise refusals.TooFast()
    words = sealed(body.text, body.contact)

    def deed(unit: Unit) -> dict[str, Any]:
        left = leave_message(unit, h.hall, words)
        limit.mark(at, h.clock())
        return {"link": left.link}

    return act(body, deed, good=201)
