"""How often one caller may try. Kept in memory: each process counts for itself, and a restart forgets."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

KEYS = 10_000  # beyond this the oldest key is forgotten (I20)


class Limit:
    """At most `most` marks within `span` for each key."""

    def __init__(self, most: int, span: timedelta) -> None:
        self._most, self._span = most, span
        self._marks: OrderedDict[str, list[datetime]] = OrderedDict()
        self._guard = Lock()

    def is_spent(self, key: str, now: datetime) -> bool:
        with self._guard:
            return len(self._fresh(key, now)) >= self._most

    def mark(self, key: str, now: datetime) -> bool:
        """Count one; False when the limit was reached before it."""
        with self._guard:
            fresh = self._fresh(key, now)
            if len(fresh) >= self._most:
                return False
            fresh.append(now)
            self._marks[key] = fresh
            self._marks.move_to_end(key)
            if len(self._marks) > KEYS:
                self._marks.popitem(last=False)
            return True

    def _fresh(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._marks.get(key, ()) if abs(now - at) < self._span]
