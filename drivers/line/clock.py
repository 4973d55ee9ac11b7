"""The only clock of the device host. Tests bring their own, so no test waits."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class Clock:
    """Seconds that only go forward."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    def wall(self) -> str:
        """ISO 8601, UTC: for people and the server, never for durations."""
        return datetime.now(UTC).isoformat(timespec="milliseconds")

    def wait(self, condition: threading.Condition, until: float) -> None:
        """Wait on a held condition until notified or `until` is here."""
        condition.wait(max(0.0, until - self.now()))


class JumpClock(Clock):
    """A clock that jumps to whatever somebody waits for. For one thread."""

    def __init__(self, at: float = 1000.0) -> None:
        self._at = at

    def now(self) -> float:
        return self._at

    def sleep(self, seconds: float) -> None:
        self._at += max(0.0, seconds)

    def wait(self, condition: threading.Condition, until: float) -> None:
        self._at = max(self._at, until)
