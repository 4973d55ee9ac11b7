"""The far end of BX-K: a font card behind one LED strip.

Written from the vendor's document as the card reads it: hunt for a5, collect to 5a, undo the escapes,
compare length and CRC, look at the address, act, answer. What fails a check is counted and forgotten, never
guessed. Dynamic areas are RAM: a power cut empties the screen.

Faults (act "fault"): no_ack, late_ack (value seconds), nack_busy (value times), nack_crc, wrong_source,
half_frame, noise_before, lost_lead (value leading a5 lost), silent (hears nothing), byte_unit (5th
generation), baud_mismatch (its baud is another: it hears rubbish). Acts: clear, power.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.virtual.medium import Medium

PAIRS = {(0xA6, 1): 0xA6, (0xA6, 2): 0xA5, (0x5B, 1): 0x5B, (0x5B, 2): 0x5A}
FAULTS = frozenset(
    {
        "no_ack",
        "late_ack",
        "nack_busy",
        "nack_crc",
        "wrong_source",
        "half_frame",
        "noise_before",
        "lost_lead",
        "silent",
        "byte_unit",
        "baud_mismatch",
    }
)
FELT = ("silent", "no_ack", "baud_mismatch", "nack_crc", "wrong_source")
DEFAULTS = {"late_ack": 0.8, "nack_busy": 1.0, "lost_lead": 5.0}


def crc(data: bytes) -> int:
    """CRC-16/ARC bit by bit, on purpose not the host's table."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            carry = value & 1
            value >>= 1
            if carry:
                value ^= 0xA001
    return value


@dataclass
class Shown:
    """One dynamic area as the card holds it. Pixels."""

    x: int
    y: int
    width: int
    height: int
    text: str
    effect: int
    run_mode: int
    timeout_s: int
    at: float


class BxkCard:
    model = "onbon_bxk"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        options = options or {}
        self.name, self.address = name, address
        self.width = int(options.get("width", "128"))
        self.height = int(options.get("height", "16"))
        self.repertoire = options.get("repertoire", "gb2312")
        self.summary = options.get("screen") == "summary"
        self.faults: dict[str, float] = dict.fromkeys(filter(None, options.get("faults", "").split(",")), 1.0)
        if options.get("x_unit") == "byte":
            self.faults["byte_unit"] = 1.0
        self.areas: dict[int, Shown] = {}
        self.on, self.brightness = True, 15
        self.frames = self.rejected = self.others = self.shows = 0
        self.history: list[str] = []
        self._state, self._body = "idle", bytearray()

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def due(self) -> float | None:
        ends = [a.at + a.timeout_s for a in self.areas.values() if a.run_mode == 2]
        return min(ends) if ends else None

    def tick(self, now: float) -> None:
        self.areas = {k: a for k, a in self.areas.items() if a.run_mode != 2 or a.at + a.timeout_s > now}

    def full(self) -> bool:
        return False

    @property
    def text(self) -> str:
        """What a citizen reads."""
        return " ".join(area.text for _, area in sorted(self.areas.items())) if self.on else ""

    def look(self) -> dict[str, object]:
        return {
            "address": self.address,
            "text": self.text,
            "on": self.on,
            "brightness": self.brightness,
            "areas": [vars(a) | {"id": k, "at": None} for k, a in sorted(self.areas.items())],
            "faults": sorted(self.faults),
            "offers": sorted(FAULTS),
            "felt": list(FELT),
            "frames": self.frames,
            "rejected": self.rejected,
            "width": self.width,
            "height": self.height,
        } | ({"screen": "summary", "rows": self.text.splitlines()} if self.summary else {})

    def act(self, act: str, facts: dict[str, object]) -> None:
        fault = str(facts.get("fault", ""))
        if act == "fault" and fault in FAULTS:
            value = facts.get("value")
            self.faults[fault] = float(str(value)) if value is not None else DEFAULTS.get(fault, 1.0)
        elif act == "clear":
            for name in [fault] if fault else list(self.faults):
                self.faults.pop(name, None)
        elif act == "power":
            self.areas.clear()
            self._state = "idle"
            self._cable.hush(self.name)
        else:
            raise ValueError(f"a strip cannot {act} {fault}".strip())

    def receive(self, byte: int, at: float) -> None:
        if "silent" in self.faults:
            return
        if "baud_mismatch" in self.faults:
            byte = 0x00 if byte & 1 else 0xFF
        if byte == 0xA5:
            if self._state == "body" and self._body:
                self.rejected += 1
            self._state, self._body = "body", bytearray()
        elif self._state == "body" and byte == 0x5A:
            self._state = "idle"
            self._frame(bytes(self._body), at)
        elif self._state == "body":
            self._body.append(byte)

    def _frame(self, wire: bytes, at: float) -> None:
        plain = bytearray()
        bytes_left = iter(wire)
        for byte in bytes_left:
            if byte in (0xA6, 0x5B):
                pair = PAIRS.get((byte, next(bytes_left, -1)))
                if pair is None:
                    self.rejected += 1
                    return
                byte = pair
            plain.append(byte)
        if len(plain) < 21 or plain[12] + 256 * plain[13] != len(plain) - 16:
            self.rejected += 1
            return
        told = plain[-2] + 256 * plain[-1]
        if told not in (crc(bytes(plain[:-2])), 0xFFFF):
            self.rejected += 1
            return
        to = plain[0] + 256 * plain[1]
        if to not in (self.address, 0xFFFF, 0xFFFE):
            self.others += 1
            return
        self.frames += 1
        sender = plain[2] + 256 * plain[3]
        data = bytes(plain[14:-2])
        error = self._obey(data, at)
        if to != 0xFFFF and data[2] == 1:
            self._answer(sender, error, at)

    def _obey(self, data: bytes, at: float) -> int:
        group, command = data[0], data[1]
        if self.faults.get("nack_busy", 0) > 0:
            self.faults["nack_busy"] -= 1
            if self.faults["nack_busy"] <= 0:
                del self.faults["nack_busy"]
            return 3
        if "nack_crc" in self.faults:
            return 5
        if (group, command) in ((0xA2, 0x00), (0xA1, 0x02)):
            return 0
        if (group, command) == (0xA3, 0x00) and len(data) == 6 and data[5] in (1, 2):
            self.on = data[5] == 1
            return 0
        if (group, command) == (0xA3, 0x02) and len(data) >= 7:
            self.brightness = data[6]
            return 0
        if (group, command) == (0xA3, 0x10):
            self.areas.clear()
            return 0
        if (group, command) == (0xA3, 0x06):
            return self._dynamic(data, at)
        return 2 if group in (0xA1, 0xA2, 0xA3, 0xA4) else 1

    def _dynamic(self, data: bytes, at: float) -> int:
        position = 5
        deletes = data[position]
        position += 1
        if deletes == 0xFF:
            self.areas.clear()
        else:
            for one in data[position : position + deletes]:
                self.areas.pop(one, None)
            position += deletes
        if position >= len(data):
            self.rejected += 1
            return 14
        count, position = data[position], position + 1
        for _ in range(count):
            size = int.from_bytes(data[position : position + 2], "little")
            area = data[position + 2 : position + 2 + size]
            position += 2 + size
            length = int.from_bytes(area[23:27], "little")
            if (
                size < 27
                or len(area) != size
                or length != size - 27
                or area[17] not in (1, 2)
                or area[18] not in (1, 2)
            ):
                self.rejected += 1
                return 14
            if not self._draw(area, at):
                self.rejected += 1
                return 12
        return 0

    def _draw(self, area: bytes, at: float) -> bool:
        x, y, width, height = (int.from_bytes(area[i : i + 2], "little") for i in (1, 3, 5, 7))
        if "byte_unit" in self.faults:
            x, width = x * 8, width * 8
        else:
            x, width = x & 0x7FFF, width & 0x7FFF
        if x + width > self.width or y + height > self.height:
            width, height = min(width, self.width), min(height, self.height)
        try:
            area[27:].decode("gb2312" if self.repertoire == "gb2312" else "gbk")  # is every cell in its font?
            text = area[27:].decode("gb18030")
        except UnicodeDecodeError:
            return False
        plain = ""
        while text:
            if text[0] == "\\" and len(text) > 1:
                plain += "\n" if text[1] == "n" and area[17] == 2 else ""
                text = text[{"C": 3, "F": 6, "D": 3, "n": 2}.get(text[1], 2) :]
            else:
                plain, text = plain + text[0], text[1:]
        self.areas[area[9]] = Shown(
            x, y, width, height, plain, area[19], area[11], area[12] + 256 * area[13], at
        )
        self.shows += 1
        self.history = [*self.history[-50:], plain]
        return True

    def _answer(self, to: int, error: int, at: float) -> None:
        if "no_ack" in self.faults:
            return
        source = self.address + 1 if "wrong_source" in self.faults else self.address
        body = bytes((to & 255, to >> 8, source & 255, source >> 8, 0, 0, 0, 0, 0, 0, 0xFE, 2, 5, 0))
        body += bytes((0xA0, 1 if error else 0, error, 0, 0))
        check = crc(body)
        out = bytearray()
        for byte in body + bytes((check & 255, check >> 8)):
            escaped = next((pair for pair, raw in PAIRS.items() if raw == byte), None)
            out += bytes(escaped) if escaped else bytes((byte,))
        frame = b"\xa5" * (8 - int(self.faults.get("lost_lead", 0))) + bytes(out) + b"\x5a"
        if "half_frame" in self.faults:
            frame = frame[: len(frame) // 2]
        if "noise_before" in self.faults:
            frame = bytes((0x33, 0xA5, 0x00, 0x5A, 0xA6, 0x77)) + frame
        self._cable.say(self.name, frame, at + 0.005 + self.faults.get("late_ack", 0.0))
