"""Ratings from the window's own pad."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import make_response
from flask.typing import ResponseReturnValue
from pydantic import Field

from server.actions.rate import rate
from server.api.access import current_actor, needs
from server.api.acts import act
from server.api.bodies import Act, Id, Number, Prose, When, Word
from server.domain.refusals import RatingGivenAlready, RatingNotAsked, RatingTooLate
from server.house import house
from server.store.unit import Unit

LOST = {RatingTooLate.code, RatingNotAsked.code, RatingGivenAlready.code}

bp = APIBlueprint("ratings", __name__, url_prefix="/api/ratings")


class RateBody(Act):
    leg: Id
    level: Annotated[Number, Field(ge=1, le=5)]
    reasons: Annotated[list[Word], Field(max_length=8)] = []
    text: Prose = ""


class PadRateBody(RateBody):
    """given_at: when it was pressed, by the server's clock as the pad follows it."""

    given_at: When | None = None


@bp.post("")
@needs("rating.give")
@bp.input(PadRateBody, arg_name="body")
def post_rating(body: PadRateBody) -> ResponseReturnValue:
    """Rate the visit that was finished at this pad's window, once: 201. Pressed in time, it may come late.

    What a pad kept and nobody can take any more is forgotten there: that it was lost stays in the trail.
    """
    reply = act(body, rating_deed(body, body.given_at), good=201)
    code = make_response(reply).get_json().get("refused")
    if body.given_at is not None and code in LOST:
        with house().store.unit(current_actor()) as unit:
            unit.note("rating.lose", f"leg:{body.leg}", code=code, given_at=body.given_at.isoformat())
    return reply


def rating_deed(body: RateBody, pressed_at: datetime | None = None) -> Any:
    """The deed of a rating, for the pad and for the citizen's own link."""

    def deed(unit: Unit) -> dict[str, Any]:
        words = body.reasons, body.text
        level = rate(unit, house().hall, body.leg, body.level, *words, pressed_at=pressed_at)
        return {"rating": {"level": level}}

    return deed
