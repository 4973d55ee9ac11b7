"""From the parts of a slip to bytes for one printer: its width, its font, its way to draw codes and
images."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Final

from drivers.jobs import Barcode, Feed, Image, Part, Qr, Rule, Text
from drivers.printer.profile import Profile
from drivers.printer.raster import Artist, Rows, qr_matrix, qr_rows
from drivers.protocol import charset, escpos
from drivers.protocol.charset import MARK

QR_LEVEL: Final = "M"
CELL: Final = 12  # dots of a half-width character, font A
LINE: Final = 30  # dots of an ordinary line with its gap
CUTTER: Final = 120  # dots from print head to cutter
DOTS_PER_MM: Final = 8
BAR: Final = (64, 3)  # a bar code's height and module, dots
MOST_ROWS: Final = 2000  # of an image: 25 cm


@dataclass(frozen=True)
class Slip:
    """commands: from init to end mark; between two of them a printer may be asked something. missing:
    characters that became 〓. longest: bytes of its longest command with data, which a printer may still be
    waiting for when the line broke. lines: a rough length; mm: a finer one. images: bytes that are dots of
    images."""

    commands: tuple[bytes, ...]
    missing: str
    longest: int
    lines: int
    mm: int
    images: int = 0

    @property
    def data(self) -> bytes:
        """Every byte."""
        return b"".join(self.commands)


@dataclass(frozen=True)
class _Piece:
    """One command or line: its bytes, how far the paper moves, what it could not write, is it all data."""

    data: bytes
    dots: int
    missing: str = ""
    bulk: bool = False


def compose(parts: tuple[Part, ...], profile: Profile, artist: Artist, block: int = 0) -> Slip:
    """The whole slip. block: bytes of dots that go out in one command, 0: as many as one may have. Raises
    EncodeError."""
    pieces, images = [_Piece(escpos.INIT + escpos.CHINESE_ON, 0)], 0
    for part in parts:
        made = _pieces(part, profile, artist, block)
        pieces += made
        images += sum(len(piece.data) for piece in made) if isinstance(part, Image) else 0
    pieces.append(_Piece(_end(profile), CUTTER))
    return Slip(
        commands=tuple(piece.data for piece in pieces),
        missing="".join(dict.fromkeys("".join(piece.missing for piece in pieces))),
        longest=max((len(piece.data) for piece in pieces if piece.bulk), default=0),
        lines=sum(-(-piece.dots // LINE) for piece in pieces),
        mm=-(-sum(piece.dots for piece in pieces) // DOTS_PER_MM),
        images=images,
    )


def _end(profile: Profile) -> bytes:
    out = escpos.align("left") + escpos.size(1, 1) + escpos.bold(False)
    if not profile.cut.startswith("feed"):
        out += escpos.feed(4)
    out += escpos.cut(profile.cut)
    if profile.presenter:
        out += profile.present()
    if profile.tones:
        out += escpos.beep(profile.tones, 2)
    return out + escpos.END_MARK


def _pieces(part: Part, profile: Profile, artist: Artist, block: int) -> list[_Piece]:
    if isinstance(part, Rule):
        line = escpos.align("left") + escpos.size(1, 1) + b"-" * (profile.dots // CELL) + b"\n"
        return [_Piece(line, LINE)]
    if isinstance(part, Feed):
        return [_Piece(escpos.feed(part.feed), LINE * part.feed)]
    if isinstance(part, Qr):
        return _qr(part, profile, block)
    if isinstance(part, Barcode):
        code = escpos.code128(charset.clean(part.barcode), *BAR)
        return [_Piece(escpos.align("center") + code + b"\n", BAR[0] + LINE)]
    if isinstance(part, Image):
        return _image(part, profile, block)
    lines = charset.wrap(charset.clean(part.text), profile.dots // (CELL * part.size))
    return [piece for line in lines for piece in _line(line, part, profile, artist, block)]


def _line(line: str, part: Text, profile: Profile, artist: Artist, block: int) -> list[_Piece]:
    strange = charset.outside(line, profile.repertoire)
    if strange:
        drawn = artist.line(line, 24 * part.size, bold=part.bold)
        if drawn is not None:
            width, rows, missing = drawn
            return _raster(_placed(width, rows, part.align, profile.dots, 6), profile, block, missing)
    text = "".join(MARK if char in strange else char for char in line)
    look = escpos.align(part.align) + escpos.size(part.size, part.size) + escpos.bold(part.bold)
    if profile.hanzi_size == "fs":
        look += escpos.hanzi_style(wide=part.size > 1, high=part.size > 1)
    if part.underline:
        look += escpos.underline(True)
    done = escpos.underline(False) if part.underline else b""
    data = look + charset.encode(text, profile.repertoire) + b"\n" + done
    return [_Piece(data, max(LINE, 24 * part.size), strange)]


def _raster(rows: Rows, profile: Profile, block: int, missing: str = "", align: str = "left") -> list[_Piece]:
    draw = escpos.graphics if profile.raster == "gs_l" else escpos.raster
    drawn = [_Piece(draw(some), len(some), bulk=True) for some in escpos.blocks(rows, block)]
    return [_Piece(escpos.align(align), 0, missing), *drawn]


def _placed(width: int, rows: Rows, align: str, dots: int, gap: int = 0) -> Rows:
    """Move dots to their side with blank bytes, which every printer understands alike; cut what sticks
    out."""
    free = max(0, dots - width) // 8
    left = {"left": 0, "center": free // 2, "right": free}[align]
    return [bytes(left) + row[: dots // 8 - left] for row in rows] + [
        bytes(left + min(width, dots) // 8)
    ] * gap


def _image(part: Image, profile: Profile, block: int) -> list[_Piece]:
    """Aligned by the printer itself: blank bytes at its side would cost a hall's emblem seconds at 9600
    baud."""
    step = part.width // 8
    try:
        dots = zlib.decompressobj().decompress(
            base64.b64decode(part.image, validate=True), step * MOST_ROWS + 1
        )
    except (binascii.Error, zlib.error) as error:
        raise escpos.EncodeError(f"an image that cannot be unpacked: {error}") from error
    if not dots or len(dots) % step or len(dots) > step * MOST_ROWS:
        raise escpos.EncodeError(f"an image of {len(dots)} bytes is none {part.width} dots wide")
    rows = [dots[at : at + step] for at in range(0, len(dots), step)]
    return _raster([row[: profile.dots // 8] for row in rows], profile, block, align=part.align)


def _qr(part: Qr, profile: Profile, block: int) -> list[_Piece]:
    content = charset.clean(part.qr)
    if profile.qr == "raster":
        module, rows = qr_rows(content, part.size, QR_LEVEL, profile.dots)
        if module:
            return _raster(rows, profile, block)
        raise escpos.EncodeError("the QR code does not fit on this paper")
    modules = len(qr_matrix(content, QR_LEVEL))
    module = min(part.size, profile.dots // (modules + 8))
    if profile.qr == "gs_k97":
        code = escpos.qr_gs_k97(content.encode(), QR_LEVEL)
    else:
        code = escpos.qr(content.encode(), module, QR_LEVEL)
    return [_Piece(escpos.align("center") + code + b"\n", modules * module + LINE, bulk=True)]
