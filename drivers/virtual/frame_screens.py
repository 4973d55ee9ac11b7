"""Far ends for cards that `led_frame` describes as data. Each is written by hand from the maker's paper or
from the code that talks to it, never from the description: both must come to the same bytes by themselves.

    a090     two-colour screen A0 90, answers aa or 55 (S14)     nibble   瑞泽 nibble bus, answers H (S14)
    led485   $001,text#  (S16)                                   yinda    ADDR fe … CRC (S14, driver only)
    yongtai  aa 55 … (S14, driver only)                          kuiwen   23 14 24 … (S14, driver only)
    ascii40  40 ADDR text 0d (S13d, driver only)                 raw      any bytes, shown as they came

Faults besides those of drivers/virtual/sign.py:
a090: says_failed (answers 55), len_mismatch (counts one byte more than the frame has, so it waits in vain).
nibble: talks_over (answers before the host has ended), odd_nibble (loses one half byte), gbk_trail (does not
reject a Hanzi whose second byte came as ASCII, and shows rubbish from there on).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.virtual.sign import ANSWERING, COMMON, Sign

COLOURS = ("red", "green", "yellow")
#: (bytes taken, address, text); (0, …): no frame; None: not yet
Taken = tuple[int, int, str] | None
BAD: Taken = (0, 0, "")


class A090Screen(Sign):
    """a0 90 ADDR a5 lenHi lenLo {code, colour} … XOR."""

    model = "led_frame"
    known = ANSWERING | {"says_failed": 1.0, "len_mismatch": 1.0}

    def hear(self, at: float) -> None:
        while self.buffer:
            have = self.buffer
            if not (b"\xa0\x90".startswith(have[:2]) and (len(have) < 4 or have[3] == 0xA5)):
                self.reject()
                continue
            length = 256 * have[4] + have[5] if len(have) > 5 else 0
            if length > 1024:
                self.reject()
                continue
            size = 7 + length + (1 if "len_mismatch" in self.faults else 0)
            if len(have) < size:
                return
            check = 0
            for byte in have[2 : size - 1]:
                check ^= byte
            good = check == have[size - 1]
            if have[2] == self.address:
                runs = self._read(have[6 : size - 1]) if good else None
                self._obey(runs, at)
            elif good:
                self.others += 1
            if not good:
                self.reject()
                continue
            self.buffer = have[size:]

    def _obey(self, runs: list[tuple[str, str]] | None, at: float) -> None:
        fine = runs is not None and "says_failed" not in self.faults
        if fine and runs is not None:
            self.frames += 1
            self.show(runs)
        self.answer(bytes((0xA0, 0x90, self.address, 0xA5, 0xAA if fine else 0x55)), at)

    def _read(self, data: bytes) -> list[tuple[str, str]] | None:
        runs: list[tuple[str, str]] = []
        at = 0
        while at < len(data):
            size = 1 if data[at] < 0x80 else 2
            char, colour = data[at : at + size], data[at + size : at + size + 1]
            if not colour or colour[0] > 2 or char[0] < 0x20:
                self.rejected += 1
                return None
            try:
                runs.append((char.decode("gb18030"), COLOURS[colour[0]]))
            except UnicodeDecodeError:
                self.rejected += 1
                return None
            at += size + 1
        return runs


class NibbleScreen(Sign):
    """DL DH CMD …: any byte from 80h on begins a new frame, all others are below."""

    model = "led_frame"
    felt = ("silent", "baud_mismatch", "no_ack")
    known = ANSWERING | {"talks_over": 1.0, "odd_nibble": 1.0, "gbk_trail": 1.0}
    colours: list[int] | None = None  # the map of C, for the next D

    def hear(self, at: float) -> None:
        have, byte = self.buffer, self.buffer[-1]
        if byte >= 0x80:
            second = byte & 0xFC == 0xC0 and len(have) == 2 and have[0] & 0xC0 == 0x80
            if len(have) > 1 and not second:
                self.rejected += 1
            if not second:
                self.buffer = bytes((byte,)) if byte & 0xC0 == 0x80 else b""
            elif self._address() == self.address and "talks_over" in self.faults:
                self.answer(b"\x3b", at, 0.0)
            return
        if not have[0] & 0x80:
            self.buffer = b""  # the rest of a frame that was given up
            return
        start = 2 if len(have) > 1 and have[1] & 0x80 else 1
        command, data = have[start : start + 1], have[start + 1 :]
        if command in b"HST" or (command in b"WDC" and data[-1:] == b"\x1a"):
            mine = self._address() == self.address
            self.buffer = b""
            if mine:
                self.frames += 1
                self._obey(command, data[:-1], at)
            else:
                self.others += 1
        elif command not in b"WDC" or len(data) > 1024:
            self.rejected += 1
            self.buffer = b""

    def _address(self) -> int:
        high = self.buffer[1] & 3 if len(self.buffer) > 1 and self.buffer[1] & 0x80 else 0
        return self.buffer[0] & 0x3F | high << 6

    def _obey(self, command: bytes, data: bytes, at: float) -> None:
        if command == b"H":
            if "talks_over" not in self.faults:
                self.answer(b"\x3b", at, 0.0005)
        elif command == b"T":
            self.show([])
        elif command == b"C":
            pairs = [data[i : i + 2] for i in range(0, len(data), 2)]
            if all(len(pair) == 2 and pair[0] == pair[1] and 1 <= pair[0] <= 3 for pair in pairs):
                self.colours = [pair[0] for pair in pairs]
            else:
                self.rejected += 1
        elif command in b"DW":
            chars = self._nibbles(data) if command == b"D" else self._seven_bits(data)
            colours, self.colours = self.colours, None
            count = sum(len(char) for char in chars or ())
            if chars is None or (colours is not None and len(colours) != count):
                self.rejected += 1
                return
            self.show(self._coloured(chars, colours or [1] * count))

    @staticmethod
    def _coloured(chars: list[bytes], colours: list[int]) -> list[tuple[str, str]]:
        runs, at = [], 0
        for char in chars:
            runs.append((char.decode("gb18030", "replace"), COLOURS[colours[at] - 1]))
            at += len(char)
        return runs

    def _nibbles(self, data: bytes) -> list[bytes] | None:
        """The characters of D as GB2312 bytes; None when the halves do not pair."""
        if "odd_nibble" in self.faults:
            lost = next((i for i, byte in enumerate(data) if byte < 0x10), len(data))
            data = data[:lost] + data[lost + 1 :]
        chars: list[bytes] = []
        at = 0
        while at < len(data):
            if data[at] >= 0x10:
                chars.append(data[at : at + 1])
                at += 1
                continue
            halves = data[at : at + 4]
            if len(halves) == 4 and max(halves) < 0x10:
                char = bytes((halves[0] << 4 | halves[1], halves[2] << 4 | halves[3]))
                if min(char) < 0xA1 and "gbk_trail" not in self.faults:
                    return None
                chars.append(char)
                at += 4
            elif "gbk_trail" in self.faults:
                chars.append(bytes((halves[0] << 4 | (halves[1] & 15 if len(halves) > 1 else 0),)))
                at += 2
            else:
                return None
        return chars

    @staticmethod
    def _seven_bits(data: bytes) -> list[bytes] | None:
        """The characters of W: two codes above 20h make a Hanzi, lower ones are controls."""
        codes = [byte for byte in data if byte > 0x20]
        if len(codes) % 2:
            return None
        return [bytes((codes[i] | 0x80, codes[i + 1] | 0x80)) for i in range(0, len(codes), 2)]


class PlainScreen(Sign):
    """Cards that never answer, each with a reader that takes one whole frame off the front."""

    model = "led_frame"
    known = COMMON

    def __init__(self, name: str, address: int, options: Mapping[str, str], take: Callable[[bytes], Taken]):
        super().__init__(name, address, options)
        self._take = take

    def hear(self, at: float) -> None:
        while self.buffer and (taken := self._take(self.buffer)) is not None:
            size, address, text = taken
            if not size:
                self.reject()
                continue
            self.buffer = self.buffer[size:]
            if address == self.address:
                self.frames += 1
                self.show([(text, "red")])
            else:
                self.others += 1


class RawScreen(Sign):
    """A card nobody has written a reader for: it shows the bytes, so that an installer sees what goes out."""

    model = "led_frame"

    def hear(self, at: float) -> None:
        if len(self.buffer) == 1:
            self.frames += 1
        self.buffer = self.buffer[-256:]
        self.runs = [(self.buffer.hex(" "), "green")]

    def forget(self) -> None:
        self.buffer = b""


def yinda(have: bytes) -> Taken:
    """ADDR fe LEN seq 86 3c 00 05 00 text 00 CRChi CRClo; LEN counts the whole frame."""
    if len(have) < 3:
        return BAD if len(have) == 2 and have[1] != 0xFE else None
    size = have[2]
    if have[1] != 0xFE or size < 13:
        return BAD
    if len(have) < size:
        return None
    value = 0
    for byte in have[: size - 2]:
        for bit in range(7, -1, -1):
            carry = (value >> 15 ^ byte >> bit) & 1
            value = (value << 1 ^ (0x1021 if carry else 0)) & 0xFFFF
    if have[4:9] != b"\x86\x3c\x00\x05\x00" or have[size - 3] or have[size - 2 : size] != value.to_bytes(2):
        return BAD
    return _text(size, have[0], have[9 : size - 3])


def yongtai(have: bytes) -> Taken:
    """aa 55 LEN addr f8 21 00 text 00; taken here as counting from addr to the last 00."""
    if not b"\xaa\x55".startswith(have[:2]):
        return BAD
    if len(have) < 3:
        return None
    size = have[2] + 3
    if have[2] < 5:
        return BAD
    if len(have) < size:
        return None
    if have[4:7] != b"\xf8\x21\x00" or have[size - 1]:
        return BAD
    return _text(size, have[3], have[7 : size - 1])


def kuiwen(have: bytes) -> Taken:
    """23 14 24 15 13 18, six digits, 44 mode speed wait counts, text, 07 38 0d 0c 03 02 0d, sum from 44."""
    head, tail = b"\x23\x14\x24\x15\x13\x18", b"\x07\x38\x0d\x0c\x03\x02\x0d"
    if not head.startswith(have[:6]):
        return BAD
    end = have.find(tail, 17)
    size = end + len(tail) + 1
    if end < 0 or len(have) < size:
        return None if len(have) < 400 else BAD
    digits, mode, speed = have[6:12], have[13], have[14]
    if have[12] != 0x44 or not digits.isdigit() or mode > 7 or not 1 <= speed <= 15:
        return BAD
    if sum(have[12 : size - 1]) % 256 != have[size - 1]:
        return BAD
    return _text(size, int(digits), have[17:end])


def ascii40(have: bytes) -> Taken:
    """40 ADDR text 0d."""
    if have[0] != 0x40:
        return BAD
    end = have.find(b"\r", 2)
    if end < 0:
        return None if len(have) < 200 else BAD
    return _text(end + 1, have[1], have[2:end])


def led485(have: bytes) -> Taken:
    """$AAA,text# with three decimal digits; ASCII only."""
    if have[:1] != b"$":
        return BAD
    end = have.find(b"#")
    if end < 0:
        return None if len(have) < 100 else BAD
    address, comma, text = have[1:4], have[4:5], have[5:end]
    if not address.isdigit() or comma != b"," or not text.isascii():
        return BAD
    return _text(end + 1, int(address), text)


def _text(size: int, address: int, raw: bytes) -> Taken:
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return BAD
    return (size, address, text) if text.isprintable() else BAD


READERS: dict[str, Callable[[bytes], Taken]] = {
    "yinda": yinda,
    "yongtai": yongtai,
    "kuiwen": kuiwen,
    "ascii40": ascii40,
    "led485": led485,
}
SCREENS: dict[str, type[Sign]] = {"a090": A090Screen, "nibble": NibbleScreen, "raw": RawScreen}


def frame_screen(name: str, address: int = 1, options: Mapping[str, str] | None = None) -> Sign:
    """The far end that plays the card named by option `far`; one nobody knows is raw."""
    options = options or {}
    far = options.get("far", "raw")
    if far in READERS:
        return PlainScreen(name, address, options, READERS[far])
    return SCREENS.get(far, RawScreen)(name, address, options)
