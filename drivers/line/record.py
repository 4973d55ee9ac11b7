"""What passed by on a line: the last bytes both ways, kept for support. Of a discreet line, how much came
in.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Passed:
    """at: seconds of the host's clock. way: ">" to the device, "<" from it, "!" a remark."""

    at: float
    way: str
    data: bytes

    def __str__(self) -> str:
        text = self.data.decode("utf-8", "replace") if self.way == "!" else self.data.hex(" ")
        return f"{self.at:12.3f} {self.way} {text}"


class Record:
    """A ring of what passed by: at most `limit` entries, each at most 4096 bytes.

    discreet: what comes in is somebody's own (a card, a code), so its length is kept instead of it.
    """

    def __init__(self, limit: int = 400, discreet: bool = False) -> None:
        self._discreet, self._unkept = discreet, 0
        self._ring: deque[Passed] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def add(self, at: float, way: str, data: bytes) -> None:
        if not data:
            return
        with self._lock:
            if way == "<" and self._discreet:
                if self._unkept:
                    self._ring.pop()
                self._unkept += len(data)
                self._ring.append(Passed(at, "!", f"{self._unkept} bytes came in, not kept".encode()))
            else:
                self._unkept = 0
                self._ring.append(Passed(at, way, data[:4096]))

    def note(self, at: float, remark: str) -> None:
        self.add(at, "!", remark.encode())

    def lines(self) -> list[str]:
        """Readable, oldest first."""
        with self._lock:
            return [str(passed) for passed in self._ring]
