"""The pad for whoever reads no Chinese, and for whoever does not see it."""

from __future__ import annotations

import sqlite3

import pytest
import requests
from playwright.sync_api import Page, Request, expect

from tests.e2e.axe import accessible
from tests.e2e.clerk import Clerk
from tests.e2e.conftest import OpenFace
from tests.e2e.town import Town, request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(180)]

PAD = (1024, 600)
OVER = "() => document.documentElement.scrollWidth > innerWidth"
CUT = """() => [...document.querySelectorAll('button, h1, p')]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
  .map((e) => e.textContent)"""
ASKS = {
    "en": "How was this service?",
    "ja": "今回のサービスはいかがでしたか",
    "ko": "이번 서비스를 평가해 주세요",
    "ru": "Оцените обслуживание",
    "zh": "请您评价本次服务",
}
NAMES = {"en": "English", "ja": "日本語", "ko": "조선말", "ru": "Русский", "zh": "中文"}
# A machine with a voice, which headless Chromium is not: what it is told to say is kept.
VOICE = """
  window.said = []
  const speak = (u) => window.said.push([u.lang, u.text])
  const voice = { getVoices: () => [{ name: 'v' }], cancel: () => {}, speak }
  Object.defineProperty(window, 'speechSynthesis', { value: voice })
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text } }
"""


def served(town: Town, clerk: Clerk) -> None:
    key = town.key(kind="kiosk", kiosk="K1")
    body = {"request_id": request_id(), "service": "S001"}
    assert requests.post(f"{town.url}/api/tickets", json=body, headers=key, timeout=10).ok
    clerk.does("call-next")
    clerk.serves()


def whole(page: Page, state: str) -> None:
    assert not page.evaluate(OVER), f"{state} scrolls sideways"
    assert page.evaluate(CUT) == [], f"{state} cuts words"
    accessible(page, state)


def test_five_languages_are_five_files(town: Town, face: OpenFace) -> None:
    clerk = Clerk(town, "ZW001", "W01")
    pad = face("/pad/W01", PAD, kind="pad", window="W01")
    expect(pad.get_by_text("陈静")).to_be_visible()
    served(town, clerk)
    for lang, words in ASKS.items():
        if lang != "en":
            pad.get_by_role("button", name=NAMES[lang]).click()
        else:
            pad.get_by_role("button", name="English").click()
        expect(pad.get_by_role("heading", name=words)).to_be_visible()
        whole(pad, f"asking in {lang}")
    pad.get_by_role("button", name="Русский").click()
    pad.locator(".of1").click()
    expect(pad.get_by_role("button", name="Новые условия сверх памятки")).to_be_visible()
    expect(pad.locator(".reasons button")).to_have_count(4)  # three and "more"
    whole(pad, "why, in Russian")
    pad.locator(".further").click()
    expect(pad.locator(".reasons button")).to_have_count(8)
    whole(pad, "all eight options, in Russian")
    pad.get_by_role("button", name="Грубо и медленно").click()
    pad.get_by_role("button", name="Отправить").click()
    expect(pad.get_by_role("heading", name="Спасибо")).to_be_visible()
    whole(pad, "thanks, in Russian")
    # the next citizen finds it in Chinese, and nothing of what was said
    expect(pad.get_by_text("陈静")).to_be_visible(timeout=15_000)
    served(town, clerk)
    expect(pad.get_by_role("heading", name=ASKS["zh"])).to_be_visible()
    expect(pad.locator(".heard, [aria-pressed=true]")).to_have_count(0)


def test_read_aloud_the_first_touch_speaks_and_the_second_chooses(town: Town, face: OpenFace) -> None:
    clerk = Clerk(town, "ZW001", "W01")
    pad = face("/pad/W01", PAD, kind="pad", window="W01")
    expect(pad.get_by_text("陈静")).to_be_visible()
    pad.add_init_script(VOICE)
    pad.reload()
    served(town, clerk)
    pad.get_by_role("button", name="朗读").click()

    def last() -> list[str]:
        said = pad.evaluate("() => window.said")
        return list(said[-1]) if said else ["", ""]

    assert last()[0] == "zh-CN"
    assert "从左到右是：非常满意、满意、基本满意、不满意、非常不满意" in last()[1]
    pad.locator(".level.of2").click()
    assert last()[1] == "不满意。再点一次确定。"
    expect(pad.get_by_role("heading", name=ASKS["zh"])).to_be_visible()  # nothing is chosen yet
    pad.locator(".level.of5").click()
    assert last()[1].startswith("非常满意。")
    pad.locator(".level.of5").click()
    assert last()[1].startswith("已选非常满意。")
    option = pad.get_by_role("button", name="一窗受理一次办结")
    option.click()
    assert last()[1] == "一窗受理一次办结。再点一次确定。"
    expect(option).to_have_attribute("aria-pressed", "false")
    option.click()
    expect(option).to_have_attribute("aria-pressed", "true")
    pad.get_by_role("button", name="提交", exact=True).click()
    until(lambda: last()[1] == "谢谢您的评价", what="thanks, spoken")


def test_pressed_while_the_line_is_cut_it_is_handed_over_when_nobody_asks_any_more(
    town: Town, face: OpenFace
) -> None:
    """What the pad says then is what it does: the press was in time, so it counts, once, as it was given."""

    def ratings() -> dict[str, int]:
        return dict(town.state("manager")["values"]["ratings"]["counts"])

    clerk = Clerk(town, "ZW001", "W01")
    pad = face("/pad/W01", PAD, kind="pad", window="W01")
    expect(pad.get_by_text("陈静")).to_be_visible()
    served(town, clerk)
    expect(pad.get_by_role("heading", name=ASKS["zh"])).to_be_visible()
    pad.context.set_offline(True)
    pad.locator(".level.of2").click()
    pad.locator(".reasons button").first.click()
    pad.get_by_role("button", name="提交", exact=True).click()
    expect(pad.get_by_text("恢复后会自动补送")).to_be_visible(timeout=40_000)
    whole(pad, "kept")

    def timed_out() -> bool:
        with sqlite3.connect(next(town.data.glob("*.db"))) as db:
            return bool(db.execute("SELECT count(*) FROM rating WHERE state = 'timed_out'").fetchone()[0])

    until(timed_out, 90, "the server asks no longer")
    assert ratings()["2"] == 0
    pad.context.set_offline(False)
    until(lambda: ratings()["2"] == 1, 40, "the rating")
    assert pad.evaluate("() => Object.keys(localStorage).filter((k) => k.includes('rat'))") == []
    pad.reload()
    expect(pad.get_by_text("陈静")).to_be_visible()
    assert sum(ratings().values()) == 1


def test_several_ratings_wait_for_the_server_and_each_is_told_once(town: Town, face: OpenFace) -> None:
    """The line carries the questions but no answer: each citizen's own answer waits, in order, also over a
    reload."""

    def counts() -> dict[str, int]:
        return dict(town.state("manager")["values"]["ratings"]["counts"])

    before = counts()
    clerk = Clerk(town, "ZW001", "W01")
    pad = face("/pad/W01", PAD, kind="pad", window="W01")
    expect(pad.get_by_text("陈静")).to_be_visible()
    pad.context.route("**/api/ratings", lambda route: route.abort())
    for level in (5, 2, 4):
        served(town, clerk)
        expect(pad.get_by_role("heading", name=ASKS["zh"])).to_be_visible(timeout=30_000)
        pad.locator(f".level.of{level}").click()
        pad.locator(".reasons button").first.click()
        pad.get_by_role("button", name="提交", exact=True).click()
        expect(pad.get_by_text("恢复后会自动补送")).to_be_visible(timeout=40_000)
    shelf = "() => JSON.parse(localStorage[Object.keys(localStorage).find((k) => k.includes('ratings'))])"
    assert [row["body"]["level"] for row in pad.evaluate(shelf)] == [5, 2, 4]
    assert counts() == before
    sent: list[int] = []
    pad.context.unroute("**/api/ratings")

    def hear(request: Request) -> None:
        if request.url.endswith("/api/ratings"):
            sent.append(request.post_data_json["level"])

    pad.on("request", hear)
    pad.reload()
    until(lambda: sum(counts().values()) == sum(before.values()) + 3, 40, "all three")
    pad.evaluate("1")  # what the browser told meanwhile is heard
    assert sent == [5, 2, 4]
    assert {n: counts()[n] - before[n] for n in ("5", "4", "2")} == {"5": 1, "4": 1, "2": 1}
