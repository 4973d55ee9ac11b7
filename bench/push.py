"""(b) Push: one ~1 KB event to 100, 300 and 1,000 sockets, with our client manager and with the stock one."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from bench.figures import Row, percentile
from bench.http_load import Http
from bench.procs import gunicorn, room_for_sockets
from bench.sockets import Crowd, resident_kb, threads_of

MUST = {300: 0.25, 1000: 0.25}


class Hall:
    """One server with its crowd of sockets."""

    def __init__(self, manager: str, sockets: int, folder: Path) -> None:
        self.sockets = sockets
        folder.mkdir(parents=True, exist_ok=True)
        self.child = gunicorn("bench.push_server:app", sockets + 64, folder, {"WUCHA_BENCH_MANAGER": manager})
        self.crowd = Crowd()
        self.last_ms: list[float] = []
        self.cpu_us: list[float] = []
        self.per_s: list[float] = []
        self.bytes = 0
        self.asked: dict[str, Any] = {}
        try:
            self.http = Http(self.child.port)
            self.child.wait_for(lambda: self.http("GET", "/cpu")[0] == 200)
            self.pid = self.http.json("GET", "/cpu")[1]["pid"]
            self.kb_empty = resident_kb(self.pid)
            self.crowd.connect(sockets, self.child.port, "/hall")
            self.kb_full = resident_kb(self.pid)
            self.threads = threads_of(self.pid)
        except BaseException:
            self.close()
            raise

    def say(self, count: int) -> float:
        """Emit `count` events; seconds from the first emit until the last socket has the last of them."""
        wanted = [client.events + count for client in self.crowd.clients]
        open_ = [len(wanted)]
        want = {id(client): n for client, n in zip(self.crowd.clients, wanted, strict=True)}
        last = [0.0]

        def heard(client: Any, text: bytes, now: float) -> None:
            if client.events == want[id(client)]:
                open_[0] -= 1
                last[0] = max(last[0], now)
                self.bytes = len(text)

        answer: dict[str, Any] = {}
        path = f"/say?count={count}"
        asking = threading.Thread(target=lambda: answer.update(self.http.json("GET", path)[1]))
        asking.start()
        ok = self.crowd.run(heard, lambda: open_[0] == 0, 60)
        asking.join(60)
        if not ok:
            raise RuntimeError(f"{open_[0]} of {self.sockets} sockets did not get {count} events in 60 s")
        self.cpu_us.append((self.http.json("GET", "/cpu")[1]["cpu"] - answer["cpu_before"]) * 1e6
                           / (count * self.sockets))
        return last[0] - answer["at"]

    def one_by_one(self, times: int, gap_s: float) -> None:
        for _ in range(times):
            self.last_ms.append(self.say(1) * 1000)
            time.sleep(gap_s)

    def flood(self, count: int) -> None:
        self.per_s.append(count * self.sockets / self.say(count))

    def close(self) -> None:
        self.crowd.close()
        self.child.end()


def compare(sockets: int, folder: Path, times: int, rounds: int = 2) -> list[Row]:
    """Both managers alive at once and spoken to in turns, so that a noisy minute hits both."""
    halls: dict[str, Hall] = {}
    try:
        for manager in ("stock", "ours"):
            halls[manager] = Hall(manager, sockets, folder / f"{manager}-{sockets}")
        for hall in halls.values():
            hall.say(1)  # warm
            hall.cpu_us.clear()
        for _ in range(rounds):
            for hall in halls.values():
                hall.one_by_one(max(1, times // rounds), 0.01)
        cpu = {name: percentile(hall.cpu_us, 0.5) for name, hall in halls.items()}
        for hall in halls.values():
            hall.flood(10 if sockets >= 1000 else 20)
        ours, stock = halls["ours"], halls["stock"]
        direct = ours.http.json("GET", "/cpu")[1]
        p50 = {name: percentile(hall.last_ms, 0.5) for name, hall in halls.items()}
        p99 = {name: percentile(hall.last_ms, 0.99) for name, hall in halls.items()}
        return [
            Row("push", f"{sockets} sockets, until the last has it", p50["ours"], p50["stock"],
                p50=p50["ours"], p99=p99["ours"], must=MUST.get(sockets),
                note=f"bare p99 {p99['stock']:.0f} ms; {ours.bytes} bytes",
                more={"ours_p99": p99["ours"], "theirs_p99": p99["stock"], "times": len(ours.last_ms),
                      "ours_ms": ours.last_ms, "theirs_ms": stock.last_ms}),
            Row("push", f"{sockets} sockets, CPU per message", cpu["ours"], cpu["stock"], unit="µs",
                note=f"{direct.get('direct', 0):,} direct, {direct.get('queued', 0):,} queued"),
            Row("push", f"{sockets} sockets, at saturation", ours.per_s[0], stock.per_s[0], unit="msg/s",
                more_is_better=True, note=f"{ours.threads} threads, "
                f"{(ours.kb_full - ours.kb_empty) / sockets:.0f} kB per socket"),
        ]
    finally:
        for hall in halls.values():
            hall.close()


def with_stuck_clients(folder: Path, well: int = 50, stuck: int = 50) -> Row:
    """Half of the sockets read nothing: the others must not feel it, and the stuck ones are dropped (F39)."""
    hall = Hall("ours", well, folder / "stuck")
    silent = Crowd()
    try:
        silent.connect(stuck, hall.child.port, "/hall")
        hall.say(1)
        hall.last_ms.clear()
        end = time.monotonic() + 30
        dropped = 0
        while dropped < stuck and time.monotonic() < end:
            hall.last_ms += [hall.say(20) * 1000 / 20 for _ in range(5)]
            hall.one_by_one(5, 0.0)
            dropped = hall.http.json("GET", "/cpu")[1]["dropped"]
        p50, p99 = percentile(hall.last_ms, 0.5), percentile(hall.last_ms, 0.99)
        return Row("push", f"{well} sockets beside {stuck} stuck ones, p99", p99, p50=p50, p99=p99, must=500,
                   note=f"{dropped} of {stuck} stuck dropped; N2 wants p99 <= 500 ms")
    finally:
        silent.close()
        hall.close()


def run(folder: Path, quick: bool) -> list[Row]:
    limit = room_for_sockets(8192)
    rows = [with_stuck_clients(folder)]
    for sockets, times in ((100, 60), (300, 40), (1000, 20)):
        if sockets * 2 + 100 > limit:
            rows.append(Row("push", f"{sockets} sockets", note=f"only {limit} files may be open here"))
            continue
        rows += compare(sockets, folder, times // 2 if quick else times)
    return rows
