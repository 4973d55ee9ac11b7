"""Which characters a Chinese device can draw, and text made safe for a wire.

A device declares a repertoire: `gb2312` (6,763 Hanzi), `gbk` (21,003) or `gb18030` (four-byte codes too).
All three share one encoding, so bytes always come from GB18030; the repertoire says how much of it the
device's font holds. Lead byte FE is left out of every repertoire: firmware of common 80 mm printers diverts
it to user-defined glyphs, so 䶮 (fe9f) may come out blank (source: github roll2021/print801, one source;
plausible, not cross-checked).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Repertoire = Literal["gb2312", "gbk", "gb18030"]
REPERTOIRES: Final = frozenset(get_args(Repertoire))
MARK: Final = (
    "〓"  # U+3013, a1fe: printers' traditional sign for "a character is missing here"; in every repertoire
)


def is_control(char: str) -> bool:
    """True for what must never travel inside a text: C0, C1, DEL, lone surrogates, line and bidi controls,
    BOM.
    """
    code = ord(char)
    return (
        code < 0x20
        or 0x7F <= code <= 0x9F
        or 0xD800 <= code <= 0xDFFF
        or 0x200B <= code <= 0x200F
        or 0x2028 <= code <= 0x202E
        or 0x2060 <= code <= 0x206F
        or code in (0xAD, 0xFEFF)
        or code & 0xFFFE == 0xFFFE
    )


def clean(text: str, drop: str = "") -> str:
    """`text` without control characters (an Enter in a name must not become a command) and without `drop`."""
    return "".join(char for char in text if not is_control(char) and char not in drop)


def fits(char: str, repertoire: Repertoire) -> bool:
    """Can a device with this repertoire draw `char`?"""
    if char.isascii():
        return not is_control(char)
    try:
        code = char.encode("gb18030")
    except UnicodeEncodeError:
        return False
    if repertoire == "gb2312" and len(code) == 2:
        return _in_gb2312(code)
    if code[0] == 0xFE:
        return False
    return len(code) == 2 or repertoire == "gb18030"


def _in_gb2312(code: bytes) -> bool:
    """Is this cell in GB2312? Asked by bytes: the codecs give · and — (a1a4, a1aa) other code points."""
    try:
        code.decode("gb2312")
    except UnicodeDecodeError:
        return False
    return True


def outside(text: str, repertoire: Repertoire) -> str:
    """The characters of `text` that the device cannot draw, each once, in order."""
    return "".join(dict.fromkeys(char for char in text if not fits(char, repertoire)))


def encode(text: str, repertoire: Repertoire) -> bytes:
    """`text` as bytes; a character outside the repertoire becomes 〓, never a question mark."""
    return "".join(char if fits(char, repertoire) else MARK for char in text).encode("gb18030")


def columns(text: str) -> int:
    """Width in half-width columns: ASCII takes one, everything else two, as on every Chinese dot-matrix
    font.
    """
    return sum(1 if char.isascii() else 2 for char in text)


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns (at least 2). An empty text is one empty line."""
    width = max(2, width)
    lines, line, used = [], "", 0
    for char in text:
        need = columns(char)
        if used + need > width:
            lines.append(line)
            line, used = "", 0
        line, used = line + char, used + need
    return [*lines, line]
