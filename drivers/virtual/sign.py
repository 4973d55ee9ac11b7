"""What the far ends of LED screens have in common: faults, answers, and a picture of what a citizen reads.

Faults of every screen (act "fault"): silent (hears nothing), baud_mismatch (its baud is another: it hears
rubbish). Of those that answer: no_ack, late_ack (value seconds), half_frame, noise_before. Acts: clear,
power.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from drivers.virtual.medium import Medium, Still

PAUSE_S = 0.05  # a card forgets half a frame after so much silence
ANSWERS_S = 0.005  # from the last byte of a command to the first of its answer
COMMON = {"silent": 1.0, "baud_mismatch": 1.0}
ANSWERING = COMMON | {"no_ack": 1.0, "late_ack": 0.4, "half_frame": 1.0, "noise_before": 1.0}


class Sign(Still, ABC):
    """A screen without a protocol. known: its faults with their usual value; felt: those a host notices by
    itself, without anything to show.
    """

    model = ""
    known: Mapping[str, float] = COMMON
    felt: Sequence[str] = ()

    def __init__(self, name: str, address: int = 1, options: Mapping[str, str] | None = None) -> None:
        self.options = options or {}
        self.name, self.address = name, address
        self.width = int(self.options.get("width", "128"))
        self.height = int(self.options.get("height", "16"))
        self.faults: dict[str, float] = {}
        self.runs: list[tuple[str, str]] = []
        self.frames = self.rejected = self.others = self.shows = 0
        self.history: list[str] = []
        self.buffer = b""
        self._heard_at = 0.0

    def attach(self, cable: Medium) -> None:
        self.cable = cable

    @property
    def text(self) -> str:
        """What a citizen reads."""
        return "".join(text for text, _ in self.runs)

    def look(self) -> dict[str, object]:
        return {
            "address": self.address,
            "text": self.text,
            "runs": [{"text": text, "colour": colour} for text, colour in self.runs],
            "on": True,
            "width": self.width,
            "height": self.height,
            "faults": sorted(self.faults),
            "offers": sorted(self.known),
            "felt": list(self.felt),
            "frames": self.frames,
            "rejected": self.rejected,
        }

    def act(self, act: str, facts: dict[str, object]) -> None:
        fault = str(facts.get("fault", ""))
        if act == "fault" and fault in self.known:
            value = facts.get("value")
            self.faults[fault] = float(str(value)) if value is not None else self.known[fault]
        elif act == "clear":
            for name in [fault] if fault else list(self.faults):
                self.faults.pop(name, None)
        elif act == "power":
            self.dark()
            self.buffer = b""
            self.cable.hush(self.name)
        else:
            raise ValueError(f"a screen cannot {act} {fault}".strip())

    def dark(self) -> None:
        """The power was cut: what is not in the flash is gone."""
        self.runs = []

    def receive(self, byte: int, at: float) -> None:
        if "silent" in self.faults:
            return
        if "baud_mismatch" in self.faults:
            byte = 0x00 if byte & 1 else 0xFF
        if self.buffer and at - self._heard_at > PAUSE_S:
            self.forget()
        self._heard_at = at
        self.buffer += bytes((byte,))
        self.hear(at)

    @abstractmethod
    def hear(self, at: float) -> None:
        """Something was added to `buffer`."""

    def forget(self) -> None:
        """Half a frame stands there, and nothing came for a while."""
        self.rejected += 1
        self.buffer = b""

    def reject(self) -> None:
        """What stands at the front of the buffer is no frame: count it, and try from the next byte on."""
        self.rejected += 1
        self.buffer = self.buffer[1:]

    def show(self, runs: Iterable[tuple[str, str]]) -> None:
        """Neighbours of one colour become one run."""
        self.runs = []
        for text, colour in runs:
            if self.runs and self.runs[-1][1] == colour:
                text = self.runs.pop()[0] + text
            if text:
                self.runs.append((text, colour))
        self.shows += 1
        self.history = [*self.history[-50:], self.text]

    def answer(self, frame: bytes, at: float, after: float = ANSWERS_S) -> None:
        if "no_ack" in self.faults:
            return
        if "half_frame" in self.faults:
            frame = frame[: len(frame) // 2]
        if "noise_before" in self.faults:
            frame = b"\x33\xa0\x05\xff\x77" + frame
        self.cable.say(self.name, frame, at + after + self.faults.get("late_ack", 0.0))
