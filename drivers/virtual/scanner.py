"""The far end of a code line: a scanner with a window and a hand that holds a code before it.

Written from the scanner's side (HARDWARE 4.4 [U]): what the code says, then a suffix, at the line's pace.

Acts: scan {code}, power, fault, clear. Faults: partial (half of the code and no suffix), duplicate (the same
code once more after 0.3 s), other_suffix (a TAB instead of CR LF), chinese (GB18030 bytes), too_long (2,000
characters), silent. A fault with a `value` happens so often and is over; a URL may switch them on with
?fault=.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.virtual.faults import Faults
from drivers.virtual.medium import Medium, Still

FAULTS = frozenset({"partial", "duplicate", "other_suffix", "chinese", "too_long", "silent"})
SUFFIXES = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "none": b""}
AGAIN_S = 0.3


class CodeScanner(Still):
    model = "scanner"

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        self.name, self.address = name, address
        self.suffix = SUFFIXES[(options or {}).get("suffix", "crlf")]
        self.scans = 0
        self.faults = Faults(FAULTS)

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def receive(self, byte: int, at: float) -> None:
        """Nobody tells a scanner anything."""

    def look(self) -> dict[str, object]:
        return {"scans": self.scans, **self.faults.look()}

    def act(self, act: str, facts: dict[str, object]) -> None:
        if act == "scan":
            self._scan(str(facts.get("code", ""))[:2000])
        elif act == "power":
            self._cable.hush(self.name)
        elif not self.faults.act(act, facts):
            raise ValueError(f"a scanner cannot {act} {facts.get('fault', '')}".strip())

    def _scan(self, code: str) -> None:
        if not code:
            raise ValueError("no code")
        self.scans += 1
        now = self._cable.clock.now()
        text, suffix = code.encode("utf-8"), self.suffix
        if self.faults.happens("silent"):
            return
        if self.faults.happens("chinese"):
            text = "预约码".encode("gb18030") + text
        if self.faults.happens("too_long"):
            text = (text * 2000)[:2000]
        if self.faults.happens("other_suffix"):
            suffix = b"\t"
        if self.faults.happens("partial"):
            text, suffix = text[: max(1, len(text) // 2)], b""
        self._cable.say(self.name, text + suffix, now)
        if self.faults.happens("duplicate"):
            self._cable.say(self.name, text + suffix, now + AGAIN_S)
