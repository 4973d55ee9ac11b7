"""Keypads that are asked in turn: wired ones with the number of waiting people in the poll, wireless ones
after a scan that wakes them all.

A keypad says a state, and says it again until it changes. A press is the *entering* of a state, so a repeat,
a lost acknowledgement and a state that got stuck are one press; every state but idle is acknowledged, for
some repeat until they are. P after a number was sent is its receipt, at any other time it is "again".

    wired (KeyPad.dll)      L idle  U next  P again  E pause  S serving  Y rated  I help  M transfer
    wireless (CallPad.dll)  T next  P again  E pause  Y rated   (F, N, S, L, B: not explained; Q sign-in with
                            a password: not taken from a wire anybody can listen to)

A keypad that does not answer three polls is left out of the round, so that it costs the others nothing; the
host asks it now and then. Source: see drivers/protocol/polled.py; times of both manuals, one source.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from drivers.errors import DeviceSilent
from drivers.jobs import AskRating, Health, Job, Outcome, ShowCounts, StopRating
from drivers.line.serial_line import SerialLine
from drivers.pad.events import Event, Pressed, RatingGiven
from drivers.protocol import polled

log = logging.getLogger(__name__)
NUMBER_TRIES: Final = 3
MISSES: Final = 3
SLOT_S, SCAN_S = 0.02, 0.08  # a scan takes highest address x SLOT_S + SCAN_S
ASKED_S: Final = 180.0
REST_S: Final = 0.02  # between two polls
LATE_S: Final = 0.15
FRESH_S: Final = 1.5  # heard so lately, a keypad need not be asked whether it is there
#: state -> key on entering it
WIRED: Final = {"U": "call", "P": "recall", "E": "pause_begin", "S": "start", "I": "help", "M": "transfer"}
RADIO: Final = {"T": "call", "P": "recall", "E": "pause_begin"}
RATED, PAUSED, RECEIPT = "Y", "E", "P"
IDLE: Final = {"wired": frozenset("L"), "radio": frozenset("FNSLB")}


@dataclass(frozen=True)
class Profile:
    """kind: whose meanings its states have. The five templates: see drivers/protocol/polled.py; `scan` is
    sent before a round and empty for wired ones. answer_s: wait for one answer.

    rating_values: level for the raw value 0, 1, 2 …; pad: do the keys for it exist.
    """

    kind: Literal["wired", "radio"] = "wired"
    poll: str = "02 50 {address} {waiting} {sum} 03"
    number: str = "02 4e {address} {number} {sum} 03"
    state: str = "02 53 {address} {state} {value} {sum} 03"
    ack: str = "02 41 {address} {state} {sum} 03"
    scan: str = ""
    answer_s: float = 0.12
    rating_values: tuple[int, ...] = (5, 4, 3, 2, 1)
    pad: bool = True


class KeypadPolled:
    model = "keypad_polled"

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self.profile = one = profile or Profile()
        self._poll, self._number, self._ack = (polled.form(t) for t in (one.poll, one.number, one.ack))
        self._decode = partial(polled.decode, polled.form(one.state))
        self._means = WIRED if one.kind == "wired" else RADIO
        self._waiting: int | None = None
        self._shown: str | None = None
        self._receipt_of: str | None = None  # a number that was sent and whose receipt was not understood
        self._last = ""
        self._heard_at = -FRESH_S
        self._pending: list[Event] = []
        self.misses = 0
        self.asked_until, self.asked_leg = 0.0, ""

    @staticmethod
    def bus(line: SerialLine, keypads: list[KeypadPolled]) -> PolledBus:
        return PolledBus(line, keypads)

    @property
    def absent(self) -> bool:
        return self.misses >= MISSES

    def perform(self, job: Job) -> Outcome:
        """Counts travel with the next poll; a new number is sent now and confirmed by its receipt.

        Raises DeviceSilent, EncodeError, LineLost.
        """
        now = self._line.clock.now()
        if isinstance(job, AskRating) and self.profile.pad:
            # the keypad asks by itself while it is in S
            self.asked_until, self.asked_leg = now + ASKED_S, job.leg
            return Outcome("sent")
        if isinstance(job, StopRating) and self.profile.pad:
            if job.leg == self.asked_leg:
                self.asked_until = 0.0
            return Outcome("sent")
        if not isinstance(job, ShowCounts):
            return Outcome("failed", "not_for_this_device")
        self._waiting = job.waiting
        if job.number == self._shown:
            return Outcome("sent")
        if not job.number:
            self._shown = self._receipt_of = None
            return Outcome("sent")
        frame = polled.encode(self._number, self.address, number=job.number)
        self._receipt_of = job.number
        for _ in range(NUMBER_TRIES):
            said = self._ask(frame)
            if said:
                self._take(said)
            if self._shown == job.number:
                return Outcome("confirmed")
        raise DeviceSilent(f"keypad {self.address}: no receipt for {job.number}")

    def check(self) -> Health:
        """Raises DeviceSilent, LineLost."""
        if self._line.clock.now() - self._heard_at > FRESH_S and not self.poll():
            raise DeviceSilent(f"keypad {self.address}: no answer")
        return Health("ok")

    def poll(self) -> bool:
        """Ask it once; what it says is kept for `events`. False: no answer. Raises LineLost."""
        said = self._ask(polled.encode(self._poll, self.address, waiting=self._waiting))
        if said is None:
            self.misses += 1
            return False
        self._take(said)
        return True

    def events(self) -> list[Event]:
        """What was pressed since the last time."""
        events, self._pending = self._pending, []
        return events

    def _ask(self, frame: bytes) -> polled.State | None:
        line = self._line
        line.drain()
        line.send(frame)
        until = max(line.clock.now(), line.quiet_at()) + self.profile.answer_s
        while (left := until - line.clock.now()) > 0:
            said = line.receive(self._decode, left)
            if said is not None and said.address == self.address:
                self.misses, self._heard_at = 0, line.clock.now()
                return said
        line.clock.sleep(LATE_S)  # an answer that comes late must not spoil the neighbour's
        return None

    def _acknowledge(self, said: polled.State) -> None:
        line = self._line
        line.send(polled.encode(self._ack, self.address, state=said.state))
        line.clock.sleep(max(0.0, line.quiet_at() - line.clock.now()) + 0.005)

    def _take(self, said: polled.State) -> None:
        before, self._last = self._last, said.state
        if said.state not in IDLE[self.profile.kind]:
            self._acknowledge(said)
        owed, self._receipt_of = self._receipt_of, None
        if said.state == RECEIPT and owed:
            self._shown = owed
            return
        if said.state == before:
            return
        if before == PAUSED:
            self._pending.append(Pressed(self.name, "pause_end"))
        if said.state == RATED:
            self._rate(said.value)
        elif key := self._means.get(said.state):
            self._pending.append(Pressed(self.name, key, str(said.value) if key == "transfer" else ""))

    def _rate(self, value: int) -> None:
        levels = self.profile.rating_values
        if self._line.clock.now() > self.asked_until or value >= len(levels):
            log.info("%s: rating %s that nobody asked for", self.name, value)
            return
        self.asked_until = 0.0
        self._pending.append(RatingGiven(self.name, levels[value], self.asked_leg))


class PolledBus:
    """One keypad is asked per `listen`, so that jobs for the others get their turn in between."""

    def __init__(self, line: SerialLine, keypads: list[KeypadPolled]) -> None:
        self._line = line
        self._keypads = sorted(keypads, key=lambda keypad: keypad.address)
        self._next = 0
        scan = self._keypads[0].profile.scan
        self._scan = polled.encode(polled.form(scan), 0) if scan else b""

    only_listens = False

    def listen(self, patience: float) -> list[Event]:
        """Ask the next keypad that is there. Raises LineLost."""
        if self._next == 0 and self._scan:
            self._line.send(self._scan)
            highest = self._keypads[-1].address
            self._line.clock.sleep(self._line.wire_time(len(self._scan)) + highest * SLOT_S + SCAN_S)
        there = [keypad for keypad in self._keypads[self._next :] if not keypad.absent]
        if there:
            self._next = (self._keypads.index(there[0]) + 1) % len(self._keypads)
            there[0].poll()
            self._line.clock.sleep(REST_S)
        else:
            self._next = 0
            self._line.clock.sleep(patience if all(k.absent for k in self._keypads) else 0.0)
        return [event for keypad in self._keypads for event in keypad.events()]

    def overhear(self, heard: bytes) -> Iterable[Event]:
        """Nothing: these speak only when they are asked."""
        return []

    @property
    def somebody_talks(self) -> bool:
        return False
