"""The phone page and the pad through their states: every one readable by whoever cannot see well, none wider
than its glass."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e import axe
from tests.e2e.clerk import Clerk
from tests.e2e.conftest import OpenFace
from tests.e2e.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]

PHONE, PAD = (390, 844), (1024, 600)
SERVICE = "S401"  # queue E, window 10


def take(town: Town, kiosk: dict[str, str], service: str = SERVICE) -> dict[str, Any]:
    body = {"request_id": uuid.uuid4().hex, "service": service}
    reply = requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10)
    assert reply.ok, reply.text
    taken: dict[str, Any] = reply.json()
    return taken


def right(page: Page, state: str) -> None:
    axe.accessible(page, state)
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{state}: {wide} px too wide"


def path(taken: dict[str, Any], lang: str = "zh") -> str:
    return f"/t/{taken['ticket']['link']}?lang={lang}"


def test_the_phone_page_through_its_states(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    clerk = Clerk(town, "ZW010", "W10")
    first, mine, third = (take(town, kiosk) for _ in range(3))
    phone, english = face(path(mine), PHONE), face(path(mine, "en"), PHONE)
    expect(phone.get_by_role("heading", name="E002")).to_be_visible()
    right(phone, "waiting")
    right(english, "waiting en")

    # let the one behind go first, once
    phone.get_by_text("让后面的人先办").click()
    right(phone, "asked whether to let others go first")
    phone.get_by_role("button", name="让后面 1 位先办").click()
    expect(phone.get_by_text("您已顺延一次")).to_be_visible()
    expect(phone.get_by_text("让后面的人先办")).to_have_count(0)
    right(phone, "let others go first")

    for other in (first, third):
        clerk.does("call-next")
        where = requests.get(f"{town.url}/api/my/{other['ticket']['link']}", timeout=10).json()
        assert where["ticket"]["state"] == "called"
        clerk.serves()
    clerk.does("call-next")
    expect(phone.get_by_text("正在叫您的号")).to_be_visible()
    expect(phone.get_by_text("为什么现在叫到")).to_be_visible()
    right(phone, "called")
    expect(english.get_by_text("window 10").first).to_be_visible()
    right(english, "called en")
    phone.get_by_text("写给监督员").click()
    phone.get_by_label("发生了什么").fill("等了一个小时")
    right(phone, "complains")
    phone.get_by_role("button", name="提交意见").click()
    expect(phone.get_by_text("已收到")).to_be_visible()
    right(phone, "complaint received")
    listed = town.admin.get(f"{town.url}/api/complaints", timeout=10)
    assert listed.status_code == 403, "who keeps the machines reads no complaints"
    clerk.does("start")
    expect(phone.get_by_text("正在办理").first).to_be_visible()
    right(phone, "serving")
    clerk.does("finish")
    expect(phone.get_by_role("heading", name="请评价本次服务")).to_be_visible(timeout=15_000)
    right(phone, "asked for a rating")
    phone.get_by_text("非常不满意").click()
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_text("请至少选一项原因").first).to_be_visible()
    right(phone, "a reason is missing")
    right(english, "asked for a rating en")
    phone.get_by_label("想说的话").fill("等了很久")
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_text("谢谢您的评价")).to_be_visible()
    right(phone, "thanked")


def test_a_number_given_back_and_a_line_that_is_cut(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    phone = face(path(take(town, kiosk, "S001")), PHONE)
    phone.context.set_offline(True)
    expect(phone.get_by_text("网络断了")).to_be_visible(timeout=30_000)
    right(phone, "offline")
    phone.context.set_offline(False)
    expect(phone.get_by_text("网络断了")).to_be_hidden(timeout=30_000)
    phone.get_by_text("不办了，取消这个号").click()
    right(phone, "asked whether to cancel")
    phone.get_by_role("button", name="确定取消").click()
    expect(phone.get_by_text("这个号已取消")).to_be_visible()
    right(phone, "cancelled")


def test_the_page_is_light(town: Town) -> None:
    """Under 60 kB on first load, script and style and all, as they cross the line."""
    link = path(take(town, town.key(kind="kiosk", kiosk="K1")))
    page = requests.get(town.url + link, timeout=10).text
    parts = [p.split('"')[0] for key in ('src="', 'href="') for p in page.split(key)[1:]]
    files = [p for p in parts if p.startswith("/") and not p.startswith("/t/")]
    sizes = {name: len(requests.get(town.url + name, timeout=10, stream=True).raw.read()) for name in files}
    assert len(page.encode()) + sum(sizes.values()) < 60_000, sizes


def test_booking_through_its_pages(town: Town, face: OpenFace) -> None:
    for lang in ("zh", "en"):
        page = face(f"/book?lang={lang}", PHONE)
        right(page, f"what to book {lang}")
        page.locator(".theme a").first.click()
        expect(page.locator(".slots button:enabled").first).to_be_visible()
        right(page, f"when {lang}")
        page.locator(".slots button:enabled").first.click()
        page.wait_for_url("**/b/**")
        right(page, f"kept {lang}")
        page.locator("form.card button.primary").click()
        expect(page.locator(".code")).to_be_visible()
        right(page, f"booked {lang}")
        page.locator(".cancel summary").click()
        page.locator(".cancel .danger").click()
        expect(page.locator(".is-cancelled")).to_be_visible()
        right(page, f"cancelled {lang}")


def test_the_pad_through_its_states(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    pad = face("/pad/W10", PAD, kind="pad", window="W10")
    expect(pad.get_by_text("本窗口现在没有人员在岗")).to_be_visible()
    right(pad, "nobody there")
    clerk = Clerk(town, "ZW010", "W10")
    expect(pad.get_by_role("heading", name="褚建平")).to_be_visible()
    right(pad, "idle")
    take(town, kiosk)
    clerk.does("call-next")
    clerk.serves()
    expect(pad.get_by_role("heading", name="请您评价本次服务")).to_be_visible()
    right(pad, "asks")
    pad.get_by_role("button", name="非常不满意").click()
    right(pad, "asks why")
    pad.get_by_role("button", name="提交").click()
    expect(pad.get_by_text("请至少选一项，或写一句话，再提交")).to_be_visible()
    right(pad, "a reason is missing")
    pad.get_by_role("button", name="更多原因").click()
    right(pad, "more reasons")
    pad.locator(".reasons button").first.click()
    pad.get_by_role("button", name="提交").click()
    expect(pad.get_by_text("谢谢您的评价")).to_be_visible()
    right(pad, "thanks")
    expect(pad.get_by_role("heading", name="褚建平")).to_be_visible(timeout=20_000)
    # a good one is sent without a reason, and its reasons are offered
    take(town, kiosk)
    clerk.does("call-next")
    clerk.serves()
    expect(pad.get_by_role("heading", name="请您评价本次服务")).to_be_visible()
    pad.get_by_role("button", name="조선말").click()
    expect(pad.get_by_role("button", name="매우 만족")).to_be_visible()
    right(pad, "asks in a third language")
    pad.get_by_role("button", name="English").click()
    right(pad, "asks en")
    pad.get_by_role("button", name="satisfied", exact=True).click()
    expect(pad.get_by_role("heading", name="What was good?")).to_be_visible()
    right(pad, "what was good en")
    expect(pad.get_by_role("heading", name="Thank you")).to_be_visible(timeout=15_000)
    pad.context.set_offline(True)
    expect(pad.locator(".stale")).to_be_visible(timeout=40_000)
    right(pad, "offline")
