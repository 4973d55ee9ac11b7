"""Questions one may put to an unknown line without printing, showing or changing anything.

Each protocol's own question for a sign of life, and what counts as its answer. The order matters: a printer
is asked first, because a printer takes any other bytes for text. What a mute printer may have taken in stays
in its line buffer, for no question holds a byte that would print it (`LOUD`); every slip begins by emptying
it. Keypads cannot be asked: they are listened for.

Baud rates are the usual ones (HARDWARE, sections 1.1, 2.1, 3.1); the second BX-K rate is a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from drivers.protocol import escpos, ff68, onbon_bxk

#: bytes that make a printer print, feed, or begin a command: LF FF CR DLE ESC FS GS
LOUD: Final = frozenset(b"\x0a\x0c\x0d\x10\x1b\x1c\x1d")


@dataclass(frozen=True)
class Seen:
    """Somebody answered. `address` 0 where the protocol has none."""

    address: int
    detail: str = ""


@dataclass(frozen=True)
class Probe:
    """One protocol's question. ask(address) gives its bytes, None: this address cannot be asked harmlessly.

    addressed: is every address asked on its own? listens_s: nothing is asked, one listens for so long.
    """

    driver: str
    kind: str
    bauds: tuple[int, ...]
    ask: Callable[[int], bytes | None]
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


def quiet(frame: bytes) -> bytes | None:
    """The frame, or None when a printer would act on a byte of it."""
    return None if LOUD.intersection(frame) else frame


#: in the order in which an unknown line is asked
PROBES: Final[tuple[Probe, ...]] = (
    Probe("escpos", "printer", (115200, 9600, 19200, 38400), lambda _: escpos.ask(1), _escpos),
    Probe("onbon_bxk", "strip", (57600, 9600), lambda n: quiet(onbon_bxk.ping(n)), _bxk, addressed=True),
    Probe("keypad_ff68", "keypad", (9600,), lambda _: None, _ff68, listens_s=8.0),
)
