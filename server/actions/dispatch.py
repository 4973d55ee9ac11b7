"""自动派号: after a rest, windows set so get the next citizen without pressing. Off by default."""

from __future__ import annotations

from datetime import timedelta

from server.actions.call_next import call_next
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.store.deeds import quiet_since
from server.store.tickets import leg_at
from server.store.unit import Unit
from server.store.windows import find_post


def dispatch(unit: Unit, hall: HallSettings) -> list[str]:
    """Call the next one for every window of rules.toml [dispatch] that is open, empty and rested; the windows
    that got somebody."""
    served = []
    rest = timedelta(seconds=hall.dispatch.rest_s)
    for window in hall.dispatch.windows if unit.day else ():
        post = find_post(unit.connection, unit.hall, window)
        if post.state is not WindowState.OPEN or leg_at(unit.connection, unit.hall, window) is not None:
            continue
        last = quiet_since(unit.connection, unit.hall, unit.day, window)
        since = max(moment for moment in (post.since, last, unit.now - rest) if moment is not None)
        if unit.now - since >= rest and call_next(unit, hall, window) is not None:
            served.append(window)
    return served
