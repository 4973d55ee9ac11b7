"""附近大厅: where else a citizen could go, with how many wait there, as far as it is known. No socket and no
person; a page that has not changed costs 304 and no body."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import request
from flask.typing import ResponseReturnValue

from server.api.citizen_page import page, there
from server.domain.audit import canonical
from server.domain.nearby import By, Told, read_told, rows
from server.domain.refusals import NotFound
from server.house import house
from server.store.snapshots.figures import figures_value
from server.store.snapshots.view import View

bp = APIBlueprint("nearby", __name__, enable_openapi=False)


@bp.get("/nearby")
@there
def get_nearby() -> ResponseReturnValue:
    """The halls of the list, by distance or ?by=wait. Raises NotFound where the hall names none."""
    h = house()
    by: By = "wait" if request.args.get("by") == "wait" else "distance"
    with h.store.read() as connection:
        view = View.of(connection, h.store.hall, h.hall, h.texts)
        here = _as_told(figures_value(view, h.clock().astimezone(h.hall.zone).date()))
    halls = view.settings.nearby
    if not halls:
        raise NotFound()
    now = h.clock().astimezone(view.settings.zone)
    found = rows(halls, h.hearsay.of(halls), view.settings.calendar, now, by)
    reply = page("nearby.html", "", rows=found, by=by, here=here)
    reply.headers["Cache-Control"] = "no-cache"
    reply.add_etag()
    reply.make_conditional(request)
    return reply


def _as_told(figures: dict[str, Any]) -> Told | None:
    """Our own figures, read the way a neighbour reads them."""
    return read_told(canonical(figures).encode())
