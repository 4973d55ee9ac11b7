"""The far end of ESC/POS: a thermal printer with paper, a cutter, a cover and its moods.

Written from the makers' command tables (Cashino KP-628E, SNBC, source of roll2021/print801) as a receiver
reads them. Real-time bytes are looked for in *all* data as they arrive; everything else waits in the input
buffer and is carried out at the speed of the mechanism, so `GS r` answers when the slip is really out.

Faults (act "fault"): paper_out, near_end, cover_open, cutter, head, silent, offline, gb2312_font,
chinese_off, cut_needs_line_start, near_end_offline, duplicate_status, garbage; `late` with value = seconds;
`run_out` with value = millimetres left; `after_reload` with value reprints | continues | drops. Acts:
clear, refill, power.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from drivers.virtual.medium import Medium

DOTS_PER_MM = 8
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
    }
)
POLICIES = frozenset({"reprints", "continues", "drops"})


@dataclass
class Paper:
    """One piece of paper.

    `lines`: what is on it, top to bottom; `end`: "" while it hangs in the printer, cut, torn.
    """

    lines: list[dict[str, object]] = field(default_factory=list)
    mm: float = 0.0
    end: str = ""

    def words(self) -> list[str]:
        return [str(line["text"]) for line in self.lines if "text" in line]

    def picture(self, dots: bool = True) -> dict[str, object]:
        """For a bench page: dots in `packed`, rows deflated and in base64, or `raster_dropped`."""
        unseen = ("raster",) if dots else ("raster", "packed")
        lines = [
            {k: v for k, v in line.items() if k not in unseen}
            | ({"raster_dropped": True} if "raster" in line and not dots else {})
            for line in self.lines
        ]
        return {"lines": lines, "mm": round(self.mm, 1), "end": self.end}


@dataclass
class Style:
    width: int = 1
    height: int = 1
    align: int = 0
    bold: bool = False
    chinese: bool = True


class Printer:
    model = "escpos"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        options = options or {}
        self.name, self.address = name, address
        self.dots = int(options.get("dots", "576"))
        self.speed = float(options.get("mm_per_s", "150"))
        self.font = options.get("font", options.get("repertoire", "gbk"))
        self.after_reload = options.get("after_paper_end", "continues")
        self.faults: set[str] = {fault for fault in options.get("faults", "").split(",") if fault}
        self.mm_left = ROLL_MM
        self.papers: list[Paper] = [Paper()]
        self.cuts = self.rejects = self.received = 0
        self.late_s = 0.0
        self.asked: list[int] = []
        self._at = 0.0
        self._power_up()

    # what the cable calls

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def receive(self, byte: int, at: float) -> None:
        self._at, self.received = at, self.received + 1
        self._recent = (self._recent + bytes((byte,)))[-3:]
        if self._recent[:2] == b"\x10\x04" and 1 <= byte <= 4:
            self._answer_now(byte)
        elif self._recent[:2] == b"\x10\x05" and byte in (1, 2):
            self._recover(byte)
        self._buffer.append(byte)
        self.tick(at)

    def due(self) -> float | None:
        return max(self._busy_until, self._at) if self._buffer and not self.stopped else None

    def tick(self, now: float) -> None:
        self._at = max(self._at, now)
        while self._buffer and not self.stopped and self._busy_until <= now:
            byte = self._buffer.popleft()
            self._since_cut.append(byte)
            self._program.send(byte)

    def full(self) -> bool:
        return len(self._buffer) >= BUFFER

    def look(self) -> dict[str, object]:
        return {
            "papers": self._pictures(),
            "paper_mm": round(self.mm_left),
            "near_end": self.near_end,
            "stopped": self.stopped,
            "cuts": self.cuts,
            "faults": sorted(self.faults),
            "after_reload": self.after_reload,
            "dots": self.dots,
            "waiting_bytes": len(self._buffer),
            "rejects": self.rejects,
        }

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
            self.mm_left = float(str(value if value is not None else 20))
        elif act == "fault" and fault == "late":
            self.late_s = float(str(value if value is not None else 0.4))
        elif act == "fault" and fault == "after_reload" and value in POLICIES:
            self.after_reload = str(value)
        elif act == "fault" and fault in FAULTS:
            if fault == "paper_out":
                self.mm_left = 0.0
            elif fault == "near_end":
                self.mm_left = min(self.mm_left, NEAR_END_MM - 1)
            else:
                self.faults.add(fault)
            self._chinese_at_start()
        elif act == "refill":
            self._refill()
        elif act == "power":
            self._power_up()
        elif act == "clear":
            if fault in ("", "paper_out", "near_end", "run_out"):
                self._refill()
            if fault in ("", "late"):
                self.late_s = 0.0
            self.faults -= {fault} if fault else set(FAULTS)
        else:
            raise ValueError(f"a printer cannot {act} {fault}".strip())

    # what people and tests look at

    @property
    def slips(self) -> list[Paper]:
        """The pieces that were cut off."""
        return [paper for paper in self.papers if paper.end == "cut"]

    @property
    def near_end(self) -> bool:
        return self.mm_left < NEAR_END_MM

    @property
    def stopped(self) -> str:
        """Why the mechanism stands still, or ""."""
        if self.mm_left <= 0:
            return "paper_out"
        return next(
            (f for f in ("cover_open", "cutter_jam", "head", "offline") if f in self.faults | self._jam), ""
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
            value |= 0x40 if self._cutter_stuck() or "head" in self.faults else 0
        elif n == 3:
            value |= 0x08 if self._cutter_stuck() else 0
            value |= 0x40 if "head" in self.faults else 0
        else:
            value |= (0x0C if near else 0) | (0x60 if out else 0)
        self._say(bytes((value,)))

    def _cutter_stuck(self) -> bool:
        return bool(self._jam)

    def _say(self, data: bytes) -> None:
        if "silent" in self.faults:
            return
        if "garbage" in self.faults:
            data = bytes((0xE5, 0x11, 0x81)) + data
        if "duplicate_status" in self.faults:
            data += data
        self._cable.say(self.name, data, self._at + 0.002 + self.late_s)

    def _recover(self, how: int) -> None:
        if self._jam and "cutter" not in self.faults:
            self._jam = set()
            if how == 2:
                self._forget_job()

    # paper

    def _refill(self) -> None:
        was_out = self.mm_left <= 0
        self.mm_left = ROLL_MM
        if not was_out:
            return
        torn = self.papers[-1]
        if torn.lines:
            torn.end = "torn"
            self.papers.append(Paper())
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
        if self.papers[-1].lines:
            self.papers[-1].end = "torn"
            self.papers.append(Paper())
        self._start_program()

    def _start_program(self) -> None:
        self.style = Style()
        self._chinese_at_start()
        self._line: list[str] = []
        self._program = self._run()
        next(self._program)

    def _chinese_at_start(self) -> None:
        if not self.papers[-1].lines:
            self.style.chinese = "chinese_off" not in self.faults

    def _move(self, dots: float) -> None:
        mm = dots / DOTS_PER_MM
        self.mm_left -= mm
        self.papers[-1].mm += mm
        self._busy_until = max(self._busy_until, self._at) + mm / self.speed

    def _put(self, line: dict[str, object], dots: float) -> None:
        self._move(dots)
        if self.mm_left > 0:
            self.papers[-1].lines.append(line)
        else:
            self.papers[-1].lines.append({"half": True} | line)

    def _end_line(self) -> None:
        style, text = self.style, "".join(self._line)
        self._line = []
        row: dict[str, object] = {
            "text": text,
            "size": style.width,
            "align": ("left", "center", "right")[style.align],
        }
        if style.bold:
            row["bold"] = True
        self._put(row, 24 * style.height + 6)

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
        self.papers = [*self.papers[-50:], Paper()]
        self._since_cut.clear()

    # the command interpreter: one byte at a time

    def _run(self) -> Generator[None, int, None]:
        store = b""
        while True:
            byte = yield
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
                self._line.append(bytes((byte,)).decode("cp437"))
            elif byte >= 0x20:
                self._line.append(chr(byte))
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
        self._line.append(char if known and lead != 0xFE else "\u3000")

    def _escape(self) -> Generator[None, int, None]:
        command = yield
        if command == 0x40:
            chinese = self.style.chinese
            self.style = Style(chinese=chinese)
            self._line = []
        elif command in (0x45, 0x61, 0x64, 0x4A, 0x74, 0x33):
            value = yield
            if command == 0x45:
                self.style.bold = bool(value & 1)
            elif command == 0x61 and not self._line:
                self.style.align = value % 48 if value % 48 < 3 else 0
            elif command == 0x64:
                if self._line:
                    self._end_line()
                self._move(30 * value)
            elif command == 0x4A:
                self._move(value)
        elif command == 0x42:
            yield from self._take(2)
        elif command not in (0x32,):
            self.rejects += 1

    def _hanzi_command(self) -> Generator[None, int, None]:
        command = yield
        if command in (0x26, 0x2E):
            self.style.chinese = command == 0x26
        elif command in (0x21, 0x2D, 0x43):
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
                self._move(30 * 4 + (yield))
            self._cut()
        elif command == 0x72:
            kind = yield
            if kind in (1, 0x31):
                self._say(bytes(((0x03 if self.near_end else 0) | (0x0C if self.mm_left <= 0 else 0),)))
        elif command in (0x61, 0x68, 0x77, 0x66, 0x48):
            yield
        elif command == 0x76:
            head = yield from self._take(6)
            width, height = int.from_bytes(head[2:4], "little"), int.from_bytes(head[4:6], "little")
            rows = yield from self._take(width * height)
            if width * 8 > self.dots:
                self.rejects += 1
            self._put(
                {
                    "raster": rows.hex(),
                    "packed": base64.b64encode(zlib.compress(rows, 9)).decode(),
                    "width": width * 8,
                    "height": height,
                    "align": ("left", "center", "right")[self.style.align],
                },
                height,
            )
        elif command == 0x28:
            kind = yield
            size = int.from_bytes((yield from self._take(2)), "little")
            body = yield from self._take(size)
            if kind == 0x6B:
                return self._qr(body, store)
            self.rejects += 1
        else:
            self.rejects += 1
        return store

    def _qr(self, body: bytes, store: bytes) -> bytes:
        if body[:2] == b"\x31\x43":
            self._module = body[2]
        elif body[:3] == b"\x31\x50\x30":
            return body[3:]
        elif body[:2] == b"\x31\x51":
            if self._line:
                self._end_line()
            modules = 21 + 4 * (len(store) // 20)
            self._put(
                {
                    "qr": store.decode("utf-8", "replace"),
                    "align": ("left", "center", "right")[self.style.align],
                },
                modules * getattr(self, "_module", 3),
            )
        return store
