"""What passed by on a line: the last bytes both ways, kept for support, and how it went in figures. Of a
discreet line, how much came in and not what.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

LONGEST: Final = 4096  # bytes of one entry that are kept


@dataclass(frozen=True)
class Passed:
    """at: seconds of the host's clock. way: ">" to the device, "<" from it, "!" a remark.

    number: counts up by one per entry of its record. size: bytes that passed; more than `data` holds when it
    was cut, and when the line carries what nobody may read.
    """

    at: float
    way: str
    data: bytes
    number: int = 0
    size: int = 0

    @property
    def hex(self) -> str:
        """The bytes, or the remark; what is withheld or cut is counted."""
        if self.way == "!":
            return " ".join(self.data.decode("utf-8", "replace").split())
        left = self.size - len(self.data)
        words = [self.data.hex(" "), f"({left} bytes not kept)" if left else ""]
        return " ".join(word for word in words if word)

    def __str__(self) -> str:
        return f"{self.at:12.3f} {self.way} {self.hex}"


class Record:
    """A ring of what passed by: at most `limit` entries.

    discreet: what comes in is somebody's own (a card, a code), so its length is kept instead of it.
    """

    def __init__(self, limit: int = 400, discreet: bool = False) -> None:
        self.discreet = discreet
        self._ring: deque[Passed] = deque(maxlen=limit)
        self._count = 0
        self._lock = threading.Lock()
        #: also told of every entry, on the line's own thread; None: nobody
        self.hear: Callable[[Passed], None] | None = None

    def add(self, at: float, way: str, data: bytes) -> None:
        if not data:
            return
        kept, size = data[:LONGEST], len(data)
        with self._lock:
            if self.discreet and way == "<":
                kept = b""
                if self._ring and self._ring[-1].way == "<":  # one entry per answer, not one per byte
                    size += self._ring.pop().size
            self._count += 1
            passed = Passed(at, way, kept, self._count, size)
            self._ring.append(passed)
            hear = self.hear
        if hear is not None:
            hear(passed)

    def note(self, at: float, remark: str) -> None:
        self.add(at, "!", remark.encode())

    def since(self, number: int, most: int = 400) -> list[Passed]:
        """The entries after `number`, oldest first, at most `most` of the newest."""
        with self._lock:
            return [passed for passed in self._ring if passed.number > number][-most:]

    def lines(self) -> list[str]:
        """Readable, oldest first."""
        return [str(passed) for passed in self.since(0)]


@dataclass
class Figures:
    """Counts of one line since the host started it. Only the line's thread writes; anybody may look.

    jobs: by outcome, of those somebody waits for. retries: further tries of a job. losses: how often the line
    itself was lost. silences: questions without an answer. seconds: from taking a job to its outcome.
    """

    jobs: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    losses: int = 0
    silences: int = 0
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=200))

    def ended(self, outcome: str, seconds: float) -> None:
        self.jobs[outcome] += 1
        self.seconds.append(seconds)

    def facts(self) -> dict[str, Any]:
        """As the server and support see them; the times are of the last 200 jobs, None without any."""
        ranked = sorted(self.seconds)

        def share(part: float) -> int | None:
            return round(ranked[min(len(ranked) - 1, int(part * len(ranked)))] * 1000) if ranked else None

        return {
            "jobs": dict(self.jobs),
            "retries": self.retries,
            "losses": self.losses,
            "silences": self.silences,
            "p50_ms": share(0.5),
            "p95_ms": share(0.95),
            "max_ms": share(1.0),
        }
