"""The desk beside the hall's day: before it opens, at lunch, after the last number, when it is over, on a day
of rest; and when a pause ends. Pictures made by hand over the real socket, as the boards' are."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.test_board_states import MONDAY, MOVED, SUNDAY, Hand
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

SHOTS = os.environ.get("WUCHA_SHOTS")
SIZES = {"desk": (1440, 900), "small": (1280, 720), "strip": (360, 900), "narrow": (300, 900)}
HOURS = "08:30–12:00 · 14:00–17:30"
# Nothing that somebody reads or presses lies outside the page.
OUTSIDE = """() => [...document.querySelectorAll('main :is(button, b, p, dd, h1)')].filter((e) => {
  const r = e.getBoundingClientRect()
  return r.width && (r.left < -1 || r.right > innerWidth + 1)
}).map((e) => e.className + ': ' + e.textContent)"""

# In how many rows the bar stands, and whether a word in it is cut.
ROWS = """() => new Set([...document.querySelectorAll('.bar > *')].map((e) => e.getBoundingClientRect())
  .filter((r) => r.width).map((r) => Math.round((r.top + r.bottom) / 20))).size"""
CUT = """() => [...document.querySelectorAll('.bar, .bar > *')]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"""


def shown(page: Page, picture: dict[str, Any]) -> None:
    page.unroute_all()
    page.route_web_socket("**/socket.io/**", Hand("clerk", picture).open)
    page.reload()
    expect(page.locator("main.desk .current")).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_desk_tells_what_day_it_is(town: Town, face: OpenFace, lang: str) -> None:
    page = face("/clerk", (1440, 900))
    sign_in(page, town, "ZW001")
    page.locator(".go").click()
    expect(page.locator("main.desk")).to_be_visible()
    reply = page.request.get(f"{town.url}/api/state/clerk?window=W01")
    assert reply.ok, reply.text()
    real = reply.json()
    page.evaluate("(one) => localStorage.setItem('wucha:lang', JSON.stringify(one))", lang)
    page.add_init_script(MOVED)
    page.clock.install(time=f"{MONDAY}T08:00:00+08:00")

    def picture(
        date: str, time: str, state: str, day: str = MONDAY, pause: Any = None, ill: bool = False
    ) -> Any:
        found: dict[str, Any] = {**real, "at": f"{date}T{time}:00+08:00", "values": dict(real["values"])}
        found["values"]["day"] = {**real["values"]["day"], "date": day, "state": state}
        desk = real["values"]["desk"]
        found["values"]["desk"] = {**desk, "window": {**desk["window"], **(pause or {})}}
        if ill:
            found["values"]["desk"]["keypad"] = {"state": "down", "reason": "silent"}
        open_now = 0 if pause else 1
        queues = real["rows"]["queues"].items()
        found["rows"] = {
            **real["rows"],
            "queues": {q: {**row, "waiting": 0, "windows_open": open_now} for q, row in queues},
        }
        return found

    meal = {"reason": "meal", "zh": "用餐", "en": "Meal break"}
    paused = {"state": "paused", "pause": {**meal, "back_at": f"{MONDAY}T13:55:00+08:00"}}
    before = "2026-11-20"
    tuesday = "2026年11月24日 星期二 08:30" if lang == "zh" else "Tuesday 24 November 2026 08:30"
    monday = "2026年11月23日 星期一 08:30" if lang == "zh" else "Monday 23 November 2026 08:30"
    for zh, en, hours, opens, seen in (
        ("尚未开始", "Not yet open", HOURS, "08:30", picture(MONDAY, "08:00", "closed", before)),
        ("窗口已暂停", "The window is paused", HOURS, "", picture(MONDAY, "12:30", "open", pause=paused)),
        ("已停止取号", "No new numbers", HOURS, "", picture(MONDAY, "17:20", "closing", ill=True)),
        ("今日已结束", "Closed for today", HOURS, tuesday, picture(MONDAY, "18:00", "closed")),
        ("今日休息", "Closed today", "", monday, picture(SUNDAY, "10:00", "closed", before)),
    ):
        page.clock.set_system_time(seen["at"])
        shown(page, seen)
        current = page.locator(".current")
        expect(current.locator(".big")).to_have_text(zh if lang == "zh" else en)
        if hours:
            expect(current).to_contain_text(hours)
        said = f"{opens} 开始办理" if lang == "zh" else f"Opens {opens}"
        expect(current.get_by_text(said, exact=True)).to_have_count(1 if opens else 0)
        runs = seen["values"]["day"]["state"] != "closed"  # else nobody holds a number
        expect(page.locator(".next")).to_be_enabled(enabled=runs)
        if seen["values"]["desk"]["window"]["pause"]:
            expect(current).to_contain_text(
                "用餐 · 13:55 恢复" if lang == "zh" else "Meal break · Back 13:55"
            )
            expect(page.locator(".bar")).to_contain_text("午间休息" if lang == "zh" else "Lunch break")
        assert not [m for m in page.evaluate("() => window.moved") if m[0] > 0.01], en
        for name, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            expect(page.locator(".bar button").last).to_be_in_viewport()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{en}, {name}"
            assert page.evaluate(OUTSIDE) == [], f"{en}, {name}"
            if width <= 360:
                assert page.evaluate(ROWS) <= 2, f"{en}, {name}"
                assert page.evaluate(CUT) == [], f"{en}, {name}"
                expect(page.locator(".bar h1")).to_be_visible()
                if SHOTS:
                    page.screenshot(path=f"{SHOTS}/strip-{name}-{lang}-{en.replace(' ', '-')}.png")
            accessible(page, f"{en}, {name}")
        page.set_viewport_size({"width": 1440, "height": 900})
    for state, promised in (("open", 1), ("closed", 0)):
        shown(page, picture(MONDAY, "15:00", state, pause={"state": "paused", "pause": None}))
        later = "恢复服务后才能叫号" if lang == "zh" else "Resume the service to call again"
        expect(page.locator(".current").get_by_text(later)).to_have_count(promised)
