"""The office in light and in dark: every tab of the manager, the clerk's desk, and who decides which."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town

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
        page.emulate_media(color_scheme=theme)
        assert worn(page) == theme
        go(page, "现场")
        settled(page, f"现场, {theme}")
        for tab in TABS:
            go(page, tab)
            settled(page, f"{tab}, {theme}")


def test_the_system_decides_until_a_hand_does(town: Town, face: OpenFace) -> None:
    page = face("/clerk", (1440, 900))
    page.emulate_media(color_scheme="dark")
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
    assert page.evaluate(GROUND) != dark
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
    assert page.evaluate(GROUND) != dark
