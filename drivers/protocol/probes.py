"""Questions one may put to an unknown line without printing, showing or changing anything.

Each protocol's own question for a sign of life, and what counts as its answer. The order matters: a printer
is asked first, because a printer takes any other bytes for text. What a mute printer may have taken in stays
in its line buffer, for no question holds a byte that would print it (`LOUD`) and none is longer than a line
of 58 mm paper; `CLEAR` empties that buffer before the next question, which would overflow it. All this is so
at the printer's own baud rate; what it makes of another nobody can say. An address whose question would hold
a loud byte is asked last, and only where somebody else has answered, so that the line is known to be no
printer's. Keypads cannot be asked: they are listened for.

Signs of the Alpha protocol, boards and boxes of Apertum, polled keypads and scanners have no question whose
answer is known, and a described card (`led_frame`) is known by its description only: these are tried by hand.

Baud rates are the usual ones (HARDWARE, sections 1.1, 2.1, 3.1); the second BX-K rate is a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pymodbus.framer import FramerRTU

from drivers.protocol import escpos, ff68, modbus_led, onbon_bxk, pingan_lihe, sam

#: bytes that make a printer print, feed, or begin a command: LF FF CR DLE ESC FS GS
LOUD: Final = frozenset(b"\x0a\x0c\x0d\x10\x1b\x1c\x1d")
#: ends a Chinese character that was begun (of up to four bytes), then ESC @, which empties the line buffer;
#: to a card or a display it is noise between frames
CLEAR: Final = bytes(3) + escpos.INIT
#: characters on a line of 58 mm paper
COLUMNS: Final = 32


@dataclass(frozen=True)
class Seen:
    """Somebody answered. `address` 0 where the protocol has none."""

    address: int
    detail: str = ""


@dataclass(frozen=True)
class Probe:
    """One protocol's question. ask(address) gives its bytes.

    addressed: is every address asked on its own? listens_s: nothing is asked, one listens for so long.
    """

    driver: str
    kind: str
    bauds: tuple[int, ...]
    ask: Callable[[int], bytes]
    judge: Callable[[bytes, int], Seen | None]
    addressed: bool = False
    patience_s: float = 0.3
    listens_s: float = 0.0


def _escpos(buffer: bytes, _address: int) -> Seen | None:
    """The answer to DLE EOT 1: one byte of the right shape and no babble around it."""
    heard, rest = escpos.decode(buffer)
    if not isinstance(heard, escpos.RealTime) or rest or len(buffer) > 2:
        return None
    return Seen(0, f"DLE EOT 1 = {heard.value:02x}")


def _bxk(buffer: bytes, address: int) -> Seen | None:
    answer, _ = onbon_bxk.decode_answer(buffer)
    return Seen(address, answer.word) if answer is not None and answer.address == address else None


def _ff68(buffer: bytes, _address: int) -> Seen | None:
    frame, _ = ff68.decode(buffer)
    return Seen(frame.address) if frame is not None else None


def _sam(buffer: bytes, _address: int) -> Seen | None:
    """Any word of the module: one whose self-test failed is there too."""
    answer, _ = sam.decode(buffer)
    return Seen(0, answer.word) if answer is not None else None


def _pingan(buffer: bytes, address: int) -> Seen | None:
    """The type and version of the card [B: in the manual alone]."""
    answer, _ = pingan_lihe.decode_answer(buffer)
    if not isinstance(answer, pingan_lihe.Version) or answer.address != address:
        return None
    return Seen(address, f"{answer.kind:02x} {answer.version}")


def _modbus_read(unit: int) -> bytes:
    """As many registers, one to four, as make a quiet frame."""
    return min((modbus_led.read(unit, count) for count in range(1, 5)), key=is_loud)


def _modbus(buffer: bytes, unit: int) -> Seen | None:
    """Values or an exception, whole and with the right CRC: whether these displays can be read is not known,
    but an exception is an answer too.
    """
    if len(buffer) < 5 or buffer[0] != unit or buffer[1] not in (0x03, 0x83):
        return None
    size = 5 if buffer[1] == 0x83 else 5 + buffer[2]
    body, crc = buffer[: size - 2], buffer[size - 2 : size]
    good = len(buffer) == size and FramerRTU.compute_CRC(body).to_bytes(2, "big") == crc
    return Seen(unit, f"{buffer[1]:02x}") if good else None


def is_loud(frame: bytes) -> bool:
    """Would a printer act on a byte of it?"""
    return bool(LOUD.intersection(frame))


#: in the order in which an unknown line is asked
PROBES: Final[tuple[Probe, ...]] = (
    Probe("escpos", "printer", (115200, 9600, 19200, 38400), lambda _: escpos.ask(1), _escpos),
    Probe("idcard_sam", "reader", (115200, 9600), lambda _: sam.STATUS, _sam),
    Probe("onbon_bxk", "strip", (57600, 9600), onbon_bxk.ping, _bxk, addressed=True),
    Probe("modbus_led", "strip", (9600,), _modbus_read, _modbus, addressed=True),
    Probe("pingan_lihe", "strip", (9600,), pingan_lihe.version_query, _pingan, addressed=True),
    Probe("keypad_ff68", "keypad", (9600,), lambda _: b"", _ff68, listens_s=8.0),
)
