"""Many processes want the last places at once, on both engines: nobody is overbooked (C1)."""

from __future__ import annotations

import multiprocessing as mp
from typing import Any

from sqlalchemy import func, select

from server.actions.book import confirm, draft
from server.domain.refusals import SlotFull
from server.settings import read_hall
from server.store import tables as t
from server.store.engine import open_engine
from server.store.snapshots.slots import find_slot
from server.store.unit import Store
from tests.conftest import MONDAY_NINE, ROOT
from tests.server.hall_day import HallDay
from tests.server.test_booking import CITIZEN, tuesday

PROCESSES, TRIES = 4, 2


def grab(url: str, gate: Any, out: Any) -> None:
    """Try to book the same slot several times."""
    hall = read_hall(ROOT / "config" / "demo", ROOT / "config")
    store = Store(open_engine(url), hall.id, lambda: MONDAY_NINE)
    gate.wait()
    got = []
    for _ in range(TRIES):
        try:
            with store.unit(CITIZEN) as unit:
                made = confirm(unit, hall, draft(unit, hall, "S001", tuesday(10)))
            got.append(made.place)
        except SlotFull:
            got.append(None)
    out.put(got)


def test_c1_the_last_place_is_booked_once(day: HallDay, database: str) -> None:
    with day.store.read() as connection:
        places = find_slot(connection, day.hall, "S001", tuesday(10), day.clock()).places
    assert places < PROCESSES * TRIES
    context = mp.get_context("spawn")
    gate, out = context.Barrier(PROCESSES), context.Queue()
    workers = [context.Process(target=grab, args=(database, gate, out)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    got = [place for _ in workers for place in out.get(timeout=90)]
    for worker in workers:
        worker.join(timeout=30)
        assert worker.exitcode == 0
    assert sorted(p for p in got if p) == list(range(1, places + 1)), "every place once, none twice"
    with day.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.appointment)).scalar_one() == places
