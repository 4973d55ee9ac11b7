"""导办: calls for a guide's hand, enquiries at the door, and what they come to day by day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import request
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from server.actions.aids import ask_aid, step_aid, undo_aid
from server.actions.enquiries import register_enquiry, withdraw_enquiry
from server.api.access import needs
from server.api.acts import act
from server.api.bodies import MOST, Act, Prose, Word
from server.domain.aids import DOOR, Aid, AidStep
from server.domain.refusals import InputInvalid
from server.house import house
from server.store.aids import recent_aids
from server.store.snapshots.guiding import aid_row, guiding_days, guiding_value
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("guiding", __name__, url_prefix="/api")

_AID = f"<int(max={MOST}):aid>"
Place = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class AidBody(Act):
    """A kiosk asks for itself: what it says of place and kind does not count."""

    place: Place = DOOR
    kind: Word = "kiosk"
    note: Prose = ""


class EnquiryBody(Act):
    kind: Word
    service: Word | None = None


@bp.get("/aids")
@needs("aid.help")
def get_aids() -> ResponseReturnValue:
    """The day's newest hundred: 200 {aids}."""
    h = house()
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        return {"aids": [aid_row(view, aid) for aid in recent_aids(connection, view.hall, view.day)]}


@bp.post("/aids")
@needs("aid.ask")
@bp.input(AidBody, arg_name="body")
def post_aid(body: AidBody) -> ResponseReturnValue:
    """Somebody wants a hand at a place ("door", "kiosk:K1", "window:W01", "zone:…"): 201 {aid}; all guides
    see it at once."""
    note = body.note.strip()
    return _act(body, lambda unit: ask_aid(unit, house().hall, body.place, body.kind, note), good=201)


@bp.post(f"/aids/{_AID}/take")
@needs("aid.help")
@bp.input(Act, arg_name="body")
def post_take_aid(aid: int, body: Act) -> ResponseReturnValue:
    """The caller goes there: 200 {aid}; 409 aid-taken names who does already."""
    return _act(body, lambda unit: step_aid(unit, aid, AidStep.TAKE))


@bp.post(f"/aids/{_AID}/give-back")
@needs("aid.help")
@bp.input(Act, arg_name="body")
def post_give_back_aid(aid: int, body: Act) -> ResponseReturnValue:
    """The caller cannot go after all: 200 {aid}, open again."""
    return _act(body, lambda unit: step_aid(unit, aid, AidStep.GIVE_BACK))


@bp.post(f"/aids/{_AID}/finish")
@needs("aid.help")
@bp.input(Act, arg_name="body")
def post_finish_aid(aid: int, body: Act) -> ResponseReturnValue:
    """It is done: 200 {aid}."""
    return _act(body, lambda unit: step_aid(unit, aid, AidStep.FINISH))


@bp.post(f"/aids/{_AID}/cancel")
@needs("aid.ask")
@bp.input(Act, arg_name="body")
def post_cancel_aid(aid: int, body: Act) -> ResponseReturnValue:
    """Nobody needs it any more: 200 {aid}. A kiosk takes back what was asked at itself."""
    return _act(body, lambda unit: step_aid(unit, aid, AidStep.CANCEL))


@bp.post(f"/aids/{_AID}/undo")
@needs("aid.help")
@bp.input(Act, arg_name="body")
def post_undo_aid(aid: int, body: Act) -> ResponseReturnValue:
    """Who ended it takes that back within seconds: 200 {aid}."""
    return _act(body, lambda unit: undo_aid(unit, house().hall, aid))


@bp.post("/enquiries")
@needs("enquiry.register")
@bp.input(EnquiryBody, arg_name="body")
def post_enquiry(body: EnquiryBody) -> ResponseReturnValue:
    """Somebody asked at the door: 201 {enquiry}; it counts."""

    def deed(unit: Unit) -> dict[str, Any]:
        return {"enquiry": {"id": register_enquiry(unit, house().hall, body.kind, body.service).id}}

    return act(body, deed, good=201)


@bp.post(f"/enquiries/<int(max={MOST}):enquiry>/withdraw")
@needs("enquiry.register")
@bp.input(Act, arg_name="body")
def post_withdraw_enquiry(enquiry: int, body: Act) -> ResponseReturnValue:
    """A slip of the finger, taken back within seconds: 200 {}."""

    def deed(unit: Unit) -> dict[str, Any]:
        withdraw_enquiry(unit, house().hall, enquiry)
        return {}

    return act(body, deed)


@bp.get("/guiding")
@needs("guiding.see")
def get_guiding() -> ResponseReturnValue:
    """The guides' counts by business day, ?first= to ?last= (ISO dates; without them today's): 200 {days}."""
    h = house()
    first, last = request.args.get("first"), request.args.get("last")
    if (first is None) != (last is None) or any(d is not None and not _is_day(d) for d in (first, last)):
        raise InputInvalid(fields=[])
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        days = [guiding_value(view)] if first is None or last is None else guiding_days(view, first, last)
    return {"days": days}


def _is_day(text: str) -> bool:
    return len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isascii()


def _act(body: Act, deed: Callable[[Unit], Aid], good: int = 200) -> ResponseReturnValue:
    def doing(unit: Unit) -> dict[str, Any]:
        done = deed(unit)
        return {"aid": {"id": done.id, "state": done.state.value}}

    return act(body, doing, good=good)
