"""(a) Take and next over HTTP against a bare Flask handler with one WAL+FULL commit, for 1 and 16 callers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Row, percentile
from bench.hall import Caller, Hall
from bench.http_load import Http, Load, closed_loop
from bench.procs import gunicorn

MUST = 4.0
CALLERS = (1, 16)
WAITING = 600


def taker(kiosk: Caller, services: list[str]) -> Callable[[], int]:
    turn = itertools.cycle(services)
    return lambda: kiosk.ask("/api/tickets", service=next(turn))


def crowd(kiosk: Caller, services: list[str]) -> None:
    """More people than a county hall sees in a day wait."""
    take = taker(kiosk, services)
    for _ in range(WAITING):
        take()


def bare_taker(port: int) -> Callable[[], int]:
    http = Http(port)
    return lambda: http("POST", "/take", {"service": "S1", "request_id": "bench-00000000"})[0]


def next_loop(clerks: list[Caller], seconds: float) -> Load:
    """Each clerk calls, starts and finishes in turn; only the calls are timed."""
    load = Load()

    def caller(clerk: Caller) -> Callable[[], int]:
        base = f"/api/windows/{clerk.place}"

        def one() -> int:
            begun = time.perf_counter()
            answer = clerk.act(f"{base}/call-next?desk=0")  # as the live desk asks
            load.ms.append((time.perf_counter() - begun) * 1000)
            if not answer.get("none"):
                clerk.act(f"{base}/start?desk=0")
                clerk.act(f"{base}/finish?desk=0")
            return 200
        return one

    cycles = closed_loop([caller(clerk) for clerk in clerks], seconds)
    load.seconds, load.answers = cycles.seconds, cycles.answers
    return load


def row(what: str, callers: int, ours: Load, bare: Load) -> Row:
    p50, p99 = percentile(ours.ms, 0.5), percentile(ours.ms, 0.99)
    note = f"{ours.per_s:,.0f}/s, bare {bare.per_s:,.0f}/s, bare p99 {percentile(bare.ms, 0.99):.1f} ms"
    if wrong := {status: n for status, n in ours.answers.items() if not 200 <= status < 300}:
        note += f"; refused {wrong}"
    return Row("acts", f"{what}, {callers} at once", p50, percentile(bare.ms, 0.5), p50=p50, p99=p99,
               must=MUST, note=note, more={"ours_per_s": ours.per_s, "theirs_per_s": bare.per_s})


def merge(into: Load, more: Load) -> None:
    into.ms += more.ms
    into.seconds += more.seconds
    for status, count in more.answers.items():
        into.answers[status] = into.answers.get(status, 0) + count


@contextmanager
def crowded(folder: Path, name: str) -> Iterator[tuple[Hall, list[Caller]]]:
    """A fresh hall in which WAITING people wait, and its kiosks: each measurement begins at the same load."""
    with Hall(folder / name, whole=False) as hall:
        hall.start()
        hall.set_up()
        kiosks = [hall.kiosk(f"K{n}") for n in (1, 2, 3, 4)]
        crowd(kiosks[0], hall.services())
        yield hall, kiosks


def run(folder: Path, quick: bool) -> list[Row]:
    seconds = 1.5 if quick else 2.5
    rows: list[Row] = []
    with gunicorn("bench.bare_server:app", 16, folder, {"WUCHA_BENCH_DB": str(folder / "bare.db")}) as bare:
        bare.wait_for(lambda: Http(bare.port)("GET", "/healthz")[0] == 200)
        for callers in CALLERS:
            with crowded(folder, f"next-{callers}") as (hall, _):
                clerks = hall.clerks(callers)
                bares = closed_loop([bare_taker(bare.port) for _ in range(callers)], seconds)
                rows.append(row("next", len(clerks), next_loop(clerks, seconds), bares))
        for callers in CALLERS:
            with crowded(folder, f"take-{callers}") as (hall, known):
                kiosks, services = [known[n % 4].again() for n in range(callers)], hall.services()
                bares, takes = Load(), Load()
                for _ in range(2):  # in turns, so that a noisy moment hits both
                    merge(bares, closed_loop([bare_taker(bare.port) for _ in range(callers)], seconds))
                    merge(takes, closed_loop([taker(kiosk, services) for kiosk in kiosks], seconds))
                rows.append(row("take", callers, takes, bares))
    return rows
