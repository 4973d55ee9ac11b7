"""ESC/POS ticket printers: the bytes of a slip, and what the printer says back.

Every slip begins with `ESC @` and `FS &` (Chinese mode; its state at power-up differs between makers) and
ends with a cut and `GS r 1`. The one-byte answer to `GS r` comes only after everything before it was
carried out: it is the proof that the slip is on paper. Real-time questions `DLE EOT n` are answered at
once, even when the printer has stopped.

    answer         told apart by                 meaning
    DLE EOT n      b & 13h == 12h                bits by n, see `Status`
    auto status    b & 93h == 10h, four bytes    `GS a`; this host asks for none and takes it as a hint only
    GS r           00 03 0c 0f                   paper: 03 near end, 0c end
    XON / XOFF     11 13                         dropped, no answer can equal them

Sources: Cashino KP-628E, SNBC BT-UR056, BT-T080 and BTP-R880NP manuals, Pyramid documentation, source of the
roll2021/print801 firmware; they agree. `GS r` answers and `DLE ENQ`: SNBC and print801.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from drivers.protocol.errors import EncodeError

INIT: Final = b"\x1b\x40"
CHINESE_ON: Final = b"\x1c\x26"
CHINESE_OFF: Final = b"\x1c\x2e"
AUTO_STATUS_OFF: Final = b"\x1d\x61\x00"
END_MARK: Final = b"\x1d\x72\x01"
RETRY_LINE: Final = b"\x10\x05\x01"
DROP_BUFFER: Final = b"\x10\x05\x02"

Align = Literal["left", "center", "right"]
Cut = Literal["full", "partial", "feed_full", "feed_partial", "none"]
_ALIGN: Final = {"left": 0, "center": 1, "right": 2}
_CUT: Final = {
    "full": b"\x1d\x56\x00",
    "partial": b"\x1d\x56\x01",
    "feed_full": b"\x1d\x56\x41\x00",
    "feed_partial": b"\x1d\x56\x42\x00",
    "none": b"",
}
_LEVEL: Final = {"L": 0x30, "M": 0x31, "Q": 0x32, "H": 0x33}
RASTER_ROWS: Final = 255  # rows per raster block: a block lost to a cut cable leaves less to wait for


def size(width: int, height: int) -> bytes:
    """Character size 1..8 times wide and high (GS !). Raises EncodeError."""
    if not (1 <= width <= 8 and 1 <= height <= 8):
        raise EncodeError(f"character size {width}x{height} is not in 1..8")
    return bytes((0x1D, 0x21, (width - 1) << 4 | (height - 1)))


def align(where: Align) -> bytes:
    """Only at the start of a line (ESC a)."""
    return bytes((0x1B, 0x61, _ALIGN[where]))


def bold(on: bool) -> bytes:
    return bytes((0x1B, 0x45, int(on)))


def feed(lines: int) -> bytes:
    """Paper on by 0..255 lines (ESC d). Raises EncodeError."""
    if not 0 <= lines <= 255:
        raise EncodeError(f"{lines} lines is not in 0..255")
    return bytes((0x1B, 0x64, lines))


def cut(kind: Cut) -> bytes:
    """A cut; print801 ignores it unless the line is empty, so a slip ends its last line first."""
    return _CUT[kind]


def qr(content: bytes, module: int = 6, level: str = "M") -> bytes:
    """A QR code drawn by the printer itself (GS ( k, model 2). module: dots 1..16. Raises EncodeError.

    Cheap printers ignore this silently: their profile says `qr = "raster"`.
    """
    if not 1 <= module <= 16 or not 1 <= len(content) <= 7089:
        raise EncodeError(f"QR of {len(content)} bytes with modules of {module} dots does not exist")
    return (
        _qr(b"\x31\x41\x32\x00")
        + _qr(b"\x31\x43" + bytes((module,)))
        + _qr(b"\x31\x45" + bytes((_LEVEL[level],)))
        + _qr(b"\x31\x50\x30" + content)
        + _qr(b"\x31\x51\x30")
    )


def _qr(body: bytes) -> bytes:
    return b"\x1d\x28\x6b" + len(body).to_bytes(2, "little") + body


def raster(rows: Sequence[bytes]) -> bytes:
    """Dots as they are (GS v 0): one bytes object per dot row, highest bit left, 1 = black.

    Raises EncodeError.
    """
    if not rows:
        return b""
    width = len(rows[0])
    if not 1 <= width <= 0xFFFF or any(len(row) != width for row in rows):
        raise EncodeError("raster rows must have one and the same width")
    blocks = (rows[at : at + RASTER_ROWS] for at in range(0, len(rows), RASTER_ROWS))
    return b"".join(
        b"\x1d\x76\x30\x00" + width.to_bytes(2, "little") + len(block).to_bytes(2, "little") + b"".join(block)
        for block in blocks
    )


def ask(n: int) -> bytes:
    """A real-time question: 1 printer, 2 cause of offline, 3 cause of error, 4 paper (DLE EOT n)."""
    if n not in (1, 2, 3, 4):
        raise EncodeError(f"there is no status {n}")
    return bytes((0x10, 0x04, n))


def has_question(data: bytes) -> bool:
    """Does `data` hold a DLE EOT by chance? Such firmware answers in the middle of an image (print801)."""
    return b"\x10\x04" in data


@dataclass(frozen=True)
class Status:
    """The four real-time bytes. None: not answered."""

    printer: int | None = None
    offline: int | None = None
    error: int | None = None
    paper: int | None = None

    @property
    def silent(self) -> bool:
        return self.printer is None and self.offline is None and self.error is None and self.paper is None

    @property
    def whole(self) -> bool:
        return None not in (self.printer, self.offline, self.error, self.paper)

    @property
    def near_end(self) -> bool:
        return bool((self.paper or 0) & 0x0C)

    @property
    def trouble(self) -> str:
        """Why it cannot print: paper_out, cover_open, cutter, head, jam, offline, or "" when it can.

        Paper near its end is no trouble, although print801 then already says "offline" and "stopped for
        paper".
        """
        cause, error = self.offline or 0, self.error or 0
        if (self.paper or 0) & 0x60:
            return "paper_out"
        if cause & 0x04:
            return "cover_open"
        if error & 0x08:
            return "cutter"
        if error & 0x04:
            return "jam"
        if error & 0x60:
            return "head"
        if cause & 0x20 and not self.near_end:
            return "paper_out"
        if cause & 0x40 or ((self.printer or 0) & 0x08 and not self.near_end):
            return "offline"
        return ""


@dataclass(frozen=True)
class RealTime:
    """A byte that has the shape of a DLE EOT answer; only who asked knows which question it answers."""

    value: int


@dataclass(frozen=True)
class Marked:
    """An answer to GS r 1: everything before it was carried out."""

    near_end: bool
    end: bool


@dataclass(frozen=True)
class AutoStatus:
    """Four bytes of automatic status."""

    raw: bytes


Heard = RealTime | Marked | AutoStatus


def decode(buffer: bytes) -> tuple[Heard | None, bytes]:
    """Take one answer off the front of `buffer`: (answer, what is left). (None, rest) means "read more".

    Bytes that are no answer are dropped. Whether an answer was asked for, the reader must know: single
    bytes carry no checksum.
    """
    while buffer:
        first = buffer[0]
        if first in (0x11, 0x13):
            buffer = buffer[1:]
        elif first & 0x13 == 0x12:
            return RealTime(first), buffer[1:]
        elif first & 0x93 == 0x10:
            if any(byte & 0x10 for byte in buffer[1:4]):
                buffer = buffer[1:]
            elif len(buffer) < 4:
                return None, buffer
            else:
                return AutoStatus(bytes(buffer[:4])), buffer[4:]
        elif first in (0x00, 0x03, 0x0C, 0x0F):
            return Marked(bool(first & 0x03), bool(first & 0x0C)), buffer[1:]
        else:
            buffer = buffer[1:]
    return None, b""
