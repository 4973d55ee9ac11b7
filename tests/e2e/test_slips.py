"""A manager changes what slips say: a mistake is named at its line, the draft is seen before it is
published, and the
next paper says it. A recording is uploaded and heard."""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_manager_edits_previews_publishes_and_goes_back(town: Town, face: OpenFace) -> None:
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    go(page, "小票")
    picture = page.get_by_role("img", name="打印效果，一点一像素")
    expect(picture).to_be_visible()
    before = picture.get_attribute("src")
    line = page.locator(".lines li", has_text="文字").filter(has=page.locator("input")).first
    line.locator("input").first.fill("{hal}")
    expect(page.get_by_role("alert").first).to_contain_text("占位符不正确")
    expect(page.get_by_role("button", name="发布")).to_be_disabled()
    line.locator("input").first.fill("青禾县便民小票")
    expect(page.get_by_role("alert")).to_have_count(0)
    until(lambda: picture.get_attribute("src") != before, what="another picture")
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("小票第 1 版已发布")).to_be_visible()

    bench = town.bench()
    try:
        kiosk = town.key(kind="kiosk", kiosk="K1")
        body = {"service": "S001", "request_id": request_id()}
        until(lambda: requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10).ok)

        def printed() -> bool:
            papers = bench.models.get("printer-K1", {}).get("papers", [])
            return any(line.get("text") == "青禾县便民小票" for paper in papers for line in paper["lines"])

        until(printed, what="the new words on paper")
        until(lambda: page.get_by_text("约剩").first.is_visible())
    finally:
        bench.close()
    page.get_by_role("button", name="恢复这一版").click()
    expect(page.get_by_text("小票第 2 版已发布")).to_be_visible()


def test_a_clerk_prints_what_is_missing_once(town: Town, face: OpenFace) -> None:
    bench = town.bench()
    kiosk = town.key(kind="kiosk", kiosk="K1")
    body = {"service": "S401", "request_id": request_id()}
    assert requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10).ok
    page = face("/clerk", (1440, 900))
    sign_in(page, town, "ZW010")
    page.get_by_role("button", name="打开窗口").first.click()
    page.get_by_role("button", name="叫下一位").click()
    page.get_by_role("button", name="打印一次性告知单").click()
    panel = page.get_by_role("dialog", name="E001 的一次性告知单")
    expect(panel.get_by_role("option", name="K2")).to_have_count(1)
    second = panel.get_by_role("checkbox").nth(1)
    name = panel.locator("li span").nth(1).inner_text()
    second.check()
    expect(panel.get_by_text("已勾选 1 项")).to_be_visible()
    panel.get_by_label("说明").fill("复印件请盖章")
    accessible(page, "clerk-notice")
    panel.get_by_role("button", name="打印", exact=True).click()
    expect(page.get_by_text("E001 的告知单已送到 K1 打印")).to_be_visible()
    accessible(page, "clerk-notice-sent")

    def printed() -> bool:
        papers = bench.models.get("printer-K1", {}).get("papers", [])
        texts = [str(line.get("text", "")) for paper in papers for line in paper["lines"]]
        return f"1. {name}" in texts and any("复印件请盖章" in text for text in texts)

    try:
        until(printed, what="the notice on paper")
    finally:
        bench.close()


def test_a_recording_is_uploaded_and_heard(town: Town, face: OpenFace, tmp_path: Path) -> None:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(n / 8))) for n in range(9000)))
    clip = tmp_path / "qing.wav"
    clip.write_bytes(out.getvalue())
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    go(page, "语音")
    page.get_by_label("上传录音 请").set_input_files(clip)
    expect(page.get_by_text("“请”的录音已保存")).to_be_visible()
    expect(page.locator(".clips li.own")).to_have_count(1)
    with page.expect_response("**/api/voices/trial.wav*") as heard:
        page.get_by_role("button", name="播放").click()
    assert heard.value.status == 200
    clip.write_bytes(b"no sound")
    page.get_by_label("上传录音 号", exact=True).set_input_files(clip)
    expect(page.get_by_text("录音不能用")).to_be_visible()


def test_a_slip_nobody_can_vouch_for_is_settled_by_a_person(town: Town, face: OpenFace) -> None:
    page, bench, key = face("/manager", (1440, 900)), town.bench(), town.key(kind="kiosk", kiosk="K1")
    sign_in(page, town, "ZW024")
    bench.act("printer-K1", "fault", fault="run_out", value=10)
    body = {"request_id": request_id(), "service": "S401"}
    number = requests.post(f"{town.url}/api/tickets", json=body, headers=key, timeout=10).json()["ticket"][
        "number"
    ]
    expect(page.get_by_text("K1：1 张小票不确定是否打印")).to_be_visible(timeout=20_000)
    row = page.locator("li", has_text="取号机 K1 · 缺纸").filter(has_text=number)
    expect(row).to_be_visible()
    accessible(page, "unsure")
    row.get_by_role("button", name="没打出来").click()
    expect(row).to_have_count(0)
    expect(page.get_by_text("K1：1 张小票没有打印，请补打")).to_be_visible()
    accessible(page, "unsure_done")
    (left,) = town.state("manager")["values"]["slips"]
    assert (left["state"], left["reason"]) == ("failed", "not_seen")
    bench.close()
