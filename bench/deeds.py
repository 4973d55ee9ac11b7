"""(d) Routing at 2,000 waiting; take and next without HTTP: what the deed costs above the bare commit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.figures import Row, percentile
from bench.floor import commit, open_floor
from bench.procs import ROOT

WAITING = 2000


class Hall:
    """The demo hall in this process: a real database, no server."""

    def __init__(self, folder: Path) -> None:
        from server.domain.actors import Actor
        from server.settings import read_hall
        from server.store import tables
        from server.store.days import add_day
        from server.store.engine import open_engine
        from server.store.setup import ensure_hall
        from server.store.unit import Store

        self.now = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
        self.settings = read_hall(ROOT / "config/demo", ROOT / "config")
        self.engine = open_engine(f"sqlite:///{folder / 'deeds.db'}")
        tables.metadata.create_all(self.engine)
        ensure_hall(self.engine, self.settings.id, self.now)
        self.store = Store(self.engine, self.settings.id, self._clock)
        self.kiosk = Actor("device", "bench-kiosk", "kiosk", kiosk="K1")
        with self.store.unit(self.kiosk) as unit:
            add_day(unit, "2026-03-04", by_hand=True)
        self.services = [s.id for s in self.settings.catalogue.services.values()
                         if self.settings.catalogue.queues[s.queue].self_register
                         and self.settings.identity_of(s) != "id_card_required"]

    def _clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def take(self, n: int) -> None:
        """As POST /api/tickets: request id, number, leg, slip, audit line, one commit."""
        from server.actions.take_number import take_number
        from server.store.once import once

        hall, service = self.settings, self.services[n % len(self.services)]
        with self.store.unit(self.kiosk) as unit:
            once(unit, f"bench-take-{n}", {"service": service}, lambda: {
                "number": take_number(unit, hall, hall.slips, "http://x", service).ticket.number})

    def open_window(self) -> tuple[Any, str]:
        """A clerk at a comprehensive window: (actor, window)."""
        from server.actions.staff_window import open_window
        from server.domain.actors import Actor
        from server.domain.refusals import Refusal

        for window in self.settings.catalogue.windows.values():
            for person in self.settings.catalogue.people.values():
                clerk = Actor("staff", person.id, "clerk", proof="bench")
                try:
                    if window.kind == "comprehensive":
                        with self.store.unit(clerk) as unit:
                            open_window(unit, self.settings, window.id)
                        return clerk, window.id
                except (Refusal, KeyError):
                    continue
        raise RuntimeError("nobody may open a comprehensive window in the demo hall")


def timed(deed: Callable[[int], object], times: int, seconds: float) -> list[float]:
    """Milliseconds of `deed(0)`, `deed(1)` … until `times` or `seconds` are used up."""
    ms: list[float] = []
    end = time.perf_counter() + seconds
    while len(ms) < times and (start := time.perf_counter()) < end:
        deed(len(ms))
        ms.append((time.perf_counter() - start) * 1000)
    return ms


def run(folder: Path, quick: bool) -> list[Row]:
    from server.actions.call_next import _choose, call_next
    from server.actions.finish import finish
    from server.actions.start import start
    from server.domain.routing import Situation, choose
    from server.store.once import once
    from server.store.tickets import waiting_heads

    hall = Hall(folder)
    floor = open_floor(folder / "deeds-floor.db")
    bare = percentile(timed(lambda n: commit(floor), 1000, 2), 0.5)
    take = timed(hall.take, WAITING, 30)
    clerk, window = hall.open_window()
    rows = [Row("deeds", "take, no HTTP", percentile(take, 0.5), bare, p50=percentile(take, 0.5),
                p99=percentile(take, 0.99), note="bare: one commit")]

    place = hall.settings.catalogue.windows[window]
    with hall.store.unit(clerk) as unit:
        pools = tuple((queue, None) for queue in place.queues)
        heads = waiting_heads(unit.connection, unit.hall, unit.day or "", window, pools)
        leg = heads[0]
        many = [replace(leg, id=n, origin_at=leg.origin_at + timedelta(seconds=n)) for n in range(WAITING)]
        at = Situation(True, {s: 10.0 for s in hall.services}, 10.0)
        times = 100 if quick else 300
        heads_ms = timed(lambda n: choose(heads, unit.now, hall.settings.rules, at), times, 3)
        all_ms = timed(lambda n: choose(many, unit.now, hall.settings.rules, at), times, 3)
        query_ms = timed(lambda n: _choose(unit, hall.settings, place, clerk.id), times, 3)
    for what, ms, must, note in (
        (f"routing rule, {WAITING} waiting", heads_ms, 1.0, f"{len(heads)} heads of lines compared"),
        (f"routing rule over {WAITING} heads (worst case)", all_ms, None, "every waiting one is a head"),
        (f"routing with its queries, {WAITING} waiting", query_ms, None, "in the open transaction"),
    ):
        rows.append(Row("deeds", what, percentile(ms, 0.5), p50=percentile(ms, 0.5), p99=percentile(ms, 0.99),
                        must=must, note=note))

    def next_one(n: int) -> None:
        with hall.store.unit(clerk) as unit:
            once(unit, f"bench-next-{n}", {"window": window}, lambda: {
                "leg": getattr(call_next(unit, hall.settings, window), "id", None)})

    ms = []
    for n in range(100 if quick else 200):
        ms += timed(lambda _, n=n: next_one(n), 1, 5)
        with hall.store.unit(clerk) as unit:
            start(unit, window)
        with hall.store.unit(clerk) as unit:
            finish(unit, hall.settings, window)
    rows.append(Row("deeds", "next, no HTTP", percentile(ms, 0.5), bare, p50=percentile(ms, 0.5),
                    p99=percentile(ms, 0.99), note="bare: one commit"))
    hall.engine.dispose()
    floor.close()
    return rows
