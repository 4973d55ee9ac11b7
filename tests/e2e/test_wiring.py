"""An installer at the page: lines and their bytes, a test on a strip, a printer found on the network, tried,
declared, tried again and taken out, a new model taught; and the same hall seen from the terminal."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from drivers.commission import edit
from drivers.line.clock import Clock
from drivers.virtual.bxk import BxkCard
from drivers.virtual.expose import OverTcp
from drivers.virtual.frame_screens import frame_screen
from drivers.virtual.medium import Medium
from drivers.virtual.printer import Printer
from drivers.virtual.sign import Sign
from tests.conftest import ROOT
from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """The demo hall on a device list of its own, which may be edited."""
    own = tmp_path / "config"
    shutil.copytree(ROOT / "config" / "profiles", own / "profiles")
    shutil.copy(ROOT / "config" / "devices.toml", own / "devices.toml")
    made = Town(tmp_path, devices=own / "devices.toml")
    try:
        yield made.start().set_up()
    finally:
        made.stop()


@pytest.fixture
def paper() -> Iterator[tuple[Printer, str]]:
    """A printer that nobody has declared, at a network address."""
    cable = Medium("net", baud=0, clock=Clock())
    cable.join(far := Printer("net", options={"mm_per_s": "5000"}))
    exposed = OverTcp(cable)
    yield far, exposed.url
    exposed.close()


@pytest.fixture
def led() -> Iterator[tuple[BxkCard, str]]:
    """A card on a serial server, which nobody has declared either."""
    cable = Medium("led", baud=0, shared=True, clock=Clock())
    cable.join(far := BxkCard("card", 1))
    exposed = OverTcp(cable)
    yield far, exposed.url
    exposed.close()


@pytest.fixture
def screen() -> Iterator[tuple[Sign, str]]:
    """A two-colour screen on a serial server."""
    cable = Medium("a090", baud=0, shared=True, clock=Clock())
    cable.join(far := frame_screen("far", 1, {"far": "a090"}))
    exposed = OverTcp(cable)
    yield far, exposed.url
    exposed.close()


def test_an_installer_puts_machines_into_service(
    town: Town, face: OpenFace, paper: tuple[Printer, str], led: tuple[BxkCard, str]
) -> None:
    (far, url), (strip_card, card) = paper, led
    page = face("/manager", (1440, 900))

    sign_in(page, town, "ZW024")
    go(page, "设备安装")
    expect(page.get_by_text("virtual://strips/A").first).to_be_visible()
    accessible(page, "wiring")

    strip = page.locator("li", has=page.locator("b", has_text=re.compile("^strip-W03$")))
    strip.get_by_role("textbox").fill("三号测试")
    strip.get_by_role("button", name="显示测试文字").click()
    expect(strip.get_by_text("成功，设备已确认")).to_be_visible()
    strip.get_by_role("button", name="看字节").click()
    watch = page.get_by_role("region", name="strip-W03 线路上的字节")
    expect(watch.get_by_text("条屏 3 显示：三号测试").first).to_be_visible()
    expect(watch.get_by_text("条屏 3 答好").first).to_be_visible()
    accessible(page, "wiring-watch")
    with page.expect_download() as saved:
        watch.get_by_role("button", name="保存为文件").click()
    trace = town.data / "strip.trace"
    saved.value.save_as(trace)
    told = terminal(town, "replay", str(trace))
    assert "条屏 3 显示：三号测试" in told
    watch.get_by_role("button", name="关闭").click()

    page.get_by_role("textbox", name="网络地址").fill(url)
    page.get_by_role("button", name="开始查找").click()
    found = page.locator("article", has_text="escpos").filter(has_text=url)
    expect(found).to_be_visible(timeout=60_000)
    assert far.papers[-1].lines == []  # nothing was printed by looking
    found.get_by_role("button", name="打印测试小票").click()
    expect(found.get_by_text("成功，设备已确认")).to_be_visible()
    assert "测试小票" in far.slips[0].words()[0]
    found.get_by_role("textbox", name="取号机").fill("K9")
    accessible(page, "wiring-found")
    found.get_by_role("button", name="登记", exact=True).click()
    mine = page.locator("li", has=page.locator("b", has_text=re.compile("^printer-K9$")))
    expect(mine).to_be_visible(timeout=20_000)
    until(lambda: health(town, "printer-K9") == "ok", what="the new printer's health")
    mine.get_by_role("button", name="打印测试小票").click()
    expect(mine.get_by_text("成功，设备已确认")).to_be_visible(timeout=20_000)
    assert len(far.slips) == 2
    accessible(page, "wiring-declared")

    mine.get_by_role("button", name="看字节").click()
    page.get_by_role("button", name="关闭").click()
    page.get_by_text("教一个新型号").click()
    lesson = page.locator("details", has_text="教一个新型号")
    lesson.get_by_role("combobox", name="从这个型号开始").select_option("strip_128x16")
    described = lesson.get_by_role("textbox", name="型号说明（帧格式）")
    expect(described).to_have_value(re.compile("onbon_bxk"))
    lesson.get_by_role("textbox", name="新型号的名称").fill("strip_new")
    lesson.get_by_role("textbox", name="教一个新型号 网络地址").fill(card)
    lesson.get_by_role("textbox", name="测试文字").fill("新型号")
    lesson.get_by_role("button", name="检查并发送").click()
    expect(lesson.get_by_role("status")).to_have_text("成功，设备已确认")
    assert strip_card.text == "新型号"
    accessible(page, "wiring-learn")
    described.fill("driver = 1")
    lesson.get_by_role("button", name="检查并发送").click()
    expect(lesson.get_by_role("alert")).to_contain_text("没有保存")
    described.fill((ROOT / "config/profiles/strip_128x16.toml").read_text("utf-8"))
    lesson.get_by_role("button", name="保存为型号").click()
    expect(page.get_by_text("strip_new 已保存")).to_be_visible()
    assert (town.data / "config" / "profiles" / "strip_new.toml").exists()

    mine.get_by_role("button", name="删除登记").click()
    mine.get_by_role("alertdialog").get_by_role("button", name="删除登记").click()
    expect(mine).to_be_hidden(timeout=20_000)
    until(lambda: health(town, "printer-K9") is None, what="the printer is gone")
    assert "printer-K9" not in (town.data / "config" / "devices.toml").read_text("utf-8")


def test_a_card_whose_frames_are_described_is_learnt_at_the_page(
    town: Town, face: OpenFace, screen: tuple[Sign, str]
) -> None:
    """From a near description: a wrong checksum is seen in the bytes, mended, kept, declared, and calls."""
    far, url = screen
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    go(page, "设备安装")
    page.get_by_text("教一个新型号").click()
    lesson = page.locator("details", has_text="教一个新型号")
    lesson.get_by_role("combobox", name="从这个型号开始").select_option("frame_a090")
    described = lesson.get_by_role("textbox", name="型号说明（帧格式）")
    expect(described).to_have_value(re.compile("a0 90"))
    right = described.input_value()
    lesson.get_by_role("textbox", name="新型号的名称").fill("frame_new")
    lesson.get_by_role("textbox", name="教一个新型号 网络地址").fill(url)
    lesson.get_by_role("textbox", name="测试文字").fill("新屏幕")
    described.fill(right.replace('"xor"', '"sum"'))
    lesson.get_by_role("button", name="检查并发送").click()
    expect(lesson.get_by_role("status")).to_contain_text("没有成功", timeout=20_000)
    expect(lesson.get_by_text("给屏 1：新屏幕").first).to_be_visible()
    described.fill(right.replace('span = ["text", "text"]', 'span = ["txt", "text"]'))
    lesson.get_by_role("button", name="检查并发送").click()
    expect(lesson.get_by_text("没有名为 'txt' 的字段")).to_be_visible()
    described.fill(right)
    lesson.get_by_role("button", name="检查并发送").click()
    expect(lesson.get_by_role("status")).to_have_text("成功，设备已确认")
    expect(lesson.get_by_text("屏 1 答好")).to_be_visible()
    assert far.text == "新屏幕"
    accessible(page, "a model that was taught")
    lesson.get_by_role("button", name="保存为型号").click()
    expect(page.get_by_text("frame_new 已保存")).to_be_visible()
    path = town.data / "config" / "devices.toml"
    edit.add(path, edit.NewDevice("strip-new", "frame_new", url, 0, 1, "W10"))
    until(lambda: health(town, "strip-new"), what="the declared screen")
    until(lambda: far.text not in ("", "新屏幕"), what="the window's own words on it")


OTHERS = """
[[device]]
name = "digits-W01"
model = "digits_4"
line = "virtual://digits/A"
address = 1
window = "W01"

[[device]]
name = "digits-W02"
model = "digits_4"
line = "virtual://digits/A"
address = 2
window = "W02"

[[device]]
name = "box-W01"
model = "apertum_box"
line = "virtual://boxes/A"
address = 32
window = "W01"

[[device]]
name = "strip-W03"
model = "strip_128x16"
line = "virtual://strips/A"
address = 3
window = "W03"
"""


@pytest.fixture
def others(tmp_path: Path) -> Iterator[Town]:
    own = tmp_path / "config"
    shutil.copytree(ROOT / "config" / "profiles", own / "profiles")
    (own / "devices.toml").write_text(OTHERS, "utf-8")
    made = Town(tmp_path, devices=own / "devices.toml")
    try:
        yield made.start().set_up()
    finally:
        made.stop()


def test_machines_are_given_other_addresses_at_the_page(others: Town, browser: Browser) -> None:
    """A display confirms and the list follows; a box is looked at; a strip has no such command."""
    bench, listed = others.bench(), others.data / "config" / "devices.toml"
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.goto(others.url + "/manager")

    def row(name: str) -> Locator:
        return page.locator("li", has=page.locator("b", has_text=re.compile(f"^{name}$")))

    sign_in(page, others, "ZW024")
    go(page, "设备安装")
    until(lambda: bench.models.get("digits-W01"), what="the bench")

    row("digits-W01").get_by_role("button", name="改地址").click()
    form = row("digits-W01").get_by_role("form")
    expect(form.get_by_label("新地址")).to_have_value("3")  # the first that is free
    form.get_by_label("新地址").fill("2")
    expect(form.get_by_role("alert")).to_have_text("digits-W02 在用这个地址")
    expect(form.get_by_role("button", name="写入设备")).to_be_disabled()
    assert bench.models["digits-W01"]["address"] == 1
    form.get_by_label("新地址").fill("7")
    accessible(page, "address-form")
    form.get_by_role("button", name="写入设备").click()
    expect(row("digits-W01").get_by_text("成功，设备已确认")).to_be_visible()
    until(lambda: bench.models["digits-W01"]["address"] == 7, what="the display at its new address")
    assert "address = 7" in listed.read_text("utf-8")
    expect(row("digits-W01").get_by_text("地址 7")).to_be_visible(timeout=15_000)

    row("box-W01").get_by_role("button", name="改地址").click()
    row("box-W01").get_by_label("新地址").fill("34")
    row("box-W01").get_by_role("button", name="写入设备").click()
    expect(row("box-W01").get_by_text("它现在显示 34 吗？")).to_be_visible()
    until(lambda: bench.models["box-W01"]["digits"].strip() == "34", what="the box shows it")
    assert "address = 34" not in listed.read_text("utf-8")
    accessible(page, "address-look")
    row("box-W01").get_by_role("button", name="显示了，改清单").click()
    expect(row("box-W01").get_by_text("地址 34")).to_be_visible(timeout=15_000)
    until(lambda: bench.models["box-W01"]["address"] == 34, what="the same box")

    row("strip-W03").get_by_role("button", name="改地址").click()
    expect(row("strip-W03").get_by_text("没有改地址的命令")).to_be_visible()
    expect(row("strip-W03").get_by_role("button", name="写入设备")).to_have_count(0)
    accessible(page, "address-fixed")
    row("strip-W03").get_by_label("新地址").fill("5")
    row("strip-W03").get_by_role("button", name="只改清单").click()
    expect(row("strip-W03").get_by_text("地址 5")).to_be_visible(timeout=15_000)
    headers = {"X-Wucha-CSRF": others.csrf, "Origin": others.url}
    asked = others.admin.post(
        f"{others.url}/api/devices/strip-W03/address", json={"to": 6}, headers=headers, timeout=10
    )
    assert (asked.status_code, asked.json()["refused"]) == (409, "address-fixed")
    bench.close()
    context.close()


def test_the_same_hall_at_a_terminal(town: Town) -> None:
    until(lambda: "ok" in terminal(town, "list"), what="a machine that is ok")
    told = terminal(town, "list")
    assert re.search(r"strip-W01 +strip_128x16 +W01 +hall +ok", told)
    out = town.data / "line.trace"
    told = terminal(town, "record", "strip-W01", "--seconds", "0.2", "--out", str(out))
    assert "问条屏 2 在不在" in told
    assert "# line virtual://strips/A   driver onbon_bxk   baud 57600" in out.read_text("utf-8")
    assert terminal(town, "replay", str(out)).count("\n") > 3
    other = ["record", "strip-W99", "--seconds", "0.2"]
    assert terminal(town, *other, good=False)


def terminal(town: Town, *words: str, good: bool = True) -> str:
    command = [
        sys.executable,
        "-m",
        "server.cli",
        "--data",
        str(town.data),
        "--port",
        str(town.port),
        "devices",
        *words,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode == 0) is good, done.stderr
    return done.stdout + done.stderr


def health(town: Town, device: str) -> str | None:
    row = town.state("manager")["rows"]["devices"].get(device)
    return row["state"] if row else None
