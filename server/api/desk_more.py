"""What a clerk does seldom: take the last move back, add a service, call by choice, put an entry right."""

from __future__ import annotations

from typing import Annotated

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from server.actions.add_service import add_service
from server.actions.call_chosen import call_chosen
from server.actions.correct import correct
from server.actions.undo import undo
from server.api.access import needs
from server.api.bodies import Act, Id, Prose, Word
from server.api.windows import at_desk
from server.house import house

bp = APIBlueprint("desk_more", __name__, url_prefix="/api/windows/<window>")

Reason = Annotated[Prose, StringConstraints(min_length=2, strip_whitespace=True)]


class ServiceBody(Act):
    service: Word


class ChoiceBody(Act):
    number: Word
    reason: Word


class CorrectBody(Act):
    leg: Id
    outcome: Word | None = None
    service: Word | None = None
    reason: Reason


@bp.post("/undo")
@needs("window.serve")
@bp.input(Act, arg_name="body")
def post_undo(window: str, body: Act) -> ResponseReturnValue:
    """Take back the last call, no-show, finish, transfer or hold, within call.undo_seconds."""
    return at_desk(window, body, lambda unit: undo(unit, house().hall, window))


@bp.post("/services")
@needs("window.serve")
@bp.input(ServiceBody, arg_name="body")
def post_service(window: str, body: ServiceBody) -> ResponseReturnValue:
    """One more service on the number at the window; it waits again when the present one is finished."""
    return at_desk(window, body, lambda unit: add_service(unit, house().hall, window, body.service))


@bp.post("/call-choice")
@needs("window.call-choice")
@bp.input(ChoiceBody, arg_name="body")
def post_call_choice(window: str, body: ChoiceBody) -> ResponseReturnValue:
    """Call one waiting number by choice; the reason is counted for supervision."""
    return at_desk(
        window, body, lambda unit: call_chosen(unit, house().hall, window, body.number, body.reason)
    )


@bp.post("/correct")
@needs("window.correct")
@bp.input(CorrectBody, arg_name="body")
def post_correct(window: str, body: CorrectBody) -> ResponseReturnValue:
    """Set outcome or service of one of today's visits right, with a reason."""
    hall, b = house().hall, body
    return at_desk(window, b, lambda unit: correct(unit, hall, window, b.leg, b.outcome, b.service, b.reason))
