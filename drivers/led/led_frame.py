"""Screens whose frames are described in a file: config/profiles/frame_*.toml. A new card needs no code.

    [[show]]     one frame each, sent in this order: fields = [ … ], and, when the card answers,
                 answer = [ … ] and refusal = [ … ]
    [clear]      sent instead when there is nothing to say
    [query]      asks whether it is there; with answer = [ … ]
    [escape]     raw byte = what goes out          [colours]  red, green, yellow = their bytes

The fields are explained in drivers/protocol/frame_template.py. `confidence` says how sure the description is:
A two sources agree, B one good source, C one piece of code without a document, never compared with a device.

One call of `perform` is one try. Without an answer a text is `sent`; an answer that does not come is an
error when `ack` is required, else the text is `sent`. A refusal may come from a spoilt frame: it is tried
again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from drivers.errors import DeviceBusy, DeviceSilent
from drivers.jobs import Health, Job, Outcome, ShowText
from drivers.led import wording
from drivers.line.serial_line import SerialLine
from drivers.protocol import frame_template
from drivers.protocol.frame_template import Message, Mistake, Pattern, Template

log = logging.getLogger(__name__)
PARTS = frozenset({"fields", "answer", "refusal"})


@dataclass(frozen=True)
class Frame:
    """A frame and what may come back."""

    template: Template
    answer: Pattern | None = None
    refusal: Pattern | None = None


@dataclass(frozen=True)
class Profile:
    """A card, described. width, height in pixels, for the far end only; far: which far end plays it.

    source, confidence: where the description comes from and how sure it is. words, text_colours: by tone;
    number_colour: for the ticket's number, "" for the same. tries: how often the host tries a text. repeats:
    how often one try sends each frame, repeat_gap_s apart. patience_s: wait for an answer. gap_s: silence
    before we talk; pause_s: silence after a frame that nobody answers.
    """

    show: tuple[dict[str, Any], ...]
    source: str
    confidence: Literal["A", "B", "C"]
    far: str = "raw"
    clear: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    escape: dict[str, str] = field(default_factory=dict)
    colours: dict[str, int] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    text_colours: dict[str, str] = field(default_factory=dict)
    number_colour: Literal["", "red", "green", "yellow"] = ""
    ack: Literal["required", "optional", "none"] = "none"
    tries: int = 3
    repeats: int = 1
    repeat_gap_s: float = 0.04
    patience_s: float = 0.3
    gap_s: float = 0.005
    pause_s: float = 0.1
    width: int = 128
    height: int = 16

    def mistakes(self) -> list[Mistake]:
        """Everything wrong in the description, each with its key."""
        found = wording.word_mistakes(self.words) + wording.colour_mistakes(self.text_colours, "text_colours")
        found += frame_template.read_colours(self.colours, "colours")
        escape, wrong = frame_template.read_escape(self.escape, "escape")
        found += wrong
        frames = [(f"show[{at}]", row) for at, row in enumerate(self.show)]
        frames += [(key, row) for key, row in (("clear", self.clear), ("query", self.query)) if row]
        for key, row in frames:
            found += [(f"{key}.{more}", "未知的键", "unknown key") for more in row if more not in PARTS]
            found += frame_template.read_template(row.get("fields"), f"{key}.fields", self.colours, escape)[1]
            for part in ("answer", "refusal"):
                if part in row:
                    found += frame_template.read_pattern(row[part], f"{key}.{part}")[1]
        if not self.show:
            found.append(("show", "至少要有一帧", "needs at least one frame"))
        answered = any("answer" in row for row in self.show if isinstance(row, dict))
        if self.ack != "none" and not answered:
            found.append(("ack", "没有一帧写明应答", "no frame says what an answer looks like"))
        if self.query and "answer" not in self.query:
            found.append(("query.answer", "必须填写", "must be given"))
        if not (1 <= self.tries <= 9 and 1 <= self.repeats <= 9):
            found.append(("tries", "tries、repeats 应为 1..9", "tries and repeats are 1..9"))
        return found

    @cached_property
    def frames(self) -> list[Frame]:
        """The frames of `show`. Only for a profile without mistakes."""
        return [self._frame(row) for row in self.show]

    @cached_property
    def clearing(self) -> Frame | None:
        return self._frame(self.clear) if self.clear else None

    @cached_property
    def asking(self) -> Frame | None:
        return self._frame(self.query) if self.query else None

    @property
    def highest_address(self) -> int:
        """The highest address all frames can carry, 0 when they carry none."""
        forms = {f.form for frame in self.frames for f in frame.template.fields if f.kind == "addr"}
        return min((_highest(form) for form in forms), default=0)

    def _frame(self, row: dict[str, Any]) -> Frame:
        escape, _ = frame_template.read_escape(self.escape, "")
        template, mistakes = frame_template.read_template(row["fields"], "", self.colours, escape)
        if template is None:
            raise ValueError(mistakes)
        patterns = [
            frame_template.read_pattern(row[part], "")[0] if part in row else None
            for part in ("answer", "refusal")
        ]
        return Frame(template, *patterns)


class FrameScreen:
    model = "led_frame"

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile) -> None:
        self.name, self.address, self._line, self._profile = name, address, line, profile
        self.tries = profile.tries
        self._sequence = 0

    @property
    def confirms(self) -> bool:
        return self._profile.ack == "required"

    def perform(self, job: Job) -> Outcome:
        """One try to show a text. Raises DeviceSilent, DeviceBusy, EncodeError, LineLost."""
        if not isinstance(job, ShowText):
            return Outcome("failed", "not_for_this_device")
        text = wording.say(job, self._profile.words)
        frames: Sequence[Frame] = self._profile.frames
        if not text and self._profile.clearing:
            frames = [self._profile.clearing]
        missing = frames[-1].template.outside(text)
        if missing:
            log.warning("%s: no glyph for %s", self.name, missing)
        self._sequence += 1
        runs = wording.runs(job, text, self._profile.text_colours, self._profile.number_colour)
        message = Message(self.address, runs, self._sequence)
        made = [(frame, frame.template.encode(message)) for frame in frames]
        confirmed = [self._tell(frame, data) for frame, data in made]
        shown = self._profile.ack != "none" and confirmed[-1]
        return Outcome("confirmed" if shown else "sent", "glyphs_replaced" if missing else "")

    def check(self) -> Health:
        """Is it there? Raises DeviceSilent, LineLost."""
        asking = self._profile.asking
        if asking is None:
            return Health("unknown", "", "this screen cannot be asked")
        self._send(asking.template.encode(Message(self.address)))
        if self._answer(asking) is None:
            raise DeviceSilent(f"screen {self.address}: no answer")
        return Health("ok")

    def _tell(self, frame: Frame, data: bytes) -> bool:
        """One frame; was it confirmed?"""
        for turn in range(self._profile.repeats):
            if turn:
                self._pause(self._profile.repeat_gap_s)
            self._send(data)
        if frame.answer is None or self._profile.ack == "none":
            self._pause(self._profile.pause_s)
            return False
        answer = self._answer(frame)
        if answer == 1:
            raise DeviceBusy(f"screen {self.address}: says it failed")
        if answer is None and self._profile.ack == "required":
            raise DeviceSilent(f"screen {self.address}: no answer")
        return answer == 0

    def _send(self, data: bytes) -> None:
        self._line.drain()
        self._line.clock.sleep(self._profile.gap_s)
        self._line.send(data)

    def _pause(self, seconds: float) -> None:
        self._line.clock.sleep(self._line.quiet_at() - self._line.clock.now() + seconds)

    def _answer(self, frame: Frame) -> int | None:
        """0 yes, 1 refused, None silence."""
        patterns = [p.bytes_for(self.address) for p in (frame.answer, frame.refusal) if p is not None]
        patience = self._profile.patience_s
        return self._line.receive(lambda buffer: frame_template.find(buffer, patterns), patience)


def _highest(form: str) -> int:
    if form[:3] in ("hex", "dec"):
        return int((16 if form[:3] == "hex" else 10) ** int(form[3:]) - 1)
    return 255 if form in ("u8", "low6_high2") else 0xFFFF
