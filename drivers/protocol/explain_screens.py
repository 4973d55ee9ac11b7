"""What is said to screens and what they answer, for drivers/protocol/explain.py.

    pingan   call, serving {address, number, window} · stored {address, word} · instant {address, text}
             test, version {address} · other {address, hex}    done {address} · kind {address, kind, version}
    alpha    text {address, text} · other {address, command}   (what a sign answers nobody knows)
    modbus   value {address, register, value} · text {address, text} · read {address}
             done {address} · refused {address, word}
    frame    sent {address, text, fields} · asked, cleared {fields}            yes, no {address}

Each takes the bytes of one way and, where a profile describes the frames, that profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Protocol

from pymodbus.framer import FramerRTU

from drivers.protocol import frame_reading, modbus_led, pingan_lihe
from drivers.protocol.frame_template import Pattern, Template

Said = tuple[str, dict[str, Any]]
Read = tuple[list[Said], bytes]
LONGEST: Final = 4096  # bytes of a frame nobody understands that are kept
MOST_FRAME: Final = 512  # of a described card; nobody's frame is longer
ALPHA: Final = re.compile(rb"\x01.([0-9A-Fa-f]{2})\x02(.)([^\x03\x04]*)(?:\x03[0-9A-F]{4})?\x04", re.DOTALL)
INSTANT: Final = re.compile(rb"\xaa(.)\xbb\x51[\x50\x54].{6}([^\xff]*)\xff", re.DOTALL)


class Frame(Protocol):
    """A frame of a described card and what may come back."""

    @property
    def template(self) -> Template: ...
    @property
    def answer(self) -> Pattern | None: ...
    @property
    def refusal(self) -> Pattern | None: ...


def pingan_to(_profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    while True:
        instant = INSTANT.search(data)
        frame, rest = pingan_lihe.decode(data[: instant.start()] if instant else data)
        if frame is not None:
            said.append(_pingan(frame))
            data = data[len(data[: instant.start()] if instant else data) - len(rest) :]
        elif instant:
            text = instant[2].decode("gb18030", "replace")
            said.append(("pingan.instant", {"address": instant[1][0], "text": text}))
            data = data[instant.end() :]
        else:
            begun = data.rfind(b"\xaa")
            return said, max(rest, data[begun:] if begun >= 0 else b"", key=len)[-LONGEST:]


def _pingan(frame: pingan_lihe.Frame) -> Said:
    to, data = {"address": frame.address}, frame.data
    if frame.command == pingan_lihe.TEST:
        return "pingan.test", to
    if frame.command == pingan_lihe.VERSION:
        return "pingan.version", to
    if frame.command in (pingan_lihe.STRIP_ASCII, pingan_lihe.SUMMARY_ASCII) and len(data) > 2:
        return "pingan.call", to | {"number": data[1:-1].decode("ascii", "replace"), "window": data[-1]}
    summary = frame.command == pingan_lihe.SUMMARY
    if (summary or frame.command == pingan_lihe.STRIP) and len(data) >= 4 and data[0] in (0, 1, 4):
        number = data[4:5].decode("ascii", "replace") + f"{data[1] * 100 + data[2]:03d}"
        word = "serving" if data[0] == 4 and not summary else "call"
        return f"pingan.{word}", to | {"number": number, "window": data[3]}
    stored = {value: word for word, value in pingan_lihe.STORED.items()}
    if frame.command == pingan_lihe.STRIP and len(data) == 1 and data[0] in stored:
        return f"pingan.{stored[data[0]]}", to
    return "pingan.other", to | {"hex": f"{frame.command:02x} {data.hex(' ')}"}


def pingan_from(_profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    while True:
        answer, data = pingan_lihe.decode_answer(data)
        if answer is None:
            return said, data
        if isinstance(answer, pingan_lihe.Receipt):
            said.append(("pingan.done", {"address": answer.address}))
        else:
            facts = {"address": answer.address, "kind": f"{answer.kind:02x}", "version": answer.version}
            said.append(("pingan.kind", facts))


def alpha_to(_profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    last = 0
    for found in ALPHA.finditer(data):
        last, facts = found.end(), {"address": int(found[1], 16)}
        command, body = found[2].decode("ascii", "replace"), found[3]
        if command in "AG":
            plain = re.sub(rb"\x1c.|\x1b.(?:n.|.)|[\x00-\x1f]", b"", body[1:])
            said.append(("alpha.text", facts | {"text": plain.decode("ascii", "replace")}))
        else:
            said.append(("alpha.other", facts | {"command": command}))
    begun = data.rfind(b"\x01", last)
    return said, data[begun:][-LONGEST:] if begun >= 0 else b""


def modbus_to(_profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    at = 0
    while at + 8 <= len(data):
        size = 9 + data[at + 6] if data[at + 1] == modbus_led.WRITE_MANY else 8
        piece = data[at : at + size]
        if len(piece) < size and data[at + 1] == modbus_led.WRITE_MANY and size < 64:
            break
        if len(piece) < size or not _is_modbus(piece):
            at += 1
            continue
        at += size
        said.append(_modbus(piece))
    return said, data[at:]


def _is_modbus(piece: bytes) -> bool:
    known = piece[1] in (0x03, modbus_led.WRITE_ONE, modbus_led.WRITE_MANY)
    return known and FramerRTU.compute_CRC(piece[:-2]).to_bytes(2, "big") == piece[-2:]


def _modbus(piece: bytes) -> Said:
    to, register = {"address": piece[0]}, int.from_bytes(piece[2:4], "big")
    if piece[1] == modbus_led.WRITE_MANY:
        return "modbus.text", to | {"text": piece[7:-2].decode("ascii", "replace").rstrip()}
    if piece[1] == 0x03:
        return "modbus.read", to
    value = int.from_bytes(piece[4:6], "big", signed=register == modbus_led.VALUE)
    return "modbus.value", to | {"register": f"{register:02x}", "value": value}


def modbus_from(_profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    while True:
        answer, data = modbus_led.decode(data)
        if answer is None:
            return said, data
        to = {"address": answer.unit}
        said.append(("modbus.refused", to | {"word": answer.word}) if answer.error else ("modbus.done", to))


def frame_to(profile: Any, data: bytes) -> Read:
    """A card that is described. The host writes frame by frame: one ends where these bytes end."""
    data = data[-MOST_FRAME:]
    for start in range(len(data)):
        for word, frame in _frames(profile):
            parts = frame_reading.take_apart(frame.template, data[start:])
            if parts is not None:
                address = "" if parts.address is None else parts.address
                facts = {"address": address, "text": parts.text, "fields": parts.told}
                return [(f"frame.{word}", facts)], b""
    return [], data


def frame_from(profile: Any, data: bytes) -> Read:
    said: list[Said] = []
    answers = [f.answer for _, f in _frames(profile) if f.answer is not None]
    refusals = [f.refusal for _, f in _frames(profile) if f.refusal is not None]
    while answers or refusals:
        index, address, data = frame_reading.take_answer([*answers, *refusals], data)
        if index is None:
            break
        to = {"address": "" if address is None else address}
        said.append(("frame.yes" if index < len(answers) else "frame.no", to))
    return said, data[-LONGEST:]


def _frames(profile: Any) -> Iterable[tuple[str, Frame]]:
    """Every frame of a description with what it is for; none without a description."""
    if profile is not None:
        if profile.asking is not None:
            yield "asked", profile.asking
        if profile.clearing is not None:
            yield "cleared", profile.clearing
        for frame in profile.frames:
            yield "sent", frame
