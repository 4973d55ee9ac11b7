"""A hall with other machines: number displays, Apertum boxes and boards, polled keypads, a mixed pair."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.e2e.conftest import OpenFace
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

LINES = {"box": "virtual://apertum/A", "digits": "virtual://digits/A", "mixed": "virtual://mixed/A"}
DEVICES = [  # name, model, line, address, window
    ("box-W10", "apertum_box", "box", 32, "W10"),
    ("board-W10", "apertum_board", "box", 33, "W10"),
    ("keypad-W01", "keypad_pad5", "mixed", 1, "W01"),
    ("strip-W01", "digits_4", "mixed", 2, "W01"),
    ("digits-W10", "digits_6", "digits", 1, "W10"),
    ("pad-W02", "keypad_polled", "virtual://polled/A", 1, "W02"),
]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    (tmp_path / "profiles").symlink_to(ROOT / "config" / "profiles")
    text = "".join(f'[line.{name}]\nurl = "{url}"\n' for name, url in LINES.items())
    for name, model, line, address, window in DEVICES:
        row = (
            f'name = "{name}"\nmodel = "{model}"\nline = "{line}"\naddress = {address}\nwindow = "{window}"\n'
        )
        text += f"[[device]]\n{row}"
    declared = tmp_path / "devices.toml"
    declared.write_text(text, "utf-8")
    made = Town(tmp_path, devices=declared)
    try:
        yield made.start().set_up()
    finally:
        made.stop()


@pytest.mark.slow
def test_a_box_runs_a_window_and_a_display_follows(town: Town, face: OpenFace) -> None:
    bench = town.bench()
    key = town.key(kind="kiosk", kiosk="K1")
    for _ in range(3):
        body = {"request_id": request_id(), "service": "S401"}
        assert requests.post(f"{town.url}/api/tickets", json=body, headers=key, timeout=10).status_code == 201
    clerk = face("/clerk", (1440, 900))
    sign_in(clerk, town, "ZW010")
    clerk.get_by_role("button", name="打开窗口").first.click()
    expect(clerk.get_by_role("button", name="叫下一位")).to_be_enabled()
    until(lambda: bench.models["box-W10"]["digits"] == "CAL", what="somebody waits")

    def shown() -> tuple[str, str, str]:
        return tuple(
            bench.models[d][w].strip()
            for d, w in (("digits-W10", "text"), ("board-W10", "text"), ("box-W10", "digits"))
        )

    # one press, one call, and every display says the same number
    bench.act("box-W10", "press", key="call_or_recall")
    expect(clerk.get_by_text("E001").first).to_be_visible()
    until(lambda: shown() == ("E001", "E001", "001"), what="the number everywhere")
    # two at once on the wires: nothing is called; one press twice: still one
    bench.act("box-W10", "fault", fault="collision", value=1)
    bench.act("box-W10", "press", key="start")
    bench.act("box-W10", "fault", fault="double_press")
    bench.act("box-W10", "press", key="start")
    expect(clerk.get_by_role("button", name="办结").first).to_be_visible()
    bench.act("box-W10", "press", key="end")
    expect(clerk.get_by_role("button", name="叫下一位")).to_be_enabled()
    until(lambda: shown() == ("", "", "CAL"), what="the welcome")
    bench.act("box-W10", "press", key="call_or_recall")
    expect(clerk.get_by_text("E002").first).to_be_visible()
    until(lambda: shown() == ("E002", "E002", "002"), what="the next number")

    # the adapter of the display is re-plugged: it is told the present
    bench.act("digits-W10", "unplug")
    until(lambda: town.state("manager")["rows"]["devices"]["digits-W10"]["state"] == "down", what="fault")
    bench.act("digits-W10", "power")
    until(lambda: not bench.models["digits-W10"]["text"].strip(), what="a dark display")
    bench.act("digits-W10", "replug")
    until(lambda: town.state("manager")["rows"]["devices"]["digits-W10"]["state"] == "ok", what="ready")
    until(lambda: shown()[0] == "E002", what="the present")

    # the bench shows them and breaks them
    page = face("/bench", (1440, 900))
    page.context.add_cookies(
        [{"name": c.name, "value": c.value, "url": town.url} for c in town.admin.cookies]
    )
    page.reload()
    desk = page.locator("article", has=page.get_by_text("10 号窗口"))
    expect(desk.get_by_role("button", name="呼叫/重呼")).to_be_visible()
    expect(desk.get_by_role("switch", name="按一下算两下").last).to_have_attribute("aria-checked", "true")
    desk.get_by_role("switch", name="五字节碰撞").click()
    until(lambda: "collision" in bench.models["box-W10"]["faults"], what="the switch")
    desk.get_by_role("switch", name="回声").last.click()
    until(lambda: "echo" in bench.models["box-W10"]["cable"], what="the cable's switch")
    page.screenshot(path=str(town.data / "bench.png"), full_page=True)
    bench.close()
