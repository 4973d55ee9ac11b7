"""(e) 200 screens reconnect in one second (N6), kill -9 to the first success (N3), import and start."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.acts import taker
from bench.figures import Row, percentile
from bench.hall import Caller, Hall
from bench.http_load import closed_loop
from bench.procs import ROOT, room_for_sockets
from bench.sockets import Client, Crowd

SCREENS = 200


def storm(hall: Hall, kiosk: Caller, services: list[str]) -> Row:
    """All screens connect within one second while a kiosk goes on taking numbers."""
    key = hall.key("board", name="B1")
    crowd, due = Crowd(), itertools.count()
    seen: list[float] = []
    busy: list[float] = []
    asked = {}
    takes = threading.Thread(target=lambda: busy.extend(
        closed_loop([paced(taker(kiosk, services))], 8, most=200).ms))
    takes.start()
    begun = time.monotonic()
    try:
        while next(due) < SCREENS:
            client = Client(hall.port, "/hall", {"key": key})
            asked[client] = time.monotonic()
            crowd.add(client)
            crowd.run(lambda *_: None, lambda: True, 0)
            time.sleep(max(0.0, begun + len(asked) / SCREENS - time.monotonic()))
        crowd.run(lambda *_: None, lambda: all(c.first_at or c.closed for c in crowd.clients), 30)
        seen = [(c.first_at - at) * 1000 for c, at in asked.items() if c.first_at]
    finally:
        crowd.close()
        takes.join()
    missing = SCREENS - len(seen)
    worst = float("inf") if missing else max(seen)
    return Row("storm", f"{SCREENS} screens in one second, until the last has its picture", worst,
               p50=percentile(seen, 0.5), p99=percentile(seen, 0.99), must=10_000,
               note=f"N6; {missing} without picture; takes meanwhile: slowest {max(busy, default=0):.0f} ms "
                    "(must be <= 1,000)")


def paced(call: Callable[[], int], gap_s: float = 0.05) -> Callable[[], int]:
    """A caller that thinks between two calls; its thinking is in its milliseconds."""
    def one() -> int:
        time.sleep(gap_s)
        return call()
    return one


def kill_and_return(hall: Hall, kiosk: Caller, services: list[str], times: int) -> Row:
    """kill -9 in the middle of takes, then start: process start to the first number taken."""
    took: list[float] = []
    for _ in range(times):
        kiosk.act("/api/tickets", service=services[0])
        hall.kill()
        begun = time.monotonic()
        hall.start()
        kiosk.http.close()
        kiosk.act("/api/tickets", service=services[0])
        took.append((time.monotonic() - begun) * 1000)
    return Row("storm", "kill -9, start, first number taken", max(took), p50=percentile(took, 0.5),
               must=10_000, note=f"N3; the worst of {times}")


def import_time(module: str) -> Row:
    ms = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, check=True, timeout=60)
        ms.append((time.perf_counter() - begun) * 1000)
    return Row("storm", f"import {module}", min(ms), note="best of 3, interpreter included")


def run(folder: Path, quick: bool) -> list[Row]:
    room_for_sockets(4096)
    rows = [import_time("server.app")]
    with Hall(folder / "storm", whole=True) as hall:
        first = hall.start() * 1000
        rows.append(Row("storm", "first start to /healthz", first, note="fresh data directory"))
        hall.set_up()
        kiosk, services = hall.kiosk("K1"), hall.services()
        rows.append(storm(hall, kiosk, services))
        hall.kill()
        second = hall.start() * 1000
        rows.append(Row("storm", "second start to /healthz", second, must=3000, note="DESIGN 2: under 3 s"))
        rows.append(kill_and_return(hall, kiosk, services, 2 if quick else 4))
    return rows
