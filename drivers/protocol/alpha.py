"""Alpha and BetaBrite signs (M-protocol): ASCII only, no Chinese.

    00 ×5 · 01 · TYPE · ADDR · 02 · CMD · data … [· 03 · SUM4] · 04

TYPE: Z every sign, ^ BetaBrite. ADDR: two hex digits, 00 every sign. SUM4: sum of 02 … 03, both included, as
four upper-case hex digits.

    A label 1b position mode text     TEXT file. position 20 middle, 22 top, 26 bottom, 30 fill; mode a
                                      rotate, b hold, c flash. Label 0 is the priority text: it interrupts
                                      everything, and empty data ends it. 1c 31 / 32 / 33: red, green, amber
    G label text                      STRING file: changes a string that a TEXT file shows, without a blink
    E …                               special: 20 time hhmm, 24 memory (empty: clear), 2c soft reset, 2f dim,
                                      37 hh another address, two hex digits

What a sign answers is not in our sources, so nothing is ever confirmed. Packets nested in one transmission
want about 100 ms after 02; we send one packet at a time.

Source: S15 (github msparks/alphasign, github prototux/python-alphasign, betaspec.txt): two libraries agree
[A]; the priority text, its end and STRING from one library [B], as is the new address (github lancereinsmith/
alphasignpy) [B]. The line is 9600 8N1, for some 4800 7E2.
"""

from __future__ import annotations

from typing import Final, Literal

from drivers.protocol.charset import clean
from drivers.protocol.errors import EncodeError

Mode = Literal["rotate", "hold", "flash"]
MODES: Final[dict[Mode, bytes]] = {"rotate": b"a", "hold": b"b", "flash": b"c"}
Position = Literal["middle", "top", "bottom", "fill"]
POSITIONS: Final[dict[Position, bytes]] = {
    "middle": b"\x20",
    "top": b"\x22",
    "bottom": b"\x26",
    "fill": b"\x30",
}
Colour = Literal["red", "green", "yellow"]
COLOURS: Final[dict[Colour, bytes]] = {"red": b"\x1c1", "green": b"\x1c2", "yellow": b"\x1c3"}
PRIORITY: Final = "0"
TEXT_LIMIT: Final = 125  # characters of one text; signs hold more, a call never needs it
MARK: Final = "_"  # instead of a character that is not ASCII


def packet(address: int, command: str, data: bytes, *, kind: str = "Z", check: bool = False) -> bytes:
    """One transmission. address 0..255, 0 every sign; kind: TYPE code. Raises EncodeError."""
    if not 0 <= address <= 255:
        raise EncodeError(f"address {address} is not in 0..255")
    if len(kind) != 1 or not kind.isascii() or not kind.isprintable():
        raise EncodeError(f"{kind!r} is not a type code")
    body = b"\x02" + command.encode("ascii") + data
    if check:
        body += b"\x03"
        body += b"%04X" % (sum(body) & 0xFFFF)
    return b"\0\0\0\0\0\x01" + kind.encode("ascii") + b"%02X" % address + body + b"\x04"


def text(
    address: int,
    words: str,
    *,
    label: str = "A",
    mode: Mode = "hold",
    position: Position = "middle",
    colour: Colour | None = None,
    kind: str = "Z",
    check: bool = False,
) -> bytes:
    """Write a TEXT file; label "0" is the priority text. Raises EncodeError for a text that is too long."""
    data = _label(label) + b"\x1b" + POSITIONS[position] + MODES[mode]
    data += (COLOURS[colour] if colour else b"") + ascii_of(words)
    return packet(address, "A", data, kind=kind, check=check)


def end_priority(address: int, *, kind: str = "Z", check: bool = False) -> bytes:
    """Let the sign go back from the priority text to what it showed."""
    return packet(address, "A", PRIORITY.encode("ascii"), kind=kind, check=check)


def string(address: int, words: str, *, label: str = "1", kind: str = "Z", check: bool = False) -> bytes:
    """Write a STRING file. The sign's memory must hold one of that label. Raises EncodeError."""
    return packet(address, "G", _label(label) + ascii_of(words), kind=kind, check=check)


def clear_memory(address: int, *, kind: str = "Z", check: bool = False) -> bytes:
    return packet(address, "E", b"\x24", kind=kind, check=check)


def move(address: int, to: int, *, kind: str = "Z", check: bool = False) -> bytes:
    """Give the sign another address, 1..255. Raises EncodeError."""
    if not 1 <= to <= 255:
        raise EncodeError(f"address {to} is not in 1..255")
    return packet(address, "E", b"7%02X" % to, kind=kind, check=check)


def outside(words: str) -> str:
    """The characters a sign cannot show, each once."""
    return "".join(dict.fromkeys(char for char in clean(words) if not char.isascii()))


def ascii_of(words: str) -> bytes:
    """Printable ASCII; anything else becomes `MARK`. Raises EncodeError when it is too long."""
    plain = "".join(char if char.isascii() else MARK for char in clean(words))
    if len(plain) > TEXT_LIMIT:
        raise EncodeError(f"{len(plain)} characters, a sign is sent at most {TEXT_LIMIT}")
    return plain.encode("ascii")


def _label(label: str) -> bytes:
    if len(label) != 1 or not 0x20 <= ord(label) <= 0x7E:
        raise EncodeError(f"{label!r} is not a file label")
    return label.encode("ascii")
