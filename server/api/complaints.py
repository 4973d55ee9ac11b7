"""Complaints, for those who supervise: read, take up, answer. Whoever serves at a window reads none."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import g
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from server.actions import complain as deeds
from server.api.access import needs
from server.api.acts import act
from server.api.bodies import MOST, Act, Number, Prose, Word
from server.domain.complaints import Complaint, check_reader
from server.house import house
from server.seal import seal, unseal
from server.store import ratings
from server.store.complaints import ended_complaints, find_complaint, open_complaints
from server.store.snapshots.view import View, iso
from server.store.unit import Unit

bp = APIBlueprint("complaints", __name__, url_prefix="/api/complaints")

_ID = f"<int(max={MOST}):complaint>"
PURPOSE = "complaints"
Words = Annotated[Prose, StringConstraints(min_length=2, strip_whitespace=True)]


Contact = Annotated[Prose, StringConstraints(max_length=60, strip_whitespace=True)]


class ComplainBody(Act):
    """contact: how to reach who writes, if they want to be reached."""

    text: Words
    contact: Contact = ""


class ReviewBody(ComplainBody):
    """nth: which complaint of the ticket, counted from 1."""

    nth: Annotated[Number, Field(ge=1, le=99)]


class AnswerBody(Act):
    text: Words
    declined: bool = False


class AssignBody(Act):
    owner: Word


class ExtendBody(Act):
    text: Words


@bp.get("")
@needs("complaint.see")
def get_complaints() -> ResponseReturnValue:
    """All that are open, what is due first above, the newest hundred that have ended, and who may be
    asked to answer: 200 {complaints, people}."""
    h = house()
    far = h.clock() + timedelta(days=999)
    with h.store.read() as connection:
        still = open_complaints(connection, h.store.hall)
        found = [
            *sorted(still, key=lambda one: one.due or far),
            *ended_complaints(connection, h.store.hall),
        ]
        rows = [_row(connection, one) for one in found]
    people = h.hall.catalogue.people
    return {"complaints": rows, "people": [{"id": id, "name": people[id].name} for id in deeds.able(h.hall)]}


@bp.post(f"/{_ID}/take-up")
@needs("complaint.answer")
@bp.input(Act, arg_name="body")
def post_take_up(complaint: int, body: Act) -> ResponseReturnValue:
    """Somebody works on it: 200."""
    return act(body, lambda unit: {"state": deeds.take_up(unit, house().hall, complaint).state.value})


@bp.post(f"/{_ID}/assign")
@needs("complaint.answer")
@bp.input(AssignBody, arg_name="body")
def post_assign(complaint: int, body: AssignBody) -> ResponseReturnValue:
    """交办 to somebody else who may answer: 200."""
    return act(body, lambda unit: {"owner": deeds.assign(unit, house().hall, complaint, body.owner).owner})


@bp.post(f"/{_ID}/extend")
@needs("complaint.answer")
@bp.input(ExtendBody, arg_name="body")
def post_extend(complaint: int, body: ExtendBody) -> ResponseReturnValue:
    """延期, once, with the reason its giver reads: 200 {due}."""

    def deed(unit: Unit) -> dict[str, Any]:
        return {"due": iso(deeds.extend(unit, house().hall, complaint, body.text).answer_due)}

    return act(body, deed)


@bp.post(f"/{_ID}/answer")
@needs("complaint.answer")
@bp.input(AnswerBody, arg_name="body")
def post_answer(complaint: int, body: AnswerBody) -> ResponseReturnValue:
    """What its giver reads on the ticket's page: 200."""

    def deed(unit: Unit) -> dict[str, Any]:
        return {"state": deeds.answer(unit, house().hall, complaint, body.text, body.declined).state.value}

    return act(body, deed)


@bp.post(f"/{_ID}/contact")
@needs("complaint.answer")
@bp.input(Act, arg_name="body")
def post_contact(complaint: int, body: Act) -> ResponseReturnValue:
    """How to reach its giver, for whoever works on it: 200 {contact}; each look is an audit line."""
    h = house()

    def deed(unit: Unit) -> dict[str, Any]:
        deeds.read_contact(unit, complaint)
        return {}

    def show(view: View) -> dict[str, Any]:
        found = find_complaint(view.connection, view.hall, complaint)
        check_reader(found, g.wucha_actor.id)
        words = unseal(h.key, found.sealed, PURPOSE) if found.sealed else {}
        return {"contact": words.get("contact", "")}

    return act(body, deed, show=show)


def sealed(text: str, contact: str) -> bytes:
    return seal(house().key, {"text": text, **({"contact": contact} if contact else {})}, PURPOSE)


def _row(connection: Connection, one: Complaint) -> dict[str, Any]:
    h = house()
    people = h.hall.catalogue.people
    rated = ratings.given(connection, one.leg) if one.source == "rating" and one.leg else None
    level, codes, text = rated or (None, [], None)
    words = unseal(h.key, one.sealed, PURPOSE) if one.sealed else {}
    text = words.get("text", text)
    first = find_complaint(connection, h.store.hall, one.review_of) if one.review_of else None
    me = g.wucha_actor.id
    about, owner = people.get(one.about or ""), people.get(one.owner or "")
    window = h.hall.catalogue.windows.get(one.window or "")
    return {
        "id": one.id,
        "number": one.number,
        "window": window.number if window else None,
        "state": one.state.value,
        "source": one.source,
        "level": level,
        "reasons": codes,
        "text": text,
        "about": about.name if about else None,
        "mine": one.about == me,
        "answered_first": one.first_by == me,
        "first": _first(connection, first) if first else None,
        "contact": "contact" in words,
        "owner": one.owner,
        "owner_name": owner.name if owner else None,
        "contact_due": iso(one.contact_due),
        "answer_due": iso(one.answer_due),
        "contacted_at": iso(one.contacted_at),
        "extended": one.extended,
        "extends_to": iso(deeds.extended_due(h.hall, one)),
        "late": one.is_late(h.clock()),
        "provisional": bool(one.due and h.hall.calendar.is_provisional(one.due.date())),
        "answer": one.answer,
        "made_at": iso(one.made_at),
        "ended_at": iso(one.ended_at),
    }


def _first(connection: Connection, one: Complaint) -> dict[str, Any]:
    """What is looked at again: what was said, and what was answered by whom."""
    seen = _row(connection, one)
    by = house().hall.catalogue.people.get(one.answered_by or "")
    told = {key: seen[key] for key in ("source", "state", "level", "reasons", "text", "answer", "ended_at")}
    return {**told, "answered_by": by.name if by else one.answered_by}
