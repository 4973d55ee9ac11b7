"""Pictures for slips: a PNG as rows of dots, drawn once per size and kept."""

from __future__ import annotations

import base64
import functools
import io
import zlib
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from drivers.errors import DriverError

MOST_SIDE: Final = 2400  # pixels of a picture's side
MOST_HEIGHT: Final = 800  # dots on paper: 10 cm


class PictureWrong(DriverError):
    """No PNG, or one that is too large. `reason` is one word: no_png, too_large."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_picture(data: bytes) -> tuple[int, int]:
    """(width, height) in pixels of a PNG that may be printed. Raises PictureWrong."""
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            size = image.size
            if max(size) > MOST_SIDE or min(size) < 8:
                raise PictureWrong("too_large")
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureWrong("no_png") from error
    return size


def packed(path: Path, mm: int) -> tuple[str, int]:
    """The picture `mm` wide as an `Image` part wants it: (rows deflated in base64, width in dots).

    Raises PictureWrong.
    """
    try:
        return _packed(str(path), path.stat().st_mtime_ns, mm)
    except OSError as error:
        raise PictureWrong("no_png") from error


@functools.lru_cache(maxsize=64)
def _packed(path: str, _changed_at: int, mm: int) -> tuple[str, int]:
    data = Path(path).read_bytes()
    check_picture(data)
    width = mm * 8
    with Image.open(io.BytesIO(data)) as image:
        flat = Image.new("RGB", image.size, "white")
        whole = image.convert("RGBA")
        flat.paste(whole, mask=whole.getchannel("A"))
        height = max(1, min(MOST_HEIGHT, round(flat.height * width / flat.width)))
        grey = flat.convert("L").resize((width, height), Image.Resampling.LANCZOS)
    dots = grey.point(lambda value: 255 if value < 128 else 0).convert("1").tobytes()
    return base64.b64encode(zlib.compress(dots, 9)).decode(), width
