"""离线取号 with real processes: the server is killed, the host beside the kiosk gives numbers, and
everything that was given stands in the hall once the server is back."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as PlaywrightError

from server.settings import HOST_KEY
from server.store.engine import open_engine
from server.store.verify import check
from tests.conftest import ROOT
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.e2e.test_touch_access import seen
from tests.e2e.town import Town, free_port, request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
BACK_S = 5.0  # F36


class Apart(Town):
    """Server and device host as processes of their own, so that either can be away for as long as we like."""

    def __init__(self, data: Path, offline: bool = True) -> None:
        super().__init__(data / "data")
        self.config, self.door = data / "demo", free_port()  # by its name a demo hall: open at any hour
        shutil.copytree(ROOT / "config" / "demo", self.config)
        hall = self.config / "hall.toml"
        said = hall.read_text("utf-8").replace("port = 8610", f"port = {self.door}")
        if offline:
            said = said.replace("[offline]\nenabled = false", "[offline]\nenabled = true")
        hall.write_text(said.replace("numbers = 20", "numbers = 3"), "utf-8")
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> Apart:
        self.data.mkdir(exist_ok=True)
        self.start_server()
        self.start_host()
        return self

    def start_server(self) -> None:
        self._start("server", "server.serve", "--hall")
        until(self._answers, 30, "the server")

    def start_host(self) -> None:
        devices = ("--devices", str(ROOT / "config" / "devices.toml"))
        key = ("--key-file", str(self.data / HOST_KEY))
        self._start("host", "drivers", "--server", self.url, *devices, *key, "--data", str(self.data))

    def _start(self, name: str, module: str, *words: str) -> None:
        env = {**os.environ, "WUCHA_PASSWORD_COST": "test", "WUCHA_DATA": str(self.data)}
        env |= {"WUCHA_PORT": str(self.port), "WUCHA_CONFIG": str(self.config)}
        with self.log.open("ab") as out:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", module, *words],
                **{"stdout": out, "stderr": out, "cwd": ROOT, "env": env, "start_new_session": True},
            )

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=1).ok
        except requests.RequestException:
            return False

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def tickets(self) -> list[tuple[str, str, str, str]]:
        """(number, channel, link, state of its leg), in the order they came in."""
        with sqlite3.connect(self.data / "wucha.db") as connection:
            query = "SELECT t.number, t.channel, t.link, l.state FROM ticket t JOIN leg l ON l.ticket = t.id"
            return list(connection.execute(f"{query} ORDER BY t.id"))

    def is_sound(self) -> bool:
        with sqlite3.connect(self.data / "wucha.db") as connection:
            (hall,) = connection.execute("SELECT id FROM hall").fetchone()
        return check(open_engine(f"sqlite:///{self.data / 'wucha.db'}"), hall) == []


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Callable[..., Apart]]:
    made: list[Apart] = []

    def make(**how: Any) -> Apart:
        made.append(Apart(tmp_path, **how))
        made[0].start().set_up()
        return made[0]

    yield make
    for one in made:
        one.stop()


class AtTheDoor:
    """The kiosk's page without its browser."""

    def __init__(self, town: Apart) -> None:
        told = requests.get(
            f"{town.url}/api/offline", headers=town.key(kind="kiosk", kiosk="K1"), timeout=5
        ).json()
        self.url, self.headers = told["url"], {"Origin": town.url, "Authorization": f"Bearer {told['key']}"}

    def ask(self, path: str = "", body: dict[str, str] | None = None) -> tuple[int, Any]:
        try:
            method = "GET" if body is None else "POST"
            reply = requests.request(method, self.url + path, json=body, headers=self.headers, timeout=5)
        except requests.RequestException:
            return 0, None
        return reply.status_code, reply.json()

    def ready(self) -> bool:
        status, said = self.ask()
        return status == 200 and "S401" in said["services"]


def test_numbers_given_while_server_and_host_die_stand_in_the_hall_once(apart: Callable[..., Apart]) -> None:
    town = apart()
    door = AtTheDoor(town)
    until(door.ready, what="the door with numbers behind it")
    town.kill("server")
    given: dict[str, dict[str, Any]] = {}

    def take(service: str = "S401") -> tuple[int, Any]:
        wish = request_id()
        found = door.ask("/numbers", {"request_id": wish, "service": service, "lang": "zh"})
        if found[0] == 201:
            given[wish] = found[1]["ticket"]
        return found

    begun = time.monotonic()
    assert take()[0] == 201
    print(f"a number without the server in {(time.monotonic() - begun) * 1000:.0f} ms")
    assert take()[0] == 201
    town.kill("host")  # its second paper is on its way
    town.start_host()
    until(door.ready, what="the door after a death")
    for wish, ticket in given.items():
        again = door.ask("/numbers", {"request_id": wish, "service": "S401", "lang": "zh"})[1]
        assert again["ticket"]["number"] == ticket["number"]
        assert again["slip"]["state"] in ("printed", "unsure")
    assert take()[0] == 201
    assert take() == (409, {"refused": "offline-empty", "facts": {}})  # three were lent
    assert [t["number"] for t in given.values()] == ["E997", "E998", "E999"]

    back = time.monotonic()
    town.start_server()
    until(lambda: len(town.tickets()) == 3, what="the numbers in the hall")
    print(f"handed over {time.monotonic() - back:.1f} s after the server was started")
    want = {(t["number"], "offline:K1", t["link"], "waiting") for t in given.values()}
    assert set(town.tickets()) == want
    until(door.ready, what="filled up again")
    phone = requests.get(f"{town.url}/t/{next(iter(given.values()))['link']}", timeout=5)
    assert phone.ok
    assert "E997" in phone.text
    town.kill("server")
    town.kill("host")
    town.start_host()
    town.start_server()
    until(door.ready, what="the door at the end")
    assert set(town.tickets()) == want  # told again, entered once
    assert town.is_sound()


@pytest.fixture
def kiosk(browser: Browser) -> Iterator[Callable[..., Page]]:
    contexts, complaints = [], []

    def make(town: Apart, **more: Any) -> Page:
        context = browser.new_context(viewport={"width": 1080, "height": 1920}, locale="zh-CN", **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
        page.goto(f"{town.url}/touch/K1#code={town.code(kind='kiosk', kiosk='K1')}")
        expect(page.get_by_text("居民身份证换领", exact=True).first).to_be_visible()
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints


@pytest.mark.browser
def test_a_citizen_takes_an_offline_number_at_the_glass(
    apart: Callable[..., Apart], kiosk: Callable[..., Page]
) -> None:
    town = apart()
    until(AtTheDoor(town).ready, what="the door with numbers behind it")
    page = kiosk(town)
    until(lambda: page.evaluate("localStorage.getItem('wucha:offline')"), what="the host's address")
    town.kill("server")
    expect(page.get_by_text("本机可以离线取号")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("预约签到，这些要等连接恢复")).to_be_visible()
    expect(page.get_by_role("button", name="预约签到")).to_have_count(0)
    seen(page, "home_zh")
    page.get_by_text("居民身份证换领", exact=True).first.click()
    page.locator(".priority .open").click()
    page.get_by_role("button", name="老年人").click()
    seen(page, "sure_zh")
    page.locator(".open.more").click()
    page.get_by_role("tab", name="按主题找").click()
    page.get_by_role("button", name="社会保障", exact=True).click()
    page.locator(".service").first.click()
    more = page.locator("h1").inner_text()
    seen(page, "several_zh")
    page.locator(".go").click()
    expect(page.get_by_text("E997")).to_be_visible()
    expect(page.locator(".further")).to_contain_text(more)
    expect(page.get_by_text("离线取号", exact=True)).to_be_visible()
    expect(page.get_by_text("请取走小票")).to_be_visible()
    seen(page, "number_zh")
    page.get_by_role("button", name="补打").click()
    expect(page.get_by_text("请取走小票")).to_be_visible()
    page.get_by_role("button", name="看好了").click()
    for number in ("E998", "E999"):
        page.get_by_text("居民身份证换领", exact=True).first.click()
        page.get_by_role("button", name="离线取号", exact=True).click()
        expect(page.get_by_text(number)).to_be_visible()
        page.get_by_role("button", name="看好了").click()
    expect(page.get_by_text("居民身份证换领", exact=True)).to_have_count(0)  # its block is used up
    back = time.monotonic()
    town.start_server()
    up = time.monotonic()
    expect(page.get_by_text("本机可以离线取号")).to_have_count(0)
    expect(page.get_by_text("居民身份证换领", exact=True).first).to_be_visible()
    print(
        f"the page is whole again {time.monotonic() - up:.1f} s after the server ({up - back:.1f} s to start)"
    )
    assert time.monotonic() - up <= BACK_S
    until(lambda: len(town.tickets()) == 3, what="the numbers in the hall")
    assert {row[:2] for row in town.tickets()} == {(n, "offline:K1") for n in ("E997", "E998", "E999")}
    bench = town.bench()
    printer = until(lambda: bench.models.get("printer-K1", {}).get("papers"), what="the papers")
    papers = [[line.get("text", "") for line in paper["lines"]] for paper in printer]
    first, again = (p for p in papers if "E997" in p)
    assert "离线取号 OFFLINE" in first
    assert any(line.startswith("断网期间取号") for line in first)
    assert not any("等候" in line for line in first)
    assert "补打 第1次" in again
    assert all(f"同号续办：{more}" in paper for paper in (first, again))
    bench.close()
    with sqlite3.connect(town.data / "wucha.db") as connection:
        kinds = list(connection.execute("SELECT number, priority FROM ticket ORDER BY number"))
        errands = connection.execute("SELECT count(*) FROM errand").fetchone()
    assert kinds == [("E997", "elder"), ("E998", "ordinary"), ("E999", "ordinary")]
    assert errands == (1,)
    page.get_by_text("居民身份证换领", exact=True).first.click()
    page.get_by_role("button", name="取号", exact=True).click()
    expect(page.get_by_text("E001").first).to_be_visible()  # the ordinary series goes on
    assert town.is_sound()


@pytest.mark.browser
def test_a_wish_that_got_no_answer_may_become_an_offline_number(
    apart: Callable[..., Apart], kiosk: Callable[..., Page]
) -> None:
    """In the middle of taking: the kiosk offers the host's number, and its words are in the visitor's
    language."""
    town = apart()
    until(AtTheDoor(town).ready, what="the door with numbers behind it")
    page = kiosk(town)
    page.get_by_role("button", name="语言 Language").click()
    page.get_by_role("button", name="English").click()
    page.get_by_text("Resident ID card renewal", exact=False).first.click()
    os.killpg(town.running["server"].pid, signal.SIGSTOP)  # it hangs: the line stays open, nobody answers
    page.get_by_role("button", name="Take a number", exact=True).click()
    instead = page.get_by_role("button", name="Offline number", exact=True)
    expect(instead).to_be_visible(timeout=60_000)
    seen(page, "lost_en")
    instead.click()
    expect(page.get_by_text("E997")).to_be_visible()
    expect(page.get_by_text("Offline number", exact=True)).to_be_visible()
    seen(page, "number_en")
    page.get_by_role("button", name="Done").click()
    seen(page, "home_after_en")
    os.killpg(town.running["server"].pid, signal.SIGCONT)
    until(lambda: any(row[0] == "E997" for row in town.tickets()), 60, "the number in the hall")
    # The server may have woken up to the first wish: nobody holds that number, and it is taken back.
    others = {row[3] for row in town.tickets() if row[0] != "E997"}
    assert others <= {"cancelled"}
    assert town.is_sound()


HEARD = """window.heard = []
const play = HTMLMediaElement.prototype.play
HTMLMediaElement.prototype.play = function () {
  this.addEventListener('playing', () => heard.push(this.src))
  return play.call(this)
}"""


def _started(browser: Browser, profile: Path, complaints: list[str]) -> BrowserContext:
    """The kiosk's browser with its profile on the disk, as it is started with the machine."""
    size = {"width": 1080, "height": 1920}
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=FLAGS, viewport=size, locale="zh-CN"
    )
    context.set_default_timeout(20_000)
    page = context.pages[0]
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
    return context


@pytest.mark.browser
def test_a_kiosk_that_is_switched_on_while_the_server_is_away_gives_numbers(
    apart: Callable[..., Apart], browser: Browser, tmp_path: Path
) -> None:
    """Its browser always opens the host's own address, which leads to the server or to the page it keeps."""
    town, complaints = apart(), list[str]()
    until(AtTheDoor(town).ready, what="the door with numbers behind it")
    until(lambda: list(town.data.glob("kiosk-page-*.zip")), what="the page on the host's disk")
    address, profile = f"http://127.0.0.1:{town.door}/touch/K1", tmp_path / "profile"
    context = _started(browser, profile, complaints)
    page = context.pages[0]
    page.goto(f"{address}#code={town.code(kind='kiosk', kiosk='K1')}")
    expect(page.get_by_text("居民身份证换领", exact=True).first).to_be_visible()
    assert page.url.startswith(f"{town.url}/touch/K1")  # the server's own page, enrolled by way of the door
    context.close()

    town.kill("server")
    town.kill("host")  # the whole cabinet was switched off
    town.start_host()
    context = _started(browser, profile, complaints)
    page = context.pages[0]
    page.add_init_script(HEARD)
    until(lambda: _opens(page, address), what="the host's own address")
    begun = time.monotonic()
    expect(page.get_by_text("本机可以离线取号")).to_be_visible()
    print(f"a page without the server in {(time.monotonic() - begun) * 1000:.0f} ms")
    assert page.url == address
    seen(page, "kept_home_zh")
    page.get_by_role("button", name="大字版").click()
    until(lambda: page.evaluate("heard.length") == 1, what="the prompt of the start page")
    for n, (menu, tongue) in enumerate((("语言 Language", "English"), ("Language 语言", "中文")), 2):
        page.get_by_role("button", name=menu).click()
        page.get_by_role("button", name=tongue, exact=True).click()
        until(lambda n=n: page.evaluate("heard.length") == n, what=f"the same in {tongue}")
    page.get_by_text("居民身份证换领", exact=True).first.click()
    page.get_by_role("button", name="离线取号", exact=True).click()
    expect(page.get_by_text("E997")).to_be_visible()
    expect(page.get_by_text("请取走小票")).to_be_visible()
    seen(page, "kept_number_zh")
    # where to touch in three goes, what to bring, your number is, E, 9, 9, 7, listen for it
    until(lambda: page.evaluate("heard.length") == 10, what="the number, digit by digit")

    town.start_server()
    page.wait_for_timeout(3_000)
    assert page.url == address  # nobody's number is taken from the glass
    page.get_by_role("button", name="看好了").click()
    up = time.monotonic()
    page.wait_for_url(f"{town.url}/touch/K1?door={town.door}")
    expect(page.get_by_text("居民身份证换领", exact=True).first).to_be_visible()
    print(f"home again {time.monotonic() - up:.1f} s after the glass was free")
    until(lambda: len(town.tickets()) == 1, what="the number in the hall")
    assert town.tickets()[0][:2] == ("E997", "offline:K1")
    bench = town.bench()
    papers = until(lambda: bench.models.get("printer-K1", {}).get("papers"), what="the paper")
    (paper,) = [[line.get("text", "") for line in p["lines"]] for p in papers]
    assert "E997" in paper
    assert "离线取号 OFFLINE" in paper
    bench.close()
    # A browser that lets no page of the server ask its own machine: this one then goes there itself.
    page.route(f"http://127.0.0.1:{town.door}/K1", lambda route: route.abort("blockedbyclient"))
    town.kill("server")
    page.wait_for_url(address)
    page.unroute_all()
    expect(page.get_by_text("本机可以离线取号")).to_be_visible()
    town.start_server()
    page.wait_for_url(f"{town.url}/touch/K1?door={town.door}")
    assert len(town.tickets()) == 1  # handed over once
    context.close()
    assert town.is_sound()
    assert not complaints


def _opens(page: Page, address: str) -> bool:
    try:
        return bool(page.goto(address))
    except PlaywrightError:
        return False


@pytest.mark.browser
def test_F36_without_blocks_the_kiosk_gives_nothing_and_is_back_in_five_seconds(
    apart: Callable[..., Apart], kiosk: Callable[..., Page]
) -> None:
    town = apart(offline=False)
    page = kiosk(town)
    asked: list[float] = []
    page.on("request", lambda r: asked.append(time.monotonic()) if r.url.endswith("/healthz") else None)
    town.kill("server")
    cut = page.get_by_text("正在自动恢复")
    expect(cut).to_be_visible()
    page.wait_for_timeout(8_000)
    gaps = [b - a for a, b in zip(asked, asked[1:], strict=False)]
    assert len(gaps) >= 3
    assert max(gaps) < 3.0  # each two seconds
    expect(page.get_by_text("离线取号")).to_have_count(0)
    seen(page, "off_zh")
    town.start_server()
    up = time.monotonic()
    expect(cut).to_have_count(0)
    print(f"back {time.monotonic() - up:.1f} s after the server")
    assert time.monotonic() - up <= BACK_S
