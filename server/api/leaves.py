"""Leave: asked for, decided by the duty leader or manager, closed on return."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue

from server.actions.leave import ask_leave, cancel_leave, decide_leave, return_from_leave
from server.api.access import current_actor, needs
from server.api.acts import act
from server.api.bodies import MOST, Act, Prose, When
from server.domain.access import may
from server.domain.leave import Leave, LeaveState
from server.house import house
from server.store.leaves import leaves_in, leaves_of
from server.store.snapshots.helping import leave_row, leaves_value
from server.store.snapshots.overbooked import over_rows, overbooked_by
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("leaves", __name__, url_prefix="/api/leaves")

_ID = f"<int(max={MOST}):leave>"


class AskBody(Act):
    since: When
    until: When
    note: Prose = ""


class DecideBody(Act):
    approve: bool


@bp.get("")
@needs("leave.ask")
def get_leaves() -> ResponseReturnValue:
    """200 {mine: the caller's own leaves, open: those of everybody that wait for a word or run; empty for
    who does not decide}. over: the slots in which more have booked than could be served were it granted."""
    h, me = house(), current_actor()
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        mine = [leave_row(view, x) for x in leaves_of(connection, h.store.hall, me.id)]
        if not may(me.role, "leave.decide"):
            return {"mine": mine, "open": []}
        asked = leaves_in(connection, h.store.hall, LeaveState.REQUESTED)
        added = overbooked_by(connection, view.settings, h.clock(), asked)
        over = {leave: over_rows(view.settings, found) for leave, found in added.items()}
        return {"mine": mine, "open": [row | {"over": over.get(row["id"], [])} for row in leaves_value(view)]}


@bp.post("")
@needs("leave.ask")
@bp.input(AskBody, arg_name="body")
def post_leave(body: AskBody) -> ResponseReturnValue:
    """Ask for leave: 201 {leave}; refused when nobody else of one's post would be there."""
    since, until = body.since.astimezone(UTC), body.until.astimezone(UTC)
    return _act(body, lambda unit: ask_leave(unit, house().hall, since, until, body.note), good=201)


@bp.post(f"/{_ID}/decide")
@needs("leave.decide")
@bp.input(DecideBody, arg_name="body")
def post_decide(leave: int, body: DecideBody) -> ResponseReturnValue:
    """Grant or deny somebody else's leave: 200 {leave}."""
    return _act(body, lambda unit: decide_leave(unit, house().hall, leave, body.approve))


@bp.post(f"/{_ID}/cancel")
@needs("leave.ask")
@bp.input(Act, arg_name="body")
def post_cancel_leave(leave: int, body: Act) -> ResponseReturnValue:
    """Take one's own leave back before it begins: 200 {leave}."""
    return _act(body, lambda unit: cancel_leave(unit, leave))


@bp.post(f"/{_ID}/return")
@needs("leave.ask")
@bp.input(Act, arg_name="body")
def post_return_from_leave(leave: int, body: Act) -> ResponseReturnValue:
    """Back at work (销假): 200 {leave}."""
    leads = may(current_actor().role, "leave.decide")
    return _act(body, lambda unit: return_from_leave(unit, leave, leads))


def _act(body: Act, deed: Callable[[Unit], Leave], good: int = 200) -> ResponseReturnValue:
    def doing(unit: Unit) -> dict[str, Any]:
        done = deed(unit)
        return {"leave": {"id": done.id, "state": done.state.value}}

    return act(body, doing, good=good)
