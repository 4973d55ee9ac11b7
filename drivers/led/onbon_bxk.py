"""Strips and summary screens on Onbon BX-5K / BX-6K font cards. Several hang on one pair of wires, each with
its own address. A summary screen shows the last calls, one per line, newest first.

One call of `perform` is one try: the host puts other strips' texts between two tries, so a dead strip costs
the others one patience and no more. The card forgets everything at power-off, so `refresh` says the present
again. Source: see drivers/protocol/onbon_bxk.py. Patience for the ACK is unverified general knowledge (at
most 500 ms).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

from drivers.errors import DeviceBusy, DeviceRefused, DeviceSilent
from drivers.jobs import Health, Job, Outcome, ShowText
from drivers.line.serial_line import SerialLine
from drivers.protocol import charset, onbon_bxk
from drivers.protocol.charset import Repertoire
from drivers.protocol.onbon_bxk import Answer, Area, Effect, XUnit

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Profile:
    """What a card can do; config/profiles/*.toml. width, height in pixels (8 Hanzi are 128 x 16).

    x_unit: how the card counts X and width: byte on 5th generation, pixel on 6th, pixel_flag with bit 15 set.
    ack: does the card answer; without it a text is never more than `sent`. patience_s: wait for one answer.
    screen, rows: strip, or summary with so many calls, one under the other.
    gap_s: silence before we talk, in which the pair turns round; unverified. A card that loses leading bytes
    there still finds the frame: eight a5 go first.
    """

    width: int = 128
    height: int = 16
    repertoire: Repertoire = "gb2312"
    x_unit: XUnit = "pixel"
    ack: bool = True
    patience_s: float = 0.4
    gap_s: float = 0.005
    screen: Literal["strip", "summary"] = "strip"
    rows: int = 4


class OnbonStrip:
    model = "onbon_bxk"

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self._profile = profile or Profile()
        self._calls: list[str] = []

    @property
    def confirms(self) -> bool:
        return self._profile.ack

    def perform(self, job: Job) -> Outcome:
        """One try to show a text. Raises DeviceSilent, DeviceBusy, DeviceRefused, EncodeError, LineLost."""
        if not isinstance(job, ShowText):
            return Outcome("failed", "not_for_this_device")
        text = charset.clean(job.text, drop="\\")
        missing = charset.outside(text, self._profile.repertoire)
        if missing:
            log.warning("%s: no glyph for %s", self.name, missing)
        area = self._list(text) if self._profile.screen == "summary" else self._line_of(text)
        frame = onbon_bxk.dynamic(
            self.address,
            area,
            repertoire=self._profile.repertoire,
            x_unit=self._profile.x_unit,
            answer=self._profile.ack,
        )
        if not self._profile.ack:
            self._line.send(frame)
            self._line.clock.sleep(self._line.wire_time(len(frame)) + 0.1)
            return Outcome("sent")
        self._exchange(frame)
        return Outcome("confirmed", "glyphs_replaced" if missing else "")

    def _line_of(self, text: str) -> Area:
        fits = charset.columns(text) * 8 * (self._profile.height // 16 or 1) <= self._profile.width
        return Area(
            text=text,
            width=self._profile.width,
            height=self._profile.height,
            effect=Effect.STATIC if fits else Effect.LEFT,
            speed=0 if fits else 4,
            stay=6 if fits else 0,
            align=0b0110,
        )

    def _list(self, text: str) -> Area:
        """The call and those before it. A call that is said again moves up."""
        self._calls = [text, *(call for call in self._calls if call != text)][: self._profile.rows]
        return Area(
            text="\n".join(self._calls),
            width=self._profile.width,
            height=self._profile.height,
            stay=6,
            lines=2,
        )

    def check(self) -> Health:
        """Is the card there? Raises as `perform` does."""
        if not self._profile.ack:
            return Health("unknown", "", "this card does not answer")
        self._exchange(onbon_bxk.ping(self.address))
        return Health("ok")

    def _exchange(self, frame: bytes) -> None:
        self._line.drain()
        self._line.clock.sleep(self._profile.gap_s)
        self._line.send(frame)
        until = max(self._line.clock.now(), self._line.quiet_at()) + self._profile.patience_s
        while (left := until - self._line.clock.now()) > 0:
            answer = self._line.receive(onbon_bxk.decode_answer, left)
            if answer is not None and answer.address == self.address:
                return self._judge(answer)
        raise DeviceSilent(f"strip {self.address}: no answer")

    def _judge(self, answer: Answer) -> None:
        if answer.ok:
            return
        if answer.error in (3, 5):
            raise DeviceBusy(f"strip {self.address}: {answer.word}")
        raise DeviceRefused(f"strip {self.address}: {answer.word}")
