"""Fonts of this computer that hold Chinese: for lines a printer's own font cannot draw, and for the glyphs of
virtual machines.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PIL import ImageFont

PLACES: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
#: beginnings of file names of fonts with Chinese in them, best first
NAMES: Final = (
    "wqy-microhei",
    "wqy-zenhei",
    "notosanscjk",
    "notosanssc",
    "sourcehansans",
    "notoserifcjk",
    "droidsansfallback",
    "plangothic",
    "hanazono",
    "simsun",
    "msyh",
    "simhei",
    "pingfang",
    "stheiti",
    "uming",
    "ukai",
    "unifont",
)


def find_fonts(places: Iterable[str] = PLACES) -> list[Path]:
    """Font files with Chinese on this computer, best first; [] when there is none."""
    found: dict[int, list[Path]] = {}
    for place in places:
        for folder, _, files in os.walk(Path(place).expanduser()):
            for file in files:
                flat = file.lower().replace("-", "").replace("_", "")
                for rank, name in enumerate(NAMES):
                    if flat.startswith(name.replace("-", "")) and flat.endswith((".ttf", ".ttc", ".otf")):
                        found.setdefault(rank, []).append(Path(folder) / file)
    return [path for rank in sorted(found) for path in sorted(found[rank])]


@functools.cache
def system_fonts() -> list[Path]:
    return find_fonts()


@functools.lru_cache(maxsize=32)
def font_of(path: str, height: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(path, height)
    except OSError:
        return None


@functools.lru_cache(maxsize=4096)
def has(path: str, char: str) -> bool:
    """Does the font hold this character, or only the picture it draws for "no such glyph"?"""
    font = font_of(path, 24)
    if font is None:
        return False
    if char.isspace():
        return True
    picture = font.getmask(char)
    nothing = font.getmask("\U0010fffd")
    same = picture.size == nothing.size and bytes(picture) == bytes(nothing)
    return not same and picture.getbbox() is not None
