"""What a keypad tells, and what hears it: one bus object per line and protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


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
    """level 1..5. leg: of the visit that was asked about when the key was pressed."""

    device: str
    level: int
    leg: str = ""


Event = Pressed | RatingGiven


class Ears(Protocol):
    """What hears devices that speak first.

    only_listens: `listen` waits for who speaks first and asks nobody: it may be given seconds and be woken.
    """

    only_listens: bool

    def listen(self, patience: float) -> Sequence[Any]:
        """Events, each with its `device`; returns within `patience` seconds of the line's own time, or
        with the first one. Raises LineLost.
        """

    @property
    def somebody_talks(self) -> bool:
        """A frame is half received: do not write into it."""


class Bus(Ears, Protocol):
    """All keypads of one line."""

    def listen(self, patience: float) -> list[Event]:
        """What was pressed; returns within `patience` seconds of the line's own time. Raises LineLost."""

    def overhear(self, heard: bytes) -> Iterable[Event]:
        """What keypads said in bytes that came in while another device was talked to."""
