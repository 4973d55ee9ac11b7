"""A number taken on a phone outside the hall, its holder's way through the door, and a list of papers
printed for nobody's number."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e import axe
from tests.e2e.clerk import Clerk
from tests.e2e.conftest import OpenFace
from tests.e2e.town import Town, request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]
PHONE, KIOSK = (390, 844), (1080, 1920)


def right(page: Page, name: str) -> None:
    axe.accessible(page, name)
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name}: {wide} px too wide"


def take(town: Town, kiosk: dict[str, str]) -> None:
    body = {"service": "S401", "request_id": request_id()}
    assert requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10).ok


def paper(bench: object, kiosk: str) -> list[list[str]]:
    papers = bench.models.get(f"printer-{kiosk}", {}).get("papers", [])  # type: ignore[attr-defined]
    return [[str(line.get("text", "")) for line in one["lines"]] for one in papers]


def test_F36_from_the_phone_through_the_door_to_the_window(town: Town, face: OpenFace) -> None:
    kiosk_key = town.key(kind="kiosk", kiosk="K1")
    clerk = Clerk(town, "ZW010", "W10")
    take(town, kiosk_key)
    take(town, kiosk_key)
    right(face("/take?lang=en", PHONE), "take-en")
    right(face("/take/poster", PHONE), "poster")
    right(face("/take?service=S401&lang=en", PHONE), "take-service-en")
    phone = face("/take", PHONE)
    right(phone, "take")
    phone.goto(f"{town.url}/take?service=S401")
    right(phone, "take-service")
    phone.get_by_role("button", name="取号").last.click()
    expect(phone.get_by_role("heading", name="E003")).to_be_visible()
    expect(phone.get_by_text("请现在出发")).to_be_visible()
    right(phone, "away")
    english = phone.context.new_page()
    english.goto(phone.url.split("?")[0] + "?lang=en")
    right(english, "away-en")
    # the two who are there are served, and whoever is not there is not called
    take(town, kiosk_key)
    for number in ("E001", "E002", "E004"):
        assert clerk.does("call-next")["desk"]["ticket"]["number"] == number
        clerk.serves()
    expect(phone.get_by_text("轮到您了，请马上到场确认")).to_be_visible(timeout=20000)
    right(phone, "due")

    kiosk = face("/touch/K1", KIOSK, kind="kiosk", kiosk="K1")
    kiosk.get_by_role("button", name="预约、到场签到").click()
    expect(kiosk.get_by_text("用手机取的号？")).to_be_visible()
    right(kiosk, "kiosk-check-in")
    digits = re.sub(r"\D", "", kiosk.locator(".present em").inner_text())
    here = phone.context.new_page()
    here.goto(f"{town.url}/here?k={digits}")
    right(here, "here")
    stranger = face(f"/here?k={digits}&lang=en", PHONE)
    right(stranger, "here-stranger-en")
    phone.get_by_label("或者在这里输入").fill("000 000")
    phone.get_by_role("button", name="我到了").click()
    expect(phone.get_by_text("数字不对")).to_be_visible()
    phone.get_by_label("或者在这里输入").fill("")
    code = re.sub(r"\D", "", phone.locator(".present .digits").inner_text())
    bench = town.bench()
    try:
        for digit in code:
            kiosk.get_by_role("button", name=digit, exact=True).click()
        kiosk.get_by_role("button", name="签到取号").click()
        expect(kiosk.get_by_text("E003").first).to_be_visible()
        until(lambda: any("E003" in one for one in paper(bench, "K1")), what="the number on paper")
    finally:
        bench.close()
    expect(phone.get_by_text("确认到场，请在大厅等候叫号")).to_be_visible(timeout=20000)
    right(phone, "arrived")
    assert clerk.does("call-next")["desk"]["ticket"]["number"] == "E003"
    expect(phone.get_by_text("正在叫您的号")).to_be_visible(timeout=20000)


def test_F18_the_list_of_papers_is_printed_without_a_number(town: Town, face: OpenFace) -> None:
    kiosk = face("/touch/K1", KIOSK, kind="kiosk", kiosk="K1")
    bench = town.bench()
    try:
        kiosk.locator(".find").click()
        kiosk.keyboard.type("gssldj", delay=70)
        kiosk.locator(".found .service").first.click()
        kiosk.get_by_role("button", name="打印材料清单").click()
        expect(kiosk.get_by_text("已打印，请取走告知单")).to_be_visible(timeout=30000)
        right(kiosk, "kiosk-guide-printed")
        (lines,) = paper(bench, "K1")
        words = "\n".join(lines)
        for wanted in (
            "一次性告知单",
            "公司设立登记",
            "1. ",
            "收费",
            "办结",
            "12345",
            "惠民路1号",
            "这不是号票",
        ):
            assert wanted in words, wanted
        (sheet,) = bench.models["printer-K1"]["papers"]
        codes = [line["qr"] for line in sheet["lines"] if "qr" in line]
        assert codes == [f"{town.url}/guide/S001"], sheet["lines"]
        assert not any(re.fullmatch(r"[A-Z]\d{3}", line) for line in lines), "no number was taken"
    finally:
        bench.close()
    queues = town.state("kiosk", town.key(kind="kiosk", kiosk="K2"))["rows"]["queues"]
    assert all(row["waiting"] == 0 for row in queues.values())
