"""The guide's tablet at its sizes: one guide's morning, live beside a kiosk; axe-core finds nothing."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.test_touch_access import OUTSIDE, PASSWORD
from tests.e2e.town import Town, request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]

PAGES = ("hall", "take", "aids", "ask", "find", "book")


def sign_in(page: Page, town: Town, person: str) -> None:
    page.locator("#staff").fill(person)
    page.locator("#password").fill(town.staff[person]["once_password"])
    page.locator(".go").click()
    page.locator("#fresh").fill(PASSWORD)
    page.locator("#again").fill(PASSWORD)
    page.locator(".go").click()
    expect(page.locator("nav")).to_be_visible()


def go(page: Page, name: str) -> None:
    page.locator("nav button").nth(PAGES.index(name)).click()


def seen(page: Page, state: str) -> None:
    accessible(page, state)
    outside = [c for c in page.evaluate(OUTSIDE) if "hidden-text" not in str(c)]
    assert outside == [], f"{state}: outside of the screen"


def test_a_guides_morning(town: Town, face: OpenFace) -> None:
    until(lambda: "printer-K1" in str(town.state("manager")["rows"]["devices"]), what="the kiosks' printers")
    kiosk = face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1")
    guide = face("/guide", (1280, 800))
    seen(guide, "sign in")
    sign_in(guide, town, "ZW025")
    expect(guide.locator(".kiosks li")).to_have_count(2)
    seen(guide, "hall")

    # a number for somebody else: two matters, a class with its reason, paper at the kiosk
    go(guide, "take")
    guide.locator("input[type=search]").fill("sfz")
    guide.locator(".found button").first.click()
    guide.locator("input[type=search]").fill("jiazhao")
    guide.locator(".found button").first.click()
    expect(guide.locator(".chosen li")).to_have_count(2)
    guide.get_by_role("button", name="老年人").click()
    expect(guide.get_by_role("button", name="请写明理由")).to_be_disabled()
    guide.get_by_role("button", name="已看证件").click()
    guide.get_by_role("button", name="取号机 K1").click()
    seen(guide, "take")
    guide.get_by_role("button", name="取号", exact=True).last.click()
    number = guide.locator(".huge").inner_text()
    expect(guide.locator(".paper")).to_have_text("请取走小票", timeout=20_000)
    seen(guide, "taken")
    guide.get_by_role("button", name="下一位").click()
    expect(guide.locator(".chosen")).to_have_count(0)

    # somebody presses for help at the kiosk; the guide goes, and the kiosk says so
    kiosk.get_by_role("button", name="叫导办员").click()
    expect(kiosk.get_by_role("button", name="已叫，请稍候")).to_be_visible()
    expect(guide.locator("nav i")).to_contain_text("1")
    go(guide, "aids")
    expect(guide.locator(".calls .place")).to_contain_text("取号机 K1")
    seen(guide, "aids")
    guide.get_by_role("button", name="我去").click()
    expect(kiosk.get_by_role("button", name="导办员来了")).to_be_visible()
    guide.get_by_role("button", name="帮完了").click()
    expect(kiosk.get_by_role("button", name="叫导办员")).to_be_visible()
    guide.locator(".undo button").click()
    expect(kiosk.get_by_role("button", name="导办员来了")).to_be_visible()
    guide.get_by_role("button", name="帮完了").click()

    # another guide sees a call of this one at once
    other = face("/guide", (390, 844))
    sign_in(other, town, "ZW026")
    go(other, "aids")
    guide.get_by_role("button", name="B区").click()
    guide.get_by_role("button", name="行动不便").click()
    expect(other.locator(".calls .place")).to_contain_text("B区")
    seen(other, "aids on a phone")
    other.get_by_role("button", name="我去").click()
    expect(guide.locator(".calls .quiet")).to_contain_text("在帮")

    # asked at the door: one tap, counted for both; the next tap is taken back
    go(guide, "ask")
    for _ in range(2):
        guide.get_by_role("button", name="要带什么材料").click()
        expect(guide.locator(".undo")).to_contain_text("要带什么材料")
    expect(guide.locator("header p.tabular").last).to_have_text("今天 2 次")
    guide.locator(".undo button").click()
    expect(guide.locator(".ask header p")).to_have_text("今天 1 次")
    go(other, "ask")
    expect(other.locator(".ask header p")).to_have_text("今天 1 次")
    seen(guide, "ask")

    # found by its number, without learning whose it is
    go(guide, "find")
    guide.locator(".pad input").fill(number)
    guide.locator(".pad .go").click()
    expect(guide.locator(".one .head")).to_contain_text("老年人")
    seen(guide, "find")
    guide.locator(".one").get_by_role("button", name="普通").click()
    guide.get_by_role("button", name="本人说明").click()
    guide.get_by_role("button", name="改类别").click()
    expect(guide.get_by_text(f"{number} 的类别已改")).to_be_visible()
    guide.locator(".one").get_by_role("button", name="取号机 K2").click()
    expect(guide.get_by_text(f"{number} 在 K2 补打")).to_be_visible()

    # booked for somebody
    go(guide, "book")
    guide.locator(".book input[type=search]").fill("sfz")
    guide.locator(".found button").first.click()
    guide.locator(".slots button").first.click()
    seen(guide, "book")
    guide.locator(".card").last.get_by_role("button", name="预约", exact=True).click()
    expect(guide.locator(".code")).to_contain_text("签到码")
    seen(guide, "booked")

    # an errand for a client waits for the mandate, then gives a number
    go(guide, "aids")
    guide.get_by_role("button", name="新的代办").click()
    guide.get_by_label("委托人").fill("张某")
    guide.get_by_label("事项：点一下就登记").fill("sfz")
    guide.locator(".errands .found button").first.click()
    guide.get_by_placeholder("委托书编号").fill("代 2026-7")
    guide.get_by_role("button", name="收到委托书").click()
    guide.get_by_role("button", name="代取号").click()
    expect(guide.locator(".huge")).to_be_visible()
    assert "张某" not in guide.content()

    # in the other language, themes and sizes
    guide.get_by_role("button", name="English").click()
    for theme in ("Dark", "Contrast", "Light"):
        guide.get_by_role("button", name=theme, exact=True).click()
        for size in ((1280, 800), (1024, 768), (390, 844)):
            guide.set_viewport_size({"width": size[0], "height": size[1]})
            for name in PAGES:
                go(guide, name)
                seen(guide, f"{name} {theme} {size}")

    # the manager sees what it came to
    figures = town.state("manager")["values"]["guiding"]
    assert (figures["enquiries"]["total"], figures["aids"]["done"], figures["aids"]["taken"]) == (1, 1, 1)
    guide.get_by_role("button", name="Sign out").click()
    expect(guide.locator("#staff")).to_be_visible()


def test_who_does_not_guide_is_told_so(town: Town, face: OpenFace) -> None:
    page = face("/guide", (1024, 768))
    page.locator("#staff").fill("ZW024")
    page.locator("#password").fill(town.staff["ZW024"]["once_password"])
    page.locator(".go").click()
    page.locator("#fresh").fill(PASSWORD)
    page.locator("#again").fill(PASSWORD)
    page.locator(".go").click()
    expect(page.get_by_text("不能使用导办平板")).to_be_visible()
    assert (
        requests.post(f"{town.url}/api/aids", json={"request_id": request_id()}, timeout=10).status_code
        == 401
    )
