"""Pictures and films that managers upload: checked, pictures made anew without what a camera wrote into them,
kept under the hash of what is kept.

A file never changes, so browsers may keep it for ever; one that no version and no draft names any more goes
with a later upload. This is where pictures are opened, as server/voice.py is for sound.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image, ImageOps

from server.domain.film import FilmWrong, film_kind, read_film

NAME = re.compile(r"[0-9a-f]{32}\.(?:jpg|mp4|webm)")
Kind = Literal["photo", "medium"]
PHOTO_BYTES, PICTURE_BYTES, FILM_BYTES = 8_000_000, 12_000_000, 40_000_000
PIXELS = 50_000_000  # of what is opened; a phone's camera makes 12 to 50 million
BADGE = (480, 640)  # 3:4, as on a badge
SCREEN = 1920  # the longer side of what a board needs
FILM_SECONDS, FILM_SIDE = 180, 3840
LEAST = {"photo": (180, 240), "medium": (320, 180)}
MOST_FILES, MOST_BYTES = 400, 2_000_000_000
UNNAMED_FOR = timedelta(days=1)  # between an upload and its draft


class UploadWrong(ValueError):
    """Cannot be used. reason: kind | large | broken | small | pixels | long | full."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Upload:
    """A file ready to be kept. seconds: of a film."""

    name: str
    data: bytes
    width: int
    height: int
    seconds: float | None = None


def checked(kind: Kind, data: bytes) -> Upload:
    """What is kept of an upload. Raises UploadWrong."""
    if kind == "medium" and film_kind(data):
        return _film(data)
    if len(data) > (PHOTO_BYTES if kind == "photo" else PICTURE_BYTES):
        raise UploadWrong("large")
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > PIXELS:
                raise UploadWrong("pixels")
            upright = ImageOps.exif_transpose(image)
            if upright.width < LEAST[kind][0] or upright.height < LEAST[kind][1]:
                raise UploadWrong("small")
            return _jpeg(kind, upright)
    except Image.UnidentifiedImageError:
        raise UploadWrong("kind") from None
    except Image.DecompressionBombError:
        raise UploadWrong("pixels") from None
    except (OSError, SyntaxError, EOFError):
        raise UploadWrong("broken") from None


def keep(folder: Path, upload: Upload, named: Collection[str], now: datetime) -> None:
    """Write it, if it is not there, and drop what nobody names any more. Raises UploadWrong full, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.*"):
        age = now.timestamp() - path.stat().st_mtime
        if path.name not in named and age > UNNAMED_FOR.total_seconds():
            path.unlink(missing_ok=True)
    kept = [path.stat().st_size for path in folder.glob("*.*")]
    file = folder / upload.name
    if file.is_file():
        os.utime(file, (now.timestamp(), now.timestamp()))
        return
    if len(kept) >= MOST_FILES or sum(kept) + len(upload.data) > MOST_BYTES:
        raise UploadWrong("full")
    part = folder / f".{upload.name}"
    part.write_bytes(upload.data)
    os.utime(part, (now.timestamp(), now.timestamp()))
    part.replace(file)


def find(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if NAME.fullmatch(name) and path.is_file() else None


def _jpeg(kind: Kind, image: Image.Image) -> Upload:
    whole = image
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        whole = Image.alpha_composite(ground, image.convert("RGBA"))
    plain = whole.convert("RGB")
    if kind == "photo":
        made = ImageOps.fit(plain, BADGE, centering=(0.5, 0.3))
    else:
        made = plain
        made.thumbnail((SCREEN, SCREEN))
    out = BytesIO()
    made.save(out, "JPEG", quality=86, optimize=True, exif=b"", icc_profile=None)
    data = out.getvalue()
    return Upload(f"{sha256(data).hexdigest()[:32]}.jpg", data, *made.size)


def _film(data: bytes) -> Upload:
    if len(data) > FILM_BYTES:
        raise UploadWrong("large")
    try:
        film = read_film(data)
    except FilmWrong:
        raise UploadWrong("broken") from None
    if film.seconds > FILM_SECONDS:
        raise UploadWrong("long")
    if max(film.width, film.height) > FILM_SIDE:
        raise UploadWrong("pixels")
    name = f"{sha256(data).hexdigest()[:32]}.{film_kind(data)}"
    return Upload(name, data, film.width, film.height, round(film.seconds, 1))
