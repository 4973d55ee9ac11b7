"""Board, window screen and pad in states that a real hall reaches seldom: pictures made by hand over the real
socket. Nothing is cut, nothing moves by itself, axe-core finds nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

WIDE, UPRIGHT = (1920, 1080), (1080, 1920)
MONDAY, SUNDAY = "2026-11-23", "2026-11-22"  # the demo hall rests on Sundays
# What moved without a touch, as far as somebody would see it: a clock that was set is no more than 0.001.
MOVED = """
  window.moved = []
  const seen = (list) => list.getEntries().forEach((e) => e.hadRecentInput || window.moved.push(
    [e.value, e.sources.map((s) => s.node && (s.node.className || s.node.textContent)).join()]))
  new PerformanceObserver(seen).observe({ type: 'layout-shift', buffered: true })
"""
LEAST = 0.001
# Words of a box that shows less than it holds; `turns` and `next` show the rest in their turn.
CUT = """() => [...document.querySelectorAll('main *')].filter((e) => {
  const s = getComputedStyle(e)
  if (s.overflow === 'visible' || s.display === 'inline') return false
  if (e.matches('.hidden-text, .turns, .next ul')) return false
  return e.textContent.trim() && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 10)
}).map((e) => e.className + ': ' + e.textContent.trim().slice(0, 60))"""
OUT = """() => [...document.querySelectorAll('main :is(b, strong, h1, p, small)')].filter((e) => {
  const r = e.getBoundingClientRect()
  const turning = e.closest('.turns, .next, .duties')
  return r.width && !turning && (r.left < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1)
}).map((e) => e.className + ': ' + e.textContent)"""

# A number that went on in a second line.
TORN = """() => [...document.querySelectorAll(':is(.calls, .windows) .number')].filter((e) => {
  const words = document.createRange()
  words.selectNodeContents(e)
  return new Set([...words.getClientRects()].map((line) => Math.round(line.top))).size > 1
}).map((e) => e.textContent)"""
EDGE = """(e) => {
  return e.getBoundingClientRect().top - e.closest('.duties').parentElement.getBoundingClientRect().top
}"""


class Hand:
    """The server's end of one face's socket: a picture made by hand, then changes."""

    def __init__(self, namespace: str, picture: dict[str, Any]) -> None:
        self.namespace, self.picture = namespace, picture
        self._socket: WebSocketRoute | None = None

    def open(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        hello = {"sid": "h", "upgrades": [], "pingInterval": 600_000, "pingTimeout": 600_000}
        socket.on_message(self._answer)
        socket.send("0" + json.dumps(hello))

    def _answer(self, message: str | bytes) -> None:
        if str(message).startswith(f"40/{self.namespace}"):
            assert self._socket is not None
            self._socket.send(f'40/{self.namespace},{{"sid":"h"}}')
            self._say("snapshot", self.picture)

    def change(self, rows: dict[str, Any], values: dict[str, Any], *events: dict[str, Any]) -> None:
        since = self.picture["revision"]
        self.picture["revision"] = since + 1
        facts = {"since": since, "revision": since + 1, "at": self.picture["at"], "events": events}
        self._say("changes", {**facts, "rows": rows, "values": values})

    def _say(self, name: str, body: dict[str, Any]) -> None:
        assert self._socket is not None
        self._socket.send(f"42/{self.namespace}," + json.dumps([name, body]))


def shown(page: Page, hand: Hand) -> None:
    """Show the picture of `hand` on a face that is enrolled."""
    page.add_init_script(MOVED)
    page.clock.install(time=hand.picture["at"])
    page.route_web_socket("**/socket.io/**", hand.open)
    page.reload()
    expect(page.locator("main > *").first).to_be_visible()


def right(page: Page, state: str) -> None:
    moved = [m for m in page.evaluate("() => window.moved") if m[0] > LEAST]
    assert not moved, f"{state}: {moved}"
    assert page.evaluate(CUT) == [], f"{state} cuts words"
    assert page.evaluate(OUT) == [], f"{state} shows words outside"
    assert page.evaluate(TORN) == [], f"{state} tears numbers"
    accessible(page, state)


def hall_picture(town: Town, date: str, time: str, state: str) -> dict[str, Any]:
    """Nobody is here, every window closed; the hall's time is `time` of `date`."""
    picture: dict[str, Any] = town.state("hall", town.key(kind="board", name="B1"))
    picture["at"] = f"{date}T{time}:00+08:00"
    picture["values"]["day"].update(date=MONDAY if state == "open" else "2026-11-20", state=state)
    return picture


def test_a_board_says_what_the_hall_is_doing_and_when_it_opens(town: Town, face: OpenFace) -> None:
    board = face("/hall/B1", WIDE, kind="board", name="B1")
    expect(board.locator(".windows")).to_be_visible()
    for date, time, state, zh, opens in (
        (SUNDAY, "10:00", "closed", "今日休息", "2026年11月23日 星期一 08:30 开始办理"),
        (MONDAY, "08:00", "closed", "尚未开始办理，请稍候", "08:30 开始办理"),
        (MONDAY, "12:30", "open", "午间休息", "14:00 开始办理"),
        (MONDAY, "18:10", "closed", "今日业务已结束，谢谢光临", "2026年11月24日 星期二 08:30 开始办理"),
    ):
        picture = hall_picture(town, date, time, state)
        last = {"id": 1, "number": "A999", "window": "1", "window_id": "W01", "n": 1, "at": picture["at"]}
        picture["values"]["calls"] = [last]  # of the day before, or of this morning
        shown(board, Hand("hall", picture))
        expect(board.locator(".none p")).to_have_text([zh, opens])
        right(board, f"board at {time} of {date}")


@pytest.mark.parametrize("size", [WIDE, UPRIGHT])
def test_two_hundred_queues_and_long_numbers_have_their_turn(
    town: Town, face: OpenFace, size: tuple[int, int]
) -> None:
    picture = hall_picture(town, MONDAY, "10:20", "open")
    rows, example = picture["rows"], picture["rows"]["queues"]["A"]
    ids = [f"{chr(65 + i // 10)}{i % 10}" for i in range(200)]
    long = {"name": "不动产登记与税务综合受理", "name_en": "Real estate registration", "waiting": 7}
    rows["queues"] = {q: {**example, **long, "id": q, "windows_open": 1} for q in ids}
    rows["next"] = {q: {"id": q, "numbers": [f"{q}01", f"{q}02"]} for q in ids}
    for n, window in enumerate(rows["windows"].values()):
        window.update(number=f"A-{101 + n}", state="open", ticket={"number": f"ABC{n:04}", "state": "called"})
    picture["values"]["calls"] = [
        {
            "id": n,
            "number": f"ABC{n:04}",
            "window": f"A-{101 + n}",
            "window_id": w,
            "n": 1,
            "at": picture["at"],
        }
        for n, w in enumerate(rows["windows"])
    ]
    board = face("/hall/B2", size, kind="board", name="B2")
    expect(board.locator(".windows")).to_be_visible()
    hand = Hand("hall", picture)
    shown(board, hand)
    expect(board.locator(".queues h2 small")).to_have_text("1/25")
    expect(board.locator(".first .who")).to_have_text("ABC0000")
    right(board, f"two hundred queues, {size}")
    board.clock.fast_forward(9_500)
    expect(board.locator(".queues h2 small")).to_have_text("2/25")
    expect(board.locator(".queues li").nth(8)).to_be_in_viewport(ratio=0.9)
    # a call flashes and is said; the calls before it stay in their lines
    window = copy.deepcopy(next(iter(rows["windows"].values())))
    window["ticket"] = {"number": "B027", "state": "called"}
    call = {**picture["values"]["calls"][0], "id": 900, "number": "B027"}
    facts = {"call": 900, "number": "B027", "window": window["id"], "window_number": "1", "n": 1}
    text = {"zh": "请 B027 号到 1 号窗口办理", "en": "B027"}
    hand.change(
        {"windows": {window["id"]: window}},
        {"calls": [call, *picture["values"]["calls"]][:24]},
        {"name": "ticket.called", "text": text, **facts},
    )
    expect(board.locator(".first.flash .who")).to_have_text("B027")
    expect(board.locator(".caption .said")).to_contain_text("请 B027 号到 1 号窗口办理")
    right(board, f"a call, {size}")


@pytest.mark.parametrize("size", [WIDE, (1920, 540), UPRIGHT])
def test_a_window_with_long_numbers_and_duties(town: Town, face: OpenFace, size: tuple[int, int]) -> None:
    picture = town.state("window", town.key(kind="window_screen", window="W01"))
    screen = face("/window/W01", size, kind="window_screen", window="W01")  # in the place of the one before
    expect(screen.locator(".saying")).to_be_visible()
    picture["at"] = f"{MONDAY}T10:20:00+08:00"
    duties = "许可、登记、确认类事项的咨询、收件与受理；不动产登记、交易、税务一窗联办；跨省通办；" * 2
    clerk = {"id": "ZW001", "name": "买买提依明·阿卜杜热西提", "title": "窗口工作人员", "photo": None}
    row = {"number": "A-101", "name": "不动产登记与税务综合受理第101号窗口", "state": "open"}
    ticket = {"number": "ABC1234", "state": "called"}
    picture["values"]["window"].update(**row, ticket=ticket, clerk={**clerk, "duties": duties})
    shown(screen, Hand("window", picture))
    expect(screen.locator(".ticket")).to_have_text("ABC1234")
    assert not screen.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    assert screen.evaluate(OUT) == []
    assert screen.locator(".duties small").evaluate(EDGE) >= 8, "the duties keep off the edge"
    accessible(screen, f"a window with a long number, {size}")
    box = screen.locator(".duties > span")
    assert box.evaluate("(e) => e.scrollTop") == 0
    screen.clock.fast_forward(9_500)
    assert box.evaluate("(e) => e.scrollTop") > 0, "the rest of the duties has its turn"
    assert [m for m in screen.evaluate("() => window.moved") if m[0] > LEAST] == []


def test_a_pad_that_lost_the_line_moves_nothing_and_keeps_the_rating(town: Town, face: OpenFace) -> None:
    picture = town.state("pad", town.key(kind="pad", window="W01"))
    pad = face("/pad/W01", (1024, 600), kind="pad", window="W01")
    expect(pad.locator(".idle")).to_be_visible()
    picture["at"] = f"{MONDAY}T10:20:00+08:00"
    picture["values"]["pad"]["window"]["number"] = "A-101"
    hand = Hand("pad", picture)
    shown(pad, hand)
    expect(pad.locator(".no")).to_have_text("A-101号窗口")
    right(pad, "a pad of window A-101")
    ask = {"leg": 1, "number": "A001", "asked_at": picture["at"], "until": f"{MONDAY}T10:21:00+08:00"}
    hand.change({}, {"pad": {**picture["values"]["pad"], "ask": ask}})
    pad.route("**/api/ratings", lambda route: route.abort())
    pad.locator(".of5").click()
    pad.get_by_role("button", name="提交", exact=True).click()
    pad.clock.run_for(17_000)
    expect(pad.locator(".stale")).to_be_visible()
    expect(pad.get_by_role("heading", name="您的评价已记在这里")).to_be_visible()
    right(pad, "a pad without a line")
