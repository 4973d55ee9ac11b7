"""Serial and CDC scanners: what is printed in the code, then CR, LF or CRLF. 9600 or 115200 8N1.

A scanner without a suffix, or one whose suffix got lost, is understood by its silence. Codes of ours are
ASCII; others come as UTF-8 or GB18030, as the scanner is set. Source: HARDWARE 4.4 [U].
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 400  # bytes of a code; the longest of ours, an address with a link, has about 80
QUIET_S: Final = 0.05  # silence that ends a code
ENDS: Final = b"\r\n"


@dataclass(frozen=True)
class Code:
    """What was read. It may be a link that opens somebody's booking: it is not shown in a repr."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class Unreadable:
    """Something was scanned that cannot be a code. reason: too_long or not_text."""

    reason: str


def decode(buffer: bytes) -> tuple[Code | Unreadable | None, bytes]:
    """Take one whole line off the front of `buffer`: (code, what is left). (None, rest) means "read more".

    Empty lines are passed over, so CRLF is one end and not two. Of a line that is too long only so much is
    kept as shows that it is.
    """
    buffer = buffer.lstrip(ENDS)
    ends = [at for at in (buffer.find(b"\r"), buffer.find(b"\n")) if at >= 0]
    if not ends:
        return None, buffer[: LONGEST + 1]
    end = min(ends)
    return read(buffer[:end]), buffer[end + 1 :]


def read(line: bytes) -> Code | Unreadable:
    """The code in the bytes of one line."""
    if len(line) > LONGEST:
        return Unreadable("too_long")
    for charset in ("ascii", "utf-8", "gb18030"):
        try:
            text = line.decode(charset).strip()
        except UnicodeDecodeError:
            continue
        if text and all(char.isprintable() for char in text):
            return Code(text)
    return Unreadable("not_text")
