"""Everything a clerk does at a window. Each act answers with the desk as it is after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import request
from flask.typing import ResponseReturnValue
from pydantic import Field

from server.actions.at_window import check_able
from server.actions.call_next import call_next
from server.actions.finish import finish
from server.actions.hold import hold, let_go, unhold
from server.actions.no_show import give_back_place, no_show
from server.actions.recall import recall
from server.actions.staff_window import close_window, open_window, pause_window, resume_window
from server.actions.start import start
from server.actions.transfer import transfer
from server.api.access import needs
from server.api.acts import act
from server.api.bodies import Act, Id, Prose, Word
from server.domain.refusals import WindowUnknown
from server.domain.tickets import Leg
from server.house import house
from server.store.snapshots.desk import desk_value
from server.store.unit import Unit

bp = APIBlueprint("windows", __name__, url_prefix="/api/windows/<window>")


class OpenBody(Act):
    take_over: bool = False


class CloseBody(Act):
    held: Literal["queue", "keep"] | None = None  # what becomes of those set aside here
    leave: bool = False  # although people wait whom no other window could call


class PauseBody(Act):
    reason: Word
    minutes: int | None = Field(default=None, ge=1, le=480)  # back after so long, when the clerk knows


class FinishBody(Act):
    outcome: Word = "done"


class TransferBody(Act):
    queue: Word | None = None
    window: Word | None = None
    person: Word | None = None
    back: bool = False
    note: Prose = ""
    held: Id | None = None  # the leg of somebody set aside, instead of who stands here


class LegBody(Act):
    leg: Id


def at_desk(window: str, body: Act, deed: Callable[[Unit], Any], found: bool = False) -> ResponseReturnValue:
    """Do `deed` and answer with the desk; `found`: also say when the deed found nobody.

    A face that is live asks without it (`?desk=0`): the push brings the desk within 20 ms anyway.
    """
    if window not in house().hall.catalogue.windows:
        raise WindowUnknown(window=window)

    def doing(unit: Unit) -> dict[str, Any]:
        result = deed(unit)
        return {"none": result is None} if found else {}

    if request.args.get("desk") == "0":
        return act(body, doing)
    return act(body, doing, show=lambda view: {"desk": desk_value(view, window)})


@bp.post("/open")
@needs("window.open")
@bp.input(OpenBody, arg_name="body")
def post_open(window: str, body: OpenBody) -> ResponseReturnValue:
    """Sign in at the window and open it; take_over leaves somebody who forgot to go."""
    return at_desk(window, body, lambda unit: open_window(unit, house().hall, window, body.take_over))


@bp.post("/close")
@needs("window.close")
@bp.input(CloseBody, arg_name="body")
def post_close(window: str, body: CloseBody) -> ResponseReturnValue:
    """Leave the window; refused while a ticket stands there, and until it is said what becomes of those set
    aside (409 window-holds) and of those who wait for it alone in a hall that closes (409 window-last)."""
    hall, b = house().hall, body
    return at_desk(window, body, lambda unit: close_window(unit, hall, window, b.held, b.leave))


@bp.post("/pause")
@needs("window.pause")
@bp.input(PauseBody, arg_name="body")
def post_pause(window: str, body: PauseBody) -> ResponseReturnValue:
    """Pause with a reason of the hall's list and, if one wishes, the minutes until one is back."""

    def deed(unit: Unit) -> None:
        pause_window(unit, house().hall, window, body.reason, body.minutes)

    return at_desk(window, body, deed)


@bp.post("/resume")
@needs("window.pause")
@bp.input(Act, arg_name="body")
def post_resume(window: str, body: Act) -> ResponseReturnValue:
    """Go on after a pause."""
    return at_desk(window, body, lambda unit: resume_window(unit, window))


@bp.post("/call-next")
@needs("window.call")
@bp.input(Act, arg_name="body")
def post_call_next(window: str, body: Act) -> ResponseReturnValue:
    """Call the next waiting ticket to this window; none = true when nobody waits; 409 skill-missing when who
    sits here may take nothing (any more)."""

    def deed(unit: Unit) -> Leg | None:
        called = call_next(unit, house().hall, window)
        if called is None:
            check_able(unit, house().hall, window)
        return called

    return at_desk(window, body, deed, found=True)


@bp.post("/recall")
@needs("window.serve")
@bp.input(Act, arg_name="body")
def post_recall(window: str, body: Act) -> ResponseReturnValue:
    """Announce the called ticket again."""
    return at_desk(window, body, lambda unit: recall(unit, house().hall, window))


@bp.post("/start")
@needs("window.serve")
@bp.input(Act, arg_name="body")
def post_start(window: str, body: Act) -> ResponseReturnValue:
    """The citizen has arrived."""
    return at_desk(window, body, lambda unit: start(unit, window))


@bp.post("/finish")
@needs("window.serve")
@bp.input(FinishBody, arg_name="body")
def post_finish(window: str, body: FinishBody) -> ResponseReturnValue:
    """End the service with an outcome; the pad asks for the rating."""
    return at_desk(window, body, lambda unit: finish(unit, house().hall, window, body.outcome))


@bp.post("/no-show")
@needs("window.serve")
@bp.input(Act, arg_name="body")
def post_no_show(window: str, body: Act) -> ResponseReturnValue:
    """The called citizen did not come."""
    return at_desk(window, body, lambda unit: no_show(unit, house().hall, window))


@bp.post("/return")
@needs("window.serve")
@bp.input(LegBody, arg_name="body")
def post_return(window: str, body: LegBody) -> ResponseReturnValue:
    """A missed citizen is back in time and waits again; here or at the window that called."""
    return at_desk(window, body, lambda unit: give_back_place(unit, house().hall, window, body.leg))


@bp.post("/hold")
@needs("window.serve")
@bp.input(Act, arg_name="body")
def post_hold(window: str, body: Act) -> ResponseReturnValue:
    """Set the served citizen aside."""
    return at_desk(window, body, lambda unit: hold(unit, window))


@bp.post("/unhold")
@needs("window.serve")
@bp.input(LegBody, arg_name="body")
def post_unhold(window: str, body: LegBody) -> ResponseReturnValue:
    """A held citizen is served again; also one whom a closed or paused window set aside, or any window too
    long ago."""
    return at_desk(window, body, lambda unit: unhold(unit, house().hall, window, body.leg))


@bp.post("/let-go")
@needs("window.serve")
@bp.input(LegBody, arg_name="body")
def post_let_go(window: str, body: LegBody) -> ResponseReturnValue:
    """A held citizen did not come back: the visit is closed as left."""
    return at_desk(window, body, lambda unit: let_go(unit, house().hall, window, body.leg))


@bp.post("/transfer")
@needs("window.transfer")
@bp.input(TransferBody, arg_name="body")
def post_transfer(window: str, body: TransferBody) -> ResponseReturnValue:
    """Send the citizen to another queue, window or person; number and place in fairness stay. back: it
    returns here when done there. held: somebody set aside, who may go back to their own queue as well."""
    hall, b = house().hall, body

    def deed(unit: Unit) -> Leg:
        more = {"person": b.person, "back": b.back, "held": b.held}
        return transfer(unit, hall, window, b.queue, b.window, b.note, **more)

    return at_desk(window, body, deed)
