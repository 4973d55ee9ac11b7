"""No number twice over the server and several hosts (P2), and none that was given is lost (P1), whatever
comes in whatever order: lending, answers that never arrive, giving, deaths before and after the disk, lost
disks, handing over once and again, the end of the day."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import select

from drivers.line.clock import Clock as HostClock
from drivers.offline.book import NotGiven
from drivers.offline.desk import OfflineDesk
from server.actions.day import begin_closing, close_day
from server.actions.lend_blocks import enter_given, lend_blocks, lending
from server.domain.actors import SYSTEM, Actor
from server.domain.refusals import NumbersExhausted
from server.live.hosts import read_given
from server.settings import Offline, read_hall
from server.store import tables as t
from server.store.engine import open_engine
from server.store.setup import ensure_hall
from server.store.snapshots.view import View
from server.store.unit import Store
from server.store.verify import check
from server.text import Texts
from tests.conftest import ROOT, Clock, fresh_sqlite
from tests.server.hall_day import URL, HallDay

DEMO = read_hall(ROOT / "config" / "demo", ROOT / "config")
QUEUE = DEMO.catalogue.queues["A"]
RULES = Offline(enabled=True, numbers=3, queues=("A",), valid_minutes=1440)
SMALL = replace(DEMO.catalogue, queues={**DEMO.catalogue.queues, "A": replace(QUEUE, last_number=40)})
HALL = replace(DEMO, hall=replace(DEMO.hall, offline=RULES), catalogue=SMALL)  # 40 numbers: the edges meet
TEXTS = Texts(ROOT / "config" / "text")
HOSTS = st.sampled_from(("h1", "h2"))
KIOSKS = {"h1": ("K1",), "h2": ("K2", "K3")}
REQUESTS = st.integers(0, 5)


class Killed(Exception):
    """The process ended here."""


class Wall(HostClock):
    """The host's clock, which is the hall's."""

    def __init__(self, hall: Clock) -> None:
        self._hall = hall

    def now(self) -> float:
        return self._hall.at.timestamp()

    def wall(self) -> str:
        return self._hall.at.isoformat(timespec="milliseconds")


class BlockMachine(RuleBasedStateMachine):
    @initialize()
    def open_hall(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        engine, clock = open_engine(fresh_sqlite(self.root)), Clock()
        ensure_hall(engine, HALL.id, clock())
        self.day = HallDay(Store(engine, HALL.id, clock), HALL, HALL.slips, clock).open()
        self.disks = dict.fromkeys(KIOSKS, 0)
        self.jobs: dict[str, list[Any]] = {host: [] for host in KIOSKS}
        self.desks = {host: self.desk(host) for host in KIOSKS}
        self.paper: dict[tuple[str, str], str] = {}  # (day, number) in somebody's hand -> whose
        self.kept: dict[str, dict[str, str]] = {
            host: {} for host in KIOSKS
        }  # link -> number, on a disk that stands
        self.last: dict[str, Any] = {}
        for host in KIOSKS:
            self.borrow(host, True)

    def desk(self, host: str) -> OfflineDesk:
        return OfflineDesk(
            self.root / f"{host}-{self.disks[host]}", self.jobs[host].append, Wall(self.day.clock)
        )

    def today(self) -> str:
        return self.day.clock.at.date().isoformat()

    def hold(self, number: str, who: str) -> None:
        """Somebody has this number in hand now."""
        assert self.paper.setdefault((self.today(), number), who) == who, f"{number} was given twice"

    def actor(self, host: str) -> Actor:
        return Actor("device", host, "host")

    # --- what happens

    @rule()
    def take_of_the_server(self) -> None:
        try:
            taken = self.day.take()
        except NumbersExhausted:
            return
        self.hold(taken.ticket.number, taken.ticket.link)

    @rule(host=HOSTS, arrives=st.sampled_from((True, True, False)))
    def ask(self, host: str, arrives: bool) -> None:
        self.borrow(host, arrives)

    def borrow(self, host: str, arrives: bool) -> None:
        desk, store = self.desks[host], self.day.store
        held = {int(block): seq for block, seq in desk.held().items()}
        with store.unit(self.actor(host)) as unit:
            loans = lend_blocks(unit, HALL, KIOSKS[host], held)
        with store.read() as connection:
            view = View.of(connection, HALL.id, HALL, TEXTS)
            found = lending(view, HALL.slips, URL, loans, KIOSKS[host])
        if arrives:
            desk.lend(json.loads(json.dumps({**found, "keys": {}})))

    @rule(host=HOSTS, which=st.integers(0, 1), wish=REQUESTS)
    def take(self, host: str, which: int, wish: int) -> None:
        self.give(host, which, wish, "")

    @rule(
        host=HOSTS,
        which=st.integers(0, 1),
        wish=REQUESTS,
        dies=st.sampled_from(("", "before", "after")),
    )
    def take_while_it_dies(self, host: str, which: int, wish: int, dies: str) -> None:
        self.give(host, which, wish, dies)

    def give(self, host: str, which: int, wish: int, dies: str) -> None:
        kiosk, desk = KIOSKS[host][which % len(KIOSKS[host])], self.desks[host]
        request = f"{host}-{self.disks[host]}-{kiosk}-wish-{wish}-{self.today()}"
        if dies:

            def die(*_: object) -> None:
                raise Killed

            if dies == "before" and desk._journal is not None:
                desk._journal.append = die  # type: ignore[method-assign]
            else:
                desk._submit = die
        try:
            wishes = ("elder", ["S002"]) if wish % 2 else ()
            given = desk.give(kiosk, request, "S001", "zh", *wishes)
        except NotGiven:
            if not dies:
                return
        except Killed:
            pass
        else:
            ticket = given["ticket"]
            self.hold(ticket["number"], ticket["link"])
            self.kept[host][ticket["link"]] = ticket["number"]
        if dies:
            self.kill(host, False)

    @rule(host=HOSTS, state=st.sampled_from(("sending", "confirmed", "unsure", "failed")))
    def print(self, host: str, state: str) -> None:
        if self.jobs[host]:
            self.desks[host].heard({"job": self.jobs[host][-1]["id"], "state": state, "reason": ""})

    @rule(host=HOSTS, torn=st.booleans())
    def die(self, host: str, torn: bool) -> None:
        self.kill(host, torn)

    def kill(self, host: str, torn: bool) -> None:
        desk = self.desks[host]
        desk.close()
        if torn:
            with desk._path.open("ab") as file:
                file.write(b'{"given":{"requ')
        self.desks[host] = self.desk(host)

    @rule(host=HOSTS, what=st.sampled_from(("disk", "message", "message", "day")))
    def something_rare(self, host: str, what: str) -> None:
        if what == "disk":
            self.lose_the_disk(host)
        elif what == "message":
            self.enter(host, self.last.get(host, []))  # an old one comes again
        else:
            self.end_the_day()

    def lose_the_disk(self, host: str) -> None:
        self.desks[host].close()
        self.disks[host] += 1
        self.kept[host].clear()
        self.jobs[host].clear()
        self.desks[host] = self.desk(host)

    @rule(host=HOSTS, arrives=st.booleans())
    def hand_over(self, host: str, arrives: bool) -> None:
        rows = json.loads(json.dumps(self.desks[host].owed()))
        done = self.enter(host, rows)
        self.last[host] = rows
        if arrives:
            self.desks[host].handed(done)

    def enter(self, host: str, rows: list[Any]) -> list[str]:
        done = []
        for row in rows:
            given = read_given(row)
            assert given is not None
            with self.day.store.unit(self.actor(host)) as unit:
                assert enter_given(unit, HALL, given) in ("entered", "known", "late")
            done.append(given.link)
        return done

    @rule(minutes=st.integers(1, 30))
    def time_passes(self, minutes: int) -> None:
        if self.day.clock.at.hour < 11:
            self.day.clock.forward(minutes=minutes)

    def end_the_day(self) -> None:
        with self.day.store.unit(SYSTEM) as unit:
            begin_closing(unit)
            close_day(unit)
        self.day.clock.forward(days=1 if self.day.clock.at.weekday() < 4 else 3)
        self.day.clock.at = self.day.clock.at.replace(hour=9)
        self.day.open()

    def teardown(self) -> None:
        if not hasattr(self, "day"):
            return
        for host, desk in self.desks.items():
            self.kill(host, False)  # what nobody settled is unsure now
            self.desks[host].handed(self.enter(host, self.desks[host].owed(1000)))
            assert self.desks[host].owed() == []
            desk.close()
        with self.day.store.read() as connection:
            rows = connection.execute(select(t.ticket.c.day, t.ticket.c.number, t.ticket.c.link)).all()
            legs = connection.execute(select(t.leg.c.origin_at, t.ticket.c.taken_at).join(t.ticket)).all()
            sums = connection.execute(select(t.day.c.sums).where(t.day.c.state == "closed")).scalars().all()
        numbers = {link: number for _, number, link in rows}
        assert len({(day, number) for day, number, _ in rows}) == len(rows)
        for kept in self.kept.values():
            assert {link: numbers.get(link) for link in kept} == kept, "a number that was given is not there"
        assert all(origin == taken for origin, taken in legs)
        for one in (row["offline"] for row in sums if "offline" in row):
            assert one["lent"] == one["used"] + one["void"] + one["out"]
        assert check(self.day.store.engine, HALL.id) == []
        for desk in self.desks.values():
            desk.close()
        self.day.store.engine.dispose()
        self.folder.cleanup()


class TestBlocks(BlockMachine.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=4, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
class TestBlocksLong(BlockMachine.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=300, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
    )
