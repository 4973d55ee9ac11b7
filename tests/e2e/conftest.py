from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from server.web.assets import built
from server.web.pages import SOURCES
from tests.e2e.town import Town

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
]
SCRIPT = re.compile(r"/assets/(?!Enrol-)[^/]+\.js$")
PATIENCE_MS = 15_000  # a busy machine is no wrong answer; what must be quick is measured by its own test


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt install chromium fonts-wqy-microhei")
    if not all(built(source) for source in SOURCES.values()):
        pytest.skip("the faces are not built: ./wucha run or ./wucha test builds them where npm is")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    try:
        yield made.start().set_up()
    finally:
        made.stop()


OpenFace = Callable[..., Page]


@pytest.fixture
def face(browser: Browser, town: Town) -> Iterator[OpenFace]:
    """Open a face at its device's size; every complaint of its console fails the test at the end."""
    contexts, complaints = [], []

    def open_face(path: str, size: tuple[int, int], *, sparing: bool = False, **device: str) -> Page:
        """sparing: only what the face begins with comes through, and enrolment: once in its life."""
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on(
            "console",
            lambda m: complaints.append(f"{path}: {m.text}") if "Content Security" in m.text else None,
        )
        if sparing:
            files = built(SOURCES[path.split("/")[1]])
            assert files is not None
            begins = {town.url + script for script in (files.script, *files.modules)}
            page.route(
                SCRIPT, lambda asked: asked.continue_() if asked.request.url in begins else asked.abort()
            )
        page.goto(town.url + path + (f"#code={town.code(**device)}" if device else ""))
        return page

    yield open_face
    for context in contexts:
        context.close()
    assert not complaints
