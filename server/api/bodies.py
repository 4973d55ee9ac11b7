"""What the doors read: pydantic models that refuse unknown fields. Used as `@bp.input(Model,
arg_name="body")`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

D = TypeVar("D", bound=date)
RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_:-]{1,40}$")]
Sealed = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_=-]{40,600}$")]  # closed by server/keys.py
# no C0/C1 control characters: they would reach paper, strips and voice
Prose = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$")]
MOST = 2**63 - 1  # no id of ours is larger, and no database takes one that is


def _no_bool(value: object) -> object:
    """Raises ValueError: true is no number here."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Number = Annotated[int, BeforeValidator(_no_bool)]
Id = Annotated[Number, Field(ge=1, le=MOST)]


def _of_our_time(moment: D) -> D:
    """Raises ValueError: years near the ends of the calendar overflow in other zones."""
    if not 2000 <= moment.year < 3000:
        raise ValueError("no such year")
    return moment


When = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
OnDay = Annotated[date, AfterValidator(_of_our_time)]


class Body(BaseModel):
    """Unknown fields are refused, never believed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Act(Body):
    """Any state-changing request: `request_id` makes pressing twice the same as pressing once."""

    request_id: RequestId
