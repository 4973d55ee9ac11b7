"""A virtual cable. Every byte takes its time; on a half-duplex pair two talkers at once spoil each other's
bytes.

Nothing here has a thread: whoever reads, writes or looks moves the cable on to the present. A lane per
talker holds the bytes it still has to send; the cable always carries the byte that is due first.

Faults of the cable itself, for `act`:

    unplug                       the adapter is pulled: what is under way is lost, open ports fail
    renumber {value: seconds}    so for a while, then it is back under a new node name (USB re-enumeration)
    echo                         the converter gives the host its own bytes back
    drop, noise, stray {value}   chance per byte that it is lost, or spoilt; that a random one slips in
    collide {value}              chance per message that somebody else begins to talk into it
    break {value: seconds}       the pair is held low: one 00 is heard by everybody, and nothing else
    wrong_baud                   nobody understands a byte
    idle_disconnect {value: s}   a network printer hangs up after so many seconds without a byte
    second_client                another host holds its only place: nobody else may open the line
    dead_segment {value: n}      from the n-th device on (as they were joined) the pair is cut off
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from drivers.line.clock import Clock

HOST = "host"
BREAK_S, AWAY_S, IDLE_S = 0.2, 1.5, 65.0  # what a fault is when nobody says how much
CHANCES = {"drop": 0.02, "noise": 0.02, "stray": 0.02, "collide": 0.3}
SOMEBODY = "somebody"
MENDED = ("echo", "wrong_baud", "dead_segment", "idle_disconnect", "second_client", *CHANCES)


class Peer(Protocol):
    """A far end.

    `attach` gives it its way to speak; `receive` gets every byte on the cable that is not its own.
    """

    name: str
    model: str
    address: int

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


class Still:
    """What a far end is that does nothing by itself and holds nobody back."""

    def due(self) -> float | None:
        return None

    def tick(self, now: float) -> None:
        """Nothing of it moves."""

    def full(self) -> bool:
        return False


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
    """One cable with the host at one end. baud 0: no time passes on the wire. bits: of one byte, 11 with
    parity. node: the name its adapter has at present; `name` is the one that stays (by-id).
    """

    def __init__(
        self,
        name: str,
        *,
        baud: int = 9600,
        shared: bool = False,
        clock: Clock | None = None,
        bits: int = 10,
        node: str = "",
    ) -> None:
        self.name, self.baud, self.shared, self.bits = name, baud, shared, bits
        self.node, self.plugs = node, 0  # plugs: how often it was plugged in; an open port belongs to one
        self.rename: Callable[[], str] = lambda: self.node
        self.clock = clock or Clock()
        self.peers: list[Peer] = []
        self.seed = random.SystemRandom().randrange(1 << 30)
        self.random = random.Random(self.seed)
        self.unplugged = self.echo = self.wrong_baud = self.taken = False
        self.idle_s = 0.0  # 0: never hangs up
        self.drop = self.noise = self.stray = self.collide = 0.0
        self.broken_until = -1.0
        self.back_at: float | None = None
        self.cut: int | None = None  # peers from this one on are cut off
        self.to_host = bytearray()
        self.changed = threading.Condition(threading.RLock())
        self._lanes: dict[str, Lane] = {HOST: Lane()}

    def join(self, peer: Peer) -> None:
        with self.changed:
            self.peers.append(peer)
            self._lanes[peer.name] = Lane()
            peer.attach(self)

    def leave(self, name: str) -> None:
        """Unscrew one far end; what it was saying is lost."""
        with self.changed:
            self.peers = [peer for peer in self.peers if peer.name != name]
            self._lanes.pop(name, None)

    @property
    def byte_time(self) -> float:
        return self.bits / self.baud if self.baud else 0.0

    def say(self, talker: str, data: bytes, not_before: float) -> None:
        """Let `talker` send `data` from `not_before` on, after what it is sending already."""
        with self.changed:
            if data and not self.unplugged:
                self._lanes.setdefault(talker, Lane()).waiting.append((not_before, data))
                self.changed.notify_all()

    def hush(self, talker: str) -> None:
        """Forget what `talker` has not sent yet (its power was cut)."""
        self._lanes[talker] = Lane(ended=self._lanes[talker].ended)

    def backlog(self, talker: str = HOST) -> int:
        return self._lanes[talker].backlog

    def is_quiet(self, listener: str) -> bool:
        """Does nobody else talk right now?"""
        here = self._cut_off(listener)
        return not any(
            lane.busy and self._cut_off(name) == here
            for name, lane in self._lanes.items()
            if name != listener
        )

    def unplug(self) -> None:
        """Pull the cable: what is under way is lost."""
        with self.changed:
            self.unplugged = True
            self.plugs += 1
            self.to_host.clear()
            for name in self._lanes:
                self.hush(name)
            self.changed.notify_all()

    def replug(self) -> None:
        with self.changed:
            self.unplugged, self.back_at = False, None
            self.changed.notify_all()

    def faults(self) -> list[str]:
        """Those of the cable that are switched on."""
        on = {
            "unplug": self.unplugged,
            "echo": self.echo,
            "wrong_baud": self.wrong_baud,
            "idle_disconnect": self.idle_s > 0,
            "second_client": self.taken,
            "dead_segment": self.cut is not None,
            "break": self.clock.now() < self.broken_until,
            "renumber": self.back_at is not None,
        }
        return [name for name in (*on, *CHANCES) if (on[name] if name in on else getattr(self, name))]

    def act(self, act: str, facts: Mapping[str, object], peer: Peer) -> bool:
        """A hand at the cable, at the place where `peer` hangs. False when the act is no business of the
        cable's, or also one of the device's own (clear everything). Call with `changed` held.
        """
        fault, value = str(facts.get("fault") or ""), facts.get("value")
        if act in ("unplug", "replug"):
            act, fault = ("fault" if act == "unplug" else "clear"), "unplug"
        if act == "fault":
            return self._spoil(fault, value, peer)
        if act != "clear":
            return False
        if fault in ("unplug", ""):
            self.replug()
        for name in (fault,) if fault else MENDED:
            self._mend(name)
        return bool(fault) and fault in ("unplug", *MENDED)

    def _spoil(self, fault: str, value: object, peer: Peer) -> bool:
        now = self.clock.now()
        if fault == "unplug":
            self.unplug()
        elif fault == "renumber":
            self.unplug()
            self.back_at = now + (AWAY_S if value is None else float(str(value)))
        elif fault == "echo":
            self.echo = True
        elif fault == "wrong_baud":
            self.wrong_baud = True
        elif fault == "dead_segment":
            self.cut = self.peers.index(peer) if value is None else int(str(value)) - 1
        elif fault == "break":
            self.broken_until = now + (BREAK_S if value is None else float(str(value)))
            self.to_host.append(0)
            for one in self.peers:
                one.receive(0, now)
        elif fault == "idle_disconnect":
            self.idle_s = IDLE_S if value is None else float(str(value))
        elif fault == "second_client":
            self.taken = True
        elif fault in CHANCES:
            setattr(self, fault, CHANCES[fault] if value is None else float(str(value)))
        else:
            return False
        return True

    def _mend(self, fault: str) -> None:
        if fault in ("echo", "wrong_baud"):
            setattr(self, fault, False)
        elif fault == "dead_segment":
            self.cut = None
        elif fault == "idle_disconnect":
            self.idle_s = 0.0
        elif fault == "second_client":
            self.taken = False
        elif fault in CHANCES:
            setattr(self, fault, 0.0)

    def _cut_off(self, talker: str) -> bool:
        return self.cut is not None and any(peer.name == talker for peer in self.peers[self.cut :])

    def advance(self, now: float) -> None:
        """Carry everything that is due by `now`. Call with `changed` held."""
        if self.back_at is not None and self.back_at <= now:
            self.node = self.rename()
            self.replug()
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
        if self.collide and talker != SOMEBODY and lane.position == 1 and self.random.random() < self.collide:
            self.say(SOMEBODY, self.random.randbytes(self.random.randint(1, 8)), when)
        if self.shared and self._clash(talker, when):
            byte ^= self.random.randrange(1, 256)
        lane.ended = when
        if when <= self.broken_until:
            return
        if self.wrong_baud:
            byte = self.random.randrange(256)
        if self.drop and self.random.random() < self.drop:
            return
        if self.noise and self.random.random() < self.noise:
            byte ^= 1 << self.random.randrange(8)
        if self.stray and self.random.random() < self.stray:
            self._deliver(talker, self.random.randrange(256), when)
        self._deliver(talker, byte, when)

    def _clash(self, talker: str, when: float) -> bool:
        begun, here = when - self.byte_time, self._cut_off(talker)
        for name, lane in self._lanes.items():
            if self._cut_off(name) != here:
                continue
            if name != talker and ((lane.busy and lane.started < when) or begun < lane.ended - 1e-9):
                return True
        return False

    def _deliver(self, talker: str, byte: int, when: float) -> None:
        here = self._cut_off(talker)
        if not here and (talker != HOST or self.echo):
            self.to_host.append(byte)
        for peer in self.peers:
            near = self._cut_off(peer.name) == here
            if near and peer.name != talker and (talker == HOST or self.shared):
                peer.receive(byte, when)
