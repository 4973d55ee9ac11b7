"""Keypads that speak only when they are asked: poll, state, acknowledgement. The bytes are data.

What the KeyPad.dll (wired) and CallPad.dll (wireless) keypads mean is written in their manuals; what stands
on their wires is not. So a frame is a template in the profile, hex bytes and fields:

    {address} one byte       {waiting} three digits       {number} four characters
    {state} one letter       {value} two digits           {sum} all bytes before it, modulo 256

    poll     host -> keypad   "how are you, so many wait"      state   keypad -> host
    number   host -> keypad   "call this one"                  ack     host -> keypad   "that state was seen"

The templates a profile has without saying so are our own stand-in, spoken by the virtual keypad only.

Source: manuals of KeyPad.dll and CallPad.dll in github wangenheng/gitHub workspace-latest/queue (one source):
meanings plausible, bytes unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from drivers.protocol.checksums import sum8
from drivers.protocol.errors import EncodeError

#: field -> bytes it takes
FIELDS: Final = {"address": 1, "waiting": 3, "number": 4, "state": 1, "value": 2, "sum": 1}
_WORD: Final = re.compile(r"[0-9a-fA-F]{2}|\{[a-z]+\}")


@dataclass(frozen=True)
class State:
    """What a keypad said of itself. state: one letter; value: 0..99."""

    address: int
    state: str
    value: int = 0


@dataclass(frozen=True)
class Form:
    """One frame's layout: constant bytes and names of fields in order."""

    parts: tuple[int | str, ...]

    @property
    def size(self) -> int:
        return sum(FIELDS[part] if isinstance(part, str) else 1 for part in self.parts)


def form(template: str) -> Form:
    """Read a template. Raises EncodeError for anything but hex bytes and known fields."""
    words = template.split()
    wrong = [w for w in words if not _WORD.fullmatch(w) or (w[0] == "{" and w[1:-1] not in FIELDS)]
    if wrong or not words:
        raise EncodeError(f"template {template!r}: {', '.join(wrong) or 'is empty'}")
    return Form(tuple(w[1:-1] if w[0] == "{" else int(w, 16) for w in words))


def encode(
    frame: Form,
    address: int,
    *,
    waiting: int | None = None,
    number: str | None = None,
    state: str = "",
    value: int = 0,
) -> bytes:
    """Bytes of one frame. More than 999 waiting are 999; of a number its last four ASCII characters count.

    Raises EncodeError for an address outside 0..255, a state that is no letter, a value outside 0..99.
    """
    if not 0 <= address <= 255 or not 0 <= value <= 99 or (state and not _is_letter(state)):
        raise EncodeError(f"address {address}, state {state!r} or value {value} does not fit")
    plain = "".join(char for char in number or "" if char.isascii() and char.isalnum())[-4:]
    said = {
        "address": bytes((address,)),
        "waiting": ("" if waiting is None else str(max(0, min(999, waiting)))).rjust(3).encode("ascii"),
        "number": plain.rjust(4).encode("ascii"),
        "state": (state or " ").encode("ascii"),
        "value": f"{value:02}".encode("ascii"),
    }
    out = b""
    for part in frame.parts:
        out += bytes((part,)) if isinstance(part, int) else said.get(part) or bytes((sum8(out),))
    return out


def decode(frame: Form, buffer: bytes) -> tuple[State | None, bytes]:
    """Take one state frame of that layout off the front of `buffer`: (state, what is left).

    (None, rest) means "read more". What does not match is dropped byte by byte.
    """
    size = frame.size
    for start in range(len(buffer)):
        piece = buffer[start : start + size]
        if len(piece) == size:
            found = _match(frame, piece)
            if found:
                return found, buffer[start + size :]
        elif _may_begin(frame, piece):
            return None, buffer[start:]
    return None, b""


def _match(frame: Form, piece: bytes) -> State | None:
    """The state `piece` tells, if every constant, digit and sum of it is right."""
    at, address, state, value = 0, 0, "", 0
    for part in frame.parts:
        width = FIELDS[part] if isinstance(part, str) else 1
        data = piece[at : at + width]
        if isinstance(part, int):
            right = data[0] == part
        elif part == "sum":
            right = data[0] == sum8(piece[:at])
        elif part == "address":
            right, address = True, data[0]
        elif part == "state":
            state = chr(data[0])
            right = _is_letter(state)
        else:
            right = data.isdigit()
            value = int(data) if right and part == "value" else value
        if not right:
            return None
        at += width
    return State(address, state, value) if state else None


def _may_begin(frame: Form, piece: bytes) -> bool:
    """Can these first bytes still become a frame? Only constants are looked at."""
    at = 0
    for part in frame.parts:
        if at >= len(piece):
            break
        if isinstance(part, int) and piece[at] != part:
            return False
        at += FIELDS[part] if isinstance(part, str) else 1
    return True


def _is_letter(state: str) -> bool:
    return len(state) == 1 and "A" <= state <= "Z"
