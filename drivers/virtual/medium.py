"""A virtual cable. Every byte takes its time; on a half-duplex pair two talkers at once spoil each other's
bytes.

Nothing here has a thread: whoever reads, writes or looks moves the cable on to the present. A lane per
talker holds the bytes it still has to send; the cable always carries the byte that is due first.

Faults of the cable itself: `unplugged`, `echo` (own bytes come back), `drop` and `noise` (chance per byte
that it is lost, or spoilt), `stray` (chance that a random byte slips in between two), `idle_s` (a network
printer that hangs up after so many silent seconds), `taken` (another client holds the only place).
"""

from __future__ import annotations

import random
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from drivers.line.clock import Clock

HOST = "host"


class Peer(Protocol):
    """A far end.

    `attach` gives it its way to speak; `receive` gets every byte on the cable that is not its own.
    """

    name: str
    model: str

    def attach(self, cable: Medium) -> None: ...

    def receive(self, byte: int, at: float) -> None: ...

    def due(self) -> float | None:
        """When it wants `tick`, in clock seconds, or None."""

    def tick(self, now: float) -> None: ...

    def full(self) -> bool:
        """True while it holds the host back (DTR, XOFF or a full TCP window)."""

    def look(self) -> dict[str, object]:
        """A readable picture for people and tests."""

    def act(self, act: str, facts: dict[str, object]) -> None:
        """A hand at the device: fault, clear, press, rate, refill …. Raises ValueError for an unknown act."""


@dataclass
class Lane:
    """The bytes one talker still has to send; `at`: when the next one has fully gone over."""

    waiting: deque[tuple[float, bytes]] = field(default_factory=deque)
    burst: bytes = b""
    position: int = 0
    started: float = 0.0
    ended: float = -1.0

    @property
    def busy(self) -> bool:
        return self.position < len(self.burst)

    @property
    def backlog(self) -> int:
        return len(self.burst) - self.position + sum(len(data) for _, data in self.waiting)


class Medium:
    """One cable with the host at one end. baud 0: no time passes on the wire."""

    def __init__(
        self, name: str, *, baud: int = 9600, shared: bool = False, clock: Clock | None = None
    ) -> None:
        self.name, self.baud, self.shared = name, baud, shared
        self.clock = clock or Clock()
        self.peers: list[Peer] = []
        self.seed = random.SystemRandom().randrange(1 << 30)
        self.random = random.Random(self.seed)
        self.unplugged = self.echo = self.taken = False
        self.idle_s = 0.0
        self.drop = self.noise = self.stray = 0.0
        self.to_host = bytearray()
        self.changed = threading.Condition(threading.RLock())
        self._lanes: dict[str, Lane] = {HOST: Lane()}

    def join(self, peer: Peer) -> None:
        with self.changed:
            self.peers.append(peer)
            self._lanes[peer.name] = Lane()
            peer.attach(self)

    def faults(self) -> set[str]:
        """What of the cable itself is wrong now."""
        numbers = ("drop", "noise", "stray")
        found = {name for name in numbers if getattr(self, name)} | ({"echo"} if self.echo else set())
        return (
            found
            | ({"second_client"} if self.taken else set())
            | ({"idle_disconnect"} if self.idle_s else set())
        )

    @property
    def byte_time(self) -> float:
        return 10 / self.baud if self.baud else 0.0

    def say(self, talker: str, data: bytes, not_before: float) -> None:
        """Let `talker` send `data` from `not_before` on, after what it is sending already."""
        with self.changed:
            if data and not self.unplugged:
                self._lanes[talker].waiting.append((not_before, data))
                self.changed.notify_all()

    def hush(self, talker: str) -> None:
        """Forget what `talker` has not sent yet (its power was cut)."""
        self._lanes[talker] = Lane(ended=self._lanes[talker].ended)

    def backlog(self, talker: str = HOST) -> int:
        return self._lanes[talker].backlog

    def is_quiet(self, listener: str) -> bool:
        """Does nobody else talk right now?"""
        return not any(lane.busy for name, lane in self._lanes.items() if name != listener)

    def unplug(self) -> None:
        """Pull the cable: what is under way is lost."""
        with self.changed:
            self.unplugged = True
            self.to_host.clear()
            for name in self._lanes:
                self.hush(name)
            self.changed.notify_all()

    def replug(self) -> None:
        with self.changed:
            self.unplugged = False
            self.changed.notify_all()

    def advance(self, now: float) -> None:
        """Carry everything that is due by `now`. Call with `changed` held."""
        while True:
            when, talker, peer = self._next()
            if when is None or when > now:
                return
            if talker is not None:
                self._carry(talker, when)
            elif peer is not None:
                peer.tick(when)

    def next_event(self) -> float | None:
        return self._next()[0]

    def _next(self) -> tuple[float | None, str | None, Peer | None]:
        best: tuple[float | None, str | None, Peer | None] = (None, None, None)
        for peer in self.peers:
            due = peer.due()
            if due is not None and (best[0] is None or due < best[0]):
                best = (due, None, peer)
        held = any(peer.full() for peer in self.peers)
        for name, lane in self._lanes.items():
            if name == HOST and held:
                continue
            when = self._lane_due(lane)
            if when is not None and (best[0] is None or when < best[0]):
                best = (when, name, None)
        return best

    def _lane_due(self, lane: Lane) -> float | None:
        if not lane.busy:
            if not lane.waiting:
                return None
            not_before, lane.burst = lane.waiting.popleft()
            lane.position, lane.started = 0, max(not_before, lane.ended)
            lane.ended = lane.started
        return lane.ended + self.byte_time

    def _carry(self, talker: str, when: float) -> None:
        lane = self._lanes[talker]
        byte = lane.burst[lane.position]
        lane.position += 1
        if self.shared and self._clash(talker, when):
            byte ^= self.random.randrange(1, 256)
        lane.ended = when
        if self.drop and self.random.random() < self.drop:
            return
        if self.noise and self.random.random() < self.noise:
            byte ^= 1 << self.random.randrange(8)
        if self.stray and self.random.random() < self.stray:
            self._deliver(talker, self.random.randrange(256), when)
        self._deliver(talker, byte, when)

    def _clash(self, talker: str, when: float) -> bool:
        begun = when - self.byte_time
        for name, lane in self._lanes.items():
            if name != talker and ((lane.busy and lane.started < when) or begun < lane.ended - 1e-9):
                return True
        return False

    def _deliver(self, talker: str, byte: int, when: float) -> None:
        if talker != HOST or self.echo:
            self.to_host.append(byte)
        for peer in self.peers:
            if peer.name != talker and (talker == HOST or self.shared):
                peer.receive(byte, when)
