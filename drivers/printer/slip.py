"""From the parts of a slip to bytes for one printer: its width, its font, its way to draw a QR code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from drivers.jobs import Feed, Part, Qr, Rule, Text
from drivers.printer.raster import Artist, Rows, qr_matrix, qr_rows
from drivers.protocol import charset, escpos
from drivers.protocol.charset import MARK, Repertoire

QR_LEVEL: Final = "M"
CELL: Final = 12  # dots of a half-width character, font A


@dataclass(frozen=True)
class Profile:
    """What a printer model can do; config/profiles/*.toml.

    dots: printable width, 384 on 58 mm paper, 576 on 80 mm. repertoire: what its font holds. qr: drawn by
    the printer or by us. cut: how it cuts. answers: does it answer at all; if not, a slip is never more
    than `sent`. after_paper_end: what it does by itself after a reload in mid-slip; "ask" when nobody knows.
    """

    dots: int = 576
    repertoire: Repertoire = "gbk"
    qr: Literal["native", "raster"] = "native"
    cut: escpos.Cut = "feed_partial"
    answers: bool = True
    after_paper_end: Literal["reprints", "continues", "drops", "ask"] = "ask"


@dataclass(frozen=True)
class Slip:
    """data: every byte from init to end mark. missing: characters that became 〓. longest: bytes of its
    longest command with data, which a printer may still be waiting for when the line broke. lines: a rough
    length."""

    data: bytes
    missing: str
    longest: int
    lines: int


def compose(parts: tuple[Part, ...], profile: Profile, artist: Artist) -> Slip:
    """The whole slip. Raises EncodeError."""
    out, missing, longest, lines = [escpos.INIT, escpos.CHINESE_ON], "", 0, 0
    for part in parts:
        if isinstance(part, Rule):
            out += [escpos.align("left"), escpos.size(1, 1), b"-" * (profile.dots // CELL), b"\n"]
            lines += 1
        elif isinstance(part, Feed):
            out.append(escpos.feed(part.feed))
            lines += part.feed
        elif isinstance(part, Qr):
            data = _qr(part, profile)
            out.append(data)
            longest, lines = max(longest, len(data)), lines + 8
        else:
            for line in charset.wrap(charset.clean(part.text), profile.dots // (CELL * part.size)):
                data, lost = _line(line, part, profile, artist)
                out.append(data)
                missing += lost
                lines += part.size
                longest = max(longest, len(data) if b"\x1dv0" in data else 0)
    out += [escpos.align("left"), escpos.size(1, 1), escpos.bold(False)]
    if profile.cut in ("full", "partial", "none"):
        out.append(escpos.feed(4))
    out += [escpos.cut(profile.cut), escpos.END_MARK]
    return Slip(b"".join(out), "".join(dict.fromkeys(missing)), longest, lines + 4)


def _line(line: str, part: Text, profile: Profile, artist: Artist) -> tuple[bytes, str]:
    strange = charset.outside(line, profile.repertoire)
    if strange:
        drawn = artist.line(line, 24 * part.size, bold=part.bold)
        if drawn is not None:
            width, rows, missing = drawn
            return escpos.align("left") + escpos.raster(
                _placed(width, rows, part.align, profile.dots)
            ), missing
    text = "".join(MARK if char in strange else char for char in line)
    return (
        escpos.align(part.align)
        + escpos.size(part.size, part.size)
        + escpos.bold(part.bold)
        + charset.encode(text, profile.repertoire)
        + b"\n"
    ), strange


def _placed(width: int, rows: Rows, align: str, dots: int) -> Rows:
    """Move a drawn line to its side with blank bytes, which every printer understands alike; cut what
    sticks out.
    """
    free = max(0, dots - width) // 8
    left = {"left": 0, "center": free // 2, "right": free}[align]
    return [bytes(left) + row[: dots // 8 - left] for row in rows] + [bytes(left + min(width, dots) // 8)] * 6


def _qr(part: Qr, profile: Profile) -> bytes:
    content = charset.clean(part.qr)
    if profile.qr == "raster":
        module, rows = qr_rows(content, part.size, QR_LEVEL, profile.dots)
        if module:
            return escpos.align("left") + escpos.raster(rows)
        raise escpos.EncodeError("the QR code does not fit on this paper")
    module = min(part.size, profile.dots // (len(qr_matrix(content, QR_LEVEL)) + 8))
    return escpos.align("center") + escpos.qr(content.encode(), module, QR_LEVEL) + b"\n"
