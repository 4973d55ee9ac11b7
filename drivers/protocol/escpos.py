"""ESC/POS ticket printers: the bytes of a slip, and what the printer says back.

Every slip begins with `ESC @` and `FS &` (Chinese mode; its state at power-up differs between makers) and
ends with a cut and `GS r 1`. The one-byte answer to `GS r` comes only after everything before it was
carried out: it is the proof that the slip is on paper. Real-time questions `DLE EOT n` are answered at
once, even when the printer has stopped.

    answer         told apart by                 meaning
    DLE EOT n      b & 13h == 12h                bits by n, see `Status`
    auto status    b & 93h == 10h, four bytes    `GS a`; for printers whose profile says `status = "auto"`
    GS r           00 03 0c 0f                   paper: 03 near end, 0c end
    XON / XOFF     11 13                         dropped, no answer can equal them

Three more answers can only be told apart by who asked: the presenter's byte (`GS e 6`), the four bytes of
`DLE EOT 20` and the state of the job (`DLE ACK 1`); each has its own reader here.

Sources: Cashino KP-628E, SNBC BT-UR056, BT-T080 and BTP-R880NP manuals, Pyramid documentation, source of the
roll2021/print801 firmware; they agree. `GS r` answers and `DLE ENQ`: SNBC and print801. `GS k 97`: KP-628E.
`GS e` and `DLE EOT 20`: Pyramid and Custom, one source. `DLE ACK`: print801 alone. `ESC i` and `ESC m`:
makers differ in which of them cuts whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from drivers.protocol.errors import EncodeError

INIT: Final = b"\x1b\x40"
CHINESE_ON: Final = b"\x1c\x26"
CHINESE_OFF: Final = b"\x1c\x2e"
AUTO_STATUS_ON: Final = b"\x1d\x61\xff"
AUTO_STATUS_OFF: Final = b"\x1d\x61\x00"
END_MARK: Final = b"\x1d\x72\x01"
RETRY_LINE: Final = b"\x10\x05\x01"
DROP_BUFFER: Final = b"\x10\x05\x02"
JOB_STATE: Final = b"\x10\x06\x01"
JOB_CUT: Final = 0x08  # its answer when the slip is printed and cut
FULL_STATUS: Final = b"\x10\x04\x14"
RETRACT: Final = b"\x1d\x65\x02"
EJECT: Final = b"\x1d\x65\x05"
PRESENTER_STATUS: Final = b"\x1d\x65\x06"
STEP_MM: Final = 7  # of the presenter's motor

Align = Literal["left", "center", "right"]
Cut = Literal["full", "partial", "feed_full", "feed_partial", "esc_i", "esc_m", "none"]
_ALIGN: Final = {"left": 0, "center": 1, "right": 2}
_CUT: Final = {
    "full": b"\x1d\x56\x00",
    "partial": b"\x1d\x56\x01",
    "feed_full": b"\x1d\x56\x41\x00",
    "feed_partial": b"\x1d\x56\x42\x00",
    "esc_i": b"\x1b\x69",
    "esc_m": b"\x1b\x6d",
    "none": b"",
}
_LEVEL: Final = {"L": 0x30, "M": 0x31, "Q": 0x32, "H": 0x33}
RASTER_ROWS: Final = 255  # rows per raster block: a block lost to a cut cable leaves less to wait for


def size(width: int, height: int) -> bytes:
    """Character size 1..8 times wide and high (GS !). Raises EncodeError."""
    if not (1 <= width <= 8 and 1 <= height <= 8):
        raise EncodeError(f"character size {width}x{height} is not in 1..8")
    return bytes((0x1D, 0x21, (width - 1) << 4 | (height - 1)))


def hanzi_style(*, wide: bool = False, high: bool = False, underline: bool = False) -> bytes:
    """Style of Chinese characters alone (FS !): firmware whose `GS !` leaves them small needs it."""
    return bytes((0x1C, 0x21, wide << 2 | high << 3 | underline << 7))


def underline(on: bool) -> bytes:
    """A line of one dot below characters of both kinds (ESC -, FS -)."""
    return bytes((0x1B, 0x2D, on, 0x1C, 0x2D, on))


def beep(times: int, units: int) -> bytes:
    """`times` 1..9 tones of `units` 1..9 times 50 to 100 ms, by maker (ESC B). Raises EncodeError."""
    if not (1 <= times <= 9 and 1 <= units <= 9):
        raise EncodeError(f"{times} tones of {units} units are not in 1..9")
    return bytes((0x1B, 0x42, times, units))


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


def qr_gs_k97(content: bytes, level: str = "M") -> bytes:
    """The QR code of 58 mm Chinese modules (GS k 97), version chosen by the printer. Raises EncodeError."""
    if not 1 <= len(content) <= 2953:
        raise EncodeError(f"QR of {len(content)} bytes does not exist")
    return (
        bytes((0x1D, 0x6B, 0x61, 0, "LMQH".index(level) + 1)) + len(content).to_bytes(2, "little") + content
    )


def code128(content: str, height: int = 64, module: int = 3) -> bytes:
    """A CODE128 bar code, set B, its text below. height: dots 1..255; module: dots 2..6. Raises
    EncodeError."""
    data = b"{B" + content.encode("ascii", "replace")
    if not content.isascii() or not content.isprintable() or not 3 <= len(data) <= 255:
        raise EncodeError(f"{content!r} is no text for CODE128")
    if not (1 <= height <= 255 and 2 <= module <= 6):
        raise EncodeError(f"a bar code {height} dots high with modules of {module} does not exist")
    look = bytes((0x1D, 0x68, height, 0x1D, 0x77, module, 0x1D, 0x66, 0, 0x1D, 0x48, 2))
    return look + bytes((0x1D, 0x6B, 0x49, len(data))) + data


def _qr(body: bytes) -> bytes:
    return b"\x1d\x28\x6b" + len(body).to_bytes(2, "little") + body


def blocks(rows: Sequence[bytes], most: int = 0) -> list[Sequence[bytes]]:
    """An image in pieces of whole rows, by eights where it can be.

    most: bytes of dots in a piece, one row at least; 0: as many as a command may have.
    """
    high = min(RASTER_ROWS, most // len(rows[0])) if most and rows and rows[0] else RASTER_ROWS
    high = max(1, high - high % 8 if 8 <= high < RASTER_ROWS else high)
    return [rows[at : at + high] for at in range(0, len(rows), high)]


def raster(rows: Sequence[bytes]) -> bytes:
    """Dots as they are (GS v 0): one bytes object per dot row, highest bit left, 1 = black.

    Raises EncodeError.
    """
    if not rows:
        return b""
    width = _width(rows)
    return b"".join(
        b"\x1d\x76\x30\x00" + width.to_bytes(2, "little") + len(block).to_bytes(2, "little") + b"".join(block)
        for block in blocks(rows)
    )


def graphics(rows: Sequence[bytes]) -> bytes:
    """The same dots for printers without `GS v 0` (GS ( L, functions 112 and 50). Raises EncodeError."""
    if not rows:
        return b""
    width = _width(rows)
    return b"".join(
        _gs_l(
            b"\x30\x70\x30\x01\x01\x31"
            + (8 * width).to_bytes(2, "little")
            + len(block).to_bytes(2, "little")
            + b"".join(block)
        )
        + _gs_l(b"\x30\x32")
        for block in blocks(rows)
    )


def _gs_l(body: bytes) -> bytes:
    return b"\x1d\x28\x4c" + len(body).to_bytes(2, "little") + body


def _width(rows: Sequence[bytes]) -> int:
    width = len(rows[0])
    if not 1 <= width <= 0xFFFF or any(len(row) != width for row in rows):
        raise EncodeError("raster rows must have one and the same width")
    return width


def present(steps: int) -> bytes:
    """Hand the slip out by `steps` of 7 mm (GS e 3). Raises EncodeError."""
    if not 1 <= steps <= 255:
        raise EncodeError(f"{steps} steps is not in 1..255")
    return bytes((0x1D, 0x65, 0x03, steps))


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

    @property
    def status(self) -> Status:
        """The same as the four real-time answers would say it."""
        first, error, paper = self.raw[0], self.raw[1], self.raw[2]
        end = bool(paper & 0x0C)
        return Status(
            printer=0x12 | first & 0x08,
            offline=0x12 | (first & 0x20) >> 3 | end << 5,
            error=0x12 | error & 0x6C,
            paper=0x12 | bool(paper & 0x03) * 0x0C | end * 0x60,
        )


@dataclass(frozen=True)
class Presenter:
    """What lies between cutter and citizen (the byte that answers GS e 6)."""

    raw: int

    @property
    def waiting(self) -> bool:
        """A slip hangs at the outlet and nobody took it."""
        return bool(self.raw & 0x08)

    @property
    def jam(self) -> bool:
        return bool(self.raw & 0xC0)


def decode_presenter(buffer: bytes) -> tuple[Presenter | None, bytes]:
    """The answer to `GS e 6`: the first byte that is neither XON nor XOFF. Any byte may be one, so nothing
    else must be asked meanwhile."""
    rest = buffer.lstrip(b"\x11\x13")
    return (Presenter(rest[0]), rest[1:]) if rest else (None, b"")


def decode_job_state(buffer: bytes) -> tuple[int | None, bytes]:
    """The answer to `DLE ACK 1`: 01 begun, 08 printed and cut, 10 error; other bytes are dropped."""
    for at, byte in enumerate(buffer):
        if byte in (0x01, JOB_CUT, 0x10):
            return byte, buffer[at + 1 :]
    return None, b""


def decode_full_status(buffer: bytes) -> tuple[Status | None, bytes]:
    """The six bytes that answer `DLE EOT 20`, as the four real-time answers would say it."""
    start = buffer.find(b"\x10\x0f")
    if start < 0:
        return None, buffer[-1:] if buffer.endswith(b"\x10") else b""
    if len(buffer) < start + 6:
        return None, buffer[start:]
    paper, user, error, fatal = buffer[start + 2 : start + 6]
    end, cover = bool(paper & 0x01), bool(user & 0x03)
    status = Status(
        printer=0x12 | (end or cover or bool(fatal)) << 3,
        offline=0x12 | cover << 2 | end << 5,
        error=0x12 | bool(error & 0x40) << 2 | bool(fatal & 0x01) << 3 | bool(error & 0x09) << 6,
        paper=0x12 | bool(paper & 0x04) * 0x0C | end * 0x60,
    )
    return status, buffer[start + 6 :]


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
