"""Readers of 2nd-generation identity cards (居民身份证阅读机具): the frames of the SAM module in them.

    host    AA AA AA 96 69  LEN(u16BE)  CMD PARA [data]      CHK
    reader  AA AA AA 96 69  LEN(u16BE)  SW1 SW2 SW3 [data]   CHK

LEN counts everything after itself, CHK is the XOR of LEN and all that follows it. 115200 8N1; readers on USB
carry the same frames over USB-serial. Stray 00 bytes were recorded between the bytes of the header: it is
looked for byte by byte and zeros in it are passed over. XOR sees every single flipped bit, but not two
flipped in the same place of two bytes: the number's own check character (gb11643) is the second guard.

Source: S19 of HARDWARE 4.1: several public readers, github Johann356/readinfo `PCSCGetData.h` (commit
d3bfcdc), README of node-idcard-reader. Frames and SW3 41 60 80 81 90 9f [A]; the number of the module and the
speeds [B]; the other words of SW3 [U]; reading fingerprints is left out [C].
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Final

from drivers.protocol.errors import EncodeError

HEAD: Final = b"\xaa\xaa\xaa\x96\x69"
_HEAD: Final = re.compile(rb"\xaa\x00*\xaa\x00*\xaa\x00*\x96\x00*\x69")
#: bytes at the end of a buffer that may still become a header
_BEGUN: Final = re.compile(rb"\xaa\x00*(?:\xaa\x00*(?:\xaa\x00*(?:\x96\x00*)?)?)?\Z")
STRAYS: Final = 32  # a header stretched by more zeros than this is noise
SHORTEST: Final = 4
LONGEST: Final = 0x090A  # LEN of an answer; the longest known one brings a fingerprint

#: SW3 -> what it says
WORDS: Final = {
    0x90: "ok",
    0x9F: "found",
    0x80: "no_card",
    0x81: "not_selected",
    0x41: "read_failed",
    0x60: "self_test",
    0x10: "checksum",
    0x11: "length",
    0x21: "unknown_command",
    0x31: "card_refused",
    0x32: "module_refused",
    0x91: "no_content",
}
SPEEDS: Final = {115200: 0, 57600: 1, 38400: 2, 19200: 3, 9600: 4}
TEXT_BYTES: Final = 256
ADDRESS_BYTES: Final = 70


def command(cmd: int, para: int, data: bytes = b"") -> bytes:
    """Bytes of one command. Raises EncodeError."""
    if not (0 <= cmd <= 255 and 0 <= para <= 255 and len(data) <= LONGEST):
        raise EncodeError(f"command {cmd:#x} {para:#x} with {len(data)} bytes does not fit a frame")
    body = (len(data) + 3).to_bytes(2, "big") + bytes((cmd, para)) + data
    return HEAD + body + bytes((reduce(xor, body),))


RESET: Final = command(0x10, 0xFF)
STATUS: Final = command(0x11, 0xFF)
MODULE: Final = command(0x12, 0xFF)
FIND: Final = command(0x20, 0x01)
SELECT: Final = command(0x20, 0x02)
READ: Final = command(0x30, 0x01)
NEWEST_ADDRESS: Final = command(0x30, 0x03)


def speed(baud: int) -> bytes:
    """Bytes that set the reader's speed. Raises EncodeError."""
    if baud not in SPEEDS:
        raise EncodeError(f"{baud} is not one of {', '.join(map(str, SPEEDS))} baud")
    return command(0x60, SPEEDS[baud])


@dataclass(frozen=True)
class Answer:
    """What the reader said. status: SW3; data: what follows it, which may be somebody's card and is never
    shown.
    """

    status: int
    data: bytes = field(default=b"", repr=False)

    @property
    def word(self) -> str:
        return WORDS.get(self.status, f"status_{self.status:02x}")


def decode(buffer: bytes) -> tuple[Answer | None, bytes]:
    """Take one whole answer off the front of `buffer`: (answer, what is left).

    (None, rest) means "read more". Noise, impossible lengths and wrong checksums are dropped byte by byte, so
    an answer that follows broken bytes is still found.
    """
    at = 0
    while (found := _HEAD.search(buffer, at)) is not None:
        start, body = found.start(), found.end()
        at = start + 1
        if body - start - len(HEAD) > STRAYS:
            continue
        if len(buffer) < body + 2:
            return None, buffer[start:]
        size = int.from_bytes(buffer[body : body + 2], "big")
        if not SHORTEST <= size <= LONGEST:
            continue
        end = body + 2 + size
        if len(buffer) < end:
            return None, buffer[start:]
        if reduce(xor, buffer[body : end - 1]) == buffer[end - 1]:
            return Answer(buffer[body + 4], bytes(buffer[body + 5 : end - 1])), buffer[end:]
    begun = _BEGUN.search(buffer, max(at, len(buffer) - len(HEAD) - STRAYS))
    return None, buffer[begun.start() :] if begun else b""


def text_of(answer: Answer) -> bytes | None:
    """The text record of a card that was read, None when this answer holds none.

    The photo behind it (1024 bytes WLT, which only a licensed decoder can open) is left where it is.
    """
    data = answer.data
    if answer.status != 0x90 or len(data) < 4:
        return None
    text, photo = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    if text != TEXT_BYTES or len(data) < 4 + text + photo:
        return None
    return data[4 : 4 + text]


def address_of(answer: Answer) -> str:
    """The newest address (追加地址) of an answer to NEWEST_ADDRESS, "" when the card has none."""
    if answer.status != 0x90 or len(answer.data) < ADDRESS_BYTES:
        return ""
    return answer.data[:ADDRESS_BYTES].decode("utf-16-le", "replace").rstrip(" \0")


def module_number(answer: Answer) -> str | None:
    """The number of the SAM module as its maker prints it [B], None when this answer holds none."""
    if answer.status != 0x90 or len(answer.data) != 16:
        return None
    data = answer.data
    a, b = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little")
    c, d, e = (int.from_bytes(data[at : at + 4], "little") for at in (4, 8, 12))
    return f"{a:02d}-{b:02d}-{c:08d}-{d:010d}-{e:010d}"
