"""潮汐窗口: closed -> requested by load -> confirmed or declined by the duty leader -> open -> cleared.

A queue is loaded when so many wait or the oldest waits so long; a window is clear when none of its queues is
loaded. All of it is asked of plain figures, so that it can be replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.catalogue import Window
from server.domain.windows import callable_pools


@dataclass(frozen=True)
class Load:
    """Who waits in one queue now. oldest_s: seconds since the first of them joined."""

    waiting: int = 0
    oldest_s: int = 0


@dataclass(frozen=True)
class Request:
    """The last request for a tidal window. clear_since: since when its queues are not loaded."""

    window: str
    state: str  # requested | confirmed | declined | cleared
    queue: str | None
    waiting: int
    oldest_s: int
    at: datetime
    decided_by: str | None = None
    clear_since: datetime | None = None

    @property
    def runs(self) -> bool:
        return self.state in ("requested", "confirmed")


def is_loaded(load: Load, length: int, oldest_minutes: int) -> bool:
    return load.waiting >= length or (load.waiting > 0 and load.oldest_s >= oldest_minutes * 60)


def queues_of(window: Window) -> set[str]:
    """Every queue a tidal window would help with, its overflow included."""
    return {*window.queues, *(queue for queue, _ in callable_pools(window))}


def next_tidal(
    queue: str,
    windows: Iterable[Window],
    staffed: Iterable[str],
    requests: Mapping[str, Request],
    now: datetime,
    rest: timedelta,
) -> Window | None:
    """The tidal window to ask for `queue`: closed, not asked for, and not declined within `rest`.

    None when the queue is being helped already: one request at a time for a queue.
    """
    tidal = [w for w in windows if w.default_state == "tidal" and queue in queues_of(w)]
    open_now = set(staffed)
    if any(w.id in requests and requests[w.id].runs and w.id not in open_now for w in tidal):
        return None
    for window in tidal:
        last = requests.get(window.id)
        declined = last is not None and last.state == "declined" and now - last.at < rest
        if window.id not in open_now and not declined:
            return window
    return None
