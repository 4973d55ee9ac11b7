"""Complaints, for those who supervise: read, take up, answer. Whoever serves at a window reads none."""

from __future__ import annotations

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from server.actions import complain as deeds
from server.api.access import needs
from server.api.acts import act
from server.api.bodies import MOST, Act, Prose
from server.domain.complaints import Complaint
from server.house import house
from server.seal import seal, unseal
from server.store.complaints import recent_complaints
from server.store.snapshots.view import iso
from server.store.unit import Unit

bp = APIBlueprint("complaints", __name__, url_prefix="/api/complaints")

_ID = f"<int(max={MOST}):complaint>"
PURPOSE = "complaints"
Words = Annotated[Prose, StringConstraints(min_length=2, strip_whitespace=True)]


class ComplainBody(Act):
    text: Words


class AnswerBody(Act):
    text: Words
    declined: bool = False


@bp.get("")
@needs("complaint.see")
def get_complaints() -> ResponseReturnValue:
    """The newest hundred, with what was written: 200 {complaints}."""
    h = house()
    with h.store.read() as connection:
        return {"complaints": [_row(one) for one in recent_complaints(connection, h.store.hall)]}


@bp.post(f"/{_ID}/take-up")
@needs("complaint.answer")
@bp.input(Act, arg_name="body")
def post_take_up(complaint: int, body: Act) -> ResponseReturnValue:
    """Somebody works on it: 200."""
    return act(body, lambda unit: {"state": deeds.take_up(unit, complaint).state.value})


@bp.post(f"/{_ID}/answer")
@needs("complaint.answer")
@bp.input(AnswerBody, arg_name="body")
def post_answer(complaint: int, body: AnswerBody) -> ResponseReturnValue:
    """What its giver reads on the ticket's page: 200."""

    def deed(unit: Unit) -> dict[str, Any]:
        return {"state": deeds.answer(unit, complaint, body.text, body.declined).state.value}

    return act(body, deed)


def sealed(text: str) -> bytes:
    return seal(house().key, {"text": text}, PURPOSE)


def _row(one: Complaint) -> dict[str, Any]:
    h = house()
    window = h.hall.catalogue.windows.get(one.window or "")
    return {
        "id": one.id,
        "number": one.number,
        "window": window.number if window else None,
        "state": one.state.value,
        "text": unseal(h.key, one.sealed, PURPOSE)["text"] if one.sealed else None,
        "answer": one.answer,
        "made_at": iso(one.made_at),
        "ended_at": iso(one.ended_at),
    }
