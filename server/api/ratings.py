"""Ratings from the window's own pad."""

from __future__ import annotations

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import Field

from server.actions.rate import rate
from server.api.access import needs
from server.api.acts import act
from server.api.bodies import Act, Id, Number, Prose, Word
from server.house import house
from server.store.unit import Unit

bp = APIBlueprint("ratings", __name__, url_prefix="/api/ratings")


class RateBody(Act):
    leg: Id
    level: Annotated[Number, Field(ge=1, le=5)]
    reasons: Annotated[list[Word], Field(max_length=8)] = []
    text: Prose = ""


@bp.post("")
@needs("rating.give")
@bp.input(RateBody, arg_name="body")
def post_rating(body: RateBody) -> ResponseReturnValue:
    """Rate the visit that was just finished at this pad's window, once: 201."""
    return act(body, rating_deed(body), good=201)


def rating_deed(body: RateBody) -> Any:
    """The deed of a rating, for the pad and for the citizen's own link."""

    def deed(unit: Unit) -> dict[str, Any]:
        level = rate(unit, house().hall, body.leg, body.level, body.reasons, body.text)
        return {"rating": {"level": level}}

    return deed
