"""The kiosk's states at its sizes: axe-core finds nothing, nothing leaves the screen, keys are enough."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.town import Town, request_id

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORD = "an-honest-word-2026"
TALL, WIDE = (1080, 1920), (1920, 1080)
OUTSIDE = """() => [...document.querySelectorAll('body *')].filter((e) => {
  const r = e.getBoundingClientRect()
  return r.width && !e.closest('svg') && (r.right > innerWidth + 1 || r.left < -1)
}).map((e) => e.className)"""


def seen(page: Page, state: str) -> None:
    accessible(page, state)
    assert page.evaluate(OUTSIDE) == [], f"{state}: outside of the screen"
    page.wait_for_timeout(300)  # sooner, a touch is taken for the tail of the one before (client/press.ts)


def in_both(page: Page, state: str) -> None:
    """The same state in English as well: the language changes under it, nothing else."""
    seen(page, state)
    before = page.locator("main h1, main h2").first.is_visible()
    look(page, "语言 Language")
    look(page, "English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.wait_for_timeout(300)
    seen(page, f"{state}, English")
    look(page, "Language 语言")
    look(page, "中文")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert page.locator("main h1, main h2").first.is_visible() == before
    page.wait_for_timeout(300)


def all_asked(page: Page, state: str) -> None:
    """What is asked beside the guide is whole on the glass: nothing lies beneath the button."""
    assert (
        page.evaluate(
            "() => (({scrollHeight: s, clientHeight: c}) => s - c)(document.querySelector('.take'))"
        )
        == 0
    ), state


def look(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def home(page: Page) -> None:
    page.locator(".ways button").last.click()
    page.wait_for_timeout(300)  # a touch that comes sooner is the tail of this one (client/press.ts)


def close_day(town: Town) -> None:
    """The duty leader's press: first no new numbers, then the end of the day."""
    leader, headers = requests.Session(), {"Origin": town.url}
    once = town.staff["ZW021"].pop("once_password", None)
    body = {"staff": "ZW021", "password": once or PASSWORD, **({"new_password": PASSWORD} if once else {})}
    signed = leader.post(f"{town.url}/api/session", json=body, headers=headers, timeout=10)
    assert signed.ok, signed.text
    headers["X-Wucha-CSRF"] = signed.json()["csrf"]
    press = {"request_id": request_id(), "leave": True}
    reply = leader.post(f"{town.url}/api/day/close", json=press, headers=headers, timeout=10)
    assert reply.ok, reply.text


@pytest.mark.parametrize("size", [TALL, WIDE], ids=["tall", "wide"])
def test_every_state_is_accessible(town: Town, face: OpenFace, size: tuple[int, int]) -> None:
    page = face("/touch/K1", size, kind="kiosk", kiosk="K1")
    expect(page.locator(".service").first).to_be_visible(timeout=20_000)
    in_both(page, "home")
    for tab in page.get_by_role("tab").all():
        tab.click()
        in_both(page, "home by " + tab.inner_text())
    page.locator(".tile").first.click()
    in_both(page, "list")
    home(page)
    page.locator(".find").click()
    in_both(page, "search")
    page.locator("main input").focus()
    page.keyboard.type("jiazhao", delay=70)  # 驾照: what people call it, in pinyin
    expect(page.locator(".found .service").first).to_contain_text("机动车驾驶证")
    in_both(page, "found")
    page.locator("main input").focus()
    page.keyboard.type("qqq", delay=70)
    in_both(page, "nothing found")
    home(page)
    page.locator(".come").first.click()
    page.keyboard.type("12345678", delay=70)
    in_both(page, "check in")
    page.locator(".go").click()
    expect(page.get_by_text("这次没有取到号")).to_be_visible()
    in_both(page, "refused")
    page.locator(".acts button").first.click()
    page.wait_for_timeout(300)
    page.locator(".come.card").click()
    in_both(page, "mine")
    home(page)

    # a life event, its services in order
    page.get_by_role("tab", name="一件事").click()
    page.get_by_text("新生儿出生一件事").click()
    expect(page.locator(".cards .service b")).to_have_text(["出生登记", "城乡居民基本医疗保险参保登记"])
    page.wait_for_timeout(300)
    page.locator(".cards .service").first.click()
    expect(page.locator(".map")).to_contain_text("D区")
    in_both(page, "guide")
    page.locator(".priority .open").click()
    in_both(page, "priority")
    page.locator(".classes .none").click()
    page.locator(".open.more").click()
    in_both(page, "basket")
    page.locator(".service").nth(1).click()
    page.wait_for_timeout(300)
    page.locator(".go").click()
    expect(page.locator(".huge")).to_be_visible()
    expect(page.get_by_text("请取走小票")).to_be_visible()
    in_both(page, "number")
    page.locator(".acts button").last.click()

    # the day ends
    for state in ("今天已停止取号", "今天的服务已结束"):
        close_day(town)
        expect(page.get_by_role("heading", name=state)).to_be_visible()
        expect(page.get_by_text("扫码留言、投诉或预约", exact=True)).to_be_visible()
        in_both(page, state)
    page.get_by_role("button", name="先看看要带什么").click()
    page.locator(".service").first.click()
    expect(page.locator(".closed")).to_be_visible()
    expect(page.locator(".take .go")).to_have_count(0)
    in_both(page, "guide of a closed day")
    home(page)

    # the server is gone
    town.stop()
    expect(page.get_by_text("与服务器的连接断了")).to_be_visible(timeout=30_000)
    in_both(page, "offline")


@pytest.mark.parametrize("size", [TALL, WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("style", ["大字版", "高对比", "降低画面"])
def test_large_contrast_and_low(town: Town, face: OpenFace, size: tuple[int, int], style: str) -> None:
    """In each of them a number is three touches away: the style, the service, the number."""
    page = face("/touch/K1", size, kind="kiosk", kiosk="K1")
    look(page, style)
    seen(page, "home")
    page.locator(".service").first.click()
    seen(page, "guide")
    all_asked(page, "guide")
    page.locator(".priority .open").click()
    seen(page, "priority")
    all_asked(page, "priority")
    page.locator(".classes .none").click()
    page.wait_for_timeout(300)
    page.locator(".go").click()
    expect(page.locator(".huge")).to_be_visible()
    seen(page, "number")


ROOM = """() => [...document.querySelectorAll('.scrolls'), ...document.querySelectorAll('.take')]
  .map((e) => e.scrollHeight - e.clientHeight)"""


@pytest.mark.parametrize("size", [TALL, WIDE], ids=["tall", "wide"])
def test_start_and_number_are_whole_on_the_glass(town: Town, face: OpenFace, size: tuple[int, int]) -> None:
    """In either language and type the start scrolls nowhere, nor does the number, which is not lowered: what
    is touched there stands at the bottom anyway."""
    page = face("/touch/K1", size, kind="kiosk", kiosk="K1")
    expect(page.locator(".service").first).to_be_visible(timeout=20_000)
    expect(page.locator(".cut-off")).to_have_count(0)  # the printer has been heard of
    tongues = {"": ("大字版", "降低画面"), "English": ("Large", "Lower")}
    for tongue, (large, lower) in tongues.items():
        for styles in ((), (large,), (lower,), (large, lower)):
            if tongue:
                look(page, "语言 Language")
                look(page, tongue)
            for style in styles:
                look(page, style)
            page.wait_for_timeout(300)
            state = f"{size} {tongue} {styles}"
            if lower in styles:
                top = page.locator("main").bounding_box()
                assert top is not None
                assert top["y"] > 0.28 * size[1], state  # within reach of who sits
            else:
                assert page.evaluate(ROOM) == [0], state
            page.locator(".service").first.click()
            expect(page.locator(".take .go")).to_be_visible()
            page.wait_for_timeout(300)
            assert page.evaluate(ROOM)[-1] == 0, state  # beside what is read
            page.locator(".take .go").click()
            expect(page.locator(".huge")).to_be_visible()
            page.locator(".paper.printed").wait_for()
            assert page.evaluate(ROOM) == [0], state
            page.locator(".acts button").last.click()
            expect(page.get_by_role("heading", name="您要办什么事？")).to_be_visible()
            page.wait_for_timeout(500)


def test_languages_are_files(town: Town, face: OpenFace) -> None:
    page = face("/touch/K1", WIDE, kind="kiosk", kiosk="K1")
    page.get_by_role("button", name="语言 Language").click()
    seen(page, "languages")
    page.get_by_role("button", name="조선말").click()
    expect(page.get_by_role("heading", name="무슨 일로 오셨습니까?")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    seen(page, "home")
    page.locator(".service").first.click()
    seen(page, "guide")
    page.get_by_role("button", name="번호 받기").click()
    expect(page.get_by_text("당신의 번호")).to_be_visible()
    seen(page, "number")
    page.locator(".acts button").last.click()
    expect(page.get_by_role("heading", name="您要办什么事？")).to_be_visible()  # the next one's language

    # large type speaks the language on the glass
    heard: list[str] = []
    page.on("response", lambda got: heard.append(f"{got.status} {got.url.split('/kiosk/')[-1]}"))
    page.get_by_role("button", name="语言 Language").click()
    page.get_by_role("button", name="조선말").click()
    look(page, "큰 글자")
    said(page, heard, "ko/home")
    page.get_by_role("button", name="언어 语言").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="What brings you here?")).to_be_visible()
    said(page, heard, "en/home")
    seen(page, "home, large, English")
    page.locator(".service").first.click()
    said(page, heard, "en/guide")
    page.get_by_role("button", name="Take a number").click()
    number = page.locator(".huge").inner_text()
    said(page, heard, "en/number", *(f"en/{sign}" for sign in number), "en/listen")


def said(page: Page, heard: list[str], *clips: str) -> None:
    """These prompts came, in this order, and no other since the last look."""
    wanted = [f"200 {clip}.wav" for clip in clips]

    def prompts() -> list[str]:
        return [one for one in heard if one.endswith(".wav")]

    for _ in range(150):
        if len(prompts()) >= len(wanted):
            break
        page.wait_for_timeout(100)
    assert prompts() == wanted
    heard.clear()


def test_keys_are_enough_and_the_next_visitor_is_asked_for(town: Town, face: OpenFace) -> None:
    page = face("/touch/K1", TALL, kind="kiosk", kiosk="K1")
    expect(page.locator(".service").first).to_be_visible(timeout=20_000)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.classList.contains('service')"):
            break
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".take")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="您要办什么事？")).to_be_visible()
    page.locator(".service").first.click()

    page.clock.install()
    page.clock.run_for(62_000)
    asked = page.get_by_role("alertdialog")
    expect(asked).to_be_visible()
    seen(page, "idle")
    asked.get_by_role("button", name="继续").click()
    expect(asked).to_have_count(0)
    expect(page.locator(".take")).to_be_visible()
    page.clock.run_for(62_000)
    expect(asked).to_be_visible()
    for _ in range(3):  # the focus stays in the question
        page.keyboard.press("Tab")
        assert page.evaluate("() => !!document.activeElement.closest('[role=alertdialog]')")
    asked.get_by_role("button", name="结束").click()
    expect(asked).to_have_count(0)
    expect(page.get_by_role("heading", name="您要办什么事？")).to_be_visible()

    # nobody comes: the start page invites whoever passes by, and one touch begins, touching nothing beneath
    page.clock.run_for(125_000)
    invites = page.get_by_role("button", name="点一下屏幕，取号办事")
    expect(invites).to_be_visible(timeout=30_000)  # the jump of the clock broke the line: it has to be back
    seen(page, "attract")
    invites.click(position={"x": 300, "y": 500})
    expect(invites).to_have_count(0)
    expect(page.get_by_role("heading", name="您要办什么事？")).to_be_visible()


def test_200_services_with_very_long_names(town: Town, face: OpenFace) -> None:
    def many(route: Route) -> None:
        body: dict[str, Any] = route.fetch().json()
        first = body["services"]
        long = "中华人民共和国境内外国人来华工作许可延期、变更、注销及补办（含随行家属居留）"
        body["services"] = [
            {
                **first[n % len(first)],
                "id": f"N{n}",
                "name": f"{long}{n}",
                "popular": n < 9,
                "self_register": True,
            }
            for n in range(200)
        ]
        route.fulfill(json=body)

    page = face("/healthz", TALL)
    page.context.route("**/api/services", many)
    page.goto(f"{town.url}/touch/K1#code={town.code(kind='kiosk', kiosk='K1')}")
    expect(page.locator(".service").first).to_be_visible(timeout=20_000)
    seen(page, "home")
    look(page, "大字版")
    seen(page, "home, large")
    page.locator(".every").click()
    expect(page.locator(".service")).to_have_count(200)
    seen(page, "all 200")
    page.locator(".service").first.click()
    seen(page, "guide")
