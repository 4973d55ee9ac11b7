"""(g) Strips on one RS-485 pair: the real host with its threads, over a virtual cable paced as 9600 baud is.

What the wire alone takes stands beside it as the bare figure: the frames and answers, byte by byte.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figures import Row, percentile
from drivers.host import Host
from drivers.led.onbon_bxk import Profile
from drivers.line.clock import Clock
from drivers.line.serial_line import Settings
from drivers.protocol import onbon_bxk
from drivers.spec import DeviceSpec, HallSpec, LineSpec
from drivers.virtual.bench import BENCH

STRIPS, BAUD = 20, 9600
REFRESH_MS, CALL_MS = 3000, 250
ANSWER_BYTES = 31  # one of them escaped


class Bus:
    """Twenty strips, the host that talks to them, and what it said."""

    def __init__(self) -> None:
        BENCH.forget()
        line = LineSpec("virtual://bench/strips", Settings(baud=BAUD))
        names = range(1, STRIPS + 1)
        self.specs = [DeviceSpec(f"s{n}", "strip", "onbon_bxk", "strip", line, Profile(), n, f"W{n:02}")
                      for n in names]
        self.results: dict[str, str] = {}
        self.down: set[str] = set()
        self.changed = threading.Condition()
        self.host = Host(HallSpec("bench", tuple(self.specs)), self._hear, Clock())
        self.cable, _ = BENCH.peers()[0]
        self.far: dict[str, Any] = {peer.name: peer for _, peer in BENCH.peers()}

    def _hear(self, name: str, facts: dict[str, Any]) -> None:
        with self.changed:
            if name == "result":
                self.results[facts["job"]] = facts["state"]
            elif name == "health" and facts["state"] == "down":
                self.down.add(facts["device"])
            self.changed.notify_all()

    def tell(self, mark: int) -> None:
        """The server tells the present of every strip."""
        rows = [{"window": spec.window, "text": text_of(spec, mark), "kind": "call"} for spec in self.specs]
        self.host.present({"strips": rows, "keypads": []})

    def shown(self, mark: int, but: frozenset[str] = frozenset()) -> bool:
        """Does every strip show the present of that mark? `but`: those that need not."""
        return all(self.far[s.name].text == text_of(s, mark) for s in self.specs if s.name not in but)

    def until(self, reached: Callable[[], bool], most_s: float = 20.0) -> float:
        """Milliseconds until it is so; the far ends are looked at every millisecond."""
        began = time.perf_counter()
        while True:
            with self.cable.changed:
                self.cable.advance(self.cable.clock.now())
                so = reached()
            took = time.perf_counter() - began
            if so:
                return took * 1000
            if took > most_s:
                raise RuntimeError("the strips never showed it")
            time.sleep(0.001)

    def call(self, spec: DeviceSpec, job: str) -> float:
        """Milliseconds until the strip shows a new call."""
        facts = {"window": spec.window, "text": f"请{job}号到{spec.address}号窗口", "kind": "call"}
        self.host.submit({"id": job, "kind": "show_text", "deadline_s": 20, "facts": facts})
        return self.until(lambda: job in self.far[spec.name].text)


def text_of(spec: DeviceSpec, mark: int) -> str:
    return f"请B{mark:03}号到{spec.address}号窗口"


def wire_ms(specs: list[DeviceSpec]) -> float:
    """What the bytes of a refresh and their answers take on the wire, and nothing else."""
    frames = sum(len(onbon_bxk.dynamic(s.address, onbon_bxk.Area(text_of(s, 1), 128, 16))) for s in specs)
    return (frames + ANSWER_BYTES * len(specs)) * 10_000 / BAUD


def run(_folder: Path, quick: bool) -> list[Row]:
    bus, rounds = Bus(), 3 if quick else 8
    refresh: list[float] = []
    calls: list[float] = []
    try:
        bus.tell(0)
        bus.host.start()
        bus.until(lambda: bus.shown(0))
        for mark in range(1, rounds + 1):
            bus.tell(mark)
            refresh.append(bus.until(lambda mark=mark: bus.shown(mark)))
        for mark in range(rounds + 1, 2 * rounds + 1):
            bus.tell(mark)
            began = time.perf_counter()
            spoken = [bus.specs[(7 * mark + 5 * n) % STRIPS] for n in range(4)]
            called = frozenset(spec.name for spec in spoken)
            for n, spec in enumerate(spoken):  # some were told again already, some were not
                time.sleep(0.13 + 0.037 * n)
                calls.append(bus.call(spec, f"C{mark:02}{n}"))
            assert time.perf_counter() - began < REFRESH_MS / 1000
            bus.until(lambda mark=mark, called=called: bus.shown(mark, called))
        BENCH.act("s7", "fault", {"fault": "silent"})
        bus.tell(900)
        dead = bus.until(lambda: bus.shown(900, frozenset({"s7"})))
    finally:
        bus.host.stop()
        BENCH.forget()
    bare = wire_ms(bus.specs)
    return [
        Row("led_bus", f"{STRIPS} strips told again at {BAUD} baud", percentile(refresh, 1), unit="ms",
            p50=percentile(refresh, 0.5), p99=percentile(refresh, 0.99), must=REFRESH_MS,
            note=f"the bytes alone take {bare:,.0f} ms"),
        Row("led_bus", "a call meanwhile, until its strip shows it", percentile(calls, 1), unit="ms",
            p50=percentile(calls, 0.5), p99=percentile(calls, 0.99), must=CALL_MS,
            note=f"worst of {len(calls)}"),
        Row("led_bus", "the same refresh with one dead address", dead, unit="ms", must=REFRESH_MS + 400,
            note="one time-out of 400 ms more at most"),
    ]
