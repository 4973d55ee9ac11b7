"""A big hall in the manager's hands: sixty windows and two hundred services on every page that lists them,
on a desk and on a phone, in both languages, light and dark."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.office import area, go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]

WINDOW = """
[[window]]
id = "W{n}"
number = "{n}"
name = "{name}"
kind = "comprehensive"
queues = ["A"]
overflow = []
default_state = "open"
led_address = {address}
pad_id = "PAD-{n}"
zone = "{zone}"
low_counter = false
lunch_duty = false
saturday = false
"""
CLERK = """
[[staff]]
id = "ZX{n}"
name = "{name}"
badge = "ZX{n}"
department = "D01"
role = "clerk"
a_window = "W{n}"
b_windows = []
skills = ["A"]
title = "窗口工作人员"
duties = "综合受理"
sign_language = false
"""
LONG = "不动产登记、房屋交易、税费缴纳及水电气网联合过户综合受理窗口"
LONG_EN = "Change or filing of a limited liability company and of all its branches"
# What somebody reads lies inside what holds it, unless that can be scrolled.
SPILT = """() => [...document.querySelectorAll('main :is(b, strong, small, p, span, button)')].filter((e) => {
  const box = e.closest('li, td, th, .card, .area')
  if (!box || e.closest('.hidden-text, .sr, svg')) return false
  const [r, b] = [e.getBoundingClientRect(), box.getBoundingClientRect()]
  return r.width > 1 && r.right > b.right + 2 && getComputedStyle(e.parentElement).overflow === 'visible'
}).map((e) => e.className + ': ' + e.textContent.trim().slice(0, 60))"""


def big_hall(folder: Path) -> Path:
    """The demo hall with sixty windows in five areas, their clerks, and two hundred services."""
    shutil.copytree(ROOT / "config" / "demo", folder)
    (folder / "plan.toml").unlink()
    zones = ("A区", "B区", "C区", "D区", "服务区")
    with (folder / "windows.toml").open("a", encoding="utf-8") as windows:
        for n in range(15, 61):
            name = LONG if n % 5 == 0 else f"综合受理{n}窗"
            windows.write(WINDOW.format(n=n, name=name, address=n + 100, zone=zones[n % 5]))
    with (folder / "staff.toml").open("a", encoding="utf-8") as staff:
        for n in range(15, 61):
            staff.write(CLERK.format(n=n, name="阿卜杜热西提·阿卜杜克热木" if n % 7 == 0 else f"员{n}某"))
    services = (folder / "services.toml").read_text("utf-8")
    model = next(part for part in services.split("[[service]]") if 'id = "S001"' in part)
    model = re.sub(r"(?m)^(also|task_code|handle_item|basic_code|name|name_en|id) = .*\n", "", model)
    more = (
        f'[[service]]\nid = "S{600 + n}"\nname = "第{n}项{LONG[:20]}"\nname_en = "{n}: {LONG_EN}"\n{model}'
        for n in range(200 - services.count("[[service]]"))
    )
    (folder / "services.toml").write_text(services + "\n" + "\n".join(more), "utf-8")
    return folder


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("WUCHA_CONFIG", str(big_hall(tmp_path / "hall")))
    (tmp_path / "data").mkdir()
    made = Town(tmp_path / "data")
    try:
        yield made.start().set_up()
    finally:
        made.stop()


def settled(page: Page, state: str) -> None:
    page.wait_for_load_state("networkidle")
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{state} is {wide} px too wide"
    assert page.evaluate(SPILT) == [], state
    accessible(page, state)


AREAS = {
    "zh": ("事项", "人员", "窗口", "值岗 A/B 角", "排班", "平面图"),
    "en": ("Services", "People", "Windows", "Posts A and B", "Roster", "Floor plan"),
}
TABS = {
    "zh": ("现场", "窗口与事项", "设备", "设备安装", "设置"),
    "en": ("Live", "Windows and services", "Devices", "Installation", "Settings"),
}


@pytest.mark.parametrize(
    ("size", "theme", "lang"),
    [((1440, 900), "light", "zh"), ((1440, 900), "dark", "en"), ((390, 844), "light", "en")],
    ids=["desk", "dark", "phone"],
)
def test_sixty_windows_and_two_hundred_services_fit_every_page(
    town: Town, face: OpenFace, size: tuple[int, int], theme: str, lang: str
) -> None:
    page = face("/manager", size)
    sign_in(page, town, "ZW024")
    expect(page.locator(".live .sums")).to_be_visible()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page.evaluate("(one) => localStorage.setItem('wucha:lang', JSON.stringify(one))", lang)
    page.reload()
    expect(page.locator(".live .sums")).to_contain_text("/60")
    phone = size[0] < 720
    for tab in TABS[lang]:
        go(page, tab)
        settled(page, f"{tab}, {lang}")
    for name in AREAS[lang]:
        area(page, name)
        expect(page.locator(".area .history")).to_be_visible()
        settled(page, f"{name}, {lang}")
        if name in ("事项", "Services"):
            assert page.locator(".area .list > li").count() >= 200
    expect(page.locator(".draw .spot .box")).to_have_count(page.locator(".draw .spot").count())

    go(page, TABS[lang][0])
    plan = page.locator(".live section.floor, .live section.card").filter(has=page.locator(".as"))
    plan.locator(".as").click()
    settled(page, f"the other view of the plan, {lang}")
    tiles = plan.locator(".plan li, .tile")
    assert tiles.count() > 20 if phone else tiles.count() == 60
