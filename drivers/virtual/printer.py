"""The far end of ESC/POS: a thermal printer with paper, a cutter, a cover and its moods.

Written from the makers' command tables (Cashino KP-628E, SNBC, source of roll2021/print801) as a receiver
reads them. Real-time bytes are looked for in *all* data as they arrive; everything else waits in the input
buffer and is carried out at the speed of the mechanism, so `GS r` answers when the slip is really out.

Faults (act "fault"): paper_out, near_end, cover_open, cutter, jam, head (with value: cools down after so many
seconds), silent, offline, half_duplex (says nothing while it is spoken to), gb2312_font, chinese_off,
cut_needs_line_start, near_end_offline, duplicate_status, garbage, presenter_jam; `late` with value = seconds;
`run_out` with value = millimetres left; reprints, continues, drops: what it does after a reload, also as
`after_reload` with that value; power_in_raster (value images: the power fails for a second in the middle of
one). The cable's own faults are in medium.py, and idle_disconnect and second_client are a printer's. Acts:
clear, refill, power, take (the slip out of the presenter's mouth).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass

from drivers.virtual.medium import Medium
from drivers.virtual.paper import (
    DOTS_PER_MM,
    HEIGHT,
    Cell,
    Paper,
    Rows,
    bar_rows,
    image_rows,
    line_rows,
    qr_rows,
)

SPACING = 30  # dots from line to line until ESC 3 says otherwise
CUTTER = 120  # dots from print head to cutter
BUFFER = 4096
NEAR_END_MM = 3000.0
ROLL_MM = 80_000.0
PICTURES = 20  # papers a bench page sees
PICTURE_ROOM = 56_000  # bytes of JSON they may take; a server reads no message over 64 KiB
FAULTS = frozenset(
    {
        "paper_out",
        "near_end",
        "cover_open",
        "cutter",
        "head",
        "silent",
        "offline",
        "gb2312_font",
        "chinese_off",
        "cut_needs_line_start",
        "near_end_offline",
        "duplicate_status",
        "garbage",
        "jam",
        "half_duplex",
        "presenter_jam",
    }
)
POLICIES = frozenset({"reprints", "continues", "drops"})
OFFERS = FAULTS | POLICIES | {"run_out", "late", "power_in_raster", "idle_disconnect", "second_client"}
FELT = ("paper_out", "cover_open", "jam", "head", "offline", "near_end")
DARK_S = 1.0  # how long the power is away


@dataclass
class Style:
    width: int = 1
    height: int = 1
    align: int = 0
    bold: bool = False
    chinese: bool = True
    underline: bool = False
    hanzi_underline: bool = False
    hanzi_wide: bool = False
    hanzi_high: bool = False
    spacing: int = SPACING


class Printer:
    model = "escpos"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        options = options or {}
        self.name, self.address = name, address
        self.dots = int(options.get("dots", "576"))
        self.speed = float(options.get("mm_per_s", "150"))
        self.font = options.get("font", options.get("repertoire", "gbk"))
        self.after_reload = self._declared_policy = options.get("after_paper_end", "continues")
        self._power_fails, self._dark_until, self._runs_out = 0, 0.0, False
        self.faults: set[str] = {fault for fault in options.get("faults", "").split(",") if fault}
        self.presenter = options.get("presenter", "False") in ("True", "true", "yes", "1")
        self.gs_for_hanzi = options.get("hanzi_size", "gs") == "gs"  # older firmware: GS ! is for ASCII alone
        self.knows_qr = options.get("qr", "native") != "raster"  # cheap printers pass over GS ( k in silence
        self.mm_left = ROLL_MM
        self.papers: list[Paper] = [self._fresh()]
        self._head_until: float | None = None
        self._asb = False
        self._asb_said = b""
        self.cuts = self.rejects = self.received = self.beeps = 0
        self.late_s = 0.0
        self.asked: list[int] = []
        self._at = 0.0
        self._power_up()

    # what the cable calls

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def receive(self, byte: int, at: float) -> None:
        if at < self._dark_until:
            return
        self._at, self.received = at, self.received + 1
        self._recent = (self._recent + bytes((byte,)))[-3:]
        if self._recent[:2] == b"\x10\x04" and 1 <= byte <= 4:
            self._answer_now(byte)
        elif self._recent == b"\x10\x04\x14":
            self._say_full_status()
        elif self._recent == b"\x10\x06\x01":
            self._say(bytes((0x10 if self.stopped else 0x08 if self._was_cut else 0x01,)))
        elif self._recent[:2] == b"\x10\x05" and byte in (1, 2):
            self._recover(byte)
        self._buffer.append(byte)
        self.tick(at)

    def due(self) -> float | None:
        if self._head_until is not None and "head" in self.faults:
            return max(self._head_until, self._at)
        return max(self._busy_until, self._at) if self._buffer and not self.stopped else None

    def tick(self, now: float) -> None:
        self._at = max(self._at, now)
        if self._head_until is not None and now >= self._head_until:
            self._head_until = None
            self.faults.discard("head")
        self._say_change()
        while self._buffer and not self.stopped and self._busy_until <= now:
            byte = self._buffer.popleft()
            self._since_cut.append(byte)
            self._program.send(byte)
        self._say_change()

    def full(self) -> bool:
        return len(self._buffer) >= BUFFER

    def look(self) -> dict[str, object]:
        return {
            "papers": self._pictures(),
            "paper_mm": round(self.mm_left),
            "near_end": self.near_end,
            "stopped": self.stopped,
            "cuts": self.cuts,
            "faults": self._felt(),
            "offers": sorted(OFFERS),
            "felt": list(FELT),
            "after_reload": self.after_reload,
            "dots": self.dots,
            "waiting_bytes": len(self._buffer),
            "rejects": self.rejects,
            "presenter": self.presenter,
            "mouth": bool(self._mouth),
        }

    def _felt(self) -> list[str]:
        """The faults that are on, also those that are no switch but the state of the paper."""
        states = {
            "paper_out": self.mm_left <= 0,
            "near_end": self.near_end,
            "run_out": self._runs_out and self.mm_left > 0,
            "late": self.late_s > 0,
            "power_in_raster": self._power_fails > 0,
            self.after_reload: self.after_reload != self._declared_policy,
        }
        return sorted(self.faults | {name for name, on in states.items() if on})

    def _pictures(self) -> list[dict[str, object]]:
        """The last papers that fit in one message to a bench page, oldest first.

        The newest is always there; dots that are too many for any message leave their place.
        """
        room, pictures = PICTURE_ROOM, []
        for paper in reversed([p for p in self.papers[-PICTURES - 1 :] if p.lines or p.end][-PICTURES:]):
            picture = paper.picture()
            size = len(json.dumps(picture))
            if size > room:
                picture = paper.picture(dots=False)
                size = len(json.dumps(picture))
            if size > room and pictures:
                break
            room -= size
            pictures.append(picture)
        return pictures[::-1]

    def act(self, act: str, facts: dict[str, object]) -> None:
        fault, value = str(facts.get("fault", "")), facts.get("value")
        if act == "fault" and fault == "run_out":
            self.mm_left, self._runs_out = float(str(value if value is not None else 20)), True
        elif act == "fault" and fault == "late":
            self.late_s = float(str(value if value is not None else 0.4))
        elif act == "fault" and fault == "after_reload" and value in POLICIES:
            self.after_reload = str(value)
        elif act == "fault" and fault in POLICIES:
            self.after_reload = fault
        elif act == "fault" and fault == "power_in_raster":
            self._power_fails = int(str(value if value is not None else 1))
        elif act == "fault" and fault in FAULTS:
            if fault == "paper_out":
                self.mm_left = 0.0
            elif fault == "near_end":
                self.mm_left = min(self.mm_left, NEAR_END_MM - 1)
            else:
                self.faults.add(fault)
            if fault == "head" and value is not None:
                self._head_until = self._cable.clock.now() + float(str(value))
            self._chinese_at_start()
        elif act == "refill":
            self._refill()
        elif act == "take" and self.presenter:
            self._empty_mouth("taken")
        elif act == "power":
            self._power_up()
        elif act == "clear":
            if fault in ("", "paper_out", "near_end", "run_out"):
                self._refill()
            if fault in ("", "late"):
                self.late_s = 0.0
            if fault in ("", "power_in_raster"):
                self._power_fails = 0
            if fault in ("", *POLICIES):
                self.after_reload = self._declared_policy
            self.faults -= {fault} if fault else set(FAULTS)
            if fault in ("", "head"):
                self._head_until = None
        else:
            raise ValueError(f"a printer cannot {act} {fault}".strip())

    # what people and tests look at

    @property
    def slips(self) -> list[Paper]:
        """The pieces that were cut off."""
        return [paper for paper in self.papers if paper.end not in ("", "torn")]

    @property
    def near_end(self) -> bool:
        return self.mm_left < NEAR_END_MM

    @property
    def stopped(self) -> str:
        """Why the mechanism stands still, or ""."""
        if self.mm_left <= 0:
            return "paper_out"
        return next(
            (
                f
                for f in ("cover_open", "cutter_jam", "jam", "head", "offline", "presenter_jam")
                if f in self.faults | self._jam
            ),
            "",
        )

    # status

    def _answer_now(self, n: int) -> None:
        self.asked.append(n)
        out, near, stopped = self.mm_left <= 0, self.near_end, self.stopped
        quirk = "near_end_offline" in self.faults and near
        value = 0x12
        if n == 1:
            value |= 0x08 if stopped or quirk or self._cutter_stuck() else 0
        elif n == 2:
            value |= 0x04 if "cover_open" in self.faults else 0
            value |= 0x20 if out or quirk else 0
            value |= 0x40 if self._cutter_stuck() or self.faults & {"head", "jam", "presenter_jam"} else 0
        elif n == 3:
            value |= 0x04 if self.faults & {"jam", "presenter_jam"} else 0
            value |= 0x08 if self._cutter_stuck() else 0
            value |= 0x40 if "head" in self.faults else 0
        else:
            value |= (0x0C if near else 0) | (0x60 if out else 0)
        self._say(bytes((value,)))

    def _cutter_stuck(self) -> bool:
        return bool(self._jam)

    def _say(self, data: bytes) -> None:
        if "silent" in self.faults or ("half_duplex" in self.faults and not self._cable.is_quiet(self.name)):
            return
        if "garbage" in self.faults:
            data = bytes((0xE5, 0x11, 0x81)) + data
        if "duplicate_status" in self.faults:
            data += data
        self._cable.say(self.name, data, self._at + 0.002 + self.late_s)

    def _say_full_status(self) -> None:
        """DLE EOT 20: paper, user, recoverable and fatal errors."""
        paper = (self.mm_left <= 0) | self.near_end << 2 | bool(self._mouth) << 5
        error = ("head" in self.faults) | ("jam" in self.faults) << 6
        self._say(bytes((0x10, 0x0F, paper, "cover_open" in self.faults, error, self._cutter_stuck())))

    def _auto_status(self) -> bytes:
        """The four bytes of automatic status."""
        stopped, out = bool(self.stopped), self.mm_left <= 0
        first = 0x14 | stopped << 3 | ("cover_open" in self.faults) << 5
        error = self._cutter_stuck() << 3 | ("jam" in self.faults) << 2 | ("head" in self.faults) << 6
        return bytes((first, error, self.near_end * 0x03 | out * 0x0C, 0))

    def _say_change(self) -> None:
        if self._asb and (now := self._auto_status()) != self._asb_said:
            self._asb_said = now
            self._say(now)

    def _say_presenter(self) -> None:
        jam = "presenter_jam" in self.faults
        self._say(bytes((self.near_end | bool(self._mouth) << 3 | jam << 7,)))

    def _empty_mouth(self, end: str) -> None:
        for paper in self._mouth:
            paper.end = end
        self._mouth = []

    def _recover(self, how: int) -> None:
        if self._jam and "cutter" not in self.faults:
            self._jam = set()
            if how == 2:
                self._forget_job()

    # paper

    def _refill(self) -> None:
        was_out = self.mm_left <= 0
        self.mm_left, self._runs_out = ROLL_MM, False
        if not was_out:
            return
        torn = self.papers[-1]
        if torn.lines:
            torn.end = "torn"
            self.papers.append(self._fresh())
            if self.after_reload == "drops":
                self._forget_job()
            elif self.after_reload == "reprints":
                again = bytes(self._since_cut)
                rest = bytes(self._buffer)
                self._forget_job()
                self._buffer.extend(again + rest)
        self._busy_until = self._cable.clock.now() + 0.5

    def _forget_job(self) -> None:
        self._buffer.clear()
        self._since_cut.clear()
        self._start_program()

    def _power_up(self) -> None:
        self._buffer: deque[int] = deque()
        self._since_cut: deque[int] = deque(maxlen=1 << 17)
        self._recent = bytes(3)
        self._busy_until = 0.0
        self._jam: set[str] = set()
        self._was_cut = False
        self._mouth: list[Paper] = []
        if self.papers[-1].lines:
            self.papers[-1].end = "torn"
            self.papers.append(self._fresh())
        self._start_program()

    def _start_program(self) -> None:
        self.style = Style()
        self._chinese_at_start()
        self._line: list[Cell] = []
        self._bar = (162, 3)
        self._qr_look = (0x30, 3)
        self._stored: tuple[int, bytes] | None = None
        self._program = self._run()
        next(self._program)

    def _chinese_at_start(self) -> None:
        if not self.papers[-1].lines:
            self.style.chinese = "chinese_off" not in self.faults

    def _fresh(self) -> Paper:
        return Paper(width=self.dots)

    def _move(self, dots: float) -> None:
        mm = dots / DOTS_PER_MM
        self.mm_left -= mm
        self.papers[-1].mm += mm
        self._busy_until = max(self._busy_until, self._at) + mm / self.speed

    def _feed(self, dots: int) -> None:
        self.papers[-1].burn([], 0, 0, dots)
        self._move(dots)

    def _put(self, line: dict[str, object], rows: Rows, width: int, height: int) -> None:
        """Burn `rows`, which are `width` dots wide; the paper moves `height` dots, or ends on the way."""
        left = max(0, int(self.mm_left * DOTS_PER_MM))
        self.papers[-1].burn(rows[:left], width, self.style.align, height)
        self._move(height)
        self.papers[-1].lines.append(line if self.mm_left > 0 else {"half": True} | line)

    @property
    def _side(self) -> str:
        return ("left", "center", "right")[self.style.align]

    def _write(self, char: str, *, hanzi: bool = False, blank: bool = False) -> None:
        style = self.style
        wide, high = style.width, style.height
        if hanzi and not self.gs_for_hanzi:
            wide, high = 1, 1
        if hanzi:
            wide, high = max(wide, 1 + style.hanzi_wide), max(high, 1 + style.hanzi_high)
        under = style.hanzi_underline if hanzi else style.underline
        cell = Cell(char, wide, high, style.bold, under, blank)
        if self._line and sum(c.dots for c in self._line) + cell.dots > self.dots:
            self._end_line()
        self._line.append(cell)

    def _end_line(self) -> None:
        cells, self._line = self._line, []
        row: dict[str, object] = {
            "text": "".join("\u3000" if cell.blank else cell.char for cell in cells),
            "size": max((cell.width for cell in cells), default=self.style.width),
            "align": self._side,
        }
        if any(cell.bold for cell in cells):
            row["bold"] = True
        if any(cell.underline for cell in cells):
            row["underline"] = True
        rows, width = line_rows(cells)
        high = len(rows) or HEIGHT * self.style.height
        self._put(row, rows, width, max(self.style.spacing, high))

    def _cut(self) -> None:
        if self._line:
            if "cut_needs_line_start" in self.faults:
                return
            self._end_line()
        if "cutter" in self.faults:
            self._jam = {"cutter_jam"}
            return
        self._busy_until = max(self._busy_until, self._at) + 0.2
        self.cuts += 1
        self.papers[-1].end = "cut"
        self.papers = [*self.papers[-50:], self._fresh()]
        self._since_cut.clear()
        self._was_cut = True

    # the command interpreter: one byte at a time

    def _run(self) -> Generator[None, int, None]:
        store = b""
        while True:
            byte = yield
            if byte not in (0x10, 0x1B, 0x1D):
                self._was_cut = False
            if byte == 0x0A:
                self._end_line()
            elif byte == 0x10:
                yield from self._take(2)
            elif byte == 0x1B:
                yield from self._escape()
            elif byte == 0x1C:
                yield from self._hanzi_command()
            elif byte == 0x1D:
                store = yield from self._group(store)
            elif byte >= 0x81 and self.style.chinese:
                yield from self._hanzi(byte)
            elif byte >= 0x80:
                self._write(bytes((byte,)).decode("cp437"))
            elif byte >= 0x20:
                self._write(chr(byte))
            elif byte not in (0x00, 0x0D):
                self.rejects += 1

    def _take(self, count: int) -> Generator[None, int, bytes]:
        taken = bytearray()
        for _ in range(count):
            taken.append((yield))
        return bytes(taken)

    def _hanzi(self, lead: int) -> Generator[None, int, None]:
        code = bytes((lead, (yield)))
        if 0x30 <= code[1] <= 0x39:
            code += yield from self._take(2)
        try:
            char = code.decode("gb18030")
        except UnicodeDecodeError:
            self.rejects += 1
            return
        font = "gb2312" if "gb2312_font" in self.faults else self.font
        known = font == "gb18030" or len(code) == 2
        if font == "gb2312":
            known = known and 0xA1 <= code[0] <= 0xF7 and code[1] >= 0xA1
        self._write(char, hanzi=True, blank=not known or lead == 0xFE)

    def _escape(self) -> Generator[None, int, None]:
        command = yield
        if command == 0x40:
            chinese = self.style.chinese
            self.style = Style(chinese=chinese)
            self._line = []
        elif command in (0x69, 0x6D):
            self._cut()
        elif command == 0x32:
            self.style.spacing = SPACING
        elif command in (0x45, 0x61, 0x64, 0x4A, 0x74, 0x33, 0x2D):
            value = yield
            if command == 0x45:
                self.style.bold = bool(value & 1)
            elif command == 0x2D:
                self.style.underline = value % 48 > 0
            elif command == 0x33:
                self.style.spacing = value
            elif command == 0x61 and not self._line:
                self.style.align = value % 48 if value % 48 < 3 else 0
            elif command == 0x64:
                if self._line:
                    self._end_line()
                self._feed(self.style.spacing * value)
            elif command == 0x4A:
                self._feed(value)
        elif command == 0x42:
            self.beeps += yield
            yield
        else:
            self.rejects += 1

    def _hanzi_command(self) -> Generator[None, int, None]:
        command = yield
        if command in (0x26, 0x2E):
            self.style.chinese = command == 0x26
        elif command == 0x21:
            value = yield
            self.style.hanzi_wide, self.style.hanzi_high = bool(value & 0x04), bool(value & 0x08)
            self.style.hanzi_underline = bool(value & 0x80)
        elif command == 0x2D:
            self.style.hanzi_underline = (yield) % 48 > 0
        elif command == 0x43:
            yield
        else:
            self.rejects += 1

    def _group(self, store: bytes) -> Generator[None, int, bytes]:
        command = yield
        if command == 0x21:
            value = yield
            self.style.width, self.style.height = (value >> 4 & 7) + 1, (value & 7) + 1
        elif command == 0x56:
            kind = yield
            if kind in (0x41, 0x42):
                self._feed(CUTTER + (yield))
            self._cut()
        elif command == 0x72:
            kind = yield
            if kind in (1, 0x31):
                self._say(bytes(((0x03 if self.near_end else 0) | (0x0C if self.mm_left <= 0 else 0),)))
        elif command == 0x61:
            self._asb, self._asb_said = bool((yield) & 0x0F), b""
            self._say_change()
        elif command == 0x68:
            self._bar = ((yield), self._bar[1])
        elif command == 0x77:
            self._bar = (self._bar[0], (yield))
        elif command in (0x66, 0x48):
            yield
        elif command == 0x6B:
            yield from self._code()
        elif command == 0x76:
            head = yield from self._take(6)
            width, height = int.from_bytes(head[2:4], "little"), int.from_bytes(head[4:6], "little")
            rows = yield from self._take(width * height // 2)
            if self._power_fails:
                self._power_fails -= 1
                self._power_up()
                self._dark_until = self._at + DARK_S
                yield  # nobody goes on with this: another program runs
            rows += yield from self._take(width * height - len(rows))
            self._image(rows, width, (1 + (head[1] & 1), 1 + (head[1] >> 1 & 1)))
        elif command == 0x28:
            kind = yield
            size = int.from_bytes((yield from self._take(2)), "little")
            body = yield from self._take(size)
            if kind == 0x6B:
                return self._qr(body, store) if self.knows_qr else store
            if kind == 0x4C:
                self._graphics(body)
            else:
                self.rejects += 1
        elif command == 0x65:
            yield from self._present()
        else:
            self.rejects += 1
        return store

    def _image(self, data: bytes, width: int, times: tuple[int, int] = (1, 1)) -> None:
        if not width or not data:
            return
        if width * 8 * times[0] > self.dots:
            self.rejects += 1
        rows = image_rows(data, width, times)
        side, whole = {"width": width * 8, "align": self._side}, data
        last = self.papers[-1].lines[-1] if self.papers[-1].lines else {}
        if "raster" in last and "half" not in last and {k: last[k] for k in side} == side:
            self.papers[-1].lines.pop()  # one picture to the eye, however many commands it came in
            whole = bytes.fromhex(str(last["raster"])) + data
        line = {
            "raster": whole.hex(),
            "packed": base64.b64encode(zlib.compress(whole, 9)).decode(),
            "height": len(whole) // width,
            **side,
        }
        self._put(line, rows, 8 * width * times[0], len(rows))

    def _graphics(self, body: bytes) -> None:
        """GS ( L: 112 keeps an image, 50 prints it."""
        if body[:2] == b"\x30\x70" and len(body) >= 10:
            width = -(-int.from_bytes(body[6:8], "little") // 8)
            self._stored = (width, body[10:])
        elif body[:2] == b"\x30\x32" and self._stored is not None:
            width, data = self._stored
            self._stored = None
            self._image(data, width)
        else:
            self.rejects += 1

    def _code(self) -> Generator[None, int, None]:
        """GS k: CODE128, and the QR code of 58 mm modules."""
        kind = yield
        if kind == 0x49:
            data = yield from self._take((yield))
            if data[:2] != b"{B":
                self.rejects += 1
                return
            text = data[2:].decode("ascii", "replace")
            rows, width = bar_rows(text, *self._bar)
            self._put({"barcode": text, "align": self._side}, rows, width, len(rows))
            words, wide = line_rows([Cell(char) for char in text])
            self.papers[-1].burn(words, wide, self.style.align, HEIGHT)
            self._move(HEIGHT)
        elif kind == 0x61:
            head = yield from self._take(4)
            data = yield from self._take(int.from_bytes(head[2:4], "little"))
            self._draw_qr(data, 0x2F + head[1], 6)
        else:
            self.rejects += 1

    def _present(self) -> Generator[None, int, None]:
        """GS e: the presenter's own commands."""
        act = yield
        if act in (0x03, 0x20):
            yield from self._take(1 if act == 0x03 else 2)
        if not self.presenter:
            self.rejects += 1
        elif act in (0x03, 0x20):
            done = [paper for paper in self.papers if paper.end == "cut"][-1:]
            for paper in done:
                paper.end = "presented"
            self._mouth += done
        elif act == 0x02:
            self._empty_mouth("retracted")
        elif act == 0x05:
            self._empty_mouth("ejected")
        elif act == 0x06:
            self._say_presenter()
        elif act not in (0x12, 0x14):
            self.rejects += 1

    def _qr(self, body: bytes, store: bytes) -> bytes:
        if body[:2] == b"\x31\x43":
            self._qr_look = (self._qr_look[0], body[2])
        elif body[:2] == b"\x31\x45":
            self._qr_look = (body[2], self._qr_look[1])
        elif body[:3] == b"\x31\x50\x30":
            return body[3:]
        elif body[:2] == b"\x31\x51":
            self._draw_qr(store, *self._qr_look)
        return store

    def _draw_qr(self, content: bytes, level: int, module: int) -> None:
        if self._line:
            self._end_line()
        rows, width = qr_rows(content, level, module)
        if width > self.dots:
            self.rejects += 1
        line = {"qr": content.decode("utf-8", "replace"), "align": self._side}
        self._put(line, rows, width, len(rows))
