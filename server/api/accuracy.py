"""GET /api/accuracy: how well the waits that people were told came true."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue
from pydantic import Field

from server.api.access import needs
from server.api.bodies import Body
from server.house import house
from server.store.accuracy import Accuracy, accuracy

bp = APIBlueprint("accuracy", __name__)


class Period(Body):
    """`days`: so many days back, today counted."""

    days: Annotated[int, Field(ge=1, le=92)] = 14


@bp.get("/api/accuracy")
@needs("accuracy.see")
@bp.input(Period, location="query", arg_name="period")
def get_accuracy(period: Period) -> ResponseReturnValue:
    """{first, last, shown, taken, moved, queues: {id: figures}, days: {date: figures}}.

    figures = {calls, kept, error_min, near, at_most_min, waited_min}: people called, share called within "at
    most", mean distance of the wait from the middle forecast, share within 5 minutes or a fifth of the wait,
    mean promise and mean wait. `taken` was told with the number, `moved` when a ticket was sent on. `shown`:
    whether this hall tells people at all.
    """
    h = house()
    last = h.clock().astimezone(h.hall.zone).date()
    first = last - timedelta(days=period.days - 1)
    with h.store.read() as connection:
        found = accuracy(connection, h.store.hall, first.isoformat(), last.isoformat())
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "shown": h.hall.hall.ticket.show_estimated_wait,
        "taken": _json(found.taken),
        "moved": _json(found.moved),
        "queues": {queue: _json(part) for queue, part in found.queues.items()},
        "days": {day: _json(part) for day, part in found.days.items()},
    }


def _json(figures: Accuracy) -> dict[str, Any]:
    """Rounded as far as it means anything."""
    digits = {"kept": 3, "near": 3}
    return {k: v if v is None else round(v, digits.get(k, 1)) for k, v in asdict(figures).items()}
