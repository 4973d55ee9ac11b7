"""Boards, window screens, desks and public figures in their states: accessible, nothing cut off."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]

OVER = """() => document.documentElement.scrollWidth > innerWidth"""


def whole(page: Page, state: str) -> None:
    assert not page.evaluate(OVER), f"{state} scrolls sideways"
    accessible(page, state)


def test_a_pause_with_its_end_a_strip_and_the_boards(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    for _ in range(3):
        body = {"request_id": request_id(), "service": "S001"}
        requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10)
    (town.data / "media").mkdir()
    (town.data / "media" / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"/>')
    strip = face("/clerk", (360, 760))
    sign_in(strip, town, "ZW001")
    strip.get_by_role("button", name="打开窗口").first.click()
    expect(strip.get_by_role("button", name="叫下一位")).to_be_enabled()
    whole(strip, "strip, nobody")

    # pause for half an hour by keys alone; board and window screen say until when
    strip.keyboard.press("p")
    expect(strip.get_by_role("dialog")).to_be_visible()
    for _ in range(4):
        strip.keyboard.press("ArrowRight")
    expect(strip.get_by_role("radio", name="30 分钟")).to_be_checked()
    whole(strip, "strip, pausing")
    strip.keyboard.press("2")
    screen = face("/window/W01", (1920, 1080), kind="window_screen", window="W01")
    expect(screen.get_by_text("恢复")).to_be_visible()
    whole(screen, "window, paused")
    board = face("/hall/B1", (1920, 1080), kind="board", name="B1")
    window = board.locator(".windows li.paused")
    expect(window.get_by_text("恢复")).to_be_visible()
    expect(window.get_by_text("用餐")).to_be_visible()
    whole(board, "board, paused")
    strip.keyboard.press("p")
    expect(strip.get_by_role("button", name="暂停服务")).to_be_visible()
    strip.keyboard.press("Space")
    expect(board.locator(".first .who")).to_have_text("A001")
    expect(strip.locator(".ticket")).to_have_text("A001")
    whole(strip, "strip, called")
    strip.keyboard.press("?")
    expect(strip.get_by_role("dialog", name="快捷键")).to_be_visible()
    whole(strip, "strip, keys")

    for name, size in (("B2", (1920, 1080)), ("B2", (1080, 1920)), ("B4", (1920, 1080))):
        wall = face(f"/hall/{name}", size, kind="board", name=name)
        expect(wall.locator(".media img")).to_be_visible()
        whole(wall, f"board {name} {size}")
        wall.context.close()
    figures = face("/figures?lang=en", (390, 844))
    expect(figures.get_by_text("Public figures of today").first).to_be_visible()
    whole(figures, "figures")


def test_holding_the_key_of_help_calls_somebody(town: Town, face: OpenFace) -> None:
    desk = face("/clerk", (1280, 720))
    sign_in(desk, town, "ZW001")
    desk.get_by_role("button", name="打开窗口").first.click()
    help_button = desk.get_by_role("button", name="紧急求助")
    expect(help_button).to_be_enabled()
    desk.keyboard.down("e")
    expect(desk.get_by_text("等待回应")).to_be_visible()
    desk.keyboard.up("e")
    whole(desk, "desk, help called")
