"""FF 68 keypads and their rating pads: they speak first, many on one pair of wires.

The echo leaves before anything else happens, for a keypad that does not see it presses again by itself. One
press is one event: a frame equal to the last one of its address within 800 ms is echoed and forgotten,
counted from the last sight or from our last echo, so a held key is one press too. 300 ms would do for one
lost echo; when repeats are spoilt on the way as well, the last comes 660 ms after the first. A rating nobody
asked for, late or given twice is acknowledged, so that the pad falls silent, and dropped. The keypad beeps
when somebody comes to an empty line. Source: see drivers/protocol/ff68.py; the timing of repeats is
unverified general knowledge.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from drivers.jobs import AskRating, Health, Job, Outcome, ShowCounts, StopRating
from drivers.line.serial_line import SerialLine
from drivers.pad.events import Event, Pressed, RatingGiven
from drivers.protocol import ff68

log = logging.getLogger(__name__)
SAME_S: Final = 0.8
ECHO_S: Final = 0.5
RETURN_S: Final = 0.03
RETURNS: Final = 3  # so many of our own answers came back: the declaration of the line is wrong
LISTEN_MOST_S: Final = 0.5
HELD_S: Final = 5.0  # a key seen again and again for so long is stuck
ASKED_S: Final = 180.0  # a rating is accepted this long after it was asked for, when nobody stops it before


@dataclass(frozen=True)
class Profile:
    """rating_values: level for the pad's raw value 0, 1, 2 …; vendors differ.

    pad: does a rating pad hang behind it. beep: when the first citizen comes while nobody is called.
    """

    rating_values: tuple[int, ...] = (5, 4, 3, 2, 1)
    pad: bool = True
    beep: bool = True


class KeypadFf68:
    """One keypad; the bus it hangs on listens for it."""

    model = "keypad_ff68"

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self.profile = profile or Profile()
        self.asked_until, self.asked_leg = 0.0, ""
        self.heard = False
        self._seen: tuple[bytes, float, float] = (b"", 0.0, 0.0)  # frame, first and last sight
        self._waiting: int | None = None
        self._asking_until = 0.0
        self._answered: tuple[bytes, float] = (b"", 0.0)  # our last answer and when it had left
        self.returns = 0

    @staticmethod
    def bus(line: SerialLine, keypads: list[KeypadFf68]) -> KeypadBus:
        return KeypadBus(line, keypads)

    def perform(self, job: Job) -> Outcome:
        """Show counts, ask for a rating, stop asking. These frames have no answer: `sent` at best.

        Raises LineLost.
        """
        now = self._line.clock.now()
        if isinstance(job, ShowCounts):
            self._say(ff68.show(self.address, job.waiting, job.number))
            if self.profile.beep and self._waiting == 0 and job.waiting and not job.number:
                self._say(ff68.beep(self.address))
            self._waiting = job.waiting
        elif isinstance(job, AskRating) and self.profile.pad:
            self._say(ff68.start_rating(self.address))
            self.asked_until, self.asked_leg = now + ASKED_S, job.leg
            self._asking_until = self._line.clock.now() + ECHO_S
        elif isinstance(job, StopRating) and self.profile.pad:
            if job.leg == self.asked_leg:
                self.asked_until = 0.0  # the protocol has no "stop": a late answer is dropped here
        else:
            return Outcome("failed", "not_for_this_device")
        return Outcome("sent")

    def check(self) -> Health:
        """Nothing can be asked of it: it is known to be there once it was heard, and not before."""
        _, first, last = self._seen
        if last - first >= HELD_S and self._line.clock.now() - last <= SAME_S:
            return Health("warn", "key_stuck")
        if self.returns >= RETURNS:
            return Health("warn", "echo")
        return Health("ok") if self.heard else Health("unknown", "not_pressed_yet")

    def hear(self, frame: ff68.Frame) -> Event | None:
        """Answer a frame of this keypad, then say what it means: None for repeats and what nobody asked
        for.
        """
        now, raw = self._line.clock.now(), bytes((frame.func,)) + frame.data
        if ff68.encode(frame) == ff68.encode(ff68.start_rating(self.address)) and now < self._asking_until:
            return None  # our own question come back: it has the bytes of the key of that name
        if raw == self._answered[0] and now - self._answered[1] <= RETURN_S:
            self.returns += 1
            return None  # too soon for a repeat: our own answer came back from a converter that echoes
        answer = ff68.answer(frame)
        self._line.send(ff68.encode(answer))
        self._answered = bytes((answer.func,)) + answer.data, self._line.quiet_at()
        self.heard = True
        meaning = ff68.meaning(frame)
        again = raw == self._seen[0] and now - self._seen[2] <= SAME_S
        self._seen = (raw, self._seen[1] if again else now, max(now, self._line.quiet_at()))
        if again:
            return None
        if isinstance(meaning, ff68.Key):
            return Pressed(self.name, meaning.key, meaning.value)
        if meaning is None:
            return None
        if now > self.asked_until or meaning.value >= len(self.profile.rating_values):
            log.info("%s: rating %s that nobody asked for", self.name, meaning.value)
            return None
        self.asked_until = 0.0
        return RatingGiven(self.name, self.profile.rating_values[meaning.value], self.asked_leg)

    def _say(self, frame: ff68.Frame) -> None:
        self._line.send(ff68.encode(frame))
        self._line.clock.sleep(max(0.0, self._line.quiet_at() - self._line.clock.now()) + 0.01)


class KeypadBus:
    """All keypads of one line. Frames of addresses nobody declared get no echo and no event."""

    def __init__(self, line: SerialLine, keypads: list[KeypadFf68]) -> None:
        self._line = line
        self._by_address = {keypad.address: keypad for keypad in keypads}

    only_listens = True

    def listen(self, patience: float) -> list[Event]:
        """What was pressed within `patience` seconds; returns as soon as something was. Raises LineLost."""
        events: list[Event] = []
        wait = patience
        until = self._line.clock.now() + patience + LISTEN_MOST_S
        while len(events) < 32 and (frame := self._line.receive(ff68.decode, wait)) is not None:
            events += self._take(frame)
            wait = 0.0
            if self._line.clock.now() > until:
                break  # a babbling pair must not hold the others' jobs up
        return events

    def overhear(self, heard: bytes) -> Iterator[Event]:
        """Presses that came in while a strip on the same pair was talked to; the echo leaves now."""
        frame, rest = ff68.decode(heard)
        while frame is not None:
            yield from self._take(frame)
            frame, rest = ff68.decode(rest)

    def _take(self, frame: ff68.Frame) -> list[Event]:
        keypad = self._by_address.get(frame.address)
        event = keypad.hear(frame) if keypad else None
        return [event] if event else []

    @property
    def somebody_talks(self) -> bool:
        """A frame is half received: do not write into it."""
        return self._line.mid_message
