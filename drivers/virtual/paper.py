"""Paper as dots. What a thermal head burns for characters, codes and images, line by line, written as the
makers' manuals describe it: a character is 12 x 24 dots (Chinese 24 x 24), a larger one the same dots
repeated.

The glyphs come from a font of this computer; without one, ASCII is drawn with Pillow's own and a Chinese
character is a frame.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Final

import qrcode
from PIL import Image, ImageDraw, ImageFont

from drivers.fonts import font_of, system_fonts
from drivers.virtual.code128 import bars

DOTS_PER_MM: Final = 8
HEIGHT: Final = 24
LEVELS: Final = {
    0x30: qrcode.constants.ERROR_CORRECT_L,
    0x31: qrcode.constants.ERROR_CORRECT_M,
    0x32: qrcode.constants.ERROR_CORRECT_Q,
    0x33: qrcode.constants.ERROR_CORRECT_H,
}
Rows = list[int]  # one number per dot row; its bits are dots, the highest of `width` at the left


@dataclass(frozen=True)
class Cell:
    """One character as it will be burnt. blank: the printer's font does not hold it."""

    char: str
    width: int = 1
    height: int = 1
    bold: bool = False
    underline: bool = False
    blank: bool = False

    @property
    def dots(self) -> int:
        return (12 if self.char.isascii() else 24) * self.width


@dataclass
class Paper:
    """One piece of paper, `width` dots wide.

    `lines`: what is on it in words, top to bottom; `end`: "" while it hangs in the printer, cut, torn,
    and with a presenter presented, taken, retracted or ejected. `rows`: the dots.
    """

    lines: list[dict[str, object]] = field(default_factory=list)
    mm: float = 0.0
    end: str = ""
    width: int = 576
    rows: Rows = field(default_factory=list)

    def words(self) -> list[str]:
        return [str(line["text"]) for line in self.lines if "text" in line]

    def burn(self, rows: Rows, width: int, align: int, height: int) -> None:
        """Rows of dots at their side, the paper moved on by `height` dots."""
        free = max(0, self.width - width)
        right = free - (0, free // 2, free)[align]
        cut = max(0, width - self.width)
        self.rows += [row >> cut << right for row in rows[:height]] + [0] * (height - len(rows))

    def dots(self) -> list[bytes]:
        """Every dot row, highest bit left, 1 = black."""
        step = self.width // 8
        return [row.to_bytes(step, "big") for row in self.rows]

    def picture(self, dots: bool = True) -> dict[str, object]:
        """For a bench page: dots in `packed`, rows deflated and in base64, or `raster_dropped`."""
        unseen = ("raster",) if dots else ("raster", "packed")
        lines = [
            {k: v for k, v in line.items() if k not in unseen}
            | ({"raster_dropped": True} if "raster" in line and not dots else {})
            for line in self.lines
        ]
        return {"lines": lines, "mm": round(self.mm, 1), "end": self.end}


def line_rows(cells: list[Cell]) -> tuple[Rows, int]:
    """Characters side by side on one base line: (rows, width)."""
    high = max((HEIGHT * cell.height for cell in cells), default=0)
    rows, width = [0] * high, 0
    for cell in cells:
        drawn, top = _cell(cell), high - HEIGHT * cell.height
        rows = [row << cell.dots | (drawn[y - top] if y >= top else 0) for y, row in enumerate(rows)]
        width += cell.dots
    return rows, width


def image_rows(data: bytes, width: int, times: tuple[int, int] = (1, 1)) -> Rows:
    """Raster data, `width` bytes a row; each dot `times` wide and high."""
    rows = [int.from_bytes(data[at : at + width], "big") for at in range(0, len(data), width)]
    return [_stretch(row, 8 * width, times[0]) for row in rows for _ in range(times[1])]


def qr_rows(content: bytes, level: int, module: int) -> tuple[Rows, int]:
    """A QR code as the printer itself draws it, without a quiet zone: (rows, width)."""
    code = qrcode.QRCode(error_correction=LEVELS.get(level, LEVELS[0x30]), border=0)
    code.add_data(content, optimize=0)
    code.make(fit=True)
    matrix = code.get_matrix()
    rows = [int("".join("1" if cell else "0" for cell in line), 2) for line in matrix]
    return [_stretch(row, len(matrix), module) for row in rows for _ in range(module)], len(matrix) * module


def bar_rows(text: str, height: int, module: int) -> tuple[Rows, int]:
    """A CODE128 bar code: (rows, width)."""
    modules = bars(text)
    row = _stretch(int(modules, 2), len(modules), module)
    return [row] * height, len(modules) * module


def _stretch(row: int, width: int, times: int) -> int:
    if times == 1:
        return row
    return int("".join(bit * times for bit in f"{row:0{width}b}"), 2)


@functools.lru_cache(maxsize=4096)
def _cell(cell: Cell) -> tuple[int, ...]:
    wide = 12 if cell.char.isascii() else 24
    rows = [0] * HEIGHT if cell.blank else list(_glyph(cell.char, wide))
    if cell.bold:
        rows = [row | row >> 1 for row in rows]
    if cell.underline:
        rows[-1] = (1 << wide) - 1
    return tuple(_stretch(row, wide, cell.width) for row in rows for _ in range(cell.height))


@functools.lru_cache(maxsize=4096)
def _glyph(char: str, wide: int) -> tuple[int, ...]:
    if char.isspace():
        return (0,) * HEIGHT
    font = _font()
    if isinstance(font, ImageFont.FreeTypeFont):
        natural = max(wide, round(font.getlength(char)))
        image = Image.new("L", (natural, HEIGHT), 0)
        ImageDraw.Draw(image).text((natural / 2, 20), char, font=font, fill=255, anchor="ms")
        if natural > wide:
            image = image.resize((wide, HEIGHT), Image.Resampling.LANCZOS)
    else:
        image = Image.new("L", (wide, HEIGHT), 0)
        ImageDraw.Draw(image).rectangle((2, 2, wide - 3, HEIGHT - 3), outline=255)
    dots = image.point(lambda value: 255 if value > 110 else 0).convert("1").tobytes()
    step = -(-wide // 8)
    return tuple(
        int.from_bytes(dots[at : at + step], "big") >> (8 * step - wide) for at in range(0, len(dots), step)
    )


@functools.cache
def _font() -> object:
    for path in system_fonts():
        found = font_of(str(path), 23)
        if found is not None:
            return found
    return ImageFont.load_default(20)
