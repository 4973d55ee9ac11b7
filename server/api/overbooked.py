"""Appointments that the hall cannot keep: seen, moved and cancelled by who leads, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue

from server.actions.overbooked import cancel_for_hall, move_for_hall
from server.api.access import needs
from server.api.acts import act
from server.api.bodies import MOST, Act, Prose, When
from server.domain.appointments import Appointment
from server.house import house
from server.store.snapshots.overbooked import overbooked_value
from server.store.snapshots.view import View
from server.store.unit import Unit

bp = APIBlueprint("overbooked", __name__, url_prefix="/api/appointments")

_ID = f"<int(max={MOST}):booking>"


class CancelBody(Act):
    """was: the time that the booking stood at when it was looked at."""

    was: When
    reason: Prose


class MoveBody(CancelBody):
    at: When


@bp.get("/over")
@needs("appointment.rearrange")
def get_over() -> ResponseReturnValue:
    """200 {slots: [{queue, name, name_en, at, booked, places, over, bookings: [{id, service, made_at}]}]}:
    where more have booked than those who will be there can serve; the bookings made last."""
    h = house()
    with h.store.read() as connection:
        return {"slots": overbooked_value(View.of(connection, h.store.hall, h.hall, h.texts), h.clock())}


@bp.post(f"/{_ID}/cancel")
@needs("appointment.rearrange")
@bp.input(CancelBody, arg_name="body")
def post_cancel_for_hall(booking: int, body: CancelBody) -> ResponseReturnValue:
    """Cancel for the hall; the holder's page says why: 200 {appointment}. 409 when it has
    another time by now."""
    was = body.was.astimezone(UTC)
    return _act(body, lambda unit: cancel_for_hall(unit, house().hall, booking, was, body.reason))


@bp.post(f"/{_ID}/move")
@needs("appointment.rearrange")
@bp.input(MoveBody, arg_name="body")
def post_move_for_hall(booking: int, body: MoveBody) -> ResponseReturnValue:
    """Move to a free time for the hall; the holder's page says why: 200 {appointment}. 409 as above."""
    was, at = body.was.astimezone(UTC), body.at.astimezone(UTC)
    return _act(body, lambda unit: move_for_hall(unit, house().hall, booking, was, at, body.reason))


def _act(body: Act, deed: Callable[[Unit], Appointment]) -> ResponseReturnValue:
    def doing(unit: Unit) -> dict[str, Any]:
        done = deed(unit)
        at = done.at.isoformat() if done.at else None
        return {"appointment": {"id": done.id, "state": done.state.value, "at": at}}

    return act(body, doing)
