"""The demo plays its day through the doors: numbers, calls, visits, misses, ratings; and strangers."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bench.procs import free_port
from server.actions.publish_config import Desk, keep_draft, publish_draft
from server.actions.sign_in import begin_session
from server.api.access import COOKIE, CSRF_HEADER
from server.app import App
from server.clock import now
from server.demo.console import book_today
from server.demo.http_hall import HttpHall
from server.demo.play import _shifts, play_demo
from server.domain.actors import SYSTEM, Actor
from server.domain.rosters import DayShift, Roster
from server.domain.slips import SlipBook
from server.settings import HallSettings
from server.simulate.arrivals import read_arrivals
from server.simulate.loop import MISSED, SERVED, WAITING, Outcome, Play, Shift
from server.simulate.run import World
from server.simulate.scenario import Arrival, Scenario, citizens_of, manners_of
from server.store import tables as t
from server.store.current import Current
from server.store.engine import open_engine
from server.store.people import accounts, set_password
from server.store.setup import ensure_hall, migrate
from server.store.unit import Store
from server.store.verify import check
from server.text import Texts
from tests.conftest import ROOT, Clock
from tests.demo.verdict import judge
from tests.server.callers import PEOPLE, audit, device, staff
from tests.server.callers import Caller as Knocking

_ids = itertools.count()


@dataclass
class Direct:
    """A caller of the wired app, in the manner of server/demo/console.Caller."""

    app: App
    who: Knocking
    url: str = "http://localhost"

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        reply = self.who.ask("GET", path)
        return reply.status_code, reply.json

    def act(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        reply = self.who.ask("POST", path, {"request_id": f"played-{next(_ids)}", **body})
        return reply.status_code, reply.json


@dataclass
class Stage:
    """A demo hall without processes: its clock moves as the play waits."""

    app: App
    clock: Clock
    world: World
    signed: list[str] = field(default_factory=list)

    def caller(self, person: str) -> Direct:
        self.signed.append(person)
        with self.app.house.store.unit(SYSTEM) as unit:
            if person not in accounts(unit.connection, unit.hall):
                set_password(unit, person, "-", one_time=False)
            session = begin_session(unit, person)
        client = self.app.flask.test_client()
        client.set_cookie(COOKIE, session.token)
        return Direct(self.app, Knocking(client, {CSRF_HEADER: session.session.csrf}))

    def book(self, service: str, at: datetime) -> str:
        with self.app.house.store.unit(SYSTEM) as unit:
            return book_today(unit, self.world.hall, service, at)

    def one_of(self, role: str) -> str:
        return PEOPLE[role]

    def hall(self, speed: float, shifts: Sequence[Shift] = ()) -> HttpHall:
        kiosk = Direct(self.app, device(self.app, "kiosk"))
        times = (self._sleep, self._monotonic, self.clock)
        hall = HttpHall(self.world.hall, self, kiosk, speed, Random(1), shifts, *times)  # type: ignore[arg-type]
        hall.stranger = lambda: Direct(self.app, Knocking(self.app.flask.test_client()))  # type: ignore[assignment,method-assign]
        return hall

    def _sleep(self, seconds: float) -> None:
        self.clock.forward(seconds=seconds)

    def _monotonic(self) -> float:
        return self.clock.at.timestamp()

    def play(self, scenario: Scenario, speed: float = 60) -> list[Outcome]:
        hall, arrivals = self.world.hall, self.world.arrivals
        people = citizens_of(scenario, hall, arrivals, scenario.date, 1)
        shifts = _shifts(self.world, scenario)
        live = self.hall(speed, shifts)
        return Play(live, manners_of(scenario, hall, arrivals), live.book(people), shifts).run()

    def states(self) -> list[str]:
        with self.app.house.store.read() as connection:
            return sorted(connection.execute(select(t.leg.c.state)).scalars())


@pytest.fixture
def stage(app: App, clock: Clock, hall: HallSettings, template: SlipBook) -> Stage:
    manager = staff(app, "manager")
    assert manager.ask("POST", "/api/day/open", {"request_id": "open-the-day"}).status_code == 200
    arrivals = read_arrivals(ROOT / "config" / "demo" / "arrivals.toml", hall.catalogue)
    return Stage(app, clock, World(hall, arrivals, template))


def test_a_day_is_played_through_the_doors(stage: Stage) -> None:
    outcomes = stage.play(Scenario(tickets=24, back_share=1.0))
    assert {o.fate for o in outcomes} <= {SERVED, MISSED, WAITING}
    served = sum(o.fate == SERVED for o in outcomes)
    assert served >= 20
    assert stage.states().count("done") == served
    store = stage.app.house.store
    with store.read() as connection:
        ratings = connection.execute(select(t.rating.c.level).where(t.rating.c.state == "given")).all()
        posts = set(connection.execute(select(t.post.c.state)).scalars())
    assert len(ratings) > 3
    assert posts == {"closed"}, "everybody went home"
    assert check(store.engine, store.hall) == []


def test_appointment_holders_check_in_by_code(stage: Stage) -> None:
    """On time and early ones keep their class; one who is much too late is an ordinary citizen; one never
    comes."""
    at, slots = time(9, 30), (time(9, 30), time(9, 40), time(9, 0))
    people = [Arrival(at, "S001", 5.0, "appointment", slot=slot) for slot in slots]
    never = Arrival(at, "S001", 5.0, "appointment", slot=time(9, 30), comes=False)
    walk_in = Arrival(time(9, 29), "S301", 5.0)
    outcomes = stage.play(Scenario(arrival=(*people, never, walk_in)))
    assert [o.fate for o in outcomes] == [SERVED] * 4
    with stage.app.house.store.read() as connection:
        booked = list(connection.execute(select(t.appointment.c.state)).scalars())
        classes = list(connection.execute(select(t.ticket.c.priority).order_by(t.ticket.c.id)).scalars())
    assert sorted(booked) == ["booked"] + ["checked_in"] * 3
    assert classes == ["ordinary", "appointment", "appointment", "ordinary"]


def test_a_tidal_window_is_opened_with_the_leaders_word(stage: Stage) -> None:
    assert stage.hall(60).open("W04")
    assert "ZW021" in stage.signed


def test_who_is_rostered_sits_there_and_hands_over(stage: Stage) -> None:
    """From nine to half past W05 is held by its B, who has W06 else: the two change places and back."""
    hall, monday = stage.world.hall, date(2026, 3, 2)
    b = next(p.id for p in hall.catalogue.people.values() if "W05" in p.b_windows)
    rows = DayShift(monday, time(9), time(9, 30), b), DayShift(monday, time(9, 30), time(17, 30), "ZW005")
    rostered = Roster("W05", (), rows)
    stage.world = replace(stage.world, hall=replace(hall, rosters={**hall.rosters, "W05": rostered}))
    people = [Arrival(time(9, m), "S101", 4.0) for m in (1, 2, 40, 41)]
    outcomes = stage.play(Scenario(arrival=tuple(people)))
    assert [o.fate for o in outcomes] == [SERVED] * 4
    opened = [line for line in audit(stage.app) if line["act"] == "window.open"]
    sat = {w: [o["actor"]["id"] for o in opened if o["about"] == f"window:{w}"] for w in ("W05", "W06")}
    assert sat == {"W05": ["ZW005", b, "ZW005"], "W06": [b, "ZW005", b, b]}, "again after lunch"


def test_who_is_not_let_in_today_is_replaced_by_the_a_role(stage: Stage) -> None:
    """The roster says somebody whom the running hall refuses."""
    other = next(p.id for p in stage.world.hall.catalogue.people.values() if p.role == "guide")
    hall = stage.hall(60, [Shift("W05", 0, 86_400, person=other)])
    assert hall.open("W05")
    assert stage.signed == [other, "ZW005"]


def test_who_misses_the_call_is_let_go_when_the_hall_allows_it(stage: Stage) -> None:
    """At 600 x the 100 s of patience are over in 0.17 s, but the hall wants its 20 real seconds."""
    lost = Arrival(at=time(9, 0), service="S001", minutes=5, shows=False)
    (outcome,) = stage.play(Scenario(arrival=(lost,)), speed=600)
    assert outcome.fate == MISSED
    assert stage.states() == ["no_show"]


def test_a_stranger_who_took_a_number_by_hand_is_served(stage: Stage) -> None:
    kiosk = device(stage.app, "kiosk")
    assert (
        kiosk.ask("POST", "/api/tickets", {"request_id": "by-my-hand-1", "service": "S003"}).status_code
        == 201
    )
    outcomes = stage.play(Scenario(arrival=(Arrival(at=time(9, 0), service="S001", minutes=5),)))
    assert len(outcomes) == 2
    assert stage.states() == ["done", "done"]


def test_a_session_that_ended_is_begun_again(stage: Stage) -> None:
    hall = stage.hall(60)
    assert hall.open("W01")
    stage.clock.forward(hours=13)
    assert hall.call("W01") is None
    assert stage.signed == ["ZW001", "ZW001"]


def test_only_a_demo_hall_is_played_in(make_settings: Any, capsys: Any, stage: Stage) -> None:
    with pytest.raises(SystemExit):
        play_demo(make_settings(demo=False), stage.world, Scenario(), 1, 60, False, print)
    assert "demo hall" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_command_opens_a_hall_plays_what_is_published_and_leaves_it_sound(
    tmp_path: Path, hall: HallSettings
) -> None:
    scenario = tmp_path / "short.toml"
    scenario.write_text('name = "short"\ndate = 2026-03-02\ntickets = 40\n', "utf-8")
    env = {**os.environ, "WUCHA_PASSWORD_COST": "test"}
    only = {s: {"closed": True} for s in hall.catalogue.services if s not in ("S101", "S102")}
    engine = published_in(tmp_path / "data", hall, {"services": only})
    place = ["--data", str(tmp_path / "data"), "--port", str(free_port())]
    command = [
        sys.executable,
        "-m",
        "server.cli",
        "demo",
        "--speed",
        "900",
        "--faults",
        "--scenario",
        str(scenario),
    ]
    done = subprocess.run([*command, *place], cwd=ROOT, env=env, capture_output=True, text=True, timeout=220)
    judge(done)
    assert "mean wait" in done.stdout
    assert "(一次性 / once)" in done.stdout, "a hall that was never set up tells how to sign in"
    env["WUCHA_DATA"] = str(tmp_path / "data")
    sound = subprocess.run([sys.executable, "-m", "server.cli", "verify"], cwd=ROOT, env=env, timeout=60)
    assert sound.returncode == 0
    with engine.connect() as connection:
        services = set(connection.execute(select(t.ticket.c.service)).scalars())
    engine.dispose()
    assert services <= {"S101", "S102"}, "nobody comes for what a manager closed"


def published_in(folder: Path, hall: HallSettings, areas: dict[str, Any]) -> Engine:
    """A data folder in which a manager published that before anybody opened the hall."""
    folder.mkdir()
    engine = open_engine(f"sqlite:///{folder / 'wucha.db'}")
    migrate(engine)
    ensure_hall(engine, hall.id, now())
    store, texts = Store(engine, hall.id, now), Texts(ROOT / "config" / "text")
    for area, items in areas.items():
        desk, manager = Desk(hall, Current(hall).files, texts.both), Actor("staff", "ZW024", "manager")
        with store.unit(manager) as unit:
            rev, _ = keep_draft(unit, desk, area, items, 0, 0)
        with store.unit(manager) as unit:
            publish_draft(unit, desk, area, 0, rev, "now", "")
    return engine


def test_a_machine_that_cannot_follow_says_how_fast_it_was(stage: Stage):
    hall = stage.hall(speed=60)
    assert hall.pace == 60
    hall.at(0)
    hall.at(600)  # it waited for the moment
    assert hall.pace == 60
    stage.clock.forward(seconds=190)  # what was to be done then took so long
    hall.at(1200)
    assert hall.pace == pytest.approx(1200 / 200)
