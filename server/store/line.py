"""One writer, in line: a lock that serves its callers in the order they came.

Many threads on SQLite's busy handler are served unfairly (D3: p99 1.6-2.8 s against 0.4-0.5 s in line).
"""

from __future__ import annotations

from collections import deque
from threading import Lock
from types import TracebackType


class WriterLine:
    """A first-come, first-served mutex. `with line:` waits its turn."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._busy = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._busy:
                self._busy = True
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()  # released by the caller before us

    def __exit__(
        self, kind: type[BaseException] | None, no: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._busy = False
