"""Scanners on a serial or CDC line: they speak first and want no answer. One code held before one is one
event.

The line's record keeps the lengths of what came in and nothing else (`discreet`): a code may be a link that
opens somebody's booking. Source: HARDWARE 4.4 [U]: silence of 50 ms ends a code too, the same code within 2 s
counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from drivers.jobs import Health, Job, Outcome
from drivers.line.serial_line import SerialLine
from drivers.protocol import scan_line
from drivers.reader.seen import Seen

SAME_S: Final = 2.0


@dataclass(frozen=True)
class Profile:
    """silence_ends: a code may come without CR or LF. With False what has no end is thrown away as half a
    code.
    """

    silence_ends: bool = True


@dataclass(frozen=True)
class CodeScanned:
    word: ClassVar[str] = "code"
    device: str
    text: str = field(repr=False)

    def facts(self) -> dict[str, Any]:
        return {"text": self.text}


@dataclass(frozen=True)
class CodeFailed:
    """reason: too_long or not_text."""

    word: ClassVar[str] = "code"
    device: str
    reason: str

    def facts(self) -> dict[str, Any]:
        return {"failed": self.reason}


class Scanner:
    """One scanner, alone on its line; the crew listens to it."""

    model = "scanner"
    discreet = True
    only_listens = True

    def __init__(self, name: str, line: SerialLine, address: int = 1, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self.profile = profile or Profile()
        self._heard = False
        self._seen = Seen(SAME_S)

    def perform(self, job: Job) -> Outcome:
        """Nothing can be asked of it."""
        return Outcome("failed", "not_for_this_device")

    def check(self) -> Health:
        """It is known to be there once it was heard, and not before."""
        return Health("ok") if self._heard else Health("unknown", "not_scanned_yet")

    def listen(self, patience: float) -> list[CodeScanned | CodeFailed]:
        """What was scanned within `patience` seconds; returns as soon as something was. Raises LineLost."""
        events: list[CodeScanned | CodeFailed] = []
        wait = patience
        while (found := self._line.receive(scan_line.decode, wait)) is not None:
            self._take(found, events)
            wait = 0.0
        rest = self._line.left_over(scan_line.QUIET_S).strip(scan_line.ENDS)
        if rest and self.profile.silence_ends:
            self._take(scan_line.read(rest), events)
        return events

    @property
    def somebody_talks(self) -> bool:
        """A code is half received."""
        return self._line.mid_message

    def _take(
        self, found: scan_line.Code | scan_line.Unreadable, events: list[CodeScanned | CodeFailed]
    ) -> None:
        self._heard = True
        if isinstance(found, scan_line.Unreadable):
            events.append(CodeFailed(self.name, found.reason))
        elif not self._seen.again(found.text, self._line.clock.now()):
            events.append(CodeScanned(self.name, found.text))
