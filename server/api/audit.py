"""For supervision: who did what (the audit chain), and why each number was called when it was. Every reading
leaves a line of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from apiflask import APIBlueprint
from flask import request
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints, ValidationError

from server.api.access import current_actor, needs, recheck
from server.api.bodies import Body, OnDay, Word
from server.domain.refusals import InputInvalid
from server.house import House, house
from server.store.snapshots.calls import explained_calls
from server.store.snapshots.view import View
from server.store.trail import Wanted, lines
from server.store.unit import Unit

bp = APIBlueprint("audit", __name__, url_prefix="/api")

Dotted = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,60}$")]
Q = TypeVar("Q", bound=Body)
Seq = Annotated[int, Field(ge=1, le=2**63 - 1)]


class TrailQuery(Body):
    act: Dotted | None = None
    about: Dotted | None = None
    person: Word | None = None
    result: Word | None = None
    day: OnDay | None = None
    before: Seq | None = None


class CallsQuery(Body):
    day: OnDay | None = None
    out_of_order: bool = False
    before: Seq | None = None


@bp.get("/audit")
@needs("audit.read")
def get_audit() -> ResponseReturnValue:
    """Lines of the audit chain, newest first: 200 {lines: [{seq, at, act, about, result, actor, facts}],
    before}. ?act= (a word, or its beginning with a final dot), about=, person=, result=, day=; ?before= goes
    on where `before` of the last answer says, null at the end."""
    wish = _asked(TrailQuery)
    h = house()
    begin = datetime.combine(wish.day, datetime.min.time(), h.hall.zone) if wish.day else None
    end = begin + timedelta(days=1) if begin else None
    wanted = Wanted(wish.act, wish.about, wish.person, wish.result, begin, end, wish.before)

    def look(unit: Unit) -> dict[str, Any]:
        found, before = lines(unit.connection, unit.hall, wanted)
        return {"lines": [{**line, "name": _name(h, line)} for line in found], "before": before}

    return _noted(wish, "audit", look)


@bp.get("/calls")
@needs("audit.read")
def get_calls() -> ResponseReturnValue:
    """The calls of a day with the sentence that says why: 200 {calls, before}. ?day= (today);
    ?out_of_order=1: only those that did not follow from waiting alone, each with its rule, or the person and
    the reason."""
    wish = _asked(CallsQuery)
    h = house()

    def look(unit: Unit) -> dict[str, Any]:
        view = View.of(unit.connection, h.store.hall, h.hall, h.texts)
        day = wish.day.isoformat() if wish.day else None
        calls, before = explained_calls(view, day, wish.out_of_order, wish.before)
        return {"calls": calls, "before": before}

    return _noted(wish, "calls", look)


def _asked(query: type[Q]) -> Q:
    """The query string as a `query`. Raises InputInvalid."""
    try:
        return query.model_validate(request.args.to_dict())
    except ValidationError:
        raise InputInvalid(fields=[]) from None


def _noted(wish: Body, about: str, look: Callable[[Unit], dict[str, Any]]) -> ResponseReturnValue:
    """What `look` finds; that it was looked for is a line itself."""
    with house().store.unit(current_actor()) as unit:
        recheck(unit)
        found = look(unit)
        unit.note("audit.read", about, query=wish.model_dump(mode="json", exclude_none=True))
    return found


def _name(h: House, line: dict[str, Any]) -> str:
    person = h.hall.catalogue.people.get(line["actor"]["id"])
    return person.name if person else ""
