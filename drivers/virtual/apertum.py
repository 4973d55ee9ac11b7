"""The far ends of Apertum QSystem on RS-485: a one-line board and a four-key box.

Written from what the devices must do so that the program works with them (github binali-rustamov/
apertum-qsystem, QIndicatorBoardRS and ub485): a frame runs from 01, 03 or 04 to the next 07; a board takes
text in cp1251 and needs 300 ms before the next one; a box sends exactly four bytes once, to whoever listens.
What a box answers to 04 is not known: it counts the poll and is silent. That an address outlives a power cut
is not in the source; one that did not would be of no use.

Faults of a box (act "fault"): collision (value presses go out with a fifth byte in them), move_lost (a new
address is not heard), double_press, silent. Acts: press {key}, power, clear. Of a board: silent.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.virtual.medium import Medium, Still

BUTTONS = {"call_or_recall": 0x31, "start": 0x32, "transfer": 0x33, "end": 0x34}
BOARD_FAULTS = frozenset({"silent"})
BOX_FAULTS = frozenset({"collision", "move_lost", "double_press", "silent"})
PAUSE_S = 0.3
COLOURS = ("off", "red", "green", "red_fast", "green_fast", "red_slow", "green_slow")


class Frames:
    """Cuts what passes by into frames; what stands between two of them is noise."""

    def __init__(self) -> None:
        self._piece = bytearray()

    def feed(self, byte: int) -> bytes | None:
        if not self._piece and byte not in (1, 3, 4):
            return None
        self._piece.append(byte)
        if byte == 7:
            frame, self._piece = bytes(self._piece), bytearray()
            return frame
        if len(self._piece) > 64:
            self._piece = bytearray()
        return None


class ApertumBoard(Still):
    model = "apertum_board"

    def __init__(self, name: str, address: int = 0x20, options: Mapping[str, str] | None = None) -> None:
        options = options or {}
        self.name, self.address = name, address
        self.chars = int(options.get("chars", "6"))
        self.faults = set(filter(None, options.get("faults", "").split(",")))
        self.text, self.missed = "", 0
        self.history: list[str] = []
        self._frames, self._busy_until = Frames(), 0.0

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def look(self) -> dict[str, object]:
        return {
            "address": self.address,
            "text": self.text,
            "on": True,
            "width": 8 * self.chars,
            "height": 16,
            "faults": sorted(self.faults),
            "offers": sorted(BOARD_FAULTS),
            "missed": self.missed,
        }

    def act(self, act: str, facts: dict[str, object]) -> None:
        fault = str(facts.get("fault", ""))
        if act == "fault" and fault in BOARD_FAULTS:
            self.faults.add(fault)
        elif act == "clear":
            self.faults -= {fault} if fault else set(self.faults)
        elif act == "power":
            self.text, self._frames = "", Frames()
        else:
            raise ValueError(f"a board cannot {act} {fault}".strip())

    def receive(self, byte: int, at: float) -> None:
        frame = self._frames.feed(byte)
        if frame is None or frame[0] != 1 or len(frame) < 4 or frame[1] != self.address:
            return
        if "silent" in self.faults:
            return
        if at < self._busy_until:
            self.missed += 1
            return
        self._busy_until = at + PAUSE_S - 0.001
        self.text = frame[2:-1].decode("cp1251", "replace")[: self.chars].rstrip()
        self.history = [*self.history[-50:], self.text]


class ApertumBox(Still):
    model = "apertum_box"

    def __init__(self, name: str, address: int = 0x20, options: Mapping[str, str] | None = None) -> None:
        options = options or {}
        self.name, self.address = name, address
        self.faults: dict[str, int] = dict.fromkeys(filter(None, options.get("faults", "").split(",")), 1)
        self.words, self.blinks, self.lamp = "   ", False, "off"
        self.beeps = self.polls = self.sent = 0
        self._frames = Frames()

    def attach(self, cable: Medium) -> None:
        self._cable = cable

    def look(self) -> dict[str, object]:
        return {
            "address": self.address,
            "digits": self.words,
            "blinks": self.blinks,
            "lamp": self.lamp,
            "beeps": self.beeps,
            "keys": list(BUTTONS),
            "pad": False,
            "asked": False,
            "faults": sorted(self.faults),
            "offers": sorted(BOX_FAULTS),
            "sent": self.sent,
        }

    def act(self, act: str, facts: dict[str, object]) -> None:
        fault = str(facts.get("fault", ""))
        if act == "press":
            key = str(facts.get("key", "call_or_recall"))
            if key not in BUTTONS:
                raise ValueError(f"no key {key!r}")
            for _ in range(2 if "double_press" in self.faults else 1):
                self._press(BUTTONS[key])
        elif act == "fault" and fault in BOX_FAULTS:
            value = facts.get("value")
            self.faults[fault] = int(str(value)) if value is not None else 1
        elif act == "clear":
            for name in [fault] if fault else list(self.faults):
                self.faults.pop(name, None)
        elif act == "power":
            self.words, self.blinks, self.lamp, self._frames = "   ", False, "off", Frames()
            self._cable.hush(self.name)
        else:
            raise ValueError(f"a box cannot {act} {fault}".strip())

    def _press(self, code: int) -> None:
        if "silent" in self.faults:
            return
        frame = bytes((1, self.address, code, 7))
        if self.faults.get("collision", 0) > 0:
            self.faults["collision"] -= 1
            if not self.faults["collision"]:
                del self.faults["collision"]
            frame = frame[:2] + bytes((code,)) + frame[2:]
        self.sent += 1
        self._cable.say(self.name, frame, self._cable.clock.now())

    def receive(self, byte: int, at: float) -> None:
        frame = self._frames.feed(byte)
        if frame is None or len(frame) < 3 or frame[1] != self.address or "silent" in self.faults:
            return
        kind, said = frame[0], frame[2:-1]
        if kind == 4 and not said:
            self.polls += 1
        elif kind == 3 and len(said) == 1 and "move_lost" not in self.faults:
            self.address = said[0]
        elif kind == 1 and len(said) == 1 and 0x30 <= said[0] <= 0x3D:
            beeps, colour = divmod(said[0] - 0x30, 7)
            self.lamp, self.beeps = COLOURS[colour], self.beeps + beeps
        elif kind == 1 and len(said) == 4 and said[0] >= 0x20:
            self.words, self.blinks = said[1:].decode("ascii", "replace"), said[0] > 0x20
