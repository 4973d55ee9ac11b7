"""自动派号: after a rest, windows set so get the next citizen without pressing. Off by default."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.actions.call_next import call_next
from server.domain.windows import WindowState
from server.settings import HallSettings
from server.store.deeds import quiet_since
from server.store.tickets import leg_at
from server.store.unit import Unit
from server.store.windows import find_post


def dispatch(unit: Unit, hall: HallSettings) -> list[str]:
    """Call the next one for every window of rules.toml [dispatch] that is open, empty and rested; the windows
    that got somebody. First the window of fewest queues, then the longest idle."""
    rest = timedelta(seconds=hall.dispatch.rest_s)
    idle: list[tuple[int, datetime, str]] = []
    for window in hall.dispatch.windows if unit.day else ():
        since = _idle_since(unit, window)
        if since is not None and unit.now - since >= rest:
            idle.append((len(hall.catalogue.windows[window].queues), since, window))
    return [window for _, _, window in sorted(idle) if call_next(unit, hall, window) is not None]


def _idle_since(unit: Unit, window: str) -> datetime | None:
    """None: it is closed, paused or somebody stands there."""
    post = find_post(unit.connection, unit.hall, window)
    if post.state is not WindowState.OPEN or leg_at(unit.connection, unit.hall, window) is not None:
        return None
    last = quiet_since(unit.connection, unit.hall, unit.day, window)
    known = [moment for moment in (post.since, last) if moment is not None]
    return max(known, default=datetime.min.replace(tzinfo=unit.now.tzinfo))
