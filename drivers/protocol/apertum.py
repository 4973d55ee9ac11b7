"""Apertum QSystem on RS-485: one-line boards and four-key button boxes. 57600 8N1, half duplex.

    board    01 ADDR text 07            text in cp1251; then 300 ms of silence; blanks clear it
    box  ->  01 ADDR KEY 07             KEY 31 call or recall, 32 start, 33 redirect, 34 no-show or finish
    box  <-  01 ADDR LAMP 07            LAMP 30..3d
    box  <-  01 ADDR MODE c c c 07      three characters; MODE 20 steady, 21 blinking, 22..7f MODE-21 times
    box  <-  04 ADDR 07                 is anybody there
    box  <-  03 OLD NEW 07              another address

Addresses 20..fe. There is no checksum, no acknowledgement and no repeat: a key frame has exactly four bytes,
and whatever else stands between a 01 and a 07 is two boxes talking at once and is dropped whole. The host's
own lamp frame looks like a key frame, so on a converter that echoes the line must take its echo out.

Source: github binali-rustamov/apertum-qsystem (QIndicatorBoardRS, ub485/core/ButtonDevice, UBForm); the same
code in bcgov/sbc-qsystem (two copies of one program). What a box answers to 04 is not in it: unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.protocol.errors import EncodeError

START, MOVE, POLL, END = 0x01, 0x03, 0x04, 0x07
LOWEST, HIGHEST = 0x20, 0xFE
STEADY, BLINKING = 0x20, 0x21
LONGEST: Final = 32  # bytes without an end that are kept; the longest board text known has far fewer
PAUSE_S: Final = 0.3  # after a text for a board
KEYS: Final = {0x31: 1, 0x32: 2, 0x33: 3, 0x34: 4}
#: colour and blinking, without and with the 500 ms beep
LAMPS: Final = {
    "off": 0x30,
    "red": 0x31,
    "green": 0x32,
    "red_fast": 0x33,
    "green_fast": 0x34,
    "red_slow": 0x35,
    "green_slow": 0x36,
}
BEEP: Final = 7  # added to a lamp


@dataclass(frozen=True)
class Pressed:
    """button: 1..4, from the left."""

    address: int
    button: int


@dataclass(frozen=True)
class Clash:
    """Bytes that are no key frame: two boxes at once, or noise."""

    data: bytes


def board(address: int, text: str) -> bytes:
    """Text for a board; what cp1251 does not have is refused. Raises EncodeError."""
    try:
        raw = text.encode("cp1251")
    except UnicodeEncodeError as error:
        raise EncodeError(f"{text!r} has characters outside cp1251") from error
    if not raw or len(raw) > LONGEST - 3 or any(byte < 0x20 for byte in raw):
        raise EncodeError(f"{text!r} is not 1..{LONGEST - 3} printable characters")
    return bytes((START, _known(address))) + raw + bytes((END,))


def lamp(address: int, name: str, beep: bool = False) -> bytes:
    """The lamp of a box. name: a key of LAMPS. Raises EncodeError."""
    if name not in LAMPS:
        raise EncodeError(f"no lamp {name!r}")
    return bytes((START, _known(address), LAMPS[name] + (BEEP if beep else 0), END))


def display(address: int, words: str, blinks: bool = False) -> bytes:
    """The three characters of a box; shorter ones are followed by blanks. Raises EncodeError."""
    if not words.isascii() or len(words) > 3 or not (words or " ").isprintable():
        raise EncodeError(f"{words!r} is not up to three printable ASCII characters")
    mode = BLINKING if blinks else STEADY
    return bytes((START, _known(address), mode)) + words.ljust(3).encode("ascii") + bytes((END,))


def poll(address: int) -> bytes:
    return bytes((POLL, _known(address), END))


def move(old: int, new: int) -> bytes:
    """Give a box another address. Nothing tells whether it was heard. Raises EncodeError."""
    return bytes((MOVE, _known(old), _known(new), END))


def decode(buffer: bytes) -> tuple[Pressed | Clash | None, bytes]:
    """Take what stands before the first 07 off `buffer`: (key or clash, what is left).

    (None, rest) means "read more". Strict on purpose: without a checksum a frame found inside other bytes
    would be a guess. Whoever reads the line forgets an unfinished piece when the line falls silent.
    """
    end = buffer.find(END)
    if end < 0:
        return None, buffer[-LONGEST:]
    piece, rest = buffer[: end + 1], buffer[end + 1 :]
    if len(piece) == 4 and piece[0] == START and LOWEST <= piece[1] <= HIGHEST and piece[2] in KEYS:
        return Pressed(piece[1], KEYS[piece[2]]), rest
    return Clash(piece[-LONGEST:]), rest


def _known(address: int) -> int:
    if not LOWEST <= address <= HIGHEST:
        raise EncodeError(f"address {address} is not in {LOWEST}..{HIGHEST} (20..fe hex)")
    return address
