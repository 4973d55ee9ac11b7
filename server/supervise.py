"""`wucha run`: starts the server and the device host as processes of their own, and starts again whichever
dies.

Back-off doubles from 0.3 s to 3 s and is forgotten after ten seconds of good health. Ctrl-C or SIGTERM ends
both.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

FIRST_S, LAST_S, HEALTHY_S = 0.3, 3.0, 10.0  # a hall is back within 10 s of any kill (N3)


@dataclass
class Child:
    """One process to keep alive."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait_s: float = FIRST_S
    again_at: float = field(default=0.0)

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, env={**os.environ, **self.env}, start_new_session=True)
        self.started = time.monotonic()

    def look(self) -> str | None:
        """Start again when it is time; what happened, in words, when it died since the last look."""
        if self.process is None:
            if time.monotonic() >= self.again_at:
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            return None
        if time.monotonic() - self.started > HEALTHY_S:
            self.wait_s = FIRST_S
        self.process, self.again_at = None, time.monotonic() + self.wait_s
        self.wait_s = min(self.wait_s * 2, LAST_S)
        return f"{self.name}: 已退出（{code}），正在重新启动 / ended with {code}, starting again"

    def end(self) -> None:
        """Ask, then insist: nothing we started outlives us."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=8)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Keeps its children alive until told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._stopping = False

    def start(self) -> None:
        """From now on SIGINT and SIGTERM stop us, and with us the children."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        for child in self._children:
            child.start()

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        self._stopping = True

    @property
    def stopping(self) -> bool:
        return self._stopping

    def run(self) -> None:
        """Until SIGINT or SIGTERM."""
        while not self._stopping:
            for child in self._children:
                if said := child.look():
                    print(said, file=sys.stderr, flush=True)
            time.sleep(0.2)

    def end(self) -> None:
        for child in reversed(self._children):
            child.end()
