"""One-line boards of Apertum QSystem: each row has its own address and shows a number.

They never answer, so a text is `sent` at best and their health unknown; cp1251 has no Chinese, so they say
the number alone. A cable pulled in mid-frame leaves a board waiting for its end, and the next frame would be
read as the rest of that text: after each opening of the line an end goes first. That this helps a real board
follows from the frame and was not tried. Source: see drivers/protocol/apertum.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.jobs import Health, Job, Outcome, ShowText
from drivers.led import plain
from drivers.line.serial_line import SerialLine
from drivers.protocol import apertum


@dataclass(frozen=True)
class Profile:
    """chars: characters of one row."""

    chars: int = 6


class ApertumBoard:
    model = "apertum_board"

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self._profile = profile or Profile()
        self._opened = 0

    def perform(self, job: Job) -> Outcome:
        """Show a number; the old one is overwritten with blanks. Raises EncodeError, LineLost."""
        if not isinstance(job, ShowText):
            return Outcome("failed", "not_for_this_device")
        room = self._profile.chars
        if self._opened != self._line.opens:
            self._say(bytes((apertum.END,)))
            self._opened = self._line.opens
        self._say(apertum.board(self.address, plain.words(job, room).ljust(room)))
        return Outcome("sent")

    def check(self) -> Health:
        return Health("unknown", "", "this board does not answer")

    def _say(self, frame: bytes) -> None:
        self._line.send(frame)
        self._line.clock.sleep(max(0.0, self._line.quiet_at() - self._line.clock.now()) + apertum.PAUSE_S)
