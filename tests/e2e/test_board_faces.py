"""Boards, window screens, desks and public figures in their states: accessible, nothing cut off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.conftest import ROOT
from tests.e2e.axe import accessible
from tests.e2e.clerk import WORD, Clerk
from tests.e2e.conftest import OpenFace
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]

OVER = """() => document.documentElement.scrollWidth > innerWidth"""


# Words that are wider or higher than the box that shows them.
CUT = """() => {
  const shown = '.windows li *, .calls *, .queues .wait, .queues .count, .person b'
  const low = (e, row) => row && e.getBoundingClientRect().bottom > row.getBoundingClientRect().bottom + 2
  const wide = (e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline'
  return [...document.querySelectorAll(shown)].filter((e) => wide(e) || low(e, e.closest('li')))
    .map((e) => e.className + ' ' + e.textContent)
}"""

NO_SOCKETS = """(() => {
  window.Socket = window.WebSocket
  window.WebSocket = class { constructor() { throw new Error('forbidden') } }
})()"""
# The first try fails, so that the board polls; the second one opens when it is let through.
LATE_SOCKETS = """(() => {
  let tries = 0
  window.WebSocket = class {
    constructor(url) {
      tries += 1
      if (tries === 1) throw new Error('forbidden')
      window.letThrough = () => {
        this.real = new window.Socket(url)
        this.real.onmessage = (message) => this.onmessage && this.onmessage(message)
        this.real.onclose = () => this.onclose && this.onclose()
      }
    }
    send(text) { this.real.send(text) }
    close() { if (this.real) this.real.close() }
  }
})()"""


def whole(page: Page, state: str) -> None:
    assert not page.evaluate(OVER), f"{state} scrolls sideways"
    accessible(page, state)


def test_a_pause_with_its_end_a_strip_and_the_boards(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    for _ in range(3):
        body = {"request_id": request_id(), "service": "S001"}
        requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10)
    (town.data / "media").mkdir()
    (town.data / "media" / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"/>')
    strip = face("/clerk", (360, 760))
    sign_in(strip, town, "ZW001")
    strip.get_by_role("button", name="打开窗口").first.click()
    expect(strip.get_by_role("button", name="叫下一位")).to_be_enabled()
    whole(strip, "strip, nobody")

    # pause for half an hour by keys alone; board and window screen say until when
    strip.keyboard.press("p")
    expect(strip.get_by_role("dialog")).to_be_visible()
    for _ in range(4):
        strip.keyboard.press("ArrowRight")
    expect(strip.get_by_role("radio", name="30 分钟")).to_be_checked()
    whole(strip, "strip, pausing")
    strip.keyboard.press("2")
    screen = face("/window/W01", (1920, 1080), kind="window_screen", window="W01")
    expect(screen.get_by_text("恢复")).to_be_visible()
    whole(screen, "window, paused")
    board = face("/hall/B1", (1920, 1080), kind="board", name="B1")
    window = board.locator(".windows li.paused")
    expect(window.get_by_text("恢复")).to_be_visible()
    expect(window.get_by_text("用餐")).to_be_visible()
    whole(board, "board, paused")
    strip.keyboard.press("p")
    expect(strip.get_by_role("button", name="暂停服务")).to_be_visible()
    strip.keyboard.press("Space")
    expect(board.locator(".first .who")).to_have_text("A001")
    expect(strip.locator(".ticket")).to_have_text("A001")
    whole(strip, "strip, called")
    strip.keyboard.press("?")
    expect(strip.get_by_role("dialog", name="快捷键")).to_be_visible()
    whole(strip, "strip, keys")

    for name, size in (("B2", (1920, 1080)), ("B2", (1080, 1920)), ("B4", (1920, 1080))):
        wall = face(f"/hall/{name}", size, kind="board", name=name)
        expect(wall.locator(".media img")).to_be_visible()
        whole(wall, f"board {name} {size}")
        wall.context.close()

    def told(route: Route) -> None:
        answer = route.fetch()
        notices = [{"zh": "今天下午三点起系统升级。", "en": "", "urgent": urgent} for urgent in (True, False)]
        notices.append({"zh": "请保管好随身物品。", "en": "Please mind your belongings.", "urgent": False})
        route.fulfill(response=answer, json={**answer.json(), "notices": notices})

    english = face("/healthz", (1920, 1080))
    english.context.route("**/api/boards/B4", told)
    english.goto(f"{town.url}/hall/B4?lang=en#code={town.code(kind='board', name='B4')}")
    expect(english.locator("html")).to_have_attribute("lang", "en")
    for where in (".urgent span", ".caption .line"):
        expect(english.locator(where)).to_have_text("今天下午三点起系统升级。")
        expect(english.locator(where)).to_have_attribute("lang", "zh-CN")
    whole(english, "an English board with a notice in Chinese alone")
    expect(english.locator(".caption .line")).to_have_text("Please mind your belongings.")
    expect(english.locator(".caption .line:not([lang])")).to_be_visible()
    figures = face("/figures?lang=en", (390, 844))
    expect(figures.get_by_text("Public figures of today").first).to_be_visible()
    whole(figures, "figures")


def test_holding_the_key_of_help_calls_somebody(town: Town, face: OpenFace) -> None:
    desk = face("/clerk", (1280, 720))
    sign_in(desk, town, "ZW001")
    desk.get_by_role("button", name="打开窗口").first.click()
    help_button = desk.get_by_role("button", name="紧急求助")
    expect(help_button).to_be_enabled()
    desk.keyboard.down("e")
    expect(desk.get_by_text("等待回应")).to_be_visible()
    desk.keyboard.up("e")
    whole(desk, "desk, help called")


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """The demo hall with sixty windows, a light board, a notice that stays, and a clerk with a long name."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config" / "demo", config)
    row = '[[window]]\nid = "W{n}"\nnumber = "{n}"\nname = "综合受理第{n}号窗口（含企业开办专区）"\n'
    more = "".join(
        row.format(n=n) + 'kind = "comprehensive"\nqueues = ["A"]\nzone = "B区"\n' for n in range(15, 61)
    )
    with (config / "windows.toml").open("a", encoding="utf-8") as out:
        out.write("\n" + more)
    with (config / "boards.toml").open("a", encoding="utf-8") as out:
        out.write('\n[[board]]\nid = "L1"\ntheme = "light"\nparts = ["calls", "windows", "next", "queues"]\n')
        out.write(
            '[[notice]]\nzh = "今天下午三点起系统升级，请提前取号。"\nen = "The system stops at three."\n'
        )
        out.write("urgent = true\n")
    staff = (config / "staff.toml").read_text("utf-8")
    (config / "staff.toml").write_text(staff.replace('"孙丽"', '"买买提依明·阿卜杜热西提"', 1), "utf-8")
    monkeypatch.setenv("WUCHA_CONFIG", str(config))
    made = Town(tmp_path / "data")
    made.data.mkdir()
    try:
        yield made.start().set_up()
    finally:
        made.stop()


def open_day(town: Town) -> None:
    leader = requests.Session()
    facts = {"staff": "ZW024", "password": town.staff["ZW024"]["once_password"], "new_password": WORD}
    headers = {"Origin": town.url}
    reply = leader.post(f"{town.url}/api/session", json=facts, headers=headers, timeout=10)
    headers["X-Wucha-CSRF"] = reply.json()["csrf"]
    body = {"request_id": request_id()}
    reply = leader.post(f"{town.url}/api/day/open", json=body, headers=headers, timeout=10)
    assert reply.ok or reply.json()["refused"] == "day-open", reply.text


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (3840, 2160)])
def test_sixty_windows_light_upright_and_4k(large: Town, browser: Browser, size: tuple[int, int]) -> None:
    open_day(large)
    kiosk = large.key(kind="kiosk", kiosk="K1")
    for _ in range(4):
        body = {"request_id": request_id(), "service": "S001"}
        assert requests.post(f"{large.url}/api/tickets", json=body, headers=kiosk, timeout=10).ok
    Clerk(large, "ZW001", "W01").does("call-next")
    Clerk(large, "ZW005", "W05").does("pause", reason="short_leave", minutes=30)
    for path, lang in (("/hall/L1", "zh-CN"), ("/hall/B1?lang=en", "en")):
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        name = path[6:8]
        page.goto(f"{large.url}{path}#code={large.code(kind='board', name=name)}")
        expect(page.locator(".first .who")).to_have_text("A001")
        expect(page.locator("html")).to_have_attribute("lang", lang)
        whole(page, f"sixty windows, {path}, {size}")
        assert page.evaluate(CUT) == [], f"{path}, {size}: words are cut"
        page.close()
    screen = browser.new_page(viewport={"width": 1920, "height": 1080})
    screen.goto(f"{large.url}/window/W05#code={large.code(kind='window_screen', window='W05')}")
    expect(screen.get_by_text("买买提依明·阿卜杜热西提")).to_be_visible()
    whole(screen, "a long name on the badge")
    assert screen.evaluate(CUT) == []
    screen.close()


def test_a_network_without_websockets_polls(town: Town, face: OpenFace) -> None:
    board = face("/hall/B1", (1920, 1080), kind="board", name="B1")
    expect(board.locator(".windows")).to_be_visible()
    board.add_init_script(NO_SOCKETS)
    board.reload()
    expect(board.locator(".windows li").first).to_be_visible(timeout=30_000)
    Clerk(town, "ZW001", "W01")
    expect(board.locator(".windows li").first).to_have_class("free")

    # one that lets websockets through after all, late: from then on nothing is polled
    board.add_init_script(LATE_SOCKETS)
    board.reload()
    expect(board.locator(".windows li").first).to_have_class("free", timeout=30_000)
    with board.expect_event("websocket") as opened:
        board.evaluate("() => window.letThrough()")
    opened.value.wait_for_event("framereceived")
    polled: list[str] = []
    board.on("request", lambda asked: polled.append(asked.url) if asked.method == "GET" else None)
    Clerk(town, "ZW002", "W02").does("pause", reason="short_leave")
    expect(board.locator(".windows li").nth(1)).to_have_class("paused")
    assert [url for url in polled if "polling" in url] == []
