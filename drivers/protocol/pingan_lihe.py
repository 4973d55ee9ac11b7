"""平安力合 (Ping An Li He) queue-call cards V2.1: strips and summary screens that make the sentence.

Standard frame, no escapes, so a reader goes by LEN (ff and a0 may stand inside):

    a0 · LEN · CMD · ADD · [SCMD · data …] · CHK · ff      LEN  bytes from CMD to the last data byte
                                                           CHK  sum of LEN … last data byte, modulo 100
    28 strip     00 welcome · 01 call · 02 pause · 04 serving     01, 04: number, window [, prefix letter]
    2a summary   00 call: number, window [, prefix letter]        number: two bytes of two decimal digits each
    2b strip, 2d summary   01: a number of up to 6 ASCII characters, window
    29 on-line test (LEN 2)      98 50 version: answered with type (a1 … a4) and version
    14 50 receipt from the card, after it has done what it was told

Instant text (即时信息), whose sum runs from mode to the closing ff, modulo 256:

    aa · ADD · bb · 51 · 54 one row, 50 whole summary screen · CRC
       · mode · speed · stay · colour · life · text … · ff

GBK text holds no ff, so the ff after the fixed head ends it. Whether an instant text is answered by a receipt
is not stated. Stay and life have no unit in the manual; the driver in S14 sends stay 99h and life 63h (99,
for ever). Address 99 also sets the wireless channel, so nothing is sent there.

Source: S14 (github wangenheng/gitHub, workspace-latest/queue: the vendor's document of 2012-02-13 and the
driver IMM9002): manual and driver agree on frames and checksums [A]; receipt and version answer stand in the
manual only [B]. The manual calls its example "window 01" although its byte is 03: the bytes are believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from drivers.protocol.charset import Repertoire, clean
from drivers.protocol.charset import encode as encode_text
from drivers.protocol.checksums import sum8
from drivers.protocol.errors import EncodeError

STRIP, SUMMARY, STRIP_ASCII, SUMMARY_ASCII = 0x28, 0x2A, 0x2B, 0x2D
TEST, RECEIPT, VERSION = 0x29, 0x14, 0x98
WIRELESS: Final = 99  # the address that also sets the wireless channel
FOR_EVER: Final = 99
LONGEST: Final = 32  # the most a LEN may say; the manual's longest frame has 12
TEXT_LIMIT: Final = 200  # bytes of an instant text; the manual gives no limit

Colour = Literal["red", "green", "yellow"]
COLOURS: Final[dict[Colour, int]] = {"red": 0, "green": 1, "yellow": 2}
Stored = Literal["welcome", "pause"]
STORED: Final[dict[Stored, int]] = {"welcome": 0, "pause": 2}
NUMBER: Final = re.compile(r"([A-Za-z]?)(\d{1,4})")


@dataclass(frozen=True)
class Frame:
    """A standard frame without its wrapping. data: everything after the address."""

    command: int
    address: int
    data: bytes = b""


@dataclass(frozen=True)
class Receipt:
    """The card at `address` has done it."""

    address: int


@dataclass(frozen=True)
class Version:
    """kind: a1 … a4, the type of card."""

    address: int
    kind: int
    version: int


def encode(frame: Frame) -> bytes:
    """Bytes of one standard frame. Raises EncodeError for an address or length that does not fit."""
    if not 0 <= frame.address <= 254 or frame.address == WIRELESS:
        raise EncodeError(f"address {frame.address} is not in 0..254, or is {WIRELESS} (wireless channel)")
    body = bytes((len(frame.data) + 2, frame.command, frame.address)) + frame.data
    if body[0] > LONGEST:
        raise EncodeError(f"{len(frame.data)} data bytes do not fit a frame")
    return b"\xa0" + body + bytes((sum(body) % 100, 0xFF))


def stored(address: int, text: Stored) -> bytes:
    """Show what the card holds for "welcome" or "pause". Strips only."""
    return encode(Frame(STRIP, address, bytes((STORED[text],))))


def call(address: int, number: str, window: int, *, summary: bool = False) -> bytes:
    """Call a number to a window; the card makes the sentence.

    number: at most four digits with at most one letter before them, else up to 6 ASCII characters, which go
    out as such. window: 0..255. Raises EncodeError.
    """
    return _numbered(address, 0 if summary else 1, number, window, summary)


def serving(address: int, number: str, window: int) -> bytes:
    """正在办理: the number being served, a letter and up to four digits. Strips only. Raises EncodeError."""
    if NUMBER.fullmatch(number) is None:
        raise EncodeError(f"{number!r} is not a letter and up to four digits")
    return _numbered(address, 4, number, window, False)


def on_line_test(address: int) -> bytes:
    return encode(Frame(TEST, address))


def version_query(address: int) -> bytes:
    return encode(Frame(VERSION, address, b"\x50"))


def instant(
    address: int,
    text: str,
    *,
    repertoire: Repertoire = "gbk",
    whole_screen: bool = False,
    mode: int = 1,
    speed: int = 0,
    stay: int = 0x99,
    colour: Colour = "red",
    life: int = FOR_EVER,
) -> bytes:
    """Show `text` at once. Which `mode` (effect) is which depends on the card; speed 0..7, life 0..99.

    `stay` is 0..99 in the manual, while the known driver sends 99h: any byte but ff is taken. Raises
    EncodeError for what does not fit; control characters are taken out.
    """
    if not 0 <= address <= 254 or address == WIRELESS:
        raise EncodeError(f"address {address} is not in 0..254, or is {WIRELESS} (wireless channel)")
    if not (0 <= mode <= 0xFE and 0 <= speed <= 7 and 0 <= stay <= 0xFE and 0 <= life <= 99):
        raise EncodeError(f"mode {mode}, speed {speed}, stay {stay} or life {life} is out of range")
    data = encode_text(clean(text), repertoire)
    if len(data) > TEXT_LIMIT:
        raise EncodeError(f"{text!r} takes {len(data)} bytes, a card is sent at most {TEXT_LIMIT}")
    tail = bytes((mode, speed, stay, COLOURS[colour], life)) + data + b"\xff"
    return bytes((0xAA, address, 0xBB, 0x51, 0x50 if whole_screen else 0x54, sum8(tail))) + tail


def decode(buffer: bytes) -> tuple[Frame | None, bytes]:
    """Take one sound standard frame off the front of `buffer`: (frame, what is left).

    (None, rest) means "read more". A wrong length, checksum or end costs one byte: the next a0 is tried.
    """
    while (start := buffer.find(0xA0)) >= 0:
        buffer = buffer[start:]
        if len(buffer) < 2:
            return None, buffer
        size = buffer[1] + 4
        if 2 <= buffer[1] <= LONGEST:
            if len(buffer) < size:
                # a0 may be noise whose "frame" never ends: a whole frame behind it is taken first
                later, rest = decode(buffer[1:])
                return (later, rest) if later is not None else (None, buffer)
            if buffer[size - 1] == 0xFF and buffer[size - 2] == sum(buffer[1 : size - 2]) % 100:
                return Frame(buffer[2], buffer[3], buffer[4 : size - 2]), buffer[size:]
        buffer = buffer[1:]
    return None, b""


def decode_answer(buffer: bytes) -> tuple[Receipt | Version | None, bytes]:
    """As `decode`, for the host: a receipt or a version; other frames are dropped."""
    while True:
        frame, buffer = decode(buffer)
        if frame is None:
            return None, buffer
        if frame.command == RECEIPT and frame.data[:1] == b"\x50":
            return Receipt(frame.address), buffer
        if frame.command == VERSION and frame.data[:1] == b"\x50" and len(frame.data) >= 3:
            return Version(frame.address, frame.data[1], frame.data[2]), buffer


def _numbered(address: int, scmd: int, number: str, window: int, summary: bool) -> bytes:
    if not 0 <= window <= 255:
        raise EncodeError(f"window {window} is not in 0..255")
    plain = NUMBER.fullmatch(number)
    if plain:
        digits = int(plain[2])
        data = bytes((scmd, digits // 100, digits % 100, window)) + plain[1].encode("ascii")
        return encode(Frame(SUMMARY if summary else STRIP, address, data))
    if not (number.isascii() and number.isprintable() and 1 <= len(number) <= 6):
        raise EncodeError(f"{number!r} is not 1..6 ASCII characters")
    data = b"\x01" + number.encode("ascii") + bytes((window,))
    return encode(Frame(SUMMARY_ASCII if summary else STRIP_ASCII, address, data))
