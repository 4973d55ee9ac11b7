"""A frame read back by its description: which bytes are which field, and what text they carry.

The other direction of drivers/protocol/frame_template.py, for whoever looks at a line while a card is being
learnt. A frame is read as its description says; whether the card agrees is seen on the card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.protocol.charset import REPERTOIRES
from drivers.protocol.frame_template import CHECK_SIZE, Field, Pattern, Template, find

Piece = tuple[Field, bytes]


@dataclass(frozen=True)
class Parts:
    """One frame taken apart. pieces: every field with its bytes, escapes undone; text: what it would show."""

    address: int | None
    text: str
    pieces: tuple[Piece, ...]

    @property
    def told(self) -> str:
        """Field by field, for people: `const a0 90 · addr 01 · …`."""
        return " · ".join(f"{field.name} {data.hex(' ')}" for field, data in self.pieces if data)


def take_apart(template: Template, frame: bytes) -> Parts | None:
    """`frame` as `template` describes it, None when it is not such a frame: other length or constants, or
    lengths and checksums that do not agree.
    """
    raw = _unescaped(template, frame)
    fields = template.fields
    fixed = sum(_size(field) for field in fields)
    room = len(raw) - fixed
    if room < 0 or (room and not any(field.kind == "text" for field in fields)):
        return None
    pieces: list[Piece] = []
    for field in fields:
        size = room if field.kind == "text" else _size(field)
        pieces.append((field, raw[:size]))
        raw = raw[size:]
    if any(field.kind in ("const", "end") and field.data != data for field, data in pieces):
        return None
    if not template.agrees([data for _, data in pieces]):
        return None
    addresses = [_number(field.form, data) for field, data in pieces if field.kind == "addr"]
    if None in addresses:
        return None
    address = addresses[0] if addresses else None
    text = "".join(_text(field, data) for field, data in pieces if field.kind == "text")
    return Parts(address, text, tuple(pieces))


def take_answer(patterns: Sequence[Pattern], buffer: bytes) -> tuple[int | None, int | None, bytes]:
    """(which of `patterns` came, from what address, what is left), whoever it is from; as `find`."""
    loose = [_of_anybody(pattern) for pattern in patterns]
    index, rest = find(buffer, loose)
    if index is None:
        return None, None, rest
    piece = buffer[: len(buffer) - len(rest)][-len(loose[index]) :]
    for field in patterns[index].fields:
        size = int(field.form) if field.kind == "any" else _size(field)
        if field.kind == "addr":
            return index, _number(field.form, piece[:size]), rest
        piece = piece[size:]
    return index, None, rest


def _of_anybody(pattern: Pattern) -> list[int | None]:
    out: list[int | None] = []
    for field in pattern.fields:
        size = int(field.form) if field.kind == "any" else _size(field)
        out += [None] * size if field.kind in ("any", "addr") else list(field.data)
    return out


def _unescaped(template: Template, frame: bytes) -> bytes:
    """Without the escapes; a leading const and the end go out as they are."""
    if not template.escape:
        return frame
    head = template.fields[0].data if template.fields[0].kind == "const" else b""
    tail = template.fields[-1].data if template.fields[-1].kind == "end" else b""
    back = {sent: raw for raw, sent in template.escape.items()}
    middle, out, at = frame[len(head) : len(frame) - len(tail)], bytearray(), 0
    while at < len(middle):
        sent = next((one for one in back if middle.startswith(one, at)), None)
        out += bytes((back[sent],)) if sent else middle[at : at + 1]
        at += len(sent) if sent else 1
    return frame[: len(head)] + bytes(out) + frame[len(frame) - len(tail) :]


def _size(field: Field) -> int:
    """Bytes of a field that is always as long; 0 for a text."""
    if field.kind in ("const", "end"):
        return len(field.data)
    if field.kind == "text":
        return 0
    if field.kind == "checksum":
        return CHECK_SIZE[field.form]
    return {"u8": 1, "u16le": 2, "u16be": 2, "low6_high2": 2}.get(field.form) or int(field.form[3:])


def _number(form: str, data: bytes) -> int | None:
    if form == "low6_high2":
        return data[0] & 0x3F | (data[1] & 3) << 6
    if form[:3] in ("hex", "dec"):
        digits = b"0123456789ABCDEF" if form[:3] == "hex" else b"0123456789"
        return int(data, 16 if form[:3] == "hex" else 10) if not data.strip(digits) else None
    return int.from_bytes(data, "little" if form == "u16le" else "big")


def _text(field: Field, data: bytes) -> str:
    if field.form == "colour_map":
        return ""
    codec = "gb18030" if field.encoding in REPERTOIRES else field.encoding
    return _plain(field, data).decode(codec, "replace")


def _plain(field: Field, data: bytes) -> bytes:
    """The text's own bytes, without colours between them and with halves put together."""
    wide = 2 if field.encoding.startswith("utf-16") else 0
    out, at = bytearray(), 0
    while at < len(data):
        if field.form == "nibbles" and data[at] < 0x10 and at + 1 < len(data):
            out.append(data[at] << 4 | data[at + 1] & 15)
            at += 2
        elif field.form == "colour_after":
            size = wide or (1 if data[at] < 0x80 else 2)
            out += data[at : at + size]
            at += size + 1
        else:
            out.append(data[at])
            at += 1
    return bytes(out)
