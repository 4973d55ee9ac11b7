"""What a film says of itself: how long it runs and how large its pictures are.

MP4: boxes are a length of 4 bytes (1 = 8 more bytes follow, 0 = to the end) and a name of 4; `mvhd` in `moov`
has timescale and duration, `tkhd` of each `trak` width and height as 16.16. Source: ISO/IEC 14496-12, 4.2,
8.2, 8.3.

WebM: elements are an id whose leading zeros tell its length, a size written alike without the marking bit
(all ones = unknown), and a body. `Info` of the `Segment` has the length as a float in units of
`TimestampScale` nanoseconds, `Tracks` the pictures. Source: RFC 8794, 4 to 6; RFC 9559, 5.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

EBML, SEGMENT, INFO, TRACKS, CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
DOC_TYPE, SCALE, DURATION, TRACK, VIDEO, WIDTH, HEIGHT = 0x4282, 0x2AD7B1, 0x4489, 0xAE, 0xE0, 0xB0, 0xBA


class FilmWrong(ValueError):
    """These bytes are neither MP4 nor WebM, or lack what is needed to know how long the film is."""


@dataclass(frozen=True)
class Film:
    seconds: float
    width: int
    height: int


def film_kind(data: bytes) -> str:
    """ "mp4", "webm", or "" when the beginning is of neither."""
    if data[:4] == EBML.to_bytes(4):
        return "webm"
    return "mp4" if data[4:8] == b"ftyp" else ""


def read_film(data: bytes) -> Film:
    """Raises FilmWrong."""
    seconds, sizes = _webm(data) if film_kind(data) == "webm" else _mp4(data)
    width, height = max(sizes, default=(0, 0), key=lambda s: s[0] * s[1])
    if not 0 < seconds < float("inf") or not width or not height:
        raise FilmWrong("no duration or no picture")
    return Film(seconds, width, height)


def _mp4(data: bytes) -> tuple[float, list[tuple[int, int]]]:
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
    return seconds, sizes


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


def _webm(data: bytes) -> tuple[float, list[tuple[int, int]]]:
    top = dict(_elements(data, 0, len(data)))
    if EBML not in top or SEGMENT not in top:
        raise FilmWrong("no EBML head or no segment")
    head = {i: data[a:b] for i, (a, b) in _elements(data, *top[EBML])}
    if head.get(DOC_TYPE, b"").rstrip(b"\0") != b"webm":
        raise FilmWrong("another kind of Matroska")
    scale, length, sizes = 1_000_000, 0.0, []
    for name, (start, end) in _elements(data, *top[SEGMENT]):
        if name == INFO:
            facts = {i: data[a:b] for i, (a, b) in _elements(data, start, end)}
            scale = int.from_bytes(facts.get(SCALE, b"")) or scale
            length = _float(facts.get(DURATION, b""))
        elif name == TRACKS:
            for track, inner in _elements(data, start, end):
                if track == TRACK:
                    sizes += [_pixels(data, *at) for part, at in _elements(data, *inner) if part == VIDEO]
    return length * scale / 1e9, sizes


def _pixels(data: bytes, start: int, end: int) -> tuple[int, int]:
    facts = {i: int.from_bytes(data[a:b]) for i, (a, b) in _elements(data, start, end)}
    return facts.get(WIDTH, 0), facts.get(HEIGHT, 0)


def _float(body: bytes) -> float:
    return float(struct.unpack(">f" if len(body) == 4 else ">d", body)[0]) if len(body) in (4, 8) else 0.0


def _elements(data: bytes, at: int, end: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """(id, (where its body begins, where it ends)) one after the other; ends at a cluster of unknown size,
    behind which only pictures come."""
    while at < end:
        name, at = _number(data, at, end, keep=True)
        size, at = _number(data, at, end, keep=False)
        if size is None:
            if name == CLUSTER:
                return
            size = end - at
        if name is None or at + size > end:
            raise FilmWrong("an element is cut off")
        yield name, (at, at + size)
        at += size


def _number(data: bytes, at: int, end: int, keep: bool) -> tuple[int | None, int]:
    """A number whose first byte tells its length, and where it ends. None: a size that says unknown.
    keep: with the bit that marks the length, as ids are written."""
    length = 9 - data[at].bit_length() if at < end else 9
    if length > 8 or at + length > end:
        raise FilmWrong("an element is cut off")
    whole, mark = int.from_bytes(data[at : at + length]), 1 << (7 * length)
    if keep:
        return whole, at + length
    return None if whole == 2 * mark - 1 else whole - mark, at + length
