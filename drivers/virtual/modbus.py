"""The far end of a Modbus RTU number display: a server by hand, so that it shares no mistake with the host.

Written from the Modbus rules as a receiver keeps them: a frame ends when the line was silent for 3.5
characters, a wrong CRC is not answered, a broadcast is obeyed and not answered, a known unit answers every
other request, if only with an exception. Registers from github sman-dk/LED-485_setuptool: 0 number, 2 unit,
3 baud code, 4 decimal point (write one), 70 hex on text (write many). What it shows after power-up and when a
number is too wide is not known: nothing, and dashes. A new unit counts at once, is answered under the
old one, and outlives a power cut: what a real display does is not known either. With the fault keeps_unit it
takes the number and stays where it was.

Faults (act "fault"): exception_02, exception_03, exception_06, bad_crc, slow_reply (value seconds), twin (a
second unit with this address answers too), half_reply, keeps_unit, silent. Acts: clear, power.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.virtual.medium import Medium

FAULTS = frozenset(
    {
        "exception_02",
        "exception_03",
        "exception_06",
        "bad_crc",
        "slow_reply",
        "twin",
        "half_reply",
        "silent",
        "keeps_unit",
    }
)
FELT = ("silent", "exception_02", "exception_03", "bad_crc", "twin", "half_reply", "slow_reply")
SLOW_S = 0.8
SILENCE = 3.5  # characters
LEAST_SILENCE_S = 0.00175
NUMBER, UNIT, BAUD, POINT, TEXT = 0, 2, 3, 4, 0x70


def crc(data: bytes) -> int:
    """CRC-16/Modbus bit by bit."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


class Refusal(Exception):
    """code: 1 function, 2 register, 3 value."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ModbusDisplay:
    model = "modbus_led"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        options = options or {}
        self.name, self.address = name, address
        self.digits = int(options.get("digits", "4"))
        self.faults: dict[str, float] = dict.fromkeys(filter(None, options.get("faults", "").split(",")), 1.0)
        self.text, self.point, self.baud_code = "", 0, 4
        self.frames = self.rejected = self.others = 0
        self.history: list[str] = []
        self._buffer, self._last = bytearray(), 0.0

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def due(self) -> float | None:
        return self._last + self._silence if self._buffer else None

    def tick(self, now: float) -> None:
        frame, self._buffer = bytes(self._buffer), bytearray()
        if frame and "silent" not in self.faults:
            self._frame(frame, now)

    def full(self) -> bool:
        return False

    @property
    def _silence(self) -> float:
        return max(LEAST_SILENCE_S, SILENCE * self._cable.byte_time)

    def look(self) -> dict[str, object]:
        return {
            "address": self.address,
            "text": self.text,
            "digits": self.digits,
            "point": self.point,
            "faults": sorted(self.faults),
            "offers": sorted(FAULTS),
            "felt": list(FELT),
            "frames": self.frames,
            "rejected": self.rejected,
        }

    def act(self, act: str, facts: dict[str, object]) -> None:
        fault = str(facts.get("fault", ""))
        if act == "fault" and fault in FAULTS:
            value = facts.get("value")
            self.faults[fault] = SLOW_S if value is None else float(str(value))
        elif act == "clear":
            for name in [fault] if fault else list(self.faults):
                self.faults.pop(name, None)
        elif act == "power":
            self.text, self.point = "", 0
            self._buffer = bytearray()
            self._cable.hush(self.name)
        else:
            raise ValueError(f"a display cannot {act} {fault}".strip())

    def receive(self, byte: int, at: float) -> None:
        if self._buffer and at - self._last > self._silence:
            self.tick(at)
        self._last = at
        if len(self._buffer) < 300:
            self._buffer.append(byte)

    def _frame(self, frame: bytes, at: float) -> None:
        if len(frame) < 4 or crc(frame[:-2]) != frame[-2] + 256 * frame[-1]:
            self.rejected += 1
            return
        unit, function, body = frame[0], frame[1], frame[2:-2]
        if unit not in (self.address, 0):
            self.others += 1
            return
        self.frames += 1
        try:
            self._stumble()
            answer = bytes((function,)) + self._obey(function, body)
        except Refusal as no:
            answer = bytes((function | 0x80, no.code))
        if unit:
            self._answer(bytes((unit,)) + answer, at)

    def _stumble(self) -> None:
        for code in (2, 3, 6):
            if f"exception_0{code}" in self.faults:
                raise Refusal(code)

    def _obey(self, function: int, body: bytes) -> bytes:
        words = [body[at] * 256 + body[at + 1] for at in range(0, len(body) - 1, 2)]
        if function == 0x06 and len(body) == 4:
            self._set(words[0], words[1])
            return body
        if function == 0x10 and len(body) >= 7:
            start, count, size = words[0], words[1], body[4]
            if size != 2 * count or len(body) != 5 + size or not count:
                raise Refusal(3)
            if start != TEXT or count > (self.digits + 1) // 2:
                raise Refusal(2)
            self._write(body[5:])
            return body[:4]
        raise Refusal(1 if function not in (0x06, 0x10) else 3)

    def _write(self, raw: bytes) -> None:
        if any(not 0x20 <= byte < 0x7F for byte in raw):
            raise Refusal(3)
        self._show(raw.decode("ascii")[: self.digits])

    def _set(self, register: int, value: int) -> None:
        if register == NUMBER:
            number = str(value - 0x10000 if value >= 0x8000 else value)
            self._show(number.rjust(self.digits) if len(number) <= self.digits else "-" * self.digits)
        elif register == POINT:
            if value >= self.digits:
                raise Refusal(3)
            self.point = value
        elif register == UNIT:
            if not 1 <= value <= 247:
                raise Refusal(3)
            if "keeps_unit" not in self.faults:
                self.address = value
        elif register == BAUD:
            if not 1 <= value <= 8:
                raise Refusal(3)
            self.baud_code = value  # used from the next power-up on
        else:
            raise Refusal(2)

    def _show(self, text: str) -> None:
        self.text = text
        self.history = [*self.history[-50:], text]

    def _answer(self, body: bytes, at: float) -> None:
        check = crc(body)
        if "bad_crc" in self.faults:
            check ^= 0x0100
        frame = body + bytes((check & 255, check >> 8))
        if "half_reply" in self.faults:
            frame = frame[: len(frame) // 2]
        start = at + self._silence + self.faults.get("slow_reply", 0.0)
        self._cable.say(self.name, frame, start)
        if "twin" in self.faults:
            self._cable.say(f"{self.name}'", frame, start + 0.4 * self._cable.byte_time)
