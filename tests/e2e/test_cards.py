"""A card on the reader of a kiosk and a code before its scanner: over real serial bytes, in the real
browser.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.clock import now
from server.domain.actors import SYSTEM
from server.domain.appointments import Appointment, Booking
from server.domain.persons import person_key
from server.keys import hall_key
from server.settings import read_hall
from server.store.appointments import add_appointment
from server.store.engine import open_engine
from server.store.unit import Store
from tests.conftest import ROOT
from tests.e2e.conftest import OpenFace
from tests.e2e.test_walk import paper_of, sign_in
from tests.e2e.town import Bench, Town, until
from tests.e2e.wedge import scan

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

REAL_NAME = "普通护照签发"  # S406, queue E, identity card required
ELDER, ADULT = "990123194902030012", "990123198806150020"


def ready(page: Page) -> Page:
    """The reader has said that it is well, and the page knows it."""
    expect(page.get_by_role("button", name="刷身份证", exact=True)).to_be_visible(timeout=20_000)
    return page


def open_guide(page: Page, service: str) -> None:
    page.get_by_role("button", name="搜索事项").click()
    page.keyboard.type("pthz", delay=120)  # by hand: slower than any scanner
    page.get_by_text(service, exact=True).click()


def traces(town: Town) -> str:
    """Everything the hall has written: database, logs."""
    return "".join(
        path.read_bytes().decode("utf-8", "replace") + path.read_bytes().decode("utf-16-le", "replace")
        for path in town.data.rglob("*")
        if path.is_file()
    )


def test_an_elder_lays_a_card_and_gets_a_priority_number(town: Town, face: OpenFace) -> None:
    bench = town.bench()
    kiosk = ready(face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1"))
    open_guide(kiosk, REAL_NAME)
    expect(kiosk.get_by_text("实名取号：请把身份证平放在读卡区")).to_be_visible()
    expect(kiosk.get_by_role("button", name="取号", exact=True)).to_have_count(0)

    bench.act("reader-K1", "lay", card="elder")
    expect(kiosk.get_by_text("E001").first).to_be_visible()
    assert until(lambda: paper_of(bench, "printer-K1", "E001"), what="the paper")
    assert [row["priority"] for row in _tickets(town)] == ["elder"]

    # the visit ends: nothing of it stays in the page
    kiosk.get_by_role("button", name="看好了").click()
    expect(kiosk.get_by_text("您要办什么事？")).to_be_visible()
    kept = kiosk.evaluate(
        "JSON.stringify(Object.assign({}, localStorage, sessionStorage)) + document.body.innerHTML"
    )
    for secret in (ELDER, "张**", "19490203", "1949-02-03"):
        assert secret not in kept
    assert bench.models["reader-K1"]["reads"] == 1  # it still lies there and was read once

    # the same person asks for it again and prints it once more
    bench.act("reader-K1", "lift")
    until(lambda: not bench.models["reader-K1"]["card"], what="the card lifted")
    kiosk.wait_for_timeout(3500)
    bench.act("reader-K1", "lay", card="elder")
    expect(kiosk.get_by_text("张**，您好")).to_be_visible()
    kiosk.get_by_role("button", name="E001").click()
    kiosk.get_by_role("button", name="补打小票").click()
    paper = until(lambda: _reprint(bench, "E001"), what="the reprint")
    assert "张" not in json.dumps(paper, ensure_ascii=False)

    written = traces(town)
    for secret in (ELDER, ELDER[:17], "张示例", "示例小区", "张**"):
        assert secret not in written
    bench.close()


@pytest.mark.slow
def test_a_card_that_cannot_be_read_is_told_and_the_kiosk_goes_on(town: Town, face: OpenFace) -> None:
    bench = town.bench()
    kiosk = ready(face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1"))
    bench.act("reader-K1", "fault", fault="wrong_type")
    bench.act("reader-K1", "lay", card="adult")
    expect(kiosk.get_by_role("alert")).to_have_text("这种证件本机读不了，请到导办台。")
    bench.act("reader-K1", "clear")
    bench.act("reader-K1", "lift")
    kiosk.wait_for_timeout(1000)
    bench.act("reader-K1", "lay", card="adult")
    expect(kiosk.get_by_text("欧阳**，您好")).to_be_visible()
    expect(kiosk.get_by_text("您现在没有在排的号，今天也没有预约。")).to_be_visible()
    bench.act("reader-K1", "unplug")
    kiosk.get_by_role("button", name="首页").click()
    expect(kiosk.get_by_role("button", name="刷身份证", exact=True)).to_have_count(0, timeout=20_000)
    open_guide(kiosk, REAL_NAME)
    expect(kiosk.get_by_text("本机读不了证件", exact=False)).to_be_visible()
    bench.close()


@pytest.mark.slow
def test_a_reader_that_is_asked_only_where_a_card_is_wanted(town: Town, face: OpenFace) -> None:
    bench = town.bench()
    kiosk = ready(face("/touch/K2", (1080, 1920), kind="kiosk", kiosk="K2"))
    bench.act("reader-K2", "lay", card="adult")
    kiosk.wait_for_timeout(3000)
    assert bench.models["reader-K2"]["reads"] == 0
    kiosk.get_by_role("button", name="刷身份证", exact=True).click()
    expect(kiosk.get_by_text("欧阳**，您好")).to_be_visible()
    bench.close()


@pytest.mark.slow
def test_an_appointment_is_checked_in_by_its_code_before_the_scanner(town: Town, face: OpenFace) -> None:
    code = book_now(town).code
    bench = town.bench()
    kiosk = ready(face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1"))
    bench.act("scanner-K1", "scan", code="http://elsewhere/pay?x=1")
    expect(kiosk.get_by_role("alert")).to_have_text("这不是本大厅的预约签到码")
    bench.act("scanner-K1", "fault", fault="duplicate")
    bench.act("scanner-K1", "scan", code=code)
    expect(kiosk.get_by_text("A001").first).to_be_visible()
    paper = until(lambda: paper_of(bench, "printer-K1", "A001"), what="the checked-in paper")
    assert "预约" in json.dumps(paper, ensure_ascii=False)
    kiosk.wait_for_timeout(1500)
    assert town.state("manager")["values"]["day"]["taken"] == 1  # scanned twice, one number
    bench.close()


@pytest.mark.slow
def test_an_appointment_is_checked_in_by_card(town: Town, face: OpenFace) -> None:
    book_now(town)
    bench = town.bench()
    kiosk = ready(face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1"))
    bench.act("reader-K1", "lay", card="adult")
    expect(kiosk.get_by_text("您今天的预约")).to_be_visible()
    kiosk.get_by_role("button", name="签到取号").click()
    expect(kiosk.get_by_text("A001").first).to_be_visible()
    assert until(lambda: paper_of(bench, "printer-K1", "A001"), what="the checked-in paper")
    assert [row["priority"] for row in _tickets(town)] == ["appointment"]
    bench.close()


@pytest.mark.slow
def test_the_clerk_scans_a_code_and_no_key_of_it_chooses_anything(town: Town, face: OpenFace) -> None:
    code = book_now(town).code
    clerk = face("/clerk", (1440, 900))
    sign_in(clerk, town, "ZW001")
    clerk.get_by_role("button", name="打开窗口").first.click()
    call = clerk.get_by_role("button", name="叫下一位")
    expect(call).to_be_enabled()
    clerk.evaluate("document.activeElement && document.activeElement.blur()")
    scan(clerk, code)
    expect(clerk.get_by_text("已签到：A001")).to_be_visible()
    clerk.keyboard.press("Space")  # by hand it is the key that calls
    expect(clerk.get_by_text("A001").first).to_be_visible()
    expect(clerk.get_by_role("button", name="开始办理")).to_be_visible()


def book_now(town: Town) -> Appointment:
    """An appointment of the holder of the card "adult" in a few minutes, whatever the calendar says of
    today.
    """
    path = next(town.data.glob("*.db"))
    hall = read_hall(ROOT / "config" / "demo", ROOT / "config")
    store = Store(open_engine(f"sqlite:///{path}"), hall.id, now)
    at = now().replace(second=0, microsecond=0) + timedelta(minutes=5)
    with store.unit(SYSTEM) as unit:
        return add_appointment(
            unit,
            queue="A",
            service="S001",
            day=at.astimezone(hall.zone).date().isoformat(),
            at=at,
            place=0,
            state=Booking.BOOKED,
            person=person_key(hall_key(town.data), "id_card", ADULT),
            lang="zh",
        )


def _tickets(town: Town) -> list[dict[str, Any]]:
    path = next(town.data.glob("*.db"))
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute("select * from ticket")]


def _reprint(bench: Bench, number: str) -> dict[str, object] | None:
    for paper in bench.models["printer-K1"]["papers"]:
        text = json.dumps(paper, ensure_ascii=False)
        if number in text and "补打" in text:
            return dict(paper)
    return None
