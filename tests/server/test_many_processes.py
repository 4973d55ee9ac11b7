"""Many processes on one database, on both engines: no number twice, no citizen called twice, order kept
(I1-I10)."""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from server.actions.call_next import call_next
from server.actions.finish import finish
from server.actions.start import start
from server.actions.take_number import take_number
from server.clock import now
from server.domain.actors import Actor
from server.settings import read_hall
from server.store import tables as t
from server.store.engine import open_engine
from server.store.once import once
from server.store.unit import Store
from server.store.verify import check
from tests.conftest import ROOT, clerk
from tests.server.hall_day import CLERK_AT, URL, HallDay

PROCESSES, TAKES = 4, 5
WINDOWS = ("W01", "W02", "W03")


def _store(url: str) -> tuple[Store, Any, Any]:
    hall = read_hall(ROOT / "config" / "demo", ROOT / "config")
    store = Store(open_engine(url), hall.id, lambda: NOON)
    return store, hall, hall.slips


NOON = now().replace(year=2026, month=3, day=2, hour=2, minute=0)  # 10:00 in Shanghai


def take_many(url: str, me: int, gate: Any, out: Any) -> None:
    """Each intent is sent twice with the same request_id, as a kiosk does that lost the reply."""
    store, hall, template = _store(url)
    kiosk = Actor("device", f"kiosk-{me}", "kiosk", kiosk=f"K{me}")
    gate.wait()
    got = []
    for n in range(TAKES * 2):
        with store.unit(kiosk) as unit:

            def deed(unit: Any = unit) -> dict[str, Any]:
                return {"number": take_number(unit, hall, template, URL, "S001").ticket.number}

            answer, _ = once(unit, f"intent-{me}-{n // 2}", {"service": "S001"}, deed)
        got.append(answer["number"])
    out.put((me, got))


def call_many(url: str, window: str, gate: Any, out: Any) -> None:
    store, hall, _ = _store(url)
    gate.wait()
    got = []
    while True:
        with store.unit(clerk(CLERK_AT[window])) as unit:
            leg = call_next(unit, hall, window)
        if leg is None:
            break
        got.append((leg.number, leg.id))
        for deed in (lambda u: start(u, window), lambda u: finish(u, hall, window)):
            with store.unit(clerk(CLERK_AT[window])) as unit:
                deed(unit)
    out.put((window, got))


def _together(work: Callable[..., None], url: str, whos: tuple[Any, ...]) -> dict[Any, list[Any]]:
    context = mp.get_context("spawn")
    gate, out = context.Barrier(len(whos)), context.Queue()
    workers = [context.Process(target=work, args=(url, who, gate, out)) for who in whos]
    for worker in workers:
        worker.start()
    answers = dict(out.get(timeout=90) for _ in workers)
    for worker in workers:
        worker.join(timeout=30)
        assert worker.exitcode == 0
    return answers


def test_many_takers_and_many_callers(day: HallDay, database: str, tmp_path: Path) -> None:
    day.open(*WINDOWS)
    taken = _together(take_many, database, tuple(range(PROCESSES)))
    for got in taken.values():
        assert got[::2] == got[1::2], "the same request_id gets the same number"
    numbers = sorted(number for got in taken.values() for number in got[::2])
    assert numbers == [f"A{n:03d}" for n in range(1, PROCESSES * TAKES + 1)], "no number twice, none missing"

    called = _together(call_many, database, WINDOWS)
    order = [number for got in called.values() for number, _ in got]
    assert sorted(order) == numbers, "everybody called once, nobody twice"
    for got in called.values():
        assert [leg for _, leg in got] == sorted(leg for _, leg in got), "first come, first served"
    assert check(day.store.engine, day.hall.id) == []
    with day.store.read() as connection:
        states = set(connection.execute(select(t.leg.c.state)).scalars())
    assert states == {"done"}
