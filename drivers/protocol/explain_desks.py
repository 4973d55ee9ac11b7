"""What keypads, button boxes and readers of cards say and are told, for drivers/protocol/explain.py.

sam      status, find, select, read, module, reset, address, speed     what the reader answered, as a word
         of drivers/protocol/sam.py: never a byte of a card
apertum  show {address, text} · lamp {address, value} · poll {address} · move {address, to}
         key {address, key} · clash {hex}
polled   scan · poll {address, waiting} · number {address, number} · ack {address, state}
         state {address, state, value}
"""

from __future__ import annotations

import re
from typing import Any, Final

from drivers.protocol import apertum, polled, sam
from drivers.protocol.checksums import sum8

Said = tuple[str, dict[str, Any]]
Read = tuple[list[Said], bytes]
COMMANDS: Final = {
    (0x10, 0xFF): "reset",
    (0x11, 0xFF): "status",
    (0x12, 0xFF): "module",
    (0x20, 0x01): "find",
    (0x20, 0x02): "select",
    (0x30, 0x01): "read",
    (0x30, 0x03): "address",
}
SPEED: Final = 0x60
SAM_LEAST: Final = 10  # bytes of a command without data
LONGEST: Final = 256


def sam_to(_profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    while (start := data.find(sam.HEAD)) >= 0:
        data = data[start:]
        size = int.from_bytes(data[5:7], "big") + 7
        if len(data) < SAM_LEAST or (len(data) < size <= LONGEST):
            return said, data[-LONGEST:]
        word = "speed" if data[7] == SPEED else COMMANDS.get((data[7], data[8]))
        said += [(f"sam.{word}", {})] if word else [("sam.other", {"hex": data[7:9].hex(" ")})]
        data = data[size:] if size <= LONGEST else data[len(sam.HEAD) :]
    return said, data[-len(sam.HEAD) + 1 :]


def sam_from(_profile: Any, data: bytes) -> Read:
    """How it ended; what was on the card is dropped here."""
    said: list[Said] = []
    while True:
        answer, data = sam.decode(data)
        if answer is None:
            return said, data
        word = answer.word if answer.status in sam.WORDS else "unknown"
        said.append((f"sam.{word}", {"size": len(answer.data)}))


def apertum_to(_profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    while (end := data.find(apertum.END)) >= 0:
        piece, data = data[:end], data[end + 1 :]
        said += _apertum(piece)
    return said, data[-apertum.LONGEST :]


def _apertum(piece: bytes) -> list[Said]:
    """One message without its end; what none of both devices is told is nothing."""
    if len(piece) < 2:
        return []
    to, body = {"address": f"{piece[1]:02x}"}, piece[2:]
    if piece[0] == apertum.POLL and not body:
        return [("apertum.poll", to)]
    if piece[0] == apertum.MOVE and len(body) == 1:
        return [("apertum.move", to | {"to": body.hex()})]
    if piece[0] != apertum.START or not body:
        return []
    if len(body) == 1 and 0x30 <= body[0] <= 0x3D:
        return [("apertum.lamp", to | {"value": body.hex()})]
    return [("apertum.show", to | {"text": body.decode("cp1251", "replace").strip(" !")})]


def apertum_from(_profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    while True:
        heard, data = apertum.decode(data)
        if heard is None:
            return said, data
        if isinstance(heard, apertum.Pressed):
            said.append(("apertum.key", {"address": f"{heard.address:02x}", "key": heard.button}))
        else:
            said.append(("apertum.clash", {"hex": heard.data[: apertum.LONGEST].hex(" ")}))


def polled_to(profile: Any, data: bytes) -> Read:
    """Frames as the profile describes them, in the order in which they stand; without one, nothing."""
    if profile is None:
        return [], b""
    said: list[Said] = []
    words = [w for w in ("scan", "poll", "number", "ack") if getattr(profile, w)]
    shapes = [(word, _shape(getattr(profile, word))) for word in words]
    while True:
        hits = [(m.start(), word, m) for word, shape in shapes if (m := _sound(shape, data)) is not None]
        if not hits:
            return said, data[-LONGEST:]
        _, word, found = min(hits, key=lambda hit: hit[0])
        facts: dict[str, Any] = {
            key: value.decode("ascii", "replace").strip()
            for key, value in found.groupdict().items()
            if key not in ("address", "sum")
        }
        if "address" in found.groupdict():
            facts["address"] = found["address"][0]
        said.append((f"polled.{word}", facts))
        data = data[found.end() :]


def polled_from(profile: Any, data: bytes) -> Read:
    if profile is None:
        return [], b""
    said: list[Said] = []
    shape = polled.form(profile.state)
    while True:
        state, data = polled.decode(shape, data)
        if state is None:
            return said, data
        facts = {"address": state.address, "state": state.state, "value": state.value}
        said.append(("polled.state", facts))


def _shape(template: str) -> re.Pattern[bytes]:
    out = b""
    for part in polled.form(template).parts:
        if isinstance(part, int):
            out += re.escape(bytes((part,)))
        else:
            out += b"(?P<%s>.{%d})" % (part.encode("ascii"), polled.FIELDS[part])
    return re.compile(out, re.DOTALL)


def _sound(shape: re.Pattern[bytes], data: bytes) -> re.Match[bytes] | None:
    """The first frame of that shape whose sum is right."""
    at = 0
    while (found := shape.search(data, at)) is not None:
        told = found.groupdict().get("sum")
        if told is None or told[0] == sum8(data[found.start() : found.start("sum")]):
            return found
        at = found.start() + 1
    return None
