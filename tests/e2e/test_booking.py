"""Booking on a phone without script, and a scanner at the kiosk."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import OpenFace
from tests.e2e.town import Town
from tests.e2e.wedge import scan

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.mark.slow
def test_feature_30_a_scanner_types_the_code(town: Town, browser: Browser, face: OpenFace) -> None:
    size = {"width": 390, "height": 844}
    phone = browser.new_context(viewport=size, java_script_enabled=False, locale="zh-CN")
    page = phone.new_page()
    page.goto(f"{town.url}/book")
    page.click("text=公司设立登记")
    page.click(".slots button:not([disabled]) >> nth=0")
    expect(page.locator("h1")).to_have_text("请确认")
    page.click("button.primary")
    expect(page.locator("h1")).to_have_text("已预约")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    link = page.url.split("/b/")[1].partition("?")[0]
    code = requests.get(f"{town.url}/api/booking/{link}", timeout=10).json()["appointment"]["code"]
    phone.close()

    kiosk = face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1")
    kiosk.wait_for_selector(".come")
    scan(kiosk, code)
    # the booking is for another day: a code is good on its own day only
    kiosk.wait_for_selector("text=签到码只在预约当天有效")
    kiosk.click("text=再试一次")
    for digit in code:
        kiosk.click(f'.keys button:text-is("{digit}")')
    expect(kiosk.locator(".check-in .go")).to_be_enabled()
