"""Four-key boxes of Apertum QSystem. They speak once, without acknowledgement and without repeating.

Two keys mean different things while somebody is called and while somebody is served; which it is the server
knows, so they are told as call_or_recall and end. Bytes that are no key frame are two boxes at once: nothing
is pressed, and the clerk, whose display does not change, presses again. A key seen again within 300 ms is
the same press. A new address is not acknowledged either: the box is told to show it, and somebody has to
look. Source: see drivers/protocol/apertum.py; the 300 ms are unverified general knowledge.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from drivers.jobs import GiveAddress, Health, Job, Outcome, ShowCounts
from drivers.line.serial_line import SerialLine
from drivers.pad.events import Event, Pressed
from drivers.protocol import apertum

log = logging.getLogger(__name__)
SAME_S: Final = 0.3
LISTEN_MOST_S: Final = 0.5
BUTTONS: Final = {1: "call_or_recall", 2: "start", 3: "transfer", 4: "end"}
READY: Final = "CAL"  # what the original shows while somebody waits and nobody is called


@dataclass(frozen=True)
class Profile:
    """shows: what the box has, three characters or a lamp alone.

    redirect: the window number the third key sends to; "" when it does nothing. beep: when somebody comes to
    an empty line (a box with a lamp only).
    """

    shows: Literal["display", "lamp"] = "display"
    redirect: str = ""
    beep: bool = True
    pad: bool = False


class ApertumBox:
    model = "apertum_box"
    moves = True

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self._profile = profile or Profile()
        self._waiting: int | None = None
        self._seen = (0, 0.0)
        self.heard = False

    @staticmethod
    def bus(line: SerialLine, keypads: list[ApertumBox]) -> ApertumBus:
        return ApertumBus(line, keypads)

    def perform(self, job: Job) -> Outcome:
        """Show the number, or that somebody waits. Nothing answers. Raises EncodeError, LineLost."""
        if isinstance(job, GiveAddress):
            return self._move(job.to, job.alone)
        if not isinstance(job, ShowCounts):
            return Outcome("failed", "not_for_this_device")
        somebody, free = bool(job.waiting), not job.number
        if self._profile.shows == "display":
            words = "".join(char for char in job.number or "" if char.isascii() and char.isalnum())[-3:]
            frame = apertum.display(self.address, READY if somebody and free else words)
        else:
            lamp = "green" if job.number else "green_fast" if somebody else "off"
            first = somebody and free and self._waiting == 0
            frame = apertum.lamp(self.address, lamp, beep=first and self._profile.beep)
        self._waiting = job.waiting
        self._say(frame)
        return Outcome("sent")

    def _move(self, to: int, alone: bool) -> Outcome:
        """The frame names the old address: a box nobody knows cannot be told."""
        if alone:
            return Outcome("failed", "address_unknown")
        self._say(apertum.move(self.address, to))
        shows = self._profile.shows == "display"
        self._say(apertum.display(to, str(to)) if shows else apertum.lamp(to, "green_fast", beep=True))
        return Outcome("sent")

    def _say(self, frame: bytes) -> None:
        self._line.send(frame)
        self._line.clock.sleep(max(0.0, self._line.quiet_at() - self._line.clock.now()) + 0.01)

    def check(self) -> Health:
        """What a box answers to a poll is not known: it is there once it was heard."""
        return Health("ok") if self.heard else Health("unknown", "not_pressed_yet")

    def hear(self, button: int) -> Pressed | None:
        """What a press means; None for a repeat and for a key without use."""
        now, (last, at) = self._line.clock.now(), self._seen
        self._seen, self.heard = (button, now), True
        if (button == last and now - at <= SAME_S) or (button == 3 and not self._profile.redirect):
            return None
        return Pressed(self.name, BUTTONS[button], self._profile.redirect if button == 3 else "")


class ApertumBus:
    """All boxes of one line; boards may stand on it too, they never speak."""

    def __init__(self, line: SerialLine, boxes: list[ApertumBox]) -> None:
        self._line = line
        self._by_address = {box.address: box for box in boxes}
        self.clashes = 0

    only_listens = False

    def listen(self, patience: float) -> list[Event]:
        """What was pressed within `patience` seconds; returns as soon as something was. Raises LineLost."""
        events: list[Event] = []
        self._line.forget_unfinished()
        wait, until = patience, self._line.clock.now() + patience + LISTEN_MOST_S
        while len(events) < 32 and (found := self._line.receive(apertum.decode, wait)) is not None:
            events += self._take(found)
            wait = 0.0
            if self._line.clock.now() > until:
                break  # a babbling pair must not hold the others' jobs up
        return events

    def overhear(self, heard: bytes) -> Iterator[Event]:
        """Presses that came in while a board was told something: it never answers. A piece of a frame would
        be a guess.
        """
        found, rest = apertum.decode(heard)
        while found is not None:
            yield from self._take(found)
            found, rest = apertum.decode(rest)

    @property
    def somebody_talks(self) -> bool:
        return self._line.mid_message

    def _take(self, found: apertum.Pressed | apertum.Clash) -> list[Event]:
        if isinstance(found, apertum.Clash):
            self.clashes += 1
            log.info("boxes talked at once: %s", found.data.hex(" "))
            return []
        box = self._by_address.get(found.address)
        event = box.hear(found.button) if box else None
        return [event] if event else []
