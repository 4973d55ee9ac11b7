"""FF 68 keypads and the rating pads behind them: `ff 68 LEN LEN 68 ADDR FUNC DATA… CHK 16`.

    LEN   number of bytes ADDR + FUNC + DATA, sent twice        CHK   sum of ADDR … last DATA modulo 256

The keypad speaks first; the host answers a key by sending the very same frame back, and a rating by
`FUNC 01` with the same value. Nothing is escaped, so a reader resynchronises by both LENs, the second 68, the
final 16 and the checksum. 9600 8N1, half duplex, addresses 1..255.

Source: github JackQChen/QueueSystem, CallSystem/frmMain.cs. One complete source, plausible, not
cross-checked; that host does not verify CHK, this one does. The FUNC byte of key frames is not stated
there: any but 11 is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from drivers.protocol.checksums import sum8
from drivers.protocol.errors import EncodeError

HEAD: Final = b"\xff\x68"
END: Final = 0x16
LONGEST: Final = 16  # bytes of ADDR + FUNC + DATA; the longest known frame has 8
BLANK: Final = 0x0A
START_RATING, SHOW, BEEP, RATED = 0x01, 0x02, 0x03, 0x11
OK: Final = 0x0F

#: last data byte of a key frame -> key
KEYS: Final = {0x0B: "rate", 0x0C: "call", 0x0D: "recall", 0x12: "pause", 0x13: "transfer"}
#: digit pressed before OK -> key
OK_KEYS: Final = {0x06: "no_show", 0x00: "hold", 0x03: "unhold"}
#: keys that exist on the keypad and mean nothing here: answered, then forgotten
UNUSED: Final = frozenset({0x0E, 0x11})


@dataclass(frozen=True)
class Frame:
    """One frame, either way. `data` is 0..14 bytes."""

    address: int
    func: int
    data: bytes = b""


@dataclass(frozen=True)
class Key:
    """One key sequence: what it means, and the digits pressed before it ("25" before transfer)."""

    address: int
    key: str
    value: str = ""


@dataclass(frozen=True)
class Rated:
    """The rating pad's raw button value; which level that is, the device's table says."""

    address: int
    value: int


def encode(frame: Frame) -> bytes:
    """Bytes of one frame. Raises EncodeError."""
    if not 1 <= frame.address <= 255:
        raise EncodeError(f"address {frame.address} is not in 1..255")
    if not 0 <= frame.func <= 255 or len(frame.data) > LONGEST - 2:
        raise EncodeError(f"function {frame.func} with {len(frame.data)} data bytes does not fit a frame")
    body = bytes((frame.address, frame.func)) + frame.data
    return HEAD + bytes((len(body), len(body), 0x68)) + body + bytes((sum8(body), END))


def show(address: int, waiting: int | None, number: str | None) -> Frame:
    """Six digits: three for people waiting, three for the current ticket (digits only; the last three count).

    More than 999 waiting shows as 999; None and a ticket without digits stay blank.
    """
    left = "" if waiting is None else str(max(0, min(999, waiting)))
    right = "".join(char for char in number or "" if char in "0123456789")[-3:]
    return Frame(address, SHOW, bytes((*_digits(left, False), *_digits(right, bool(right)))))


def _digits(text: str, zeros: bool) -> Sequence[int]:
    padded = text.zfill(3) if zeros else text.rjust(3)
    return [BLANK if char == " " else int(char) for char in padded]


def start_rating(address: int) -> Frame:
    return Frame(address, START_RATING, b"\x0b")


def beep(address: int) -> Frame:
    return Frame(address, BEEP)


def answer(frame: Frame) -> Frame:
    """What the host sends back at once: the same frame for a key, FUNC 01 for a rating."""
    return Frame(frame.address, START_RATING, frame.data) if frame.func == RATED else frame


def meaning(frame: Frame) -> Key | Rated | None:
    """What the keypad said. None for a frame that is whole but means nothing here: it gets no event."""
    if not 1 <= len(frame.data) <= 3:
        return None
    if frame.func == RATED:
        return Rated(frame.address, frame.data[0]) if len(frame.data) == 1 else None
    *digits, last = frame.data
    if any(digit > 9 for digit in digits):
        return None
    if last == OK:
        key = OK_KEYS.get(digits[-1]) if digits else None
        return Key(frame.address, key) if key else None
    name = KEYS.get(last)
    return Key(frame.address, name, "".join(map(str, digits))) if name else None


def decode(buffer: bytes) -> tuple[Frame | None, bytes]:
    """Take one whole frame off the front of `buffer`: (frame, what is left).

    (None, rest) means "read more". Noise, wrong lengths and wrong checksums are dropped byte by byte, so a
    frame that follows broken bytes is still found.
    """
    while buffer:
        start = buffer.find(HEAD)
        if start < 0:
            return None, buffer[-1:] if buffer[-1:] == HEAD[:1] else b""
        buffer = buffer[start:]
        if len(buffer) < 5:
            if _may_begin(buffer):
                return None, buffer
            buffer = buffer[1:]
            continue
        if not _may_begin(buffer):
            buffer = buffer[1:]
            continue
        size = buffer[2]
        if len(buffer) < size + 7:
            return None, buffer
        body, check, end = buffer[5 : 5 + size], buffer[5 + size], buffer[6 + size]
        if check == sum8(body) and end == END and body[0]:
            return Frame(body[0], body[1], bytes(body[2:])), buffer[size + 7 :]
        buffer = buffer[1:]
    return None, b""


def _may_begin(buffer: bytes) -> bool:
    """Can these first bytes still become a frame?"""
    if len(buffer) >= 3 and not 2 <= buffer[2] <= LONGEST:
        return False
    if len(buffer) >= 4 and buffer[3] != buffer[2]:
        return False
    return len(buffer) < 5 or buffer[4] == 0x68
