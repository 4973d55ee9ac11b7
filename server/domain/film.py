"""What an MP4 file says of itself: how long it runs and how large its pictures are.

Boxes are a length of 4 bytes (1 = 8 more bytes follow, 0 = to the end) and a name of 4; `mvhd` in `moov` has
timescale and duration, `tkhd` of each `trak` width and height as 16.16. Source: ISO/IEC 14496-12,
4.2, 8.2, 8.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


class FilmWrong(ValueError):
    """These bytes are no MP4, or one without what is needed to know its length."""


@dataclass(frozen=True)
class Film:
    seconds: float
    width: int
    height: int


def read_film(data: bytes) -> Film:
    """Raises FilmWrong."""
    boxes = list(_boxes(data))
    if not boxes or boxes[0][0] != b"ftyp":
        raise FilmWrong("no ftyp box at the beginning")
    inner = next((list(_boxes(body)) for name, body in boxes if name == b"moov"), None)
    if inner is None:
        raise FilmWrong("no moov box")
    seconds = next((_seconds(body) for name, body in inner if name == b"mvhd"), 0.0)
    sizes = [
        _size(body)
        for name, track in inner
        if name == b"trak"
        for part, body in _boxes(track)
        if part == b"tkhd"
    ]
    width, height = max(sizes, default=(0, 0), key=lambda s: s[0] * s[1])
    if seconds <= 0 or not width or not height:
        raise FilmWrong("no duration or no picture")
    return Film(seconds, width, height)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, name, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            raise FilmWrong("a box is cut off")
        yield name, data[at + head : at + size]
        at += size


def _seconds(body: bytes) -> float:
    wide = body[:1] == b"\x01"
    at, long = (20, 8) if wide else (12, 4)
    if len(body) < at + 4 + long:
        raise FilmWrong("mvhd is cut off")
    scale = int.from_bytes(body[at : at + 4])
    return int.from_bytes(body[at + 4 : at + 4 + long]) / scale if scale else 0.0


def _size(body: bytes) -> tuple[int, int]:
    at = 88 if body[:1] == b"\x01" else 76
    if len(body) < at + 8:
        raise FilmWrong("tkhd is cut off")
    return int.from_bytes(body[at : at + 2]), int.from_bytes(body[at + 4 : at + 6])
