"""Frames described as data: the engine behind `led_frame`, so that a new card needs a file, not code.

A frame is a list of fields in the order of the wire. Each field is a table with exactly one of these keys:

    const      hex bytes                                      { const = "a0 90" }
    addr       u8, u16le, u16be, hexN, decN (N characters), or low6_high2: 10xxxxxx 110000xx  { addr = "u8" }
    seq        u8: counts frames                               { seq = "u8" }
    len        u8, u16le, u16be, hexN, decN; `span`, `offset`  { len = "u16be", span = ["text", "text"] }
    colour     u8: the first run's colour, from the colours    { colour = "u8" }
    text       plain · colour_after: a colour byte behind every character · nibbles: every byte of a
               Hanzi as two bytes 00..0f, ASCII as it is · colour_map: per text byte its colour, twice;
               `encoding` ascii, gb2312, gbk, gb18030, utf-16be, utf-16le; `most` bytes; `drop` characters
    checksum   sum (`modulo`, 256 unless told), xor, crc16_arc, crc16_modbus, crc16_ccitt, or sum16_hex (four
               hex digits); `span`, `order` be or le           { checksum = "xor", span = ["addr", "text"] }
    end        hex bytes
    any        so many bytes of any value: in answers only

A field is called as its key unless `name` says otherwise; `span` names the first and the last field it
covers. A length may cover itself and checksums; a checksum covers no checksum. Lengths and checksums count
bytes before escaping; escapes are applied to every field but a leading const and the end.

An answer is a list of const, addr, any and end. Everything wrong in a description is told at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from drivers.protocol import checksums
from drivers.protocol.charset import MARK, REPERTOIRES, Repertoire, clean, fits
from drivers.protocol.errors import EncodeError

#: (key, Chinese, English)
Mistake = tuple[str, str, str]
KINDS: Final = ("const", "addr", "seq", "len", "colour", "text", "checksum", "end", "any")
EXTRAS: Final[dict[str, frozenset[str]]] = {
    "len": frozenset({"span", "offset"}),
    "text": frozenset({"encoding", "most", "drop"}),
    "checksum": frozenset({"span", "modulo", "order"}),
}
TEXT_FORMS: Final = ("plain", "colour_after", "nibbles", "colour_map")
ENCODINGS: Final = ("ascii", *get_args(Repertoire), "utf-16be", "utf-16le")
NUMBER_FORM: Final = re.compile(r"u8|u16le|u16be|(?:hex|dec)[1-8]")
ASCII_MARK: Final = "_"  # what an ASCII device shows for a character it has not
CHECKS: Final[dict[str, Callable[[bytes], int]]] = {
    "xor": checksums.xor8,
    "crc16_arc": checksums.crc16_arc,
    "crc16_modbus": checksums.crc16_modbus,
    "crc16_ccitt": checksums.crc16_ccitt,
}
CHECK_SIZE: Final = {
    "sum": 1,
    "xor": 1,
    "crc16_arc": 2,
    "crc16_modbus": 2,
    "crc16_ccitt": 2,
    "sum16_hex": 4,
}


@dataclass(frozen=True)
class Run:
    """A piece of text in one colour: red, green or yellow."""

    text: str
    colour: str = "red"


@dataclass(frozen=True)
class Message:
    """What a frame says. sequence: counts the frames of one device, modulo 256 on the wire."""

    address: int
    runs: tuple[Run, ...] = ()
    sequence: int = 0


@dataclass(frozen=True)
class Field:
    """One field, checked. form: the value of its key; data: the bytes of const and end."""

    kind: str
    name: str
    form: str = ""
    data: bytes = b""
    span: tuple[str, str] = ("", "")
    offset: int = 0
    encoding: str = "gb2312"
    most: int = 200
    drop: str = ""
    modulo: int = 256
    order: str = "be"


@dataclass(frozen=True)
class Template:
    """A frame's description without mistakes. colours: colour -> byte; escape: raw byte -> what goes out."""

    fields: tuple[Field, ...]
    colours: Mapping[str, int]
    escape: Mapping[int, bytes]

    def encode(self, message: Message) -> bytes:
        """Bytes of one frame. Raises EncodeError when something does not fit its field."""
        sizes: list[int] = []
        values: list[bytes] = []
        for field in self.fields:
            value = self._value(field, message)
            values.append(value)
            sizes.append(_size(field) if field.kind in ("len", "checksum") else len(value))
        self._count(values, sizes)
        return b"".join(
            value if self._is_frame(at) else b"".join(self.escape.get(b, bytes((b,))) for b in value)
            for at, value in enumerate(values)
        )

    def agrees(self, values: Sequence[bytes]) -> bool:
        """Are the lengths and checksums in these values, one per field, those of the others?"""
        counted = list(values)
        try:
            self._count(counted, [len(value) for value in values])
        except EncodeError:
            return False
        return counted == list(values)

    def _count(self, values: list[bytes], sizes: Sequence[int]) -> None:
        """Fill in lengths, then checksums. Raises EncodeError for a length that does not fit."""
        for at, field in enumerate(self.fields):
            if field.kind == "len":
                first, last = self._span(field)
                values[at] = _number(sum(sizes[first : last + 1]) + field.offset, field.form, "length")
        for at, field in enumerate(self.fields):
            if field.kind == "checksum":
                first, last = self._span(field)
                values[at] = _check(field, b"".join(values[first : last + 1]))

    def outside(self, text: str) -> str:
        """The characters of `text` the device cannot draw, each once."""
        for field in self.fields:
            if field.kind == "text":
                return "".join(dict.fromkeys(c for c in clean(text, field.drop) if not _fits(c, field)))
        return ""

    def _is_frame(self, at: int) -> bool:
        field = self.fields[at]
        return field.kind == "end" or (at == 0 and field.kind == "const")

    def _span(self, field: Field) -> tuple[int, int]:
        names = [one.name for one in self.fields]
        return names.index(field.span[0]), names.index(field.span[1])

    def _value(self, field: Field, message: Message) -> bytes:
        if field.kind in ("const", "end"):
            return field.data
        if field.kind == "addr":
            return _address(message.address, field.form)
        if field.kind == "seq":
            return bytes((message.sequence & 0xFF,))
        if field.kind == "colour":
            return bytes((self._colour(message.runs[0].colour if message.runs else "red"),))
        return self._text(field, message.runs) if field.kind == "text" else b""

    def _colour(self, name: str) -> int:
        """A card without that colour shows its first one."""
        return self.colours.get(name, next(iter(self.colours.values()), 0))

    def _text(self, field: Field, runs: Iterable[Run]) -> bytes:
        out = bytearray()
        for run in runs:
            colour = self._colour(run.colour)
            for char in clean(run.text, field.drop):
                raw = _bytes(char, field)
                if field.form == "colour_after":
                    out += raw + bytes((colour,))
                elif field.form == "nibbles" and len(raw) > 1:
                    out += bytes(half for byte in raw for half in (byte >> 4, byte & 15))
                elif field.form == "colour_map":
                    out += bytes((colour, colour)) * len(raw)
                else:
                    out += raw
        if len(out) > field.most:
            raise EncodeError(f"the text takes {len(out)} bytes, the card holds {field.most}")
        return bytes(out)


@dataclass(frozen=True)
class Pattern:
    """What an answer looks like."""

    fields: tuple[Field, ...]

    def bytes_for(self, address: int) -> tuple[int | None, ...]:
        """One entry per byte, None where any value will do. Raises EncodeError."""
        out: list[int | None] = []
        for field in self.fields:
            if field.kind == "any":
                out += [None] * int(field.form)
            else:
                out += _address(address, field.form) if field.kind == "addr" else field.data
        return tuple(out)


def find(buffer: bytes, patterns: Sequence[Sequence[int | None]]) -> tuple[int | None, bytes]:
    """The first pattern that stands whole in `buffer`: (its index, what is left behind it).

    (None, rest) means "read more": the rest may be the beginning of one.
    """
    for start in range(len(buffer)):
        for index, pattern in enumerate(patterns):
            piece = buffer[start : start + len(pattern)]
            if len(piece) == len(pattern) and _alike(piece, pattern):
                return index, buffer[start + len(pattern) :]
        if any(_alike(buffer[start:], pattern) for pattern in patterns if len(buffer) - start < len(pattern)):
            return None, buffer[start:]
    return None, b""


def read_template(
    rows: object, where: str, colours: Mapping[str, int], escape: Mapping[int, bytes]
) -> tuple[Template | None, list[Mistake]]:
    """A frame from its description, or None with everything that is wrong in it."""
    fields, mistakes = _fields(rows, where, set(KINDS) - {"any"})
    if not mistakes:
        mistakes = _spans(fields, where)
    coloured = any(field.kind == "colour" or field.form.startswith("colour_") for field in fields)
    if not mistakes and not colours and coloured:
        mistakes = [("colours", "缺少颜色表", "this frame needs a table of colours")]
    return (None, mistakes) if mistakes else (Template(fields, colours, escape), [])


def read_pattern(rows: object, where: str) -> tuple[Pattern | None, list[Mistake]]:
    """An answer from its description, or None with everything that is wrong in it."""
    fields, mistakes = _fields(rows, where, {"const", "addr", "any", "end"})
    if not mistakes and all(field.kind == "any" for field in fields):
        mistakes = [(where, "至少要有一个固定字节", "needs at least one byte that is fixed")]
    return (None, mistakes) if mistakes else (Pattern(fields), [])


def read_escape(table: Mapping[str, str], where: str) -> tuple[dict[int, bytes], list[Mistake]]:
    """{"a5" = "a6 02"} as raw byte -> what goes out, and what is wrong with it."""
    out: dict[int, bytes] = {}
    mistakes: list[Mistake] = []
    for key, value in table.items():
        raw, pair = _hex(key), _hex(value)
        if raw is None or len(raw) != 1 or pair is None or len(pair) < 2:
            mistakes.append((f"{where}.{key}", "应为一字节对多字节", "is one byte to two or more"))
        else:
            out[raw[0]] = pair
    for raw_byte, pair in out.items():
        if pair[0] not in out:
            key = f"{where}.{raw_byte:02x}"
            mistakes.append((key, f"{pair[0]:02x} 自己也要转义", f"{pair[0]:02x} must be escaped itself"))
    return out, mistakes


def read_colours(table: Mapping[str, int], where: str) -> list[Mistake]:
    return [
        (f"{where}.{name}", "颜色是 red、green、yellow，值 0..255", "is red, green or yellow with 0..255")
        for name, value in table.items()
        if name not in ("red", "green", "yellow") or not 0 <= value <= 255
    ]


def _fields(rows: object, where: str, allowed: set[str]) -> tuple[tuple[Field, ...], list[Mistake]]:
    if not isinstance(rows, (list, tuple)) or not rows:
        return (), [(where, "应为字段列表", "must be a list of fields")]
    made: list[Field] = []
    mistakes: list[Mistake] = []
    for at, row in enumerate(rows):
        key = f"{where}[{at}]"
        kinds = [kind for kind in KINDS if isinstance(row, dict) and kind in row]
        if len(kinds) != 1 or kinds[0] not in allowed:
            known = ", ".join(kind for kind in KINDS if kind in allowed)
            mistakes.append((key, f"字段须恰有 {known} 之一", f"a field has exactly one of {known}"))
            continue
        known_keys = EXTRAS.get(kinds[0], frozenset()) | {kinds[0], "name"}
        unknown = [(f"{key}.{more}", "未知的键", "unknown key") for more in row if more not in known_keys]
        field, wrong = _field(kinds[0], row, key)
        mistakes += unknown + wrong
        if not wrong:
            made.append(field)
    names = [field.name for field in made]
    for name in sorted({name for name in names if names.count(name) > 1 and name not in ("const", "any")}):
        mistakes.append((where, f"字段名 {name!r} 重复，用 name 区分", f"two fields are called {name!r}"))
    return tuple(made), mistakes


def _field(kind: str, row: Mapping[str, Any], key: str) -> tuple[Field, list[Mistake]]:
    value, name = row[kind], row.get("name", kind)
    mistakes: list[Mistake] = []

    def wrong(part: str, zh: str, en: str) -> None:
        mistakes.append((f"{key}.{part}", zh, en))

    if not isinstance(name, str) or not name:
        wrong("name", "应为文字", "must be a text")
    if kind == "any":
        if type(value) is not int or not 1 <= value <= 64:
            wrong("any", "应为 1..64", "must be 1..64")
        return Field(kind, str(name), str(value)), mistakes
    if not isinstance(value, str):
        wrong(kind, "应为文字", "must be a text")
        return Field(kind, str(name)), mistakes
    if kind in ("const", "end"):
        data = _hex(value)
        if not data:
            wrong(kind, "应为十六进制字节", 'must be bytes in hex, as "a0 90"')
        return Field(kind, str(name), data=data or b""), mistakes
    choices: dict[str, Sequence[str]] = {
        "seq": ("u8",),
        "colour": ("u8",),
        "text": TEXT_FORMS,
        "checksum": tuple(CHECK_SIZE),
    }
    if kind in choices and value not in choices[kind]:
        listed = ", ".join(choices[kind])
        wrong(kind, f"应为 {listed} 之一", f"must be one of {listed}")
    low6 = kind == "addr" and value == "low6_high2"
    if kind in ("addr", "len") and not low6 and not NUMBER_FORM.fullmatch(value):
        wrong(kind, "应为 u8、u16le、u16be、hexN 或 decN", "must be u8, u16le, u16be, hexN or decN")
    wanted: dict[str, tuple[Any, Callable[[Any], bool], str, str]] = {
        "offset": (0, lambda v: type(v) is int and -999 <= v <= 999, "应为整数", "must be a whole number"),
        "most": (200, lambda v: type(v) is int and 1 <= v <= 4000, "应为 1..4000", "must be 1..4000"),
        "drop": ("", lambda v: isinstance(v, str), "应为文字", "must be a text"),
        "modulo": (256, lambda v: type(v) is int and 2 <= v <= 256, "应为 2..256", "must be 2..256"),
        "order": ("be", lambda v: v in ("be", "le"), "应为 be 或 le", "must be be or le"),
        "encoding": (
            "gb2312",
            lambda v: v in ENCODINGS,
            f"应为 {', '.join(ENCODINGS)} 之一",
            f"must be one of {', '.join(ENCODINGS)}",
        ),
    }
    more: dict[str, Any] = {}
    for part in EXTRAS.get(kind, frozenset()) - {"span"}:
        default, right, zh, en = wanted[part]
        more[part] = row.get(part, default)
        if not right(more[part]):
            wrong(part, zh, en)
    span = row.get("span", ("", ""))
    if "span" in EXTRAS.get(kind, frozenset()):
        pair = isinstance(span, (list, tuple)) and len(span) == 2 and all(isinstance(s, str) for s in span)
        if not pair or not all(span):
            wrong("span", "应为 [起, 止] 两个字段名", "must be the names of its first and last field")
            span = ("", "")
    if kind == "text" and value in ("nibbles", "colour_map") and more["encoding"] not in ("ascii", "gb2312"):
        wrong("encoding", "半字节只能传 GB2312", "nibbles carry GB2312 only")  # a trail below 80h is no pair
    return Field(kind, str(name), value, span=(span[0], span[1]), **more), mistakes


def _spans(fields: Sequence[Field], where: str) -> list[Mistake]:
    names = [field.name for field in fields]
    mistakes: list[Mistake] = []
    for at, field in enumerate(fields):
        if field.kind not in ("len", "checksum"):
            continue
        key = f"{where}[{at}].span"
        unknown = [name for name in field.span if names.count(name) != 1]
        if unknown:
            said = ", ".join(map(repr, unknown))
            mistakes.append((key, f"没有名为 {said} 的字段", f"no one field is called {said}"))
            continue
        first, last = names.index(field.span[0]), names.index(field.span[1])
        if first > last:
            mistakes.append((key, "起在止之后", "begins after its end"))
        elif field.kind == "checksum" and any(one.kind == "checksum" for one in fields[first : last + 1]):
            mistakes.append((key, "校验不能包含校验", "a checksum cannot cover a checksum"))
    return mistakes


def _hex(text: object) -> bytes | None:
    try:
        return bytes.fromhex(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _size(field: Field) -> int:
    if field.kind == "checksum":
        return CHECK_SIZE[field.form]
    return {"u8": 1, "u16le": 2, "u16be": 2}.get(field.form) or int(field.form[3:])


def _check(field: Field, covered: bytes) -> bytes:
    if field.form == "sum":
        return bytes((sum(covered) % field.modulo,))
    if field.form == "sum16_hex":
        return b"%04X" % (sum(covered) & 0xFFFF)
    value = CHECKS[field.form](covered)
    return value.to_bytes(CHECK_SIZE[field.form], "little" if field.order == "le" else "big")


def _address(address: int, form: str) -> bytes:
    if form == "low6_high2":
        if not 0 <= address <= 255:
            raise EncodeError(f"address {address} is not in 0..255")
        return bytes((0x80 | address & 0x3F, 0xC0 | address >> 6))
    return _number(address, form, "address")


def _number(value: int, form: str, what: str) -> bytes:
    if form[:3] in ("hex", "dec"):
        width = int(form[3:])
        text = f"{value:0{width}X}" if form[:3] == "hex" else f"{value:0{width}d}"
        if value < 0 or len(text) > width:
            raise EncodeError(f"{what} {value} does not fit {width} characters")
        return text.encode("ascii")
    size = 1 if form == "u8" else 2
    if not 0 <= value < 1 << 8 * size:
        raise EncodeError(f"{what} {value} does not fit {form}")
    return value.to_bytes(size, "little" if form == "u16le" else "big")


def _fits(char: str, field: Field) -> bool:
    if field.encoding == "ascii":
        return char.isascii()
    for repertoire in REPERTOIRES:
        if field.encoding == repertoire:
            return fits(char, repertoire)
    return ord(char) < 0x10000


def _bytes(char: str, field: Field) -> bytes:
    if not _fits(char, field):
        char = ASCII_MARK if field.encoding == "ascii" else MARK
    codec = "gb18030" if field.encoding in REPERTOIRES else field.encoding
    return char.encode(codec)


def _alike(piece: bytes, pattern: Sequence[int | None]) -> bool:
    return all(want is None or byte == want for byte, want in zip(piece, pattern, strict=False))
