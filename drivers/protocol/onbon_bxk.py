r"""Onbon BX-5K / BX-6K font cards ("字库卡", BX-K protocol): strips and summary screens with text mode.

    a5 ×8 | escaped( header 14 · data n · crc 2 ) | 5a

Escapes, over header, data and CRC alike: a5 -> a6 02, a6 -> a6 01, 5a -> 5b 02, 5b -> 5b 01. The CRC
(CRC-16/ARC, low byte first) and the length count unescaped bytes. A receiver takes one a5 or more: some are
lost when an RS-485 line turns round. Serial 8N1, baud as set with the vendor's tool; TCP 5005.

    header  0 u16 to · 2 u16 from · 4 three zero · 7 option · 8 check mode · 9 display mode · 10 device type
    (fe any)
            11 version 2 · 12 u16 length of data                                       (u16: low byte first)
    data    group · command · answer wanted 01 / not 02 · r0 · r1 · payload            answers: group ·
    command · error · …

Dynamic areas live in the card's RAM: after a power cut the screen is empty until the host says the present
again.

Sources: github onbonlab/bx.k.java (vendor demo) and onbonlab/BX-K (vendor documents), frames recorded in
the field: two independent sources agree and every CRC was recomputed. The serial default baud and the X
unit per generation are unverified, so both are settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from drivers.protocol.charset import Repertoire, clean
from drivers.protocol.charset import encode as encode_text
from drivers.protocol.checksums import crc16_arc
from drivers.protocol.errors import EncodeError

HOST: Final = 0x8000
BROADCAST: Final = 0xFFFF
ESCAPES: Final = {0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"}
UNESCAPES: Final = {pair: bytes((raw,)) for raw, pair in ESCAPES.items()}
LONGEST: Final = 4096  # wire bytes of one frame a reader will hold; the card's own limit is not stated
ACK, NACK = (0xA0, 0x00), (0xA0, 0x01)

#: error byte of an answer -> word
ERRORS: Final = {
    0: "ok",
    1: "wrong group",
    2: "unknown command",
    3: "busy",
    4: "out of memory",
    5: "crc",
    6: "file missing",
    7: "flash",
    8: "download",
    9: "file name",
    10: "file type",
    11: "file crc",
    12: "font missing",
    13: "firmware mismatch",
    14: "date",
    15: "file exists",
    16: "block number",
}

XUnit = Literal["byte", "pixel", "pixel_flag"]


class Effect(IntEnum):
    STATIC = 1
    POP = 2
    LEFT = 3
    RIGHT = 4
    UP = 5
    DOWN = 6


@dataclass(frozen=True)
class Packet:
    """One frame without its wrapping. `data` begins with group and command."""

    to: int
    sender: int
    data: bytes
    device_type: int = 0xFE


@dataclass(frozen=True)
class Answer:
    """What a card says. `error` 0 with group a0, command 00 is the ACK."""

    address: int
    group: int
    command: int
    error: int

    @property
    def ok(self) -> bool:
        return (self.group, self.command) == ACK and self.error == 0

    @property
    def word(self) -> str:
        return ERRORS.get(self.error, f"error {self.error}")


@dataclass(frozen=True)
class Area:
    """One dynamic area. x, y, width, height in pixels (x and width multiples of 8); stay in half seconds.

    `text` is plain: backslashes, which are markup to the card, and control characters are taken out; a line
    break becomes the card's own (with `lines` 2). `markup` goes in front of it untouched. Re-using `id`
    replaces the area on the card.
    """

    text: str
    width: int
    height: int
    x: int = 0
    y: int = 0
    id: int = 0
    effect: Effect = Effect.STATIC
    speed: int = 0
    stay: int = 2
    run_mode: int = 0
    timeout_s: int = 5
    align: int = 0
    lines: int = 1
    wrap: int = 1
    markup: str = ""


def encode(packet: Packet) -> bytes:
    """Bytes of one frame. Raises EncodeError when an address or the length does not fit 16 bits."""
    for address in (packet.to, packet.sender):
        if not 1 <= address <= 0xFFFF:
            raise EncodeError(f"address {address} is not in 1..65535")
    if not 5 <= len(packet.data) <= 0xFFFF:
        raise EncodeError(f"{len(packet.data)} data bytes do not fit a frame")
    body = (
        _u16(packet.to)
        + _u16(packet.sender)
        + bytes((0, 0, 0, 0, 0, 0, packet.device_type, 2))
        + _u16(len(packet.data))
        + packet.data
    )
    body += _u16(crc16_arc(body))
    return b"\xa5" * 8 + b"".join(ESCAPES.get(byte, bytes((byte,))) for byte in body) + b"\x5a"


def request(
    address: int, group: int, command: int, payload: bytes = b"\0\0", *, answer: bool = True
) -> bytes:
    """A command frame from the host. `payload` begins with r0 and r1; broadcasts ask for no answer."""
    wanted = 1 if answer and address != BROADCAST else 2
    return encode(Packet(address, HOST, bytes((group, command, wanted)) + payload))


def ping(address: int) -> bytes:
    return request(address, 0xA2, 0x00)


def clear(address: int) -> bytes:
    return request(address, 0xA3, 0x10)


def power(address: int, on: bool) -> bytes:
    return request(address, 0xA3, 0x00, bytes((0, 0, 1 if on else 2)))


def brightness(address: int, level: int) -> bytes:
    """Fixed brightness 0..15. Raises EncodeError."""
    if not 0 <= level <= 15:
        raise EncodeError(f"brightness {level} is not in 0..15")
    return request(address, 0xA3, 0x02, bytes((0, 0, 1, level)) + b"\x01" * 48)


def dynamic(
    address: int,
    area: Area,
    *,
    repertoire: Repertoire = "gb2312",
    x_unit: XUnit = "pixel",
    answer: bool = True,
) -> bytes:
    """Show one dynamic area at once. Raises EncodeError when it does not fit the frame's fields."""
    if any(value % 8 or not 0 <= value <= 0x7FF8 for value in (area.x, area.width)):
        raise EncodeError(f"x {area.x} and width {area.width} must be multiples of 8 up to 32760")
    if not (0 <= area.y <= 0xFFFF and 0 < area.height <= 0xFFFF and area.width):
        raise EncodeError(f"area {area.width}x{area.height} at y {area.y} is not a rectangle")
    if not (0 <= area.id <= 254 and 0 <= area.stay <= 255 and 0 <= area.speed <= 0x18):
        raise EncodeError(f"area id {area.id}, stay {area.stay} or speed {area.speed} is out of range")
    lines = (encode_text(clean(line, drop="\\"), repertoire) for line in area.text.split("\n"))
    text = area.markup.encode("ascii") + b"\\n".join(lines)
    body = (
        b"\0"
        + _x(area.x, x_unit)
        + _u16(area.y)
        + _x(area.width, x_unit)
        + _u16(area.height)
        + bytes((area.id, 0, area.run_mode))
        + _u16(area.timeout_s)
        + bytes((0, 0, area.align, area.lines, area.wrap, area.effect, 0, area.speed, area.stay))
        + len(text).to_bytes(4, "little")
        + text
    )
    return request(address, 0xA3, 0x06, bytes((0, 0, 0, 1)) + _u16(len(body)) + body, answer=answer)


def decode(buffer: bytes) -> tuple[Packet | None, bytes]:
    """Take one sound frame off the front of `buffer`: (packet, what is left).

    (None, rest) means "read more". Frames with a wrong escape, length or CRC are dropped, never guessed.
    """
    while True:
        start = buffer.find(0xA5)
        if start < 0:
            return None, b""
        rest = buffer[start:].lstrip(b"\xa5")
        end = rest.find(0x5A)
        again = rest.find(0xA5)
        if again >= 0 and (again < end or end < 0):
            buffer = rest[again:]  # a5 inside a frame: the frame before it was cut short
            continue
        if end < 0:
            return None, b"\xa5" + rest if len(rest) <= LONGEST else b""
        packet = _unwrap(rest[:end])
        buffer = rest[end + 1 :]
        if packet is not None:
            return packet, buffer


def decode_answer(buffer: bytes) -> tuple[Answer | None, bytes]:
    """As `decode`, for the host: frames that are not addressed to a host or are too short are dropped."""
    while True:
        packet, buffer = decode(buffer)
        if packet is None:
            return None, buffer
        if 0x8000 <= packet.to <= 0xDFFF and len(packet.data) >= 3:
            return Answer(packet.sender, packet.data[0], packet.data[1], packet.data[2]), buffer


def _unwrap(body: bytes) -> Packet | None:
    out, at = bytearray(), 0
    while at < len(body):
        if body[at] in (0xA6, 0x5B):
            pair = UNESCAPES.get(body[at : at + 2])
            if pair is None:
                return None
            out += pair
            at += 2
        else:
            out.append(body[at])
            at += 1
    if len(out) < 16 or int.from_bytes(out[12:14], "little") != len(out) - 16:
        return None
    if int.from_bytes(out[-2:], "little") != crc16_arc(bytes(out[:-2])):
        return None
    return Packet(
        int.from_bytes(out[0:2], "little"), int.from_bytes(out[2:4], "little"), bytes(out[14:-2]), out[10]
    )


def _x(pixels: int, unit: XUnit) -> bytes:
    return _u16(pixels // 8 if unit == "byte" else pixels | 0x8000 if unit == "pixel_flag" else pixels)


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "little")
