"""The far end of a polled keypad: it has a state and tells it when it is asked, never else.

Meanings from the manuals of KeyPad.dll and CallPad.dll; its bytes are our stand-in, for theirs are not known:

    to it    02 50 ADDR w w w SUM 03     how are you, so many wait      02 4e ADDR n n n n SUM 03    a number
             02 41 ADDR STATE SUM 03     seen                           02 46 SUM 03                 scan
    from it  02 53 ADDR STATE v v SUM 03                                SUM: all bytes before it, modulo 256

It answers 20 ms after the question. U (T when wireless) stays until it is acknowledged, and then waits for a
number; P, Y, I, M are said again until they are acknowledged.

Faults (act "fault"): silent, stale_state (a state stays though it was acknowledged), lost_ack (value
acknowledgements not heard), bad_sum (value answers), slow (answers 200 ms late). Acts: press {key, digits},
rate {value}, power, clear.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.virtual.medium import Medium, Still

STATES = {"call": "U", "recall": "P", "start": "S", "pause": "E", "help": "I", "transfer": "M"}
FAULTS = frozenset({"silent", "stale_state", "lost_ack", "bad_sum", "slow"})
FELT = ("silent", "slow")
ANSWER_S, LATE_S = 0.02, 0.2
LENGTHS = {0x50: 8, 0x4E: 9, 0x41: 6, 0x46: 4}
STAYS = frozenset("ES")  # a pause and a service last until the next key


class PolledKeypad(Still):
    model = "keypad_polled"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        options = options or {}
        self.name, self.address = name, address
        self.radio = options.get("kind", "wired") == "radio"
        self.has_pad = options.get("pad", "True") in ("True", "true", "1")
        self.faults: dict[str, int] = dict.fromkeys(filter(None, options.get("faults", "").split(",")), 1)
        self.waiting = self.number = ""
        self.polls = self.rejected = 0
        self.acked: list[str] = []
        self.awake = not self.radio
        self._rest = "F" if self.radio else "L"
        self._state, self._value = self._rest, 0
        self._buffer = bytearray()

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def look(self) -> dict[str, object]:
        return {
            "address": self.address,
            "digits": self.waiting.rjust(3) + self.number[-3:].rjust(3),
            "waiting": self.waiting,
            "number": self.number,
            "state": self._state,
            "keys": ["call", "recall", "start", "pause", "help", "transfer"],
            "pad": self.has_pad,
            "asked": self._state == "S",
            "faults": sorted(self.faults),
            "offers": sorted(FAULTS),
            "felt": list(FELT),
            "rejected": self.rejected,
        }

    def act(self, act: str, facts: dict[str, object]) -> None:
        fault = str(facts.get("fault", ""))
        if act == "press":
            key = str(facts.get("key", "call"))
            if key not in STATES:
                raise ValueError(f"no key {key!r}")
            self._press(key, str(facts.get("digits", "")))
        elif act == "rate" and self.has_pad:
            value = int(str(facts.get("value", 0)))
            if not 0 <= value <= 99:
                raise ValueError(f"no button {value}")
            self._state, self._value = "Y", value
        elif act == "fault" and fault in FAULTS:
            value = facts.get("value")
            self.faults[fault] = int(str(value)) if value is not None else 1
        elif act == "clear":
            for name in [fault] if fault else list(self.faults):
                self.faults.pop(name, None)
        elif act == "power":
            self.waiting = self.number = ""
            self._state, self._buffer, self.awake = self._rest, bytearray(), not self.radio
            self._cable.hush(self.name)
        else:
            raise ValueError(f"a keypad cannot {act} {fault}".strip())

    def _press(self, key: str, digits: str) -> None:
        typed = "".join(char for char in digits if char.isdigit())[-2:]
        state = "T" if self.radio and key == "call" else STATES[key]
        if state == "E" and self._state == "E":
            state = self._rest
        self._state, self._value = state, int(typed or 0) if key == "transfer" else 0

    def receive(self, byte: int, at: float) -> None:
        self._buffer.append(byte)
        while self._buffer and not self._take(at):
            del self._buffer[0]

    def _take(self, at: float) -> bool:
        """False when the first byte is no beginning; True while it may become a frame."""
        data = bytes(self._buffer)
        if data[0] != 0x02 or (len(data) > 1 and data[1] not in LENGTHS):
            return False
        size = LENGTHS[data[1]] if len(data) > 1 else 4
        if len(data) < size:
            return True
        if data[size - 1] != 0x03 or sum(data[: size - 2]) % 256 != data[size - 2]:
            self.rejected += 1
            return False
        del self._buffer[:size]
        if "silent" not in self.faults:
            self._hear(data[:size], at)
        return True

    def _hear(self, frame: bytes, at: float) -> None:
        if frame[1] == 0x46:
            self.awake = True
            return
        if frame[2] != self.address or not self.awake:
            return
        if frame[1] == 0x41:
            self._acknowledged(chr(frame[3]))
            return
        if frame[1] == 0x4E:
            self.number = frame[3:7].decode("ascii", "replace").strip()
            self._state, self._value = "P", 0
        else:
            self.polls += 1
            self.waiting = frame[3:6].decode("ascii", "replace").strip()
        body = bytes((2, 0x53, self.address, ord(self._state))) + f"{self._value:02}".encode("ascii")
        check = sum(body) % 256 ^ (0x40 if self._spend("bad_sum") else 0)
        late = LATE_S if "slow" in self.faults else 0.0
        self._cable.say(self.name, body + bytes((check, 3)), at + ANSWER_S + late)

    def _acknowledged(self, state: str) -> None:
        if state != self._state or self._spend("lost_ack"):
            return
        self.acked.append(state)
        if state not in STAYS and "stale_state" not in self.faults:
            self._state, self._value = self._rest, 0

    def _spend(self, fault: str) -> bool:
        if self.faults.get(fault, 0) <= 0:
            return False
        self.faults[fault] -= 1
        if not self.faults[fault]:
            del self.faults[fault]
        return True
