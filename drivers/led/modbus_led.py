"""Number displays on Modbus RTU, three to eight digits: the cheapest number over a window.

One call of `perform` is one try, as for every strip. `confirmed` means that the display repeated the head of
the very write; a reply that comes after our patience may be taken for the next try's, for Modbus has no
sequence number. Bytes that are no frame are told apart from silence: two displays with one address answer
together and spoil each other. Source: see drivers/protocol/modbus_led.py.

A new address is written where nobody answers yet and where the display itself did, and counts when the
display answers there. Whether one takes it at once or from its next power-up on is not known: one that still
answers at the old address is told so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, Literal

from drivers.errors import DeviceBusy, DeviceGarbled, DeviceRefused, DeviceSilent
from drivers.jobs import GiveAddress, Health, Job, Outcome, ShowText
from drivers.led import plain
from drivers.line.serial_line import SerialLine
from drivers.protocol import modbus_led

log = logging.getLogger(__name__)
SILENCE_BYTES: Final = 3.5
LEAST_SILENCE_S: Final = 0.00175  # above 19200 baud the silence no longer shrinks
NOT_NOW: Final = frozenset({5, 6})


@dataclass(frozen=True)
class Profile:
    """What a display can do. digits: 3..8.

    shows: `text` writes characters, `value` a signed number (no letters, no leading zeros, 0 for nothing).
    letters: those its seven segments can draw; makers differ, and an unknown one is left out.
    patience_s: wait for one answer.
    """

    digits: int = 4
    shows: Literal["text", "value"] = "text"
    letters: str = "ABCDEFGHIJLNOPQRSTUYZ"
    patience_s: float = 0.3


class ModbusLed:
    model = "modbus_led"
    moves = True

    def __init__(self, name: str, line: SerialLine, address: int, profile: Profile | None = None) -> None:
        self.name, self.address, self._line = name, address, line
        self._profile = profile or Profile()

    def perform(self, job: Job) -> Outcome:
        """One try to show a number. Raises DeviceSilent, DeviceGarbled, DeviceBusy, DeviceRefused,
        EncodeError, LineLost.
        """
        if isinstance(job, GiveAddress):
            return self._move(job.to, job.alone)
        if not isinstance(job, ShowText):
            return Outcome("failed", "not_for_this_device")
        words = plain.words(job, self._profile.digits)
        if self._profile.shows == "value":
            digits = "".join(char for char in words if char in "0123456789")
            value = int(digits or 0)
            self._exchange(modbus_led.number(self.address, value))
            return Outcome("confirmed", "glyphs_replaced" if words.strip("-") not in (digits, "") else "")
        can = "0123456789-" + self._profile.letters
        drawn = "".join(char for char in words if char in can)
        self._exchange(modbus_led.text(self.address, drawn.rjust(self._profile.digits)))
        return Outcome("confirmed", "" if drawn == words else "glyphs_replaced")

    def check(self) -> Health:
        """A sign of life: a write that changes nothing, for reading is not known to work. Raises as `perform`
        does.
        """
        self._exchange(modbus_led.point(self.address, 0))
        return Health("ok")

    def _move(self, to: int, alone: bool) -> Outcome:
        """Raises what `check` does before anything is written, and LineLost."""
        if self._anybody(to):
            return Outcome("failed", "address_taken")
        if alone:
            self._begin()
            self._line.send(modbus_led.move(None, to))  # nobody answers this
            self._line.clock.sleep(self._line.quiet_at() - self._line.clock.now() + self._profile.patience_s)
        else:
            self.check()
            try:
                self._exchange(modbus_led.move(self.address, to))
            except (DeviceSilent, DeviceGarbled):
                log.info("display %s: no answer to its new address %s", self.address, to)
        try:
            self._exchange(modbus_led.point(to, 0))
            self._exchange(modbus_led.text(to, str(to).rjust(self._profile.digits)))
        except (DeviceSilent, DeviceGarbled) as trouble:
            if trouble.reason == "silent" and not alone and self._anybody(self.address):
                return Outcome("failed", "address_kept")
            return Outcome("unsure", trouble.reason)
        self.address = to
        return Outcome("confirmed")

    def _anybody(self, unit: int) -> bool:
        """Does anything at all come back from this address? It is read: whose it is, it stays as it was."""
        self._begin()
        self._line.send(modbus_led.read(unit))
        wait = self._line.quiet_at() - self._line.clock.now() + self._profile.patience_s
        return bool(self._line.read(wait))

    def _begin(self) -> None:
        self._line.drain()
        self._line.clock.sleep(max(LEAST_SILENCE_S, self._line.wire_time(1) * SILENCE_BYTES))

    def _exchange(self, frame: bytes) -> None:
        line, wanted = self._line, modbus_led.expected(frame)
        self._begin()
        with line.overhearing() as heard:
            line.send(frame)
            until = max(line.clock.now(), line.quiet_at()) + self._profile.patience_s
            while (left := until - line.clock.now()) > 0:
                answer = line.receive(modbus_led.decode, left)
                if answer is None or answer.unit != wanted.unit:
                    continue
                if answer == wanted:
                    return
                if answer.error and answer.function == wanted.function:
                    self._refused(answer)
        if heard:
            raise DeviceGarbled(f"display {wanted.unit}: {bytes(heard[:16]).hex(' ')} is no answer")
        raise DeviceSilent(f"display {wanted.unit}: no answer")

    def _refused(self, answer: modbus_led.Answer) -> None:
        if answer.error in NOT_NOW:
            raise DeviceBusy(f"display {answer.unit}: {answer.word}")
        raise DeviceRefused(f"display {answer.unit}: {answer.word}")
