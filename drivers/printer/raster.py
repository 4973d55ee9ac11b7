"""Characters the printer's font does not hold, and QR codes, as rows of dots.

A citizen's name may need a character outside the printer's repertoire; then the whole line is drawn here
with a font of this computer. Where no Chinese font exists, or none holds the character, 〓 stands in its
place and is reported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import qrcode
from PIL import Image, ImageDraw, ImageFont

from drivers.fonts import font_of, has, system_fonts
from drivers.protocol.charset import MARK

ERROR_LEVEL: Final = {
    "L": qrcode.constants.ERROR_CORRECT_L,
    "M": qrcode.constants.ERROR_CORRECT_M,
    "Q": qrcode.constants.ERROR_CORRECT_Q,
    "H": qrcode.constants.ERROR_CORRECT_H,
}
Rows = list[bytes]


class Artist:
    """Draws lines of text.

    `fonts`: files in order of preference; None looks on this computer once, when needed.
    """

    def __init__(self, fonts: list[Path] | None = None) -> None:
        self._fonts = fonts

    @property
    def fonts(self) -> list[Path]:
        if self._fonts is None:
            self._fonts = system_fonts()
        return self._fonts

    def line(self, text: str, height: int, *, bold: bool = False) -> tuple[int, Rows, str] | None:
        """`text` drawn `height` dots high: (width in dots, rows, characters no font holds).

        None without any font.
        """
        best = self._best(text, height)
        if best is None:
            return None
        font, missing = best
        drawn = "".join(MARK if char in missing else char for char in text)
        width = max(1, int(font.getlength(drawn)) + (2 if bold else 0))
        width += -width % 8
        image = Image.new("1", (width, height), 0)
        pen = ImageDraw.Draw(image)
        pen.fontmode = "1"
        for shift in (0, 1) if bold else (0,):
            pen.text((shift, height // 2), drawn, font=font, fill=1, anchor="lm")
        data, step = image.tobytes(), width // 8
        return width, [data[at : at + step] for at in range(0, len(data), step)], missing

    def _best(self, text: str, height: int) -> tuple[ImageFont.FreeTypeFont, str] | None:
        best: tuple[ImageFont.FreeTypeFont, str] | None = None
        for path in self.fonts:
            font = font_of(str(path), height)
            if font is None:
                continue
            missing = "".join(char for char in dict.fromkeys(text) if not has(str(path), char))
            if best is None or len(missing) < len(best[1]):
                best = (font, missing)
            if not missing:
                break
        return best


def qr_rows(content: str, module: int, level: str, dots: int) -> tuple[int, Rows]:
    """A QR code with its quiet zone, centred on paper `dots` wide: (module size used, rows).

    The module shrinks until the code fits; a code that does not fit with modules of 1 dot gives (0, []).
    """
    matrix = qr_matrix(content, level)
    whole = len(matrix) + 8
    module = min(module, dots // whole)
    if module < 1:
        return 0, []
    left = (dots - len(matrix) * module) // 2
    rows: Rows = [bytes(dots // 8)] * (4 * module)
    for line in matrix:
        bits = 0
        for cell in line:
            bits = bits << module | ((1 << module) - 1 if cell else 0)
        bits <<= dots - left - len(matrix) * module
        rows += [bits.to_bytes(dots // 8, "big")] * module
    return module, rows + [bytes(dots // 8)] * (4 * module)


def qr_matrix(content: str, level: str) -> list[list[bool]]:
    code = qrcode.QRCode(error_correction=ERROR_LEVEL[level], border=0)
    code.add_data(content.encode(), optimize=0)
    code.make(fit=True)
    return [[bool(cell) for cell in row] for row in code.get_matrix()]
