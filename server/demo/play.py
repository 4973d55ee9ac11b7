"""Play one day in the demo hall of this data folder; open the hall first when nobody has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from server.api.access import CSRF_HEADER
from server.cli import fail, wait_until_up
from server.demo.cables import Cables
from server.demo.closing import Closing, closing
from server.demo.console import Caller, Console, NoAnswer, OtherHall
from server.demo.http_hall import HttpHall, main_people
from server.settings import Settings
from server.simulate.loop import Outcome, Play, Shift
from server.simulate.measures import Measures, measure
from server.simulate.run import World
from server.simulate.scenario import Scenario, citizens_of, manners_of, queues_of, shifts_of

ROOT = Path(__file__).resolve().parents[2]
START_S = 30.0
KEEPS_UP = 0.8  # of the speed that was wished
KIOSK = "K1"
LOG = "demo.log"  # what a hall of our own says


def play_demo(
    settings: Settings,
    world: World,
    scenario: Scenario,
    seed: int,
    speed: float,
    faults: bool,
    say: Callable[[str], None],
) -> tuple[Measures, Closing | None]:
    """The day's measures in played minutes, and how the hall stood the faults. world: the hall as it is
    published, with its rosters. Ends the program in a hall that is no demo or is silent."""
    if not settings.demo:
        fail("只有演示大厅可以演示", "only a demo hall can be played in")
    with _running(settings, say):
        console = Console(settings, world.hall, say)
        try:
            return _play(settings, world, scenario, seed, speed, faults, console, say)
        except OtherHall:
            fail("这个端口上是另一个大厅", "the hall on this port works on another data folder")
        except NoAnswer:
            fail("大厅没有回答", "the hall does not answer any more")
        finally:
            console.close()


def _play(
    settings: Settings,
    world: World,
    scenario: Scenario,
    seed: int,
    speed: float,
    faults: bool,
    console: Console,
    say: Callable[[str], None],
) -> tuple[Measures, Closing | None]:
    hall, rng = world.hall, Random(f"demo/{seed}")
    console.set_up()
    manager = console.caller(console.one_of("manager"))
    device, kiosk = _kiosk(manager)
    cables = Cables(manager, manager.headers[CSRF_HEADER], say) if faults else None
    try:
        if cables:
            cables.start()
        shifts = _shifts(world, scenario)
        live = HttpHall(hall, console, kiosk, speed, rng, shifts)
        people = live.book(citizens_of(scenario, hall, world.arrivals, scenario.date, seed))
        play = Play(live, manners_of(scenario, hall, world.arrivals), people, shifts)
        outcomes: list[Outcome] = play.run()
        if live.pace < speed * KEEPS_UP:
            say(
                f"这台电脑跟不上 {speed:.0f} 倍，实际约 {live.pace:.0f} 倍，下面的等候时间因此偏长 / "
                f"this computer followed at {live.pace:.0f} times only, so the waits below are too long"
            )
        if cables:
            cables.finish()
    finally:
        if cables:
            cables.stop()
        manager.delete(f"/api/devices/{device}")
    found = closing(console.store, device, live.held, cables.pulled) if cables else None
    return measure([outcomes], queues_of(scenario, hall)), found


def _kiosk(manager: Caller) -> tuple[str, Caller]:
    """A kiosk of our own that prints on the hall's printer: (device id, caller). Raises OtherHall."""
    status, code = manager.act("/api/enrolments", kind="kiosk", kiosk=KIOSK)
    if status == 201:
        status, made = Caller(manager.url, {}).act("/api/enrol", code=code["code"])
        if status == 201:
            return made["device"]["id"], Caller(manager.url, {"Authorization": f"Bearer {made['key']}"})
    raise OtherHall(manager.url)


def _shifts(world: World, scenario: Scenario) -> list[Shift]:
    """Those whose clerk can be played: by the roster, and where it names nobody the A role."""
    main, day = main_people(world.hall), scenario.date
    planned = shifts_of(scenario, world.hall, day, world.crew(day))
    named = [replace(s, person=s.person or main.get(s.window)) for s in planned]
    return [s for s in named if s.person is not None]


@contextmanager
def _running(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """The hall answers within: the one that runs, or one of our own that ends with us."""
    url = f"http://{settings.host}:{settings.port}"
    if wait_until_up(url, 1):
        yield
        return
    env = {**os.environ, "WUCHA_DATA": str(settings.data), "WUCHA_PORT": str(settings.port)}
    settings.data.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "server.cli", "run"]
    with (settings.data / LOG).open("ab") as log:
        own = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
    try:
        if not wait_until_up(url, START_S):
            fail("大厅没有打开", f"the hall did not open: {settings.data / LOG} says why")
        say(f"{url}/")
        yield
    finally:
        own.terminate()
        own.wait(30)
