"""The far end of FF 68: a keypad on the desk with a rating pad behind it.

Written from what the keypad must see (github JackQChen/QueueSystem, CallSystem/frmMain.cs, read from the
other side): it sends a key frame, waits 200 ms for the very same bytes, and sends again up to three times.
A rating waits for FUNC 01 with its value. The repeat timing is unverified general knowledge.

Faults (act "fault"): bad_checksum (value presses), lost_echo (value echoes not heard), double_press,
len_mismatch, unknown_key, two_at_once (value presses during which a neighbour talks too), power_burst (noise
at every power-up, and at once), silent. Acts: press {key, digits}, rate {value}, burst (that noise), power,
clear.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.virtual.medium import Medium

CODES = {
    "call": [0x0C],
    "recall": [0x0D],
    "rate": [0x0B],
    "pause": [0x12],
    "transfer": [0x13],
    "no_show": [6, 0x0F],
    "hold": [0, 0x0F],
    "unhold": [3, 0x0F],
    "cancel": [0x0E],
}
FAULTS = frozenset(
    {
        "bad_checksum",
        "lost_echo",
        "double_press",
        "len_mismatch",
        "unknown_key",
        "two_at_once",
        "power_burst",
        "silent",
    }
)
ECHO_S, TRIES = 0.2, 4


class Ff68Keypad:
    model = "keypad_ff68"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        options = options or {}
        self.name, self.address = name, address
        self.has_pad = options.get("pad", "True") in ("True", "true", "1")
        self.faults: dict[str, int] = dict.fromkeys(filter(None, options.get("faults", "").split(",")), 1)
        self.digits = "      "
        self.beeps = self.rejected = self.sent = self.unanswered = 0
        self.asked = False
        self.answered: list[str] = []
        self._buffer = b""
        self._open: list[list[object]] = []

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def due(self) -> float | None:
        return float(str(self._open[0][1])) if self._open else None

    def tick(self, now: float) -> None:
        if not self._open:
            return
        frame, _, tries = self._open[0]
        assert isinstance(frame, bytes)
        assert isinstance(tries, int)
        if tries <= 0:
            self.unanswered += 1
            self._open.pop(0)
        elif not self._cable.is_quiet(self.name):
            self._open[0][1] = now + 0.003 + self.address * 0.001
        else:
            self._send(frame, now)
            self._open[0][1] = now + len(frame) * self._cable.byte_time + ECHO_S + self.address * 0.003
            self._open[0][2] = tries - 1

    def full(self) -> bool:
        return False

    def look(self) -> dict[str, object]:
        return {
            "address": self.address,
            "digits": self.digits,
            "waiting": self.digits[:3].strip(),
            "number": self.digits[3:].strip(),
            "asked": self.asked,
            "beeps": self.beeps,
            "faults": sorted(self.faults),
            "offers": sorted(FAULTS),
            "rejected": self.rejected,
            "unanswered": self.unanswered,
            "pad": self.has_pad,
            "keys": [key for key in CODES if key != "cancel"],
        }

    def act(self, act: str, facts: dict[str, object]) -> None:
        now = self._cable.clock.now()
        fault = str(facts.get("fault", ""))
        if act == "press":
            key = str(facts.get("key", "call"))
            if key not in CODES:
                raise ValueError(f"no key {key!r}")
            typed = [int(char) for char in str(facts.get("digits", "")) if char.isdigit()][:2]
            for _ in range(2 if "double_press" in self.faults else 1):
                self._queue(0x01, [*typed, *CODES[key]], now)
        elif act == "rate" and self.has_pad:
            value = int(str(facts.get("value", 0)))
            if not 0 <= value <= 255:
                raise ValueError(f"no button {value}")
            self._queue(0x11, [value], now)
            self.asked = False
        elif act == "burst":
            self._burst(now)
        elif act == "fault" and fault in FAULTS:
            value = facts.get("value")
            self.faults[fault] = int(str(value)) if value is not None else 1
            if fault == "power_burst":
                self._burst(now)
        elif act == "clear":
            for name in [fault] if fault else list(self.faults):
                self.faults.pop(name, None)
        elif act == "power":
            self.digits, self.asked, self._open = "      ", False, []
            self._cable.hush(self.name)
            if "power_burst" in self.faults:
                self._burst(now)
        else:
            raise ValueError(f"a keypad cannot {act} {fault}".strip())

    def _burst(self, now: float) -> None:
        self._cable.say(self.name, bytes(self._cable.random.randrange(256) for _ in range(20)), now)

    def _queue(self, func: int, data: list[int], now: float) -> None:
        if "silent" in self.faults:
            return
        if "unknown_key" in self.faults:
            data = [*data[:-1], 0x77]
        body = bytes((self.address, func, *data))
        frame = b"\xff\x68" + bytes((len(body), len(body), 0x68)) + body + bytes((sum(body) % 256, 0x16))
        start = now if not self._open else float(str(self._open[-1][1]))
        self._open.append([frame, start, TRIES])

    def _send(self, frame: bytes, now: float) -> None:
        self.sent += 1
        if self._spend("two_at_once"):
            self._cable.say(f"{self.name}'", frame[::-1], now + 0.4 * self._cable.byte_time)
        if self._spend("bad_checksum"):
            frame = frame[:-2] + bytes((frame[-2] ^ 0x40, 0x16))
        if "len_mismatch" in self.faults:
            frame = frame[:3] + bytes((frame[3] + 1,)) + frame[4:]
        self._cable.say(self.name, frame, now)

    def _spend(self, fault: str) -> bool:
        if self.faults.get(fault, 0) <= 0:
            return False
        self.faults[fault] -= 1
        if not self.faults[fault]:
            del self.faults[fault]
        return True

    def receive(self, byte: int, at: float) -> None:
        self._buffer = (self._buffer + bytes((byte,)))[-64:]
        if byte != 0x16:
            return
        for start in range(len(self._buffer) - 8):
            frame = self._buffer[start:]
            if frame[:2] == b"\xff\x68" and frame[4] == 0x68 and len(frame) == frame[2] + 7:
                self._buffer = b""
                if frame[2] != frame[3] or sum(frame[5:-2]) % 256 != frame[-2]:
                    self.rejected += 1
                elif frame[5] == self.address and "silent" not in self.faults:
                    self._hear(frame, at)
                return

    def _hear(self, frame: bytes, at: float) -> None:
        func, data = frame[6], frame[7:-2]
        if self._open:
            mine = self._open[0][0]
            assert isinstance(mine, bytes)
            rated = func == 0x01 and data == mine[7:-2]
            wanted = rated if mine[6] == 0x11 else frame == mine
            if wanted and not self._spend("lost_echo"):
                self.answered.append(frame.hex())
                self._open.pop(0)
                if self._open:
                    self._open[0][1] = at + 0.05
                return
            if wanted:
                return
        if func == 0x02 and len(data) == 6:
            self.digits = "".join(" " if digit == 0x0A else str(digit) for digit in data)
        elif func == 0x03 and not data:
            self.beeps += 1
        elif func == 0x01 and data == b"\x0b":
            self.asked = self.has_pad
        else:
            self.rejected += 1
