"""What a number taken now may expect, before anybody takes it."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask.typing import ResponseReturnValue

from server.api.access import needs
from server.house import house
from server.store.estimates import estimate_json, forecast_for
from server.store.scene import queue_estimates

bp = APIBlueprint("estimates", __name__, url_prefix="/api")


@bp.get("/estimates")
@needs("queue.watch")
def get_estimates() -> ResponseReturnValue:
    """{queues: {id: estimate}, services: {id: estimate}}, estimate = {state, low, high, rough}.

    Minutes that an ordinary number taken now waits; state: range, soon (about to be called) or unknown. Both
    are empty where the hall shows no estimates.
    """
    h = house()
    if not h.hall.hall.ticket.show_estimated_wait:
        return {"queues": {}, "services": {}}
    with h.store.read() as connection:
        queues = queue_estimates(connection, h.store.hall, h.hall)
        services = forecast_for(connection, h.store.hall, list(h.hall.catalogue.services))
    return {
        "queues": {queue: estimate_json(found) for queue, found in queues.items()},
        "services": {service: estimate_json(found) for service, found in services.items()},
    }
