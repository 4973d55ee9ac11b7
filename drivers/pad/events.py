"""What a keypad tells, and what hears it: one bus object per line and protocol."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Pressed:
    """One press of one key.

    key: call, recall, call_or_recall, start, rate, end, no_show, hold, unhold, pause (over and back),
    pause_begin, pause_end, transfer, help.  value: the digits pressed before it, or where a transfer goes.
    """

    device: str
    key: str
    value: str = ""


@dataclass(frozen=True)
class RatingGiven:
    """level 1..5."""

    device: str
    level: int


Event = Pressed | RatingGiven


class Bus(Protocol):
    """All keypads of one line."""

    def listen(self, patience: float) -> list[Event]:
        """What was pressed; returns within `patience` seconds of the line's own time. Raises LineLost."""

    def overhear(self, heard: bytes) -> Iterable[Event]:
        """What keypads said in bytes that came in while another device was talked to."""

    @property
    def somebody_talks(self) -> bool:
        """A frame is half received: do not write into it."""
