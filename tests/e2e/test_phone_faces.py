"""The phone page and the pad through their states: every one readable by whoever cannot see well, none wider
than its glass."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.e2e import axe
from tests.e2e.clerk import Clerk
from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]

PHONE, PAD, DESK = (390, 844), (1024, 600), (1440, 900)
SERVICE = "S401"  # queue E, window 10


def take(town: Town, kiosk: dict[str, str], service: str = SERVICE) -> dict[str, Any]:
    body = {"request_id": uuid.uuid4().hex, "service": service}
    reply = requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10)
    assert reply.ok, reply.text
    taken: dict[str, Any] = reply.json()
    return taken


def right(page: Page, state: str) -> None:
    """Readable for everybody, by day and by night; not too wide, on the smallest phone neither."""
    size = page.viewport_size
    assert size is not None
    narrow = [(320, 568)] if size == {"width": 390, "height": 844} else []
    for scheme in ("light", "dark")[: 1 + len(narrow)]:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe.accessible(page, f"{state}, {scheme}")
    for width, height in [*narrow, (size["width"], size["height"])]:
        page.set_viewport_size({"width": width, "height": height})
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{state} at {width}: {wide} px too wide"
    page.emulate_media(color_scheme="light")


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
    for lang in ("zh", "en"):
        right(face(f"/nearby?lang={lang}", PHONE), f"nearby {lang}")

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
    phone.get_by_label("想让我们联系您").fill("138 0000 1234")
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


def test_the_pages_are_light(town: Town, face: OpenFace) -> None:
    """Under 60 kB on first load, script and style and all, as a browser counts it before it unpacks them."""
    pages = [
        "/take",
        "/take?service=S401",
        "/take/poster",
        "/book",
        "/book?service=S001",
        "/nearby",
        "/here",
        "/guide/S001",
    ]
    pages.append(path(take(town, town.key(kind="kiosk", kiosk="K1"))))
    for address in pages:
        page = face(address, PHONE)
        page.wait_for_load_state("networkidle")
        size = page.evaluate("performance.getEntries().reduce((n, e) => n + (e.encodedBodySize || 0), 0)")
        assert 2_000 < size < 60_000, address


# What the page would have shown, sounded and shaken.
EARS = """
window.told = []
window.heard = 0
window.shaken = 0
Object.defineProperty(document, 'hidden', { get: () => window.away === true })
navigator.vibrate = () => (window.shaken += 1)
const start = OscillatorNode.prototype.start
OscillatorNode.prototype.start = function (at) { window.heard += 1; return start.call(this, at) }
window.Notification = class extends Notification {
  constructor(title, more) { super(title, more); window.told.push(title) }
}
"""


@pytest.mark.parametrize("allowed", [True, False])
def test_the_owner_is_called_by_notice_sound_and_shake(town: Town, face: OpenFace, allowed: bool) -> None:
    """With notices allowed one is shown for a page out of sight; else sound and shake remain."""
    kiosk = town.key(kind="kiosk", kiosk="K1")
    clerk = Clerk(town, "ZW010", "W10")
    links = [take(town, kiosk) for _ in range(2)]
    phone, second = face("/here", PHONE), face("/here", PHONE)
    if allowed:
        phone.context.grant_permissions(["notifications"], origin=town.url)
    phone.add_init_script(EARS)
    phone.goto(town.url + path(links[1]))
    assert (phone.evaluate("Notification.permission") == "granted") == allowed
    phone.get_by_role("button", name="开启叫号提醒").click()
    expect(phone.get_by_role("button", name="叫号提醒已开启")).to_be_visible()
    before = phone.evaluate("[heard, shaken]")
    assert before[0] > 0
    phone.evaluate("away = true")
    clerk.does("call-next")
    clerk.serves()
    clerk.does("call-next")
    expect(phone.get_by_text("正在叫您的号")).to_be_visible(timeout=15_000)
    until(lambda: phone.evaluate("[heard, shaken]") > before, what="sound and shake")
    assert phone.evaluate("shaken") > before[1]
    assert phone.evaluate("told") == (["E002 请到 10 号窗口"] if allowed else [])
    # whoever scans the same code on another phone sees the same, and may rate there
    second.goto(town.url + path(links[1]))
    expect(second.get_by_text("正在叫您的号")).to_be_visible()
    clerk.serves()
    for page in (phone, second):
        expect(page.get_by_role("heading", name="请评价本次服务")).to_be_visible(timeout=15_000)
    second.get_by_text("非常满意").click()
    second.get_by_role("button", name="提交评价").click()
    for page in (phone, second):
        expect(page.get_by_text("谢谢您的评价")).to_be_visible(timeout=15_000)


def test_missed_held_and_moved(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    clerk = Clerk(town, "ZW010", "W10")
    phone = face(path(take(town, kiosk)), PHONE)
    clerk.does("call-next")
    clerk.does("start")
    clerk.does("hold")
    expect(phone.get_by_text("号码已为您保留")).to_be_visible(timeout=15_000)
    right(phone, "held")
    other = face(path(take(town, kiosk)), PHONE)
    clerk.does("call-next")
    clerk.does("start")
    clerk.does("transfer", queue="A")
    expect(other.get_by_text("号码不变，不用重新取号")).to_be_visible(timeout=15_000)
    right(other, "sent to another queue")
    gone = face("/t/" + "A" * 22, PHONE)
    expect(gone.get_by_role("heading", name="没有找到这一页")).to_be_visible()
    right(gone, "a link that leads nowhere")
    right(face("/b/" + "A" * 22 + "?lang=en", PHONE), "a booking that is not there")
    names = "特别长的一个事项名称" * 6
    for page in (phone, other):
        page.evaluate(
            "n => document.querySelectorAll('.service, dd, .hall').forEach((e) => (e.textContent = n))", names
        )
        right(page, "very long names")


def test_the_phone_page_waits_for_a_server_that_is_gone(town: Town, face: OpenFace) -> None:
    phone = face(path(take(town, town.key(kind="kiosk", kiosk="K1"))), PHONE)
    expect(phone.get_by_role("heading", name="E001")).to_be_visible()
    town.stop()
    expect(phone.get_by_text("网络断了")).to_be_visible(timeout=40_000)
    expect(phone.get_by_role("heading", name="E001")).to_be_visible()
    town.start()
    expect(phone.get_by_text("网络断了")).to_be_hidden(timeout=40_000)


def test_a_phone_without_script(town: Town, browser: Browser) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    clerk = Clerk(town, "ZW010", "W10")
    first, mine = take(town, kiosk), take(town, kiosk)
    context = browser.new_context(
        viewport={"width": 320, "height": 568}, java_script_enabled=False, locale="zh-CN"
    )
    page = context.new_page()
    page.goto(town.url + path(first))
    page.get_by_text("不办了，取消这个号").click()
    page.get_by_role("button", name="确定取消").click()
    expect(page.get_by_text("这个号已取消")).to_be_visible()
    clerk.does("call-next")
    clerk.serves()
    page.goto(town.url + path(mine))
    page.locator("label[for=level1]").click()
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_role("alert")).to_be_visible()  # a reason is missing
    page.locator("label[for=level1]").click()
    page.locator(".why1 .reason").first.click()
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_text("谢谢您的评价")).to_be_visible()
    expect(page.get_by_text("您的差评")).to_be_visible()
    context.close()


def test_a_language_is_a_file_on_phones_too(town: Town, face: OpenFace) -> None:
    page = face(path(take(town, town.key(kind="kiosk", kiosk="K1"))), PHONE)
    page.get_by_text("中文", exact=True).click()
    right(page, "languages")
    page.get_by_role("link", name="조선말").click()
    expect(page.get_by_text("당신의 번호")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    right(page, "waiting ko")
    for address in (
        "/take?lang=ko",
        "/take?service=S401&lang=ko",
        "/book?lang=ko",
        "/book?service=S001&lang=ko",
        "/here?lang=ko",
    ):
        page.goto(town.url + address)
        expect(page.locator("html")).to_have_attribute("lang", "ko")
        right(page, address)


def test_F130_a_bad_rating_is_answered_on_the_same_link(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    clerk = Clerk(town, "ZW010", "W10")
    mine = take(town, kiosk)
    clerk.does("call-next")
    clerk.serves()
    phone = face(path(mine), PHONE)
    phone.get_by_text("非常不满意").click()
    phone.get_by_label("想说的话").fill("等了很久")
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_text("您的差评")).to_be_visible()
    expect(phone.get_by_text("前受理，答复会显示在这里")).to_be_visible()
    right(phone, "a bad rating is followed up")

    office = face("/manager", DESK)
    sign_in(office, town, "ZW024")
    expect(office.get_by_text("1 件投诉、差评等待受理")).to_be_visible(timeout=15_000)
    go(office, "投诉")
    expect(office.get_by_text("等了很久")).to_be_visible()
    right(office, "complaints")
    office.get_by_role("button", name="开始处理").click()
    expect(office.get_by_text("延期原因")).to_be_visible()
    office.get_by_label("答复（群众会看到）").fill("已核实")
    office.get_by_label("延期原因").fill("要问派出所")
    office.get_by_role("button", name="延期", exact=True).click()
    expect(office.get_by_text("已延期：要问派出所")).to_be_visible()
    expect(office.get_by_label("答复（群众会看到）")).to_have_value("已核实")
    right(office, "taken up and extended")
    phone.reload()
    expect(phone.get_by_text("需要更多时间：要问派出所")).to_be_visible()
    colleague = office.context.new_page()
    colleague.goto(town.url + "/manager")
    go(colleague, "投诉")
    colleague.get_by_label("答复（群众会看到）").fill("已核实，下午增开一个窗口。")
    colleague.get_by_role("button", name="答复", exact=True).click()
    expect(colleague.get_by_role("heading", name="已办结")).to_be_visible()
    colleague.close()
    office.bring_to_front()
    expect(office.get_by_role("heading", name="已办结")).to_be_visible(timeout=15_000)
    expect(office.get_by_label("草稿")).to_have_value("已核实")  # somebody was faster: it can still be read
    right(office, "answered")
    phone.reload()
    expect(phone.get_by_text("下午增开一个窗口")).to_be_visible()
    right(phone, "answered")
    office.set_viewport_size({"width": PHONE[0], "height": 900})
    right(office, "complaints on a phone")

    take(town, kiosk)
    for lang, size in (("中文", DESK), ("English", (PHONE[0], 900))):
        helper = face("/manager", size)
        if lang == "中文":
            sign_in(helper, town, "ZW025")
        else:
            helper.locator("input[autocomplete=username]").fill("ZW025")
            helper.locator("input[type=password]").first.fill("an-honest-word-2026")
            helper.keyboard.press("Enter")
        helper.get_by_role("button", name=lang, exact=True).click()
        helper.locator("nav button").first.click()
        helper.locator("form input").first.fill("e002")
        helper.keyboard.press("Enter")
        expect(helper.locator(".one")).to_contain_text("10, 11")
        right(helper, f"a number, {lang}")


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
        page.locator("form[action*=confirm] button.primary").click()
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
