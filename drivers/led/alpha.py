"""Alpha and BetaBrite signs: ASCII only, for halls abroad. They do not answer: a text is `sent` at best.

A call stands still where it fits and runs where it does not. Source: see drivers/protocol/alpha.py (S15).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from drivers.jobs import GiveAddress, Health, Job, Outcome, ShowText
from drivers.led import wording
from drivers.line.serial_line import SerialLine
from drivers.protocol import alpha
from drivers.protocol.frame_template import Mistake

log = logging.getLogger(__name__)
WORDS: Final = {
    "call": "{number} -> {window}",
    "serving": "{number}",
    "pause": "PAUSED",
    "closed": "CLOSED",
    "welcome": "WELCOME",
}


@dataclass(frozen=True)
class Profile:
    """characters: what stands on the sign without running. kind: the TYPE code, Z every sign or ^ BetaBrite.

    check: send SUM4. flash: flash a call. words, colours: by tone. pause_s: silence after a frame; not
    verified. width, height in pixels, for the far end only.
    """

    characters: int = 14
    kind: str = "Z"
    check: bool = True
    flash: bool = False
    words: dict[str, str] = field(default_factory=lambda: dict(WORDS))
    colours: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.1
    width: int = 80
    height: int = 7

    def mistakes(self) -> list[Mistake]:
        found = wording.word_mistakes(self.words) + wording.colour_mistakes(self.colours, "colours")
        if self.kind not in ("Z", "^"):
            found.append(("kind", "应为 Z 或 ^", "must be Z or ^"))
        return found


class AlphaSign:
    model = "alpha"
    moves = True

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self._profile = profile or Profile()

    def perform(self, job: Job) -> Outcome:
        """Raises EncodeError, LineLost."""
        if isinstance(job, GiveAddress):
            return self._move(job.to, job.alone)
        if not isinstance(job, ShowText):
            return Outcome("failed", "not_for_this_device")
        words = wording.say(job, self._profile.words)
        missing = alpha.outside(words)
        if missing:
            log.warning("%s: no glyph for %s", self.name, missing)
        fits = len(words) <= self._profile.characters
        frame = alpha.text(
            self.address,
            words,
            mode="rotate" if not fits else "flash" if self._profile.flash and job.tone == "call" else "hold",
            colour=wording.colour_of(job, self._profile.colours),
            kind=self._profile.kind,
            check=self._profile.check,
        )
        self._say(frame)
        return Outcome("sent", "glyphs_replaced" if missing else "")

    def _move(self, to: int, alone: bool) -> Outcome:
        """The new address, and the same as a text there: nothing answers, somebody has to look."""
        kind, check = self._profile.kind, self._profile.check
        self._say(alpha.move(0 if alone else self.address, to, kind=kind, check=check))
        self._say(alpha.text(to, f"{to}", kind=kind, check=check))
        return Outcome("sent")

    def _say(self, frame: bytes) -> None:
        self._line.drain()
        self._line.send(frame)
        self._line.clock.sleep(self._line.quiet_at() - self._line.clock.now() + self._profile.pause_s)

    def check(self) -> Health:
        """Nothing can be asked of it."""
        return Health("unknown", "", "this sign does not answer")
