"""The manager's picture in the browser: the plan of the hall, who is on an alarm, the next two hours,
today beside a usual day, on a desk and on a phone; and the hall's own look, worn by the kiosk."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]


def picture(width: int, height: int) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\x00" + b"\xa8\x14\x2a" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def many_wait(town: Town) -> None:
    key = town.key(kind="kiosk", kiosk="K2")
    for service in ["S001"] * 12 + ["S401"] * 2:
        body = {"service": service, "request_id": request_id()}
        reply = requests.post(f"{town.url}/api/tickets", json=body, headers=key, timeout=10)
        assert reply.ok, reply.text


def test_the_hall_at_one_glance_and_in_its_own_colours(town: Town, face: OpenFace, tmp_path: Path) -> None:
    many_wait(town)
    desk = face("/manager", (1440, 900))
    sign_in(desk, town, "ZW024")

    # the plan: two floors, each window with its words, a panel with what may be done
    plan = desk.locator("section.floor")
    expect(plan.locator(".tile")).to_have_count(11)
    expect(plan.locator(".zone", has_text="A区")).to_contain_text("A 12 人等")
    accessible(desk, "the live picture")
    plan.get_by_role("button", name="二楼 服务区").click()
    expect(plan.locator(".tile")).to_have_count(3)
    plan.get_by_role("button", name="一楼 办事大厅").click()
    tile = plan.get_by_role("button", name="4 未开放")
    tile.focus()
    desk.keyboard.press("Enter")
    panel = desk.get_by_role("dialog", name="4 号窗口")
    expect(panel).to_contain_text("综合受理 12 人等")
    accessible(desk, "a window from close by")
    panel.get_by_role("button", name="打开这个潮汐窗口").click()
    expect(panel).to_have_count(0)
    expect(tile).to_be_focused()

    # somebody takes an alarm on: everybody sees who
    alarms = desk.locator("section.alarms")
    waiting = alarms.locator("li", has_text="综合受理：12 人在等，没有开放的窗口")
    waiting.get_by_role("button", name="我来跟进").click()
    expect(waiting).to_contain_text("在跟进")
    expect(waiting.get_by_role("button")).to_have_count(0)

    # a first day: the forecast says where it is from, the comparison that there is nothing to compare with
    expect(desk.locator("section.ahead")).to_contain_text(
        "没有窗口开着，也没有计划要开，无法预计", timeout=30_000
    )
    expect(desk.locator("section.today")).to_contain_text("历史只有 0 天，满 3 天才能比较")
    desk.locator("section.today summary").click()
    expect(desk.locator("section.today tbody")).to_contain_text("14")
    desk.get_by_role("button", name="深色").click()
    accessible(desk, "the live picture in the dark")
    desk.get_by_role("button", name="深色").click()

    # the look: what cannot be read is refused with a shade that can
    go(desk, "形象")
    desk.get_by_label("主色", exact=True).fill("#ffd700")
    better = desk.get_by_role("button", name="改用 #")
    expect(better).to_be_visible()
    publish = desk.get_by_role("button", name="发布", exact=True)
    expect(publish).to_be_disabled()
    accessible(desk, "a colour that is refused")
    desk.get_by_label("主色", exact=True).fill("#a8142a")
    desk.get_by_label("标语（中文，40 字以内）").fill("一次办好")
    expect(publish).to_be_enabled()
    publish.click()
    expect(desk.get_by_text("已发布，各屏幕空闲时自动换上").first).to_be_visible()
    logo = tmp_path / "logo.png"
    logo.write_bytes(picture(120, 80))
    desk.get_by_label("上传标志").set_input_files(logo)
    expect(desk.locator(".logo img")).to_be_visible()
    board = face("/hall/B1", (1920, 1080), kind="board", name="B1")
    expect(board.locator("h1")).to_contain_text("一次办好")
    kiosk = face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1")
    expect(kiosk.locator(".mark").first).to_be_visible()
    colour = "() => getComputedStyle(document.documentElement).getPropertyValue('--primary').trim()"
    assert kiosk.evaluate(colour) == "#a8142a"
    mark = kiosk.locator(".mark").first.evaluate("(e) => getComputedStyle(e).backgroundImage")
    assert "/brand/logo?v=2" in mark
    accessible(kiosk, "the kiosk in the hall's colours")

    # an older look comes back, as a new version
    desk.get_by_role("button", name="恢复这一版 0").click()
    expect(desk.locator(".versions li").first).to_contain_text("正在使用")
    expect(desk.locator(".versions li b").first).to_have_text("3")
    assert desk.evaluate(colour) == "#0a5260"
    accessible(desk, "the versions of the look")


def test_the_phone_shows_what_wants_a_person_first(town: Town, face: OpenFace) -> None:
    many_wait(town)
    phone = face("/manager", (390, 844))
    sign_in(phone, town, "ZW024")
    alarm = phone.locator("section.alarms")
    take = alarm.get_by_role("button").first
    expect(take).to_be_visible()
    tops = [
        phone.locator(f".live .{name}").first.bounding_box()
        for name in ("alarms", "queues", "floor", "day-ahead", "today")
    ]
    assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
    assert len([box for box in tops if box]) == 5
    box = take.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    accessible(phone, "the live picture on a phone")
    phone.get_by_role("button", name="1 号窗口", exact=True).click()
    expect(phone.get_by_role("dialog", name="1 号窗口")).to_be_visible()
    accessible(phone, "a window on a phone")
    phone.keyboard.press("Escape")

    # a question keeps the keyboard and gives it back; two long buttons beside each other stay on the glass
    phone.get_by_role("button", name="English").click()
    phone.get_by_role("button", name="Stop numbers").click()
    question = phone.get_by_role("alertdialog", name="Stop giving numbers?")
    expect(question).to_be_focused()
    accessible(phone, "a question on a phone")
    phone.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(phone.get_by_role("button", name="Stop numbers")).to_be_focused()
    phone.keyboard.press("Enter")
    question.get_by_role("button", name="Stop numbers").click()
    phone.get_by_role("button", name="Give numbers again").click()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    again = phone.get_by_role("alertdialog")
    expect(again.get_by_role("textbox")).to_be_focused()
    accessible(phone, "numbers again, on a phone")
    phone.set_viewport_size({"width": 1440, "height": 900})
    menu, state = phone.locator("header nav").bounding_box(), phone.locator("header .day").bounding_box()
    assert menu is not None
    assert state is not None
    beside = menu["x"] + menu["width"] <= state["x"]
    assert beside or menu["y"] + menu["height"] <= state["y"], "the menu is under nothing"
    phone.keyboard.type("The queue is short")
    phone.keyboard.press("Enter")
    expect(phone.locator("header .day")).to_contain_text("Open")
