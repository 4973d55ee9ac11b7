"""The few states that matter most, beside small pictures: a face that moves or loses something is seen.

After a wanted change: WUCHA_PICTURES=new .venv/bin/python -m pytest -m slow tests/e2e/test_pictures.py
"""

from __future__ import annotations

import os
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
import requests
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect

from tests.e2e.axe import accessible
from tests.e2e.clerk import Clerk
from tests.e2e.conftest import OpenFace
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]

KEPT = Path(__file__).parent / "pictures"
FONT = "WenQuanYi Micro Hei"  # the pictures were taken with Debian's fonts-wqy-microhei
WIDE = 640  # pixels of a kept picture's longer side
MOST_BYTES = 60_000
DIFFERENT = 48  # of 255, in any colour: softer edges are no difference
SHARE = 0.006  # of all pixels: a word of the smallest size
# What the hour changes, and what is in motion.
STILL = """() => {
  const still = new CSSStyleSheet()
  still.replaceSync(`
    time, .clock, .date, .hours, .wait, .time, .times, .bar > i, .undo, .toasts, .quiet.tabular,
    footer > .tabular, .day.tabular, .low small { visibility: hidden !important }
    .low strong { visibility: visible !important }
    *, *::before, *::after { animation: none !important; transition: none !important }`)
  document.adoptedStyleSheets = [still]
}"""


def has_font() -> bool:
    try:
        found = subprocess.run(
            ["fc-match", "-f", "%{family}", "sans:lang=zh-cn"], capture_output=True, text=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return False
    return FONT in found.stdout


def same(page: Page, name: str) -> None:
    """Assert that the page looks as it did; accessible as well."""
    accessible(page, name)
    page.evaluate(STILL)
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    shot.thumbnail((WIDE, WIDE), Image.Resampling.LANCZOS)
    path = KEPT / f"{name}.png"
    if os.environ.get("WUCHA_PICTURES") == "new":
        KEPT.mkdir(exist_ok=True)
        shot.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        assert path.stat().st_size <= MOST_BYTES
        return
    was = Image.open(path).convert("RGB")
    assert was.size == shot.size
    bands = ImageChops.difference(was, shot).split()
    worst = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    different = sum(worst.histogram()[DIFFERENT:]) / (was.width * was.height)
    if different > SHARE:
        shot.save(Path(os.environ.get("TMPDIR", "/tmp")) / f"wucha-{name}.png")
    assert different <= SHARE, f"{name}: {different:.1%} of the picture is different"


def test_the_faces_look_as_they_did(town: Town, face: OpenFace) -> None:
    if not has_font():
        pytest.skip(f"the pictures were taken with {FONT}: apt install fonts-wqy-microhei")
    kiosk = town.key(kind="kiosk", kiosk="K1")
    for service in ["S001"] * 6 + ["S401"] * 3:
        body = {"request_id": request_id(), "service": service}
        assert requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10).ok
    desk = face("/clerk", (1440, 900))
    sign_in(desk, town, "ZW001")
    desk.get_by_role("button", name="打开窗口").first.click()
    expect(desk.get_by_role("button", name="叫下一位")).to_be_enabled()
    desk.keyboard.press("Space")
    expect(desk.locator(".ticket")).to_have_text("A001")
    desk.keyboard.press("s")
    expect(desk.get_by_role("button", name="办结").first).to_be_enabled()
    second, third, paused = (
        Clerk(town, "ZW002", "W02"),
        Clerk(town, "ZW003", "W03"),
        Clerk(town, "ZW005", "W05"),
    )
    second.does("call-next")
    paused.does("pause", reason="short_leave")
    same(desk, "desk-serving")
    desk.keyboard.press("t")
    expect(desk.get_by_role("dialog")).to_be_visible()
    same(desk, "desk-transfer")
    desk.keyboard.press("Escape")
    desk.set_viewport_size({"width": 1280, "height": 720})
    same(desk, "desk-1280")
    desk.set_viewport_size({"width": 360, "height": 760})
    same(desk, "desk-strip")

    board = face("/hall/B1", (1920, 1080), kind="board", name="B1")
    expect(board.locator(".first .who")).to_have_text("A002")
    same(board, "board")
    side = face("/hall/B2", (1920, 1080), kind="board", name="B2")
    expect(side.locator(".next b").first).to_have_text("A003")
    side.evaluate("() => (document.documentElement.dataset.theme = 'light')")
    same(side, "board-side-light")
    english = face("/hall/B1?lang=en", (1080, 1920), kind="board", name="B1")
    expect(english.get_by_text("Now calling").first).to_be_visible()
    assert english.evaluate("() => document.documentElement.lang") == "en"
    same(english, "board-upright-english")
    screen = face("/window/W02", (1920, 1080), kind="window_screen", window="W02")
    expect(screen.locator(".ticket")).to_have_text("A002")
    same(screen, "window-called")
    away = face("/window/W05?lang=en", (1920, 540), kind="window_screen", window="W05")
    expect(away.get_by_text("Away for a moment")).to_be_visible()
    expect(away.locator(".plate .name")).to_have_text("Social and medical insurance")
    same(away, "window-paused-english")

    pad = face("/pad/W03", (1024, 600), kind="pad", window="W03")
    expect(pad.locator(".idle h1")).to_be_visible()
    same(pad, "pad-idle")
    third.does("call-next")
    third.serves()
    expect(pad.locator(".ask")).to_be_visible()
    same(pad, "pad-ask")
    pad.get_by_role("button", name="English").click()
    pad.locator(".level.of1").click()
    expect(pad.get_by_role("heading", name="What went wrong?")).to_be_visible()
    same(pad, "pad-why-english")
    pad.locator(".reasons button").first.click()
    pad.get_by_role("button", name="Send", exact=True).click()
    expect(pad.get_by_role("heading", name="Thank you")).to_be_visible()
    same(pad, "pad-thanks-english")
