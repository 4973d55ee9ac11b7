"""Strips and summary screens on 平安力合 V2.1 cards, all on one pair of wires.

The card can be told in two ways (`say`): "text" sends the server's sentence as an instant text, "number"
sends ticket and desk, and the card makes the sentence of what it holds in its own flash. A summary screen is
told numbers only, one row per call, unless it is told texts.

A receipt makes a text `confirmed`. V1.1 cards send none, and whether an instant text gets one is not stated:
`ack` and `text_ack` say what to expect: required (silence is an error and the host tries again), optional
(silence makes it `sent` after one patience), none (`sent`, after the pause the known driver makes).

One call of `perform` is one try. Source: see drivers/protocol/pingan_lihe.py (S14). patience_s is unverified.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Literal

from drivers.errors import DeviceSilent
from drivers.jobs import Health, Job, Outcome, ShowText
from drivers.led import wording
from drivers.line.serial_line import SerialLine
from drivers.protocol import charset, pingan_lihe
from drivers.protocol.charset import Repertoire
from drivers.protocol.frame_template import Mistake
from drivers.protocol.pingan_lihe import Receipt, Version

log = logging.getLogger(__name__)
Ack = Literal["required", "optional", "none"]


@dataclass(frozen=True)
class Profile:
    """What a card can do; config/profiles/pingan_*.toml. width, height in pixels.

    screen: strip or summary. say, ack, text_ack: see above. repertoire: what its font holds. mode_still,
    mode_run: effects for a text that fits and one that does not; they differ by card (TPK-YXBZJS1616RG-V2: 1
    left, 2 up, 3 down, 4, 5 cover, 6 inverse, 7 flash, 8 pop; 3232B-PABX: 1 left, 2 right, 3 up, 4 down, 5-8
    cover, 9 inverse, 10 flash, 11 pop; ZPK-YXBZJSRG-V2: 1 upper row, 81h lower row). speed 0..7; stay and
    life as the card counts them. colours: by tone. patience_s: wait for a receipt. gap_s: silence before we
    talk; pause_s: silence after a frame nobody answers.
    """

    screen: Literal["strip", "summary"] = "strip"
    width: int = 128
    height: int = 16
    say: Literal["text", "number"] = "text"
    ack: Ack = "required"
    text_ack: Ack = "none"
    repertoire: Repertoire = "gb2312"
    mode_still: int = 1
    mode_run: int = 1
    speed: int = 0
    stay: int = 0x99
    life: int = pingan_lihe.FOR_EVER
    colours: dict[str, str] = field(default_factory=dict)
    patience_s: float = 0.3
    gap_s: float = 0.005
    pause_s: float = 0.1

    def mistakes(self) -> list[Mistake]:
        found = wording.colour_mistakes(self.colours, "colours")
        limits = {"mode_still": 0xFE, "mode_run": 0xFE, "speed": 7, "stay": 0xFE, "life": 99}
        for key, most in limits.items():
            if not 0 <= getattr(self, key) <= most:
                found.append((key, f"应为 0..{most}", f"must be 0..{most}"))
        return found


class PinganScreen:
    model = "pingan_lihe"

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self._profile = profile or Profile()

    @property
    def confirms(self) -> bool:
        return (self._profile.ack if self._profile.say == "number" else self._profile.text_ack) == "required"

    @property
    def appends(self) -> bool:
        """Does a call that is told again stand there twice?"""
        return self._profile.screen == "summary" and self._profile.say == "number"

    def perform(self, job: Job) -> Outcome:
        """One try to show a text. Raises DeviceSilent, EncodeError, LineLost."""
        if not isinstance(job, ShowText):
            return Outcome("failed", "not_for_this_device")
        frame = self._composed(job) if self._profile.say == "number" else None
        if frame is not None:
            return self._tell(frame, self._profile.ack, "")
        text = charset.clean(job.text)
        missing = charset.outside(text, self._profile.repertoire)
        if missing:
            log.warning("%s: no glyph for %s", self.name, missing)
        fits = charset.columns(text) * 8 * (self._profile.height // 16 or 1) <= self._profile.width
        frame = pingan_lihe.instant(
            self.address,
            text,
            repertoire=self._profile.repertoire,
            whole_screen=self._profile.screen == "summary",
            mode=self._profile.mode_still if fits else self._profile.mode_run,
            speed=self._profile.speed,
            stay=self._profile.stay,
            colour=wording.colour_of(job, self._profile.colours),
            life=self._profile.life,
        )
        return self._tell(frame, self._profile.text_ack, "glyphs_replaced" if missing else "")

    def check(self) -> Health:
        """Is the card there? It is asked for its version. Raises DeviceSilent, LineLost."""
        if self._profile.ack == "none":
            return Health("unknown", "", "this card does not answer")
        self._send(pingan_lihe.version_query(self.address))
        if not self._heard(Version):
            raise DeviceSilent(f"screen {self.address}: no answer")
        return Health("ok")

    def _composed(self, job: ShowText) -> bytes | None:
        """The frame from which the card makes the sentence, None when it has none for this."""
        desk = job.window_number or ""
        summary = self._profile.screen == "summary"
        if job.tone in ("pause", "welcome") and not summary:
            return pingan_lihe.stored(self.address, "pause" if job.tone == "pause" else "welcome")
        if not (job.number and desk.isascii() and desk.isdigit() and int(desk) <= 255):
            return None
        plain = pingan_lihe.NUMBER.fullmatch(job.number) is not None
        if job.tone == "serving" and plain and not summary:
            return pingan_lihe.serving(self.address, job.number, int(desk))
        if job.tone == "call" and (plain or (job.number.isascii() and len(job.number) <= 6)):
            return pingan_lihe.call(self.address, job.number, int(desk), summary=summary)
        return None

    def _tell(self, frame: bytes, ack: Ack, reason: str) -> Outcome:
        self._send(frame)
        if ack == "none":
            self._line.clock.sleep(self._line.quiet_at() - self._line.clock.now() + self._profile.pause_s)
            return Outcome("sent", reason)
        if self._heard(Receipt):
            return Outcome("confirmed", reason)
        if ack == "required":
            raise DeviceSilent(f"screen {self.address}: no receipt")
        return Outcome("sent", reason)

    def _send(self, frame: bytes) -> None:
        self._line.drain()
        self._line.clock.sleep(self._profile.gap_s)
        self._line.send(frame)

    def _heard(self, kind: type[Receipt] | type[Version]) -> bool:
        """Does this card answer so within one patience? Others' answers do not count."""
        until = max(self._line.clock.now(), self._line.quiet_at()) + self._profile.patience_s
        while (left := until - self._line.clock.now()) > 0:
            answer = self._line.receive(pingan_lihe.decode_answer, left)
            if isinstance(answer, kind) and answer.address == self.address:
                return True
        return False
