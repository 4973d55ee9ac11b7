"""Who helps whom: emergencies, tidal windows, empty posts."""

from __future__ import annotations

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import StringConstraints

from server.actions.answer_alarm import answer_alarm
from server.actions.emergency import acknowledge_emergency, close_emergency, raise_emergency
from server.actions.tidal import decide_tidal
from server.api.access import current_actor, needs
from server.api.acts import act
from server.api.bodies import MOST, Act, Prose, When
from server.api.windows import at_desk
from server.domain.rosters import expected_at
from server.house import house
from server.store.covers import covers
from server.store.unit import Unit

bp = APIBlueprint("help", __name__, url_prefix="/api")

_ID = f"<int(max={MOST}):emergency>"


class CloseBody(Act):
    note: Prose = ""


class TidalBody(Act):
    confirm: bool


class Answer(Act):
    """alarm: kind:what:detail, as the manager's face names it. since: when it began."""

    alarm: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]{3,160}$")]
    level: Literal["red", "yellow"]
    since: When | None = None


@bp.post("/alarms/answer")
@needs("alarm.answer")
@bp.input(Answer, arg_name="body")
def post_alarm_answer(body: Answer) -> ResponseReturnValue:
    """The caller takes an alarm on; everybody who leads the hall sees who: 200 {}."""

    def deed(unit: Unit) -> dict[str, object]:
        answer_alarm(unit, body.alarm, body.level, body.since)
        return {}

    return act(body, deed)


@bp.post("/windows/<window>/emergency")
@needs("window.emergency")
@bp.input(Act, arg_name="body")
def post_emergency(window: str, body: Act) -> ResponseReturnValue:
    """The clerk calls for help; manager and duty leader see it at once."""
    return at_desk(window, body, lambda unit: raise_emergency(unit, window))


@bp.post(f"/emergencies/{_ID}/acknowledge")
@needs("emergency.answer")
@bp.input(Act, arg_name="body")
def post_acknowledge(emergency: int, body: Act) -> ResponseReturnValue:
    """The caller answers for it: 200 {}."""

    def deed(unit: Unit) -> dict[str, object]:
        acknowledge_emergency(unit, emergency)
        return {}

    return act(body, deed)


@bp.post(f"/emergencies/{_ID}/close")
@needs("emergency.answer")
@bp.input(CloseBody, arg_name="body")
def post_close_emergency(emergency: int, body: CloseBody) -> ResponseReturnValue:
    """It is over, with a note: 200 {}."""

    def deed(unit: Unit) -> dict[str, object]:
        close_emergency(unit, emergency, body.note)
        return {}

    return act(body, deed)


@bp.post("/tidal/<window>")
@needs("tidal.decide")
@bp.input(TidalBody, arg_name="body")
def post_tidal(window: str, body: TidalBody) -> ResponseReturnValue:
    """Agree that a tidal window opens, or decline: 200 {}."""

    def deed(unit: Unit) -> dict[str, object]:
        decide_tidal(unit, house().hall, window, body.confirm)
        return {}

    return act(body, deed)


@bp.get("/posts/asked")
@needs("post.see-asked")
def get_asked() -> ResponseReturnValue:
    """The empty posts the caller is asked to take: 200 {posts: [{window, number, main}]}. Duty leaders are
    asked when the stand-in has not come either."""
    h, me = house(), current_actor()
    with h.store.read() as connection:
        called = covers(connection, h.store.hall)
    known = h.hall.catalogue.people[me.id]
    mine = {*known.b_windows, known.a_window}
    local = h.clock().astimezone(h.hall.zone).replace(tzinfo=None)
    asked = []
    for window in h.hall.catalogue.windows.values():
        state = called.get(window.id, "none")
        to_me = window.id in mine or (me.role == "duty_leader" and state == "leader_called")
        if state != "none" and to_me:
            shift = expected_at(h.hall.duties.shifts(window.id, local.date()), local)
            main = h.hall.catalogue.people.get(shift.person or "") if shift else None
            asked.append({"window": window.id, "number": window.number, "main": main.name if main else None})
    return {"posts": asked}
