"""(g) From the touch to the first dot of the slip: a whole hall, its device host, a virtual printer at
9600 baud.

The printer's far end paces every byte; it notes when the first byte of a slip (ESC @) has arrived. Before
it the
driver asks one question. The host runs in this process, the server in its own, as in a hall.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from bench.figures import Row, percentile
from bench.hall import Hall, until
from drivers.line.clock import Clock
from drivers.link import Link
from drivers.spec import load
from drivers.virtual.bench import BENCH

DEVICES = """
[host]
name = "bench"
[line.slips]
url = "virtual://slips/bench"
baud = 9600
[[device]]
name = "printer-K1"
model = "slip_80mm"
line = "slips"
kiosk = "K1"
"""
BEGIN = 0x1B
PAUSE_S = 0.7
MUST_MS = 100.0  # from commit to the paper


def run(folder: Path, quick: bool) -> list[Row]:
    """Takes at a calm kiosk, one after another."""
    takes = 15 if quick else 40
    path = folder / "devices.toml"
    path.write_text(DEVICES, "utf-8")
    clock = Clock()
    with Hall(folder / "paper", whole=False) as hall:
        hall.start()
        hall.set_up()
        kiosk = hall.kiosk("K2")  # has no printer: its numbers owe a paper that nobody prints
        key = hall.key("host", name="bench-host")
        link = Link(f"http://127.0.0.1:{hall.port}", key, load(path, _profiles()), clock)
        far: Any = next(peer for _, peer in BENCH.peers() if peer.name == "printer-K1")
        began: list[float] = []
        receive = far.receive

        def note(byte: int, at: float) -> None:
            if byte == BEGIN and not far.papers[-1].lines and not far._buffer:
                began.append(at)
            receive(byte, at)

        far.receive = note
        thread = threading.Thread(target=link.run, daemon=True)
        thread.start()
        try:
            until(lambda: link.host.healths() and link.host.healths()[0]["state"] == "ok", 20)
            kiosk, service = hall.kiosk("K1"), hall.services()[0]
            until(lambda: far.cuts, 30)  # the number that showed that the kiosk is open
            waits = [_one(service, kiosk, clock, far, began) for _ in range(takes)]
        finally:
            link.stop()
            thread.join(5)
            BENCH.forget()
    return [
        row("commit to the first byte of the slip", [wait for wait, _ in waits], MUST_MS),
        row("touch to the first byte of the slip", [wait for _, wait in waits], 1500.0),
    ]


def row(what: str, seconds: list[float], must: float) -> Row:
    """`must` is for the 95th of a hundred."""
    ms = [1000 * s for s in seconds]
    p50, p95 = percentile(ms, 0.5), percentile(ms, 0.95)
    return Row(
        "paper", f"{what}, 9600 baud", p95, p50=p50, p99=percentile(ms, 0.99), must=must, note="ours = p95"
    )


def _one(service: str, kiosk: Any, clock: Clock, far: Any, began: list[float]) -> tuple[float, float]:
    """Seconds from the answer (the commit is a little earlier) and from the request to the slip's first byte.

    Waits for the cut, so that the next one does not stand behind it.
    """
    time.sleep(PAUSE_S)
    began.clear()
    cuts, asked = far.cuts, clock.now()
    kiosk.act("/api/tickets", service=service)
    answered = clock.now()
    until(lambda: began and far.cuts > cuts, 30)
    return max(0.0, began[0] - answered), began[0] - asked


def _profiles() -> Path:
    from drivers.spec import CONFIG

    return CONFIG / "profiles"
