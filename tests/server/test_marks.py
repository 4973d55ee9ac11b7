"""After a restore no number comes out twice, whatever is left of the hall that was lost (F19, P2)."""

from __future__ import annotations

import errno
import json
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from server import backup as backups
from server.actions.day import close_day
from server.actions.go_on_above import (
    Leap,
    LeavesOutMuch,
    Missing,
    NumberOffline,
    NumbersUnknown,
    NumberUnread,
    Said,
)
from server.actions.lend_blocks import enter_given, lend_blocks
from server.app import create_app
from server.domain.actors import SYSTEM, Actor
from server.domain.blocks import Given
from server.domain.catalogue import Queue
from server.domain.marks import AHEAD, GAP
from server.domain.refusals import NumbersExhausted, StorageFailed
from server.prepare import prepare
from server.settings import HallSettings, Offline, Settings, read_hall
from server.store import marks as store_marks
from server.store.alarms import all_alarms
from server.store.engine import open_engine
from server.store.marks import NAME, Marks, memory_of
from server.store.setup import ensure_hall
from server.store.trail import Wanted, lines
from server.store.unit import Store
from server.store.verify import check
from server.text import Texts
from server.tick import Ticker
from tests.conftest import ROOT, Clock, fresh_pg, fresh_sqlite
from tests.server.hall_day import HallDay
from tests.server.test_backup import remade

DEMO = read_hall(ROOT / "config" / "demo", ROOT / "config")
NOTHING_SAID = Said()
SERVICES = ("S001", "S101")  # of two queues
RULES = Offline(enabled=True, numbers=3, queues=("A",), valid_minutes=1440)
QUEUES = tuple(DEMO.catalogue.queues)
HALL = replace(DEMO, hall=replace(DEMO.hall, offline=RULES))


class RestoreMachine(RuleBasedStateMachine):
    """A hall with paper in people's hands, whose disk is lost in all the ways a disk can be."""

    pg_url = ""

    @initialize()
    def open_hall(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.root, self.clock, self.copies = Path(self.folder.name), Clock(), 0
        self.paper: set[str] = set()  # in somebody's hand today
        self.highest: dict[str, str] = {}
        self.unsaid: set[str] = set()  # the queues that gave any after the backup, offline too
        self.data, self.url = self.root / "data", self.fresh(self.root / "data")
        self.start()
        self.day.open()
        self.back_up()

    def fresh(self, data: Path) -> str:
        data.mkdir(exist_ok=True)
        return fresh_pg(self.pg_url) if self.pg_url else fresh_sqlite(data)

    def settings(self) -> Settings:
        common, config = ROOT / "config", ROOT / "config" / "demo"
        return Settings(data=self.data, config=config, common=common, database=self.url, hall=HALL)

    def start(self) -> None:
        engine = open_engine(self.url)
        ensure_hall(engine, HALL.id, self.clock())
        store = Store(engine, HALL.id, self.clock, marks=Marks(self.data))
        self.day = HallDay(store, HALL, HALL.slips, self.clock)

    def stop(self) -> None:
        self.day.store.engine.dispose()

    @rule(service=st.sampled_from(SERVICES), count=st.sampled_from((1, 2, 40)))
    def take(self, service: str, count: int) -> None:
        for _ in range(count):
            try:
                number = self.day.take(service).ticket.number
            except NumbersExhausted:
                return
            self.print(number)
            self.highest[number[0]] = number

    def print(self, number: str) -> None:
        assert number not in self.paper, f"{number} was given twice"
        self.paper.add(number)
        self.unsaid.add(number[0])

    @rule(kiosk=st.sampled_from(("K1", "K2")))
    def lend_and_give_alone(self, kiosk: str) -> None:
        with self.day.store.unit(Actor("device", f"host-{kiosk}", "host")) as unit:
            loans = lend_blocks(unit, HALL, [kiosk], {})
        for loan in loans:
            for seq in range(loan.next, loan.block.last + 1):
                self.print(f"{loan.block.prefix}{seq:03d}")

    @rule()
    def back_up(self) -> None:
        self.copies += 1
        self.copy = self.root / f"{self.copies}.wucha"
        backups.back_up(self.settings(), ROOT / "config" / "devices.toml", self.copy, self.clock)
        self.unsaid.clear()

    def newest(self, prefix: str) -> str:
        return self.highest.get(prefix, f"{prefix}000")

    @rule(
        left=st.sampled_from(("all", "database", "mark", "noise and mark", "nothing")),
        brief=st.booleans(),
        typo=st.booleans(),
    )
    def restore(self, left: str, brief: bool, typo: bool) -> None:
        """left: what of the data folder can still be read; brief: who restores names the queues alone that
        gave any since; typo: and mistypes one at first."""
        self.stop()
        if self.pg_url:
            self.url = fresh_pg(self.pg_url)
        elif left in ("mark", "nothing"):
            for path in self.data.glob("wucha.db*"):
                path.unlink()
        elif left == "noise and mark":
            (self.data / "wucha.db").write_bytes(b"noise" * 3000)
        knows = (
            {"all", "mark", "noise and mark"}
            if self.pg_url
            else {"all", "database", "mark", "noise and mark"}
        )
        if left in ("database", "nothing"):
            (self.data / NAME).unlink(missing_ok=True)
        said = Said() if brief else Said(tuple(map(self.newest, self.highest)), certain=True)
        if left not in knows:
            newest = tuple(self.newest(prefix) for prefix in QUEUES if not brief or prefix in self.unsaid)
            for unclear in (Said(), Said(newest[:-1]), *((Said(newest),) if brief else ())):
                if len(unclear.numbers) < len(QUEUES):
                    with pytest.raises(NumbersUnknown):
                        backups.restore(self.settings(), self.copy, unclear, self.clock)
            said = Said(newest, nothing=brief, certain=True)
            if typo:
                wrong = replace(said, numbers=(*newest, f"B{min(int(self.newest('B')[1:]) + 300, 999)}"))
                backups.restore(self.settings(), self.copy, wrong, self.clock)
                self.url = fresh_pg(self.pg_url) if self.pg_url else self.url
        elif not (self.data / NAME).exists() and (self.pg_url or left in ("mark", "noise and mark")):
            said = Said(nothing=True)  # none was ever given: there is no mark
        backups.restore(self.settings(), self.copy, said, self.clock)
        self.start()
        assert not check(self.day.store.engine, HALL.id)

    def teardown(self) -> None:
        if hasattr(self, "day"):
            assert not check(self.day.store.engine, HALL.id)
            self.stop()
            self.folder.cleanup()


FEW = settings(
    max_examples=6,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a walk is read as it was walked
)


def test_F19_no_number_twice_whatever_is_left_of_the_hall() -> None:
    run_state_machine_as_test(RestoreMachine, settings=FEW)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_F19_many_halls_lost_in_many_ways() -> None:
    run_state_machine_as_test(
        RestoreMachine, settings=settings(FEW, max_examples=120, stateful_step_count=20)
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.postgres
def test_F19_no_number_twice_on_postgres(pg_url: str) -> None:
    machine = type("PostgresMachine", (RestoreMachine,), {"pg_url": pg_url})
    run_state_machine_as_test(machine, settings=settings(FEW, max_examples=40))


@pytest.fixture
def hall_of(tmp_path: Path, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Callable[..., HallDay]]:
    """An open hall on a data folder, with its mark, as often as it is asked for."""
    made: list[Store] = []

    def make(url: str, data: Path = tmp_path) -> HallDay:
        engine = open_engine(url)
        ensure_hall(engine, HALL.id, clock())
        made.append(Store(engine, HALL.id, clock, marks=Marks(data)))
        return HallDay(made[-1], HALL, HALL.slips, clock)

    yield make
    for store in made:
        store.engine.dispose()


Hall = Callable[..., HallDay]
Back = Callable[..., Any]


@pytest.fixture
def back(tmp_path: Path, clock: Clock) -> Back:
    """Restore the backup, over `data` and into the database `url`."""

    def restore(url: str, said: Said = NOTHING_SAID, data: Path = tmp_path) -> backups.Restored:
        common, config = ROOT / "config", ROOT / "config" / "demo"
        put = Settings(data=data, config=config, common=common, database=url, hall=HALL)
        return backups.restore(put, tmp_path / "copy.wucha", said, clock)

    return restore


def keep(tmp_path: Path, url: str, clock: Clock, data: Path | None = None) -> None:
    common, config = ROOT / "config", ROOT / "config" / "demo"
    put = Settings(data=data or tmp_path, config=config, common=common, database=url, hall=HALL)
    backups.back_up(put, ROOT / "config" / "devices.toml", tmp_path / "copy.wucha", clock)


def numbers(day: HallDay, count: int = 1, service: str = "S001") -> list[str]:
    return [day.take(service).ticket.number for _ in range(count)]


def told(missing: Missing) -> dict[str, list[str]]:
    return {
        day: [str(lost) for lost in missing.lost if lost.day == day]
        for day in {lost.day for lost in missing.lost}
    }


def test_F19_the_replaced_database_says_exactly_what_was_given(
    hall_of: Hall, back: Back, tmp_path: Path, clock: Clock
) -> None:
    """And the report, the audit trail and the alarm of who runs the hall say what is lost."""
    url = fresh_sqlite(tmp_path)
    day = hall_of(url).open("W01")
    numbers(day, 2)
    keep(tmp_path, url, clock)
    clock.forward(minutes=10)
    assert numbers(day, 3) == ["A003", "A004", "A005"]
    last = clock.at
    clock.forward(minutes=5)
    day.store.engine.dispose()
    done = back(url)
    assert told(done.missing) == {"2026-03-02": ["A003～A005"]}
    assert (done.missing.until, done.unread) == (last, False)
    again = hall_of(url)
    assert numbers(again) == ["A006"]
    with again.store.read() as connection:
        (alarm,) = [a for a in all_alarms(connection, HALL.id) if a["kind"] == GAP]
        (line,) = lines(connection, HALL.id, Wanted(act="hall.restore"))[0]
    assert (alarm["what"], alarm["level"], alarm["facts"]["numbers"]) == ("2026-03-02", "red", "A003～A005")
    assert line["facts"]["lost"] == {"2026-03-02": ["A003～A005"]}
    for lang, words in (
        Texts(ROOT / "config" / "text").both(f"alarm.{GAP}", what="", **alarm["facts"]).items()
    ):
        assert "A003～A005" in words, lang
        assert "{" not in words
    assert not check(again.store.engine, HALL.id)
    with again.store.unit(SYSTEM) as unit:
        close_day(unit)
    with again.store.read() as connection:
        assert not [a for a in all_alarms(connection, HALL.id) if a["kind"] == GAP], "told for its day"


def test_F19_a_lost_database_leaves_its_mark(
    hall_of: Hall, back: Back, tmp_path: Path, clock: Clock, database: str, request: pytest.FixtureRequest
) -> None:
    """On both engines: what is in the data folder knows a number that none given was above, and what was
    lent; the host goes on giving from its block, and what it hands over is entered."""
    day = hall_of(database).open("W01")
    numbers(day, 2)
    keep(tmp_path, database, clock)
    held = set(numbers(day, 7)) | set(numbers(day, 1, "S101"))
    host = Actor("device", "host-1", "host")
    with day.store.unit(host) as unit:
        (loan,) = lend_blocks(unit, HALL, ["K1"], {})
    day.store.engine.dispose()
    if database.startswith("sqlite"):
        (tmp_path / "wucha.db").write_bytes(b"noise" * 4000)
        new = database
    else:
        new = fresh_pg(request.getfixturevalue("pg_url"))
    done = back(new)
    assert done.unread == database.startswith("sqlite")
    assert [lost.first for lost in done.missing.lost] == ["A003", "B001"]
    again = hall_of(new)
    fresh = {*numbers(again), *numbers(again, 1, "S101")}
    assert not fresh & held
    assert all(int(number[1:]) <= 2 + 2 * AHEAD for number in fresh)
    with again.store.unit(host) as unit:
        (same,) = lend_blocks(unit, HALL, ["K1"], {loan.block.id: loan.next})
        assert (same.block.first, same.block.last) == (loan.block.first, loan.block.last)
        given = Given("r" * 22, same.block.id, same.next, "S001", "zh", clock(), "L" * 22, "printed")
        assert enter_given(unit, HALL, given) == "entered"
    with again.store.unit(Actor("device", "host-2", "host")) as unit:
        (other,) = lend_blocks(unit, HALL, ["K2"], {})
    assert other.block.last < loan.block.first
    assert not check(again.store.engine, HALL.id)


def test_F19_an_old_backup_does_not_begin_today_anew(
    hall_of: Hall, back: Back, tmp_path: Path, clock: Clock
) -> None:
    url = fresh_sqlite(tmp_path)
    day = hall_of(url).open("W01")
    numbers(day, 2)
    keep(tmp_path, url, clock)
    with day.store.unit(SYSTEM) as unit:
        close_day(unit)
    clock.forward(days=1)
    day.open()
    assert numbers(day, 2) == ["A001", "A002"]
    day.store.engine.dispose()
    assert told(back(url).missing) == {"2026-03-03": ["A001～A002"]}
    again = hall_of(url)
    with again.store.unit(SYSTEM) as unit:
        close_day(unit)
    again.open()
    assert numbers(again) == ["A003"]
    with again.store.read() as connection:
        assert [a["what"] for a in all_alarms(connection, HALL.id) if a["kind"] == GAP] == ["2026-03-03"]


def test_F19_where_nothing_is_left_people_are_asked(
    hall_of: Hall, back: Back, tmp_path: Path, clock: Clock
) -> None:
    """A hall that somebody began anew on the fresh computer knows nothing of the lost one either."""
    url = fresh_sqlite(tmp_path)
    day = hall_of(url).open("W01")
    numbers(day, 2)
    keep(tmp_path, url, clock)
    held = {*numbers(day, 5)}
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    there = fresh_sqlite(fresh)
    clock.forward(seconds=1)
    begun = hall_of(there, fresh).open("W01")
    held |= {*numbers(begun, 9)}
    begun.store.engine.dispose()
    with pytest.raises(NumbersUnknown):
        back(there, data=fresh)
    with pytest.raises(NumberUnread):
        back(there, Said(("Q007",)), data=fresh)
    with pytest.raises(NumberOffline):
        back(there, Said(("A998",), nothing=True), data=fresh)
    with pytest.raises(NumbersUnknown) as unnamed:
        back(there, Said(("A007",)), data=fresh)
    assert [queue.prefix for queue in unnamed.value.queues] == [name for name in QUEUES if name != "A"]
    assert not list(fresh.glob("*restored*"))
    done = back(there, Said(("a007",), nothing=True), data=fresh)
    assert done.missing.below == (("a007", "A033"),), "the mark of the hall that was begun is written ahead"
    assert done.missing.left == (("A", 499 - 33),)
    assert told(done.missing)["2026-03-02"][0].startswith("A003～A0")
    again = hall_of(there, fresh)
    assert not {*numbers(again)} & held
    with again.store.unit(Actor("device", "host-1", "host")) as unit:
        assert not lend_blocks(unit, HALL, ["K1"], {}), "what was lent is known to nobody"
    assert not check(again.store.engine, HALL.id)


def test_F19_a_mistyped_number_is_asked_about_and_can_be_said_anew(
    hall_of: Hall, back: Back, tmp_path: Path, clock: Clock
) -> None:
    """As long as no number followed it, and whether the database or the mark beside it is asked."""
    url = fresh_sqlite(tmp_path)
    day = hall_of(url).open("W01")
    numbers(day, 2, "S101")
    keep(tmp_path, url, clock)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    there = fresh_sqlite(fresh)
    for mistyped, out, left in (("B999", 997, 0), ("B210", 208, 789), ("B203", 201, 796)):
        with pytest.raises(LeavesOutMuch) as much:
            back(there, Said((mistyped,), nothing=True), data=fresh)
        assert much.value.leaps == (Leap(mistyped, out, left),)
    assert not list(fresh.glob("*restored*"))
    back(there, Said(("A007", "B999"), nothing=True, certain=True), data=fresh)
    done = back(there, Said(("B080",)), data=fresh)
    assert told(done.missing)["2026-03-02"] == ["A001～A007", "B003～B080"]
    for path in fresh.glob("wucha.db*"):
        path.unlink()
    done = back(there, Said(("A009", "B012")), data=fresh)
    assert (told(done.missing)["2026-03-02"], done.missing.below) == (["A001～A009", "B003～B012"], ())
    assert done.missing.left == (("A", 499 - 9),), "what was lent is as unknown as before"
    again = hall_of(there, fresh)
    assert numbers(again, 1, "S101") == ["B013"]
    again.store.engine.dispose()
    done = back(there, Said(("A003", "B011")), data=fresh)
    assert done.missing.below == (("B011", "B013"),), "a number followed what was said"
    again = hall_of(there, fresh)
    assert (numbers(again), numbers(again, 1, "S101")) == (["A004"], ["B014"])
    assert not check(again.store.engine, HALL.id)


def test_F19_a_hall_that_moves_goes_on_giving_and_lending(
    hall_of: Hall, back: Back, tmp_path: Path, clock: Clock
) -> None:
    """Of a queue that gave nothing since, the backup knows every block."""
    small = replace(HALL.catalogue.queues["A"], last_number=20)
    url, hall = fresh_sqlite(tmp_path), with_queue(small)
    day = HallDay(hall_of(url).store, hall, hall.slips, clock).open("W01")
    with day.store.unit(Actor("device", "host-1", "host")) as unit:
        (loan,) = lend_blocks(unit, hall, ["K1"], {})
    numbers(day, 12)
    keep(tmp_path, url, clock)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    there = fresh_sqlite(fresh)
    done = back(there, Said(nothing=True), data=fresh)
    assert (done.missing.lost, done.missing.left, done.missing.sure) == ((), (), False)
    again = HallDay(hall_of(there, fresh).store, hall, hall.slips, clock)
    assert numbers(again, 2) == ["A013", "A014"]
    with again.store.unit(Actor("device", "host-2", "host")) as unit:
        (other,) = lend_blocks(unit, hall, ["K2"], {})
    assert (other.block.first, other.block.last) == (15, loan.block.first - 1)


def with_queue(queue: Queue) -> HallSettings:
    return replace(HALL, catalogue=replace(HALL.catalogue, queues={**HALL.catalogue.queues, "A": queue}))


def test_the_mark_is_written_seldom_and_before_the_number(
    hall_of: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = hall_of(fresh_sqlite(tmp_path)).open("W01")
    other = hall_of(fresh_sqlite(tmp_path))  # the next one on the same folder, with nothing in memory
    writes: list[int] = []

    def mark() -> int:
        (series,) = [
            row for row in json.loads((tmp_path / NAME).read_bytes())[HALL.id]["marks"] if row[1] == "A"
        ]
        return int(series[2])

    write = store_marks._write
    monkeypatch.setattr(store_marks, "_write", lambda *what: (writes.append(1), write(*what)))
    for count in range(1, 4 * AHEAD):
        (number,) = numbers(day if count % 3 else other)
        assert mark() >= int(number[1:]) == count
    assert len(writes) <= 4
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store_marks, "_write", full)
    given = numbers(day, mark() - count)
    with pytest.raises(StorageFailed):
        day.take()
    assert mark() == int(given[-1][1:]), "no number beyond the mark"
    monkeypatch.setattr(store_marks, "_write", write)
    assert int(numbers(day)[0][1:]) == int(given[-1][1:]) + 1 <= mark()


def test_a_damaged_mark_is_written_anew(hall_of: Hall, tmp_path: Path) -> None:
    day = hall_of(fresh_sqlite(tmp_path)).open("W01")
    numbers(day, 3)
    for noise in (b"\x00\xff", b"[]", b'{"%s": {"marks": 3}}' % HALL.id.encode()):
        (tmp_path / NAME).write_bytes(noise)
        again = hall_of(fresh_sqlite(tmp_path))
        (number,) = numbers(again)
        kept = memory_of(json.loads((tmp_path / NAME).read_bytes())[HALL.id])
        assert kept is not None
        assert kept.marks["2026-03-02", "A"].last >= int(number[1:])


def test_a_backup_of_the_release_before_is_taken(
    hall_of: Hall, back: Back, tmp_path: Path, clock: Clock
) -> None:
    url = fresh_sqlite(tmp_path)
    day = hall_of(url).open("W01")
    numbers(day, 2)
    keep(tmp_path, url, clock)

    def older(files: dict[str, bytes]) -> None:
        old = tmp_path / "old.db"
        old.write_bytes(files["wucha.db"])
        with closing(sqlite3.connect(old)) as connection, connection:
            connection.execute("DROP INDEX ux_complaint_link")
            connection.execute("ALTER TABLE complaint DROP COLUMN link")
            connection.execute("UPDATE alembic_version SET version_num = '0017'")
        files["wucha.db"] = old.read_bytes()

    remade(tmp_path / "copy.wucha", older)
    day.store.engine.dispose()
    assert back(url).missing.lost == ()
    assert numbers(hall_of(url)) == ["A003"]


def test_the_heartbeat_writes_the_mark_before_a_number_waits_for_it(
    make_settings: Callable[..., Settings], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(make_settings(), clock)
    day, marks = HallDay(app.house.store, DEMO, DEMO.slips, clock).open(), app.house.store.marks
    assert marks is not None
    numbers(day, AHEAD // 2 + 2)
    assert marks.due
    Ticker(app.house, lambda: None).once()
    assert not marks.due
    monkeypatch.setattr(store_marks, "_write", None)  # nobody has to
    numbers(day, AHEAD)
    assert marks.due
    app.house.store.engine.dispose()


def test_F19_where_several_servers_gave_numbers_no_mark_stands_for_all(
    hall_of: Hall, back: Back, tmp_path: Path, clock: Clock
) -> None:
    url = fresh_sqlite(tmp_path)
    one, two = hall_of(url).open("W01"), hall_of(url)
    one.store.marks, two.store.marks = Marks(tmp_path, alone=False), Marks(tmp_path / "two", alone=False)
    (tmp_path / "two").mkdir()
    numbers(one, 2)
    keep(tmp_path, url, clock)
    held = {*numbers(one), *numbers(two, 3 * AHEAD)}
    hall_of(url).take()  # alone from now on, but not all day
    for path in tmp_path.glob("wucha.db*"):
        path.unlink()
    with pytest.raises(NumbersUnknown):
        back(url)
    back(url, Said((max(held),), nothing=True))
    assert not held & {*numbers(hall_of(url))}


def test_F19_an_older_database_put_back_by_hand_goes_on_above_the_mark(
    hall_of: Hall,
    tmp_path: Path,
    clock: Clock,
    make_settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.prepare.now", clock)
    url, database = fresh_sqlite(tmp_path), tmp_path / "wucha.db"
    day = hall_of(url).open("W01")
    numbers(day, 2)
    day.store.engine.dispose()
    old = database.read_bytes()
    day = hall_of(url)
    held = {*numbers(day, 3)}
    clock.forward(minutes=1)
    held |= {*numbers(day, AHEAD)}
    day.store.engine.dispose()
    for _ in "twice":  # a start over what stands changes nothing
        prepare(make_settings(hall=HALL))
    assert not alarmed(hall_of(url))
    (tmp_path / "wucha.db-wal").unlink(missing_ok=True)
    database.write_bytes(old)
    prepare(make_settings(hall=HALL))
    again = hall_of(url)
    assert alarmed(again)
    assert not held & {*numbers(again)}
    assert not check(again.store.engine, HALL.id)


def alarmed(day: HallDay) -> bool:
    with day.store.read() as connection:
        return any(alarm["kind"] == GAP for alarm in all_alarms(connection, HALL.id))
