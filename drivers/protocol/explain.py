"""What bytes on a line mean, as a word and facts: for people who look at a trace, live or recorded.

    escpos       ask {n} · mark_asked · slip {text, bytes} · unjam       state {n, word} · mark {word}
    onbon_bxk    ping {address} · text {address, text} · other {address, hex}   ack / nack {address, word}
    keypad_ff68  echo {address} · counts {address, digits} · ask_rating {address}   key {address, key, value}
                                                                                 rating {address, value}

Other screens: explain_screens.py; other keypads and readers: explain_desks.py. Where frames are described in
a profile (`led_frame`, `keypad_polled`), they are read by it. A word's sentence stands in config/text
(wiring.said). Bytes that mean nothing here give nothing: the hex is shown beside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.protocol import escpos, explain_desks, explain_screens, ff68, onbon_bxk

Said = tuple[str, dict[str, Any]]
TO, FROM = ">", "<"


@dataclass
class Explainer:
    """Fed with a line's bytes in their order; remembers what is half said, and for ESC/POS what was asked.

    profile: that of the device, where the driver's frames are described by it.
    """

    driver: str
    profile: Any = None
    _rest: dict[str, bytes] = field(default_factory=lambda: {TO: b"", FROM: b""})
    _asked: list[int] = field(default_factory=list)

    def feed(self, way: str, data: bytes) -> list[Said]:
        """The messages that `data` completes. way: ">" to the device, "<" from it."""
        read = READERS.get(self.driver, {}).get(way)
        if read is None:
            return []
        said, self._rest[way] = read(self, self._rest[way] + data)
        return said


def _escpos_to(one: Explainer, data: bytes) -> tuple[list[Said], bytes]:
    said: list[Said] = []
    if len(data) == 3 and data[:2] == b"\x10\x04":
        one._asked = [*one._asked, data[2]][-8:]
        return [("escpos.ask", {"n": data[2]})], b""
    if data == escpos.DROP_BUFFER:
        return [("escpos.unjam", {})], b""
    if data == escpos.END_MARK:
        return [("escpos.mark_asked", {})], b""
    if data.startswith(escpos.INIT) or len(data) > 8:
        said.append(("escpos.slip", {"bytes": len(data), "text": _printed(data)}))
    return said, b""


def _printed(data: bytes) -> str:
    """The readable characters of a slip's bytes, for recognising it; no interpretation of commands."""
    text = data.decode("gb18030", "ignore")
    words = "".join(c if c.isalnum() or "\u4e00" <= c <= "\u9fff" else " " for c in text).split()
    return " ".join(word for word in words if len(word) > 2 or not word.isascii())[:80]


def _escpos_from(one: Explainer, data: bytes) -> tuple[list[Said], bytes]:
    said: list[Said] = []
    while True:
        heard, data = escpos.decode(data)
        if heard is None:
            return said, data
        if isinstance(heard, escpos.RealTime):
            n = one._asked.pop(0) if one._asked else 0
            said.append(("escpos.state", {"n": n, "word": _state(n, heard.value)}))
        elif isinstance(heard, escpos.Marked):
            said.append(("escpos.mark", {"word": "paper_out" if heard.end else "ok"}))


def _state(n: int, value: int) -> str:
    names = {1: "printer", 2: "offline", 3: "error", 4: "paper"}
    if n not in names:
        return f"{value:02x}"
    status = escpos.Status(**{names[n]: value})
    return status.trouble or ("near_end" if status.near_end else "ok")


def _bxk_to(_one: Explainer, data: bytes) -> tuple[list[Said], bytes]:
    said: list[Said] = []
    while True:
        packet, data = onbon_bxk.decode(data)
        if packet is None:
            return said, data
        group = packet.data[:2]
        if group == b"\xa2\x00":
            said.append(("bxk.ping", {"address": packet.to}))
        elif group == b"\xa3\x06":
            said.append(("bxk.text", {"address": packet.to, "text": _area_text(packet.data)}))
        else:
            said.append(("bxk.other", {"address": packet.to, "hex": group.hex(" ")}))


def _area_text(body: bytes) -> str:
    """The text of the last dynamic area: four bytes of length, then it, at the end of the frame."""
    at = 5 + 2 + 2 + 23  # command with r0 and r1, count of areas, size of the area, fields before the length
    size = int.from_bytes(body[at : at + 4], "little")
    return body[at + 4 : at + 4 + size].decode("gb18030", "replace")


def _bxk_from(_one: Explainer, data: bytes) -> tuple[list[Said], bytes]:
    said: list[Said] = []
    while True:
        answer, data = onbon_bxk.decode_answer(data)
        if answer is None:
            return said, data
        said.append(
            ("bxk.ack" if answer.ok else "bxk.nack", {"address": answer.address, "word": answer.word})
        )


def _ff68_to(_one: Explainer, data: bytes) -> tuple[list[Said], bytes]:
    said: list[Said] = []
    while True:
        frame, data = ff68.decode(data)
        if frame is None:
            return said, data
        if frame.func == ff68.SHOW:
            digits = "".join(" " if d == ff68.BLANK else str(d) for d in frame.data)
            said.append(("ff68.counts", {"address": frame.address, "digits": digits}))
        elif frame == ff68.start_rating(frame.address):
            said.append(("ff68.ask_rating", {"address": frame.address}))
        else:
            said.append(("ff68.echo", {"address": frame.address}))


def _ff68_from(_one: Explainer, data: bytes) -> tuple[list[Said], bytes]:
    said: list[Said] = []
    while True:
        frame, data = ff68.decode(data)
        if frame is None:
            return said, data
        meaning = ff68.meaning(frame)
        if isinstance(meaning, ff68.Key):
            said.append(("ff68.key", {"address": frame.address, "key": meaning.key, "value": meaning.value}))
        elif meaning is not None:
            said.append(("ff68.rating", {"address": frame.address, "value": meaning.value}))
        else:
            said.append(("ff68.unknown", {"address": frame.address}))


Reader = Callable[[Explainer, bytes], tuple[list[Said], bytes]]
Plain = Callable[[Any, bytes], tuple[list[Said], bytes]]


def _by_profile(read: Plain) -> Reader:
    return lambda one, data: read(one.profile, data)


_APERTUM: Final[dict[str, Reader]] = {
    TO: _by_profile(explain_desks.apertum_to),
    FROM: _by_profile(explain_desks.apertum_from),
}
#: driver -> way -> reader; a protocol without one is shown as hex alone
READERS: Final[dict[str, dict[str, Reader]]] = {
    "escpos": {TO: _escpos_to, FROM: _escpos_from},
    "onbon_bxk": {TO: _bxk_to, FROM: _bxk_from},
    "keypad_ff68": {TO: _ff68_to, FROM: _ff68_from},
    "pingan_lihe": {
        TO: _by_profile(explain_screens.pingan_to),
        FROM: _by_profile(explain_screens.pingan_from),
    },
    "alpha": {TO: _by_profile(explain_screens.alpha_to)},
    "modbus_led": {
        TO: _by_profile(explain_screens.modbus_to),
        FROM: _by_profile(explain_screens.modbus_from),
    },
    "led_frame": {TO: _by_profile(explain_screens.frame_to), FROM: _by_profile(explain_screens.frame_from)},
    "apertum_board": _APERTUM,
    "apertum_box": _APERTUM,
    "keypad_polled": {TO: _by_profile(explain_desks.polled_to), FROM: _by_profile(explain_desks.polled_from)},
    "idcard_sam": {TO: _by_profile(explain_desks.sam_to), FROM: _by_profile(explain_desks.sam_from)},
}
