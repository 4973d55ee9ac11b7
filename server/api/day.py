"""Opening and closing the business day by hand."""

from __future__ import annotations

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from server.actions.day import begin_closing, close_day, open_day, reseal_day, trust_clock
from server.actions.run_day import closing_time
from server.actions.unserved import some_numbers
from server.api.access import needs
from server.api.acts import act
from server.api.bodies import Act, Prose
from server.domain.refusals import DayClosed, DayUnserved
from server.domain.tickets import State
from server.house import house
from server.store.day_sums import recounted
from server.store.days import find_day
from server.store.tickets import legs_in
from server.store.unit import Unit

bp = APIBlueprint("day", __name__, url_prefix="/api/day")


class OpenBody(Act):
    believe_clock: bool = False
    reason: Annotated[str, Field(max_length=200)] = ""  # why a day that is closing gives numbers again


@bp.post("/open")
@needs("day.open")
@bp.input(OpenBody, arg_name="body")
def post_open(body: OpenBody) -> ResponseReturnValue:
    """Open today's business day by hand, whatever the calendar says, or let one that is closing give numbers
    again (422 day-reason-needed without a reason); believe_clock: the person checked a clock that was doubted
    (409 clock-insane)."""
    believe, reason = body.believe_clock, body.reason.strip()

    def deed(unit: Unit) -> dict[str, Any]:
        day = open_day(unit, house().hall, by_hand=True, believe_clock=believe, reason=reason)
        return {"day": day, "state": "open"}

    return act(body, deed)


@bp.post("/clock")
@needs("day.open")
@bp.input(Act, arg_name="body")
def post_clock(body: Act) -> ResponseReturnValue:
    """The caller has looked at a clock that leapt ahead and says that it is right: 200 {}."""

    def deed(unit: Unit) -> dict[str, Any]:
        trust_clock(unit, house().hall)
        return {}

    return act(body, deed)


class CloseBody(Act):
    leave: bool = False  # although somebody with a number is not served yet


@bp.post("/close")
@needs("day.close")
@bp.input(CloseBody, arg_name="body")
def post_close(body: CloseBody) -> ResponseReturnValue:
    """First press: no new numbers. Second press: the day ends, the rest expires; refused while somebody waits
    or is set aside (409 day-unserved) unless `leave` says that it is meant so."""

    def deed(unit: Unit) -> dict[str, Any]:
        day = find_day(unit.connection, unit.hall, unit.day)
        if day is None:
            raise DayClosed(date=None, opens=None)
        if day.state == "open":
            begin_closing(unit)
            return {"day": day.day, "state": "closing"}
        left = legs_in(unit.connection, unit.hall, day.day, State.WAITING, State.HELD)
        if left and not body.leave:
            raise DayUnserved(count=len(left), numbers=some_numbers(left))
        close_day(unit, closing_time(house().hall, day.day))
        return {"day": day.day, "state": "closed"}

    return act(body, deed)


class AmendBody(Act):
    reason: Annotated[Prose, StringConstraints(min_length=2, max_length=200, strip_whitespace=True)]


@bp.get("/<day>/sums")
@needs("audit.read")
def get_sums(day: str) -> ResponseReturnValue:
    """What a day (2026-03-02) was sealed as, and what its events come to now: 200 {sealed, counted}, both
    null of a day that is not closed."""
    with house().store.read() as connection:
        return _compared(connection, day)


@bp.post("/<day>/amend")
@needs("day.amend")
@bp.input(AmendBody, arg_name="body")
def post_amend(day: str, body: AmendBody) -> ResponseReturnValue:
    """The sums of a closed day are made again from its events; what was sealed stays in the audit trail: 200
    {sealed, counted}."""

    def deed(unit: Unit) -> dict[str, Any]:
        reseal_day(unit, day, body.reason)
        return _compared(unit.connection, day)

    return act(body, deed)


def _compared(connection: Connection, day: str) -> dict[str, Any]:
    sealed, counted = recounted(connection, house().store.hall, day) or (None, None)
    return {"sealed": sealed, "counted": counted}
