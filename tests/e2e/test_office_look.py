"""The office in light and in dark: every tab of the manager, the clerk's desk, and who decides which."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]

TABS = (
    "上门与代办",
    "投诉",
    "请假",
    "留痕",
    "设置",
    "窗口与事项",
    "形象",
    "小票",
    "语音",
    "设备",
    "设备安装",
)
GROUND = "() => getComputedStyle(document.body).backgroundColor"


def worn(page: Page) -> str:
    return str(page.evaluate("document.documentElement.dataset.theme || 'light'"))


def settled(page: Page, state: str) -> None:
    page.wait_for_load_state("networkidle")
    accessible(page, state)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state


def test_every_tab_of_the_manager_reads_in_light_and_dark(town: Town, face: OpenFace) -> None:
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    expect(page.locator(".live .sums")).to_be_visible()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark" if theme == "dark" else "")
        go(page, "现场")
        settled(page, f"现场, {theme}")
        for tab in TABS:
            go(page, tab)
            settled(page, f"{tab}, {theme}")


def test_the_system_decides_until_a_hand_does(town: Town, face: OpenFace) -> None:
    page = face("/clerk", (1440, 900))
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # colours that fade are judged half way
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate(GROUND)
    settled(page, "the sign-in in the dark")
    sign_in(page, town, "ZW001")
    page.locator(".go").click()
    expect(page.locator("main.desk")).to_be_visible()
    settled(page, "the desk in the dark")

    switch = page.get_by_role("button", name="深色")
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    assert worn(page) == "light"
    expect(page.locator("body")).not_to_have_css("background-color", dark)
    settled(page, "the desk in the light")
    page.reload()  # this browser keeps what the hand said, whatever the system says
    expect(switch).to_have_attribute("aria-pressed", "false")
    beside = page.context.new_page()
    beside.emulate_media(color_scheme="dark")
    beside.goto(town.url + "/manager")
    assert worn(beside) == "light"

    switch.click()  # back to what the system says: it decides again, in every tab
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(beside.locator("html")).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(switch).to_have_attribute("aria-pressed", "false")
    expect(page.locator("body")).not_to_have_css("background-color", dark)


def test_an_empty_post_is_seen_at_one_glance(town: Town, face: OpenFace) -> None:
    """空岗: a post that should be staffed now: on the plan, in the list, as a count, and who is due."""
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    expect(page.locator(".live .sums")).to_be_visible()
    said = page.evaluate("fetch('/api/session').then((answer) => answer.json())")
    today = town.state("manager")["values"]["day"]["date"]

    def write(path: str, **body: object) -> None:
        head = {"X-Wucha-CSRF": str(said["csrf"]), "Origin": town.url}
        reply = page.request.post(town.url + path, data={"request_id": request_id(), **body}, headers=head)
        assert reply.ok, reply.text()

    row = {"date": today, "start": "00:00", "end": "23:59", "person": "ZW005"}
    write("/api/config/rosters/draft", items={"W05": {"days": [row]}}, base=0, rev=0)
    write("/api/config/rosters", base=0, rev=1)

    plan = page.locator("section.floor")
    tile = plan.get_by_role("button", name=re.compile("^5 空岗 应到 孙丽"))
    expect(tile).to_be_visible()
    many = plan.locator(".tile.missing").count()
    accessible(page, "an empty post on the plan")
    tile.click()
    panel = page.get_by_role("dialog", name="5 号窗口")
    expect(panel).to_contain_text("空岗")
    expect(panel).to_contain_text("00:00–23:59 孙丽")
    accessible(page, "an empty post from close by")
    page.keyboard.press("Escape")
    plan.get_by_role("button", name="看列表").click()
    expect(plan.locator("li.missing").first).to_contain_text("应到")
    gone = page.locator(".sums .gone dd")
    assert int(gone.inner_text()) == plan.locator("li.missing").count() >= many
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    accessible(page, "empty posts in the list, in the dark")

    desk = face("/clerk", (1440, 900))  # whoever is due comes
    sign_in(desk, town, "ZW005")
    desk.locator(".go").click()
    expect(desk.locator("main.desk")).to_be_visible()
    expect(plan.locator("li.missing", has_text="孙丽")).to_have_count(0)
