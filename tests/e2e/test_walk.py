"""The walking hall: one citizen through the whole house, in the real browser, over real serial bytes.

kiosk -> number committed -> ESC/POS paper -> clerk calls -> strip, board, window screen, voice -> serve,
finish -> the pad asks, two stars with a reason -> the manager sees it; the phone page follows all along.
"""

from __future__ import annotations

import io
import json
import wave

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenFace
from tests.e2e.town import Bench, Town, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SERVICE = "居民身份证换领"  # S401, queue E, window 10


def sign_in(page: Page, town: Town, staff: str, password: str = "an-honest-word-2026") -> None:
    """First log-in with the one-time password, which has to be replaced."""
    once = town.staff[staff]["once_password"]
    page.locator("input[name=staff], input[autocomplete=username]").first.fill(staff)
    page.locator("input[type=password]").first.fill(once)
    page.keyboard.press("Enter")
    fresh = page.locator("input[autocomplete=new-password]")
    expect(fresh.first).to_be_visible()
    for box in fresh.all():
        box.fill(password)
    page.keyboard.press("Enter")


def paper_of(bench: Bench, printer: str, number: str) -> dict[str, object] | None:
    for paper in bench.models.get(printer, {}).get("papers", []):
        if paper["end"] == "cut" and any(line.get("text") == number for line in paper["lines"]):
            return dict(paper)
    return None


def test_one_citizen_walks_through_the_whole_house(town: Town, face: OpenFace) -> None:
    bench = town.bench()
    # sparing: what a day like this one wants is what test_weight.py counts
    board = face("/hall/B1", (1920, 1080), sparing=True, kind="board", name="B1")
    screen = face("/window/W10", (1280, 720), sparing=True, kind="window_screen", window="W10")
    pad = face("/pad/W10", (1024, 600), sparing=True, kind="pad", window="W10")
    kiosk = face("/touch/K1", (1080, 1920), sparing=True, kind="kiosk", kiosk="K1")
    manager = face("/manager", (1440, 900))
    sign_in(manager, town, "ZW024")
    board_key = town.key(kind="board", name="B2")

    # three taps to a number
    kiosk.get_by_text(SERVICE, exact=True).first.click()
    kiosk.get_by_role("button", name="取号", exact=True).click()
    expect(kiosk.get_by_text("E001").first).to_be_visible()

    # the paper, decoded by the virtual printer from the bytes on its line
    paper = until(lambda: paper_of(bench, "printer-K1", "E001"), what="the paper")
    lines = paper["lines"]
    assert isinstance(lines, list)
    texts = [line.get("text") for line in lines]
    assert "青禾县政务服务中心" in texts
    assert SERVICE in texts
    assert next(line for line in lines if line.get("text") == "E001")["size"] == 4
    link = next(line["qr"] for line in lines if line.get("qr"))
    expect(kiosk.get_by_text("请取走小票")).to_be_visible()

    # the phone behind the QR code
    phone = face(link.removeprefix(town.url), (390, 844))
    expect(phone.get_by_text("E001").first).to_be_visible()

    # a clerk signs in and calls
    clerk = face("/clerk", (1440, 900), sparing=True)
    sign_in(clerk, town, "ZW010")
    clerk.get_by_role("button", name="打开窗口").first.click()
    call = clerk.get_by_role("button", name="叫下一位")
    expect(call).to_be_enabled()
    with board.expect_response("**/api/voice/*.wav") as fetched:  # the board gets the voice file and plays it
        call.click()
    assert fetched.value.status == 200
    expect(clerk.get_by_text("E001").first).to_be_visible()

    # strip: the text of decoded BX-K frames; board and window screen; the voice
    until(lambda: bench.models["strip-W10"]["text"] == "请E001号到10号窗口", what="the strip")
    assert bench.models["strip-W10"]["rejected"] == 0
    expect(board.get_by_text("E001").first).to_be_visible()
    expect(screen.get_by_text("E001").first).to_be_visible()
    expect(screen.get_by_text("褚建平").first).to_be_visible()
    expect(phone.get_by_text("正在叫您的号").first).to_be_visible()
    calls = town.state("hall", board_key)["values"]["calls"]
    voice = requests.get(f"{town.url}/api/voice/{calls[0]['id']}.wav", headers=board_key, timeout=20)
    assert voice.status_code == 200
    with wave.open(io.BytesIO(voice.content)) as sound:
        assert sound.getnchannels() == 1
        assert sound.getnframes() / sound.getframerate() > 2.0

    # serve and finish
    clerk.get_by_role("button", name="开始办理").click()
    until(lambda: bench.models["strip-W10"]["text"] == "正在办理E001", what="the strip while serving")
    clerk.get_by_role("button", name="办结").first.click()
    clerk.get_by_role("dialog").get_by_role("button").first.click()  # the first outcome: done

    # the pad asks; a bad one needs a reason
    pad.get_by_role("button", name="不满意", exact=True).click()
    pad.get_by_text("没有提供材料样本").click()
    pad.get_by_role("button", name="提交").click()
    expect(pad.get_by_text("谢谢您的评价")).to_be_visible()

    # the manager sees it as it happens
    expect(manager.get_by_text("没有提供材料样本").first).to_be_visible()
    figures = town.state("manager")["values"]
    assert figures["ratings"]["counts"]["2"] == 1
    assert (figures["day"]["taken"], figures["day"]["done"]) == (1, 1)
    expect(phone.get_by_text("已办完").first).to_be_visible()
    bench.close()


def test_the_hardware_keypad_calls_serves_and_rates(town: Town, face: OpenFace) -> None:
    """The same journey with FF68 keys at the other end of a serial line instead of the browser."""
    bench = town.bench()
    kiosk = town.key(kind="kiosk", kiosk="K2")
    body = {"request_id": "keypad-journey-1", "service": "S401"}
    assert requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10).status_code == 201
    assert until(lambda: paper_of(bench, "printer-K2", "E001"), what="the paper on 58 mm")
    clerk = face("/clerk", (1440, 900))
    sign_in(clerk, town, "ZW010")
    clerk.get_by_role("button", name="打开窗口").first.click()
    expect(clerk.get_by_role("button", name="叫下一位")).to_be_enabled()
    until(lambda: bench.models["keypad-W10"]["waiting"].strip() == "1", what="one waiting on the keypad")

    bench.act("keypad-W10", "press", key="call")
    until(lambda: bench.models["strip-W10"]["text"] == "请E001号到10号窗口", what="the strip")
    expect(clerk.get_by_text("E001").first).to_be_visible()
    until(lambda: int(bench.models["keypad-W10"]["number"] or 0) == 1, what="the number on the keypad")
    bench.act("keypad-W10", "press", key="rate")
    until(lambda: bench.models["keypad-W10"].get("asked"), what="the hardware pad asks")
    # the first of its five keys: the vendor's table makes it a level
    bench.act("keypad-W10", "rate", value=0)
    counts = until(lambda: _given(town), what="the rating")
    assert sum(counts.values()) == 1
    bench.close()


def _given(town: Town) -> dict[str, int] | None:
    counts: dict[str, int] = town.state("manager")["values"]["ratings"]["counts"]
    return counts if any(counts.values()) else None


def test_paper_out_before_the_slip_is_told_and_nothing_is_lost(town: Town, face: OpenFace) -> None:
    bench = town.bench()
    kiosk = face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1")
    bench.act("printer-K1", "fault", fault="paper_out")
    kiosk.get_by_text(SERVICE, exact=True).first.click()
    kiosk.get_by_role("button", name="取号", exact=True).click()
    expect(kiosk.get_by_text("E001").first).to_be_visible()
    expect(kiosk.get_by_text("打印机缺纸", exact=False).first).to_be_visible()
    until(
        lambda: town.state("manager")["rows"]["devices"]["printer-K1"]["reason"] == "paper_out",
        what="the alarm",
    )
    assert paper_of(bench, "printer-K1", "E001") is None
    bench.act("printer-K1", "refill")
    kiosk.get_by_role("button", name="补打小票").click()
    paper = until(lambda: paper_of(bench, "printer-K1", "E001"), what="the reprint")
    assert "补打" in json.dumps(paper, ensure_ascii=False)
    bench.close()
