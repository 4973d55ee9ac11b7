"""The far end of the Alpha protocol: a BetaBrite-like sign with TEXT and STRING files.

Written from betaspec.txt as a sign reads it (S15): nulls to find the baud, 01, whom it concerns, 02, one
command, perhaps a sum, 04. The sum must be right when it is there. Files are battery-backed: a power cut
keeps them, and its address. It answers nothing, because what it would answer is not in our sources.

Faults: those of drivers/virtual/sign.py for a screen that does not answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from drivers.virtual.sign import Sign

COLOURS = {"1": "red", "2": "green", "3": "yellow"}
PLACES, MODES = b'\x20"&0', re.compile(rb"[a-m]|n[0-9A-Z]")
SPECIALS = b"\x20!$&'(,./"
LONGEST = 1024


class AlphaReceiver(Sign):
    model = "alpha"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        super().__init__(name, address, options)
        self.kind = self.options.get("kind", "Z")
        self.texts: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        self.strings: dict[str, str] = {}

    def look(self) -> dict[str, object]:
        mode = self.texts.get("0", self.texts.get("A", ("", [])))[0]
        return super().look() | {"mode": mode, "strings": self.strings}

    def dark(self) -> None:
        """Its files are kept."""

    def hear(self, at: float) -> None:
        if self.buffer[0] == 0x00:
            self.buffer = self.buffer[1:]
        elif self.buffer[0] != 0x01 or len(self.buffer) > LONGEST:
            self.rejected += 1
            self.buffer = b""
        elif self.buffer[-1] in (0x01, 0x04) and len(self.buffer) > 1:
            packet, self.buffer = self.buffer, b"\x01" if self.buffer[-1] == 0x01 else b""
            if not self._packet(packet):
                self.rejected += 1

    def _packet(self, packet: bytes) -> bool:
        shape = re.fullmatch(
            rb"\x01(.)([0-9A-Fa-f]{2})(\x02[^\x03]*)(\x03([0-9A-F]{4}))?\x04", packet, re.DOTALL
        )
        if shape is None:
            return False
        kind, address, body, checked, told = shape.groups()
        if checked and int(told, 16) != (sum(body) + 3) % 65536:
            return False
        if kind not in (b"Z", self.kind.encode()) or int(address, 16) not in (0, self.address):
            self.others += 1
            return True
        self.frames += 1
        return self._obey(body[1:2], body[2:])

    def _obey(self, command: bytes, data: bytes) -> bool:
        if command == b"G" and data:
            self.strings[chr(data[0])] = data[1:].decode("ascii", "replace")
            return True
        if command == b"E" and data[:1] == b"7":
            if not re.fullmatch(rb"7[0-9A-F]{2}", data) or data == b"700":
                return False
            self.address = int(data[1:], 16)
            return True
        if command == b"E" and data and data[0] in SPECIALS:
            if data == b"$":
                self.texts, self.strings = {}, {}
                self.show([])
            return True
        return command == b"A" and bool(data) and self._write(chr(data[0]), data[1:])

    def _write(self, label: str, data: bytes) -> bool:
        if not data:
            self.texts.pop(label, None)
        else:
            mode = MODES.match(data, 2)
            if data[0] != 0x1B or len(data) < 3 or data[1] not in PLACES or mode is None:
                return False
            runs = self._runs(data[mode.end() :])
            if runs is None:
                return False
            self.texts[label] = (mode[0].decode("ascii"), runs)
        self.show(self.texts.get("0", self.texts.get("A", ("", [])))[1])
        return True

    @staticmethod
    def _runs(data: bytes) -> list[tuple[str, str]] | None:
        runs: list[tuple[str, str]] = []
        colour, at = "red", 0
        while at < len(data):
            if data[at] == 0x1C:
                colour = COLOURS.get(data[at + 1 : at + 2].decode("ascii", "replace"), colour)
                at += 2
            elif 0x20 <= data[at] < 0x7F:
                runs.append((chr(data[at]), colour))
                at += 1
            else:
                return None
        return runs
