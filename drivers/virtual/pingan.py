"""The far end of 平安力合 V2.1: a strip over a window, or a summary screen with one row per call.

Written from the vendor's document as the card reads it (S14): take LEN bytes, compare the sum modulo 100 and
the closing ff, look at the address, act, send the receipt. An instant text runs from aa to the first ff
behind its eleven bytes of head. What fails a check is counted and forgotten.

Faults (act "fault") besides those of drivers/virtual/sign.py: no_ack is a V1.1 card, which has no receipt;
wrong_source (receipt with another address), sum_100 (a receipt whose sum is a full hundred, checksum 00),
ff_inside (ff and a0 in the receipt's data), ignores_50 (a strip that does not know whole-screen texts).
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.virtual.sign import ANSWERING, Sign

COLOURS = ("red", "green", "yellow")
WELCOME, PAUSE = "欢迎光临", "暂停服务"
TYPES = {"strip": 0xA1, "summary": 0xA2}
ROWS = 4


class PinganCard(Sign):
    model = "pingan_lihe"
    felt = ("silent", "baud_mismatch", "half_frame", "no_ack")
    known = ANSWERING | {"wrong_source": 1.0, "sum_100": 1.0, "ff_inside": 1.0, "ignores_50": 1.0}

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        super().__init__(name, address, options)
        self.screen = self.options.get("screen", "strip")
        self.receipts = self.options.get("ack", "required") != "none"
        self.text_receipts = self.options.get("text_ack", "none") != "none"
        self.rows: list[str] = []
        self.mode = self.speed = self.stay = self.life = 0

    def look(self) -> dict[str, object]:
        rows = {"rows": self.rows} if self.screen == "summary" else {}
        return super().look() | rows | {"screen": self.screen, "mode": self.mode, "life": self.life}

    def dark(self) -> None:
        """Back to the welcome of its flash."""
        self.rows = []
        self.runs = [(WELCOME, "red")] if self.screen == "strip" else []

    def hear(self, at: float) -> None:
        while self.buffer:
            took = self._standard(at) if self.buffer[0] == 0xA0 else self._instant(at)
            if took is None:
                return
            if took:
                self.buffer = self.buffer[took:]
            else:
                self.reject()

    def _standard(self, at: float) -> int | None:
        """Bytes taken, 0 for no frame, None for not yet."""
        have = self.buffer
        if len(have) < 2:
            return None
        length = have[1]
        if not 2 <= length <= 16:
            return 0
        if len(have) < length + 4:
            return None
        body, check, end = have[1 : length + 2], have[length + 2], have[length + 3]
        if end != 0xFF or check != sum(body) % 100:
            return 0
        if body[2] == self.address:
            self.frames += 1
            self._obey(body[1], body[3:], at)
        else:
            self.others += 1
        return length + 4

    def _obey(self, command: int, data: bytes, at: float) -> None:
        if command == 0x98 and data == b"\x50":
            self._say(bytes((0x98, self.address, 0x50, TYPES[self.screen], 0x21)), at)
        elif command == 0x29 and not data:
            return  # what the on-line test answers is not documented
        elif self._show(command, data):
            if self.receipts:
                self._receipt(at)
        else:
            self.rejected += 1

    def _show(self, command: int, data: bytes) -> bool:
        if command in (0x2A, 0x2D) and self.screen == "strip" or not data:
            return False
        if command == 0x28 and data in (b"\x00", b"\x02"):
            self.show([(WELCOME if data == b"\x00" else PAUSE, "red")])
            return True
        number, prefix = data[1:3], data[4:5].decode("ascii", "replace")
        if command == 0x28 and data[0] in (1, 4) or command == 0x2A and data[0] == 0:
            good = len(data) in (4, 5) and max(number) <= 99 and (not prefix or prefix.isalpha())
            words, window = f"{prefix}{number[0]:02}{number[1]:02}" if good else "", data[3:4]
            serving = command == 0x28 and data[0] == 4
        elif command in (0x2B, 0x2D) and data[0] == 1:
            raw, window, serving = data[1:-1], data[-1:], False
            good = 1 <= len(raw) <= 6 and all(0x20 <= byte < 0x7F for byte in raw)
            words = raw.decode("ascii", "replace")
        else:
            return False
        if not good or not window:
            return False
        text = f"正在办理{words}号" if serving else f"请{words}号顾客到{window[0]}号窗口"
        self._put(text, "red", whole=False)
        return True

    def _put(self, text: str, colour: str, whole: bool) -> None:
        if self.screen == "summary":
            self.rows = [text] if whole else [text, *(row for row in self.rows if row != text)][:ROWS]
            self.show([(" ".join(self.rows), colour)])
        else:
            self.show([(text, colour)])

    def _instant(self, at: float) -> int | None:
        have = self.buffer
        if have[0] != 0xAA or (len(have) > 2 and have[2] != 0xBB) or (len(have) > 3 and have[3] != 0x51):
            return 0
        if len(have) > 4 and have[4] not in (0x50, 0x54):
            return 0
        end = have.find(b"\xff", 11)
        if end < 0:
            return None if len(have) < 300 else 0
        mode, speed, stay, colour, life = have[6:11]
        if have[5] != sum(have[6 : end + 1]) % 256 or speed > 7 or colour > 2 or life > 99:
            return 0
        if have[1] != self.address:
            self.others += 1
            return end + 1
        try:
            text = have[11:end].decode("gb18030")
        except UnicodeDecodeError:
            return 0
        self.frames += 1
        whole = have[4] == 0x50
        if whole and self.screen == "strip" and "ignores_50" in self.faults:
            return end + 1
        self.mode, self.speed, self.stay, self.life = mode, speed, stay, life
        self._put(text, COLOURS[colour], whole)
        if self.text_receipts:
            self._receipt(at)
        return end + 1

    def _receipt(self, at: float) -> None:
        address = self.address + 1 if "wrong_source" in self.faults else self.address
        body = bytes((0x14, address, 0x50))
        if "ff_inside" in self.faults:
            body += b"\xff\xa0"
        if "sum_100" in self.faults:
            body += bytes((-(len(body) + 1 + sum(body)) % 100,))
        self._say(body, at)

    def _say(self, body: bytes, at: float) -> None:
        body = bytes((len(body),)) + body
        self.answer(b"\xa0" + body + bytes((sum(body) % 100, 0xFF)), at)
