"""(j) A call until a real board in Chromium has painted it, with 300 sockets listening to the same hall."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from bench.figures import Row, percentile
from bench.hall import Caller, Hall
from bench.procs import room_for_sockets
from bench.sockets import Crowd

SOCKETS = 300
MUST_MS = 150  # commit to screen; our watch begins at the press already
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
# When the newest number had been painted: a frame after the frame in which the page was changed.
WATCH = """() => {
  window.painted = {}
  const look = () => {
    const who = document.querySelector('.first .who')
    if (who) window.painted[who.textContent] = window.painted[who.textContent] || Date.now()
  }
  const watch = { childList: true, subtree: true, characterData: true }
  new MutationObserver(() => requestAnimationFrame(() => setTimeout(look))).observe(document.body, watch)
}"""


def calls(page: Any, hall: Hall, clerk: Caller, crowd: Crowd, times: int) -> tuple[list[float], list[float]]:
    """Milliseconds from each press until the board had painted the number, and until the answer."""
    painted, answered = [], []
    for _ in range(times):
        begun = time.time()
        number = clerk.act(f"/api/windows/{clerk.place}/call-next")["desk"]["ticket"]["number"]
        answered.append((time.time() - begun) * 1000)
        crowd.run(lambda *_: None, lambda: False, 0.3)
        page.wait_for_function("n => n in window.painted", arg=number, timeout=5000)
        painted.append(page.evaluate("n => window.painted[n]", number) - begun * 1000)
        clerk.act(f"/api/windows/{clerk.place}/start")
        clerk.act(f"/api/windows/{clerk.place}/finish")
        crowd.run(lambda *_: None, lambda: False, 0.1)
    return painted, answered


def run(folder: Path, quick: bool) -> list[Row]:
    what = f"press of the next button until the board has painted it, {SOCKETS} sockets"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return [Row("screens", what, note="not measured: no Playwright")]
    if CHROMIUM is None:
        return [Row("screens", what, note="not measured: no Chromium")]
    room_for_sockets(4096)
    times = 15 if quick else 40
    with Hall(folder / "screens", whole=True) as hall, sync_playwright() as playwright:
        hall.start()
        hall.set_up()
        kiosk, service = hall.kiosk("K1"), "S001"
        for _ in range(times + 5):
            kiosk.act("/api/tickets", service=service)
        clerk = hall.sign_in(next(p for p in hall.staff if p["id"] == "ZW001"))
        clerk.act(f"/api/windows/{clerk.place}/open")
        assert hall.manager is not None
        code = hall.manager.act("/api/enrolments", kind="board", name="B1")["code"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        crowd = Crowd()
        try:
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"http://127.0.0.1:{hall.port}/hall/B1#code={code}")
            page.locator(".windows").wait_for()
            page.evaluate(WATCH)
            crowd.connect(SOCKETS - 1, hall.port, "/hall", {"key": hall.key("board", name="B9")})
            painted, answered = calls(page, hall, clerk, crowd, times)
        finally:
            crowd.close()
            browser.close()
    note = f"of it until the server's answer: p50 {percentile(answered, 0.5):.0f} ms; {times} calls"
    p50, p99 = percentile(painted, 0.5), percentile(painted, 0.99)
    return [Row("screens", what, percentile(painted, 0.95), p50=p50, p99=p99, must=MUST_MS, note=note)]
