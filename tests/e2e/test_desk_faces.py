"""The clerk's and the manager's faces with the seldom deeds, in the real browser."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing

import pytest
import requests
from playwright.sync_api import Route, expect

from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.mark.slow
def test_undo_choice_further_transfer_correction_and_help(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    links = []
    for _ in range(8):
        body = {"request_id": request_id(), "service": "S001"}
        taken = requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10).json()
        links.append(taken["ticket"]["link"])
    manager = face("/manager", (1440, 900))
    sign_in(manager, town, "ZW024")
    other = face("/clerk", (1440, 900))
    sign_in(other, town, "ZW005")
    other.get_by_role("button", name="打开窗口").first.click()
    desk = face("/clerk", (1440, 900))
    sign_in(desk, town, "ZW001")
    desk.get_by_role("button", name="打开窗口").first.click()
    call = desk.get_by_role("button", name="叫下一位")
    expect(call).to_be_enabled()

    # call, and take it back
    call.click()
    expect(desk.get_by_role("button", name="撤销")).to_be_visible()
    desk.keyboard.press("z")
    expect(call).to_be_enabled()

    # by choice, with a reason
    desk.keyboard.press("c")
    dialog = desk.get_by_role("dialog")
    dialog.locator("input").fill("a003")
    dialog.get_by_text("行动不便").click()
    dialog.get_by_role("button", name="点名叫号").click()
    expect(desk.get_by_text("A003").first).to_be_visible()
    expect(manager.get_by_text("今天点名叫号 1 次")).to_be_visible()

    # one more service on the number; the phone shows both
    desk.get_by_role("button", name="加办事项").click()
    dialog.locator("input").fill("异地就医")
    dialog.get_by_role("button", name="异地就医备案").click()
    expect(desk.get_by_text("还要办")).to_be_visible()
    phone = face(f"/t/{links[2]}", (390, 844))
    expect(phone.get_by_text("接着办")).to_be_visible()

    # to a colleague, and back when done there
    desk.keyboard.press("t")
    dialog.get_by_role("button", name="孙丽").click()
    dialog.locator("input[type=checkbox]").check()
    dialog.get_by_role("button", name="确认转办").click()
    expect(call).to_be_enabled()
    other.get_by_role("button", name="叫下一位").click()
    expect(other.get_by_text("办完转回 1 号窗口")).to_be_visible()

    # finish, then put the outcome right
    call.click()
    desk.get_by_role("button", name="开始办理").click()
    desk.get_by_role("button", name="办结").first.click()
    dialog.get_by_role("button").first.click()
    desk.get_by_role("button", name="更正").click()
    dialog.locator("#outcome").select_option("deferred")
    dialog.locator("#reason").fill("误按办结")
    dialog.get_by_role("button", name="确认更正").click()
    expect(desk.get_by_text("容缺受理").first).to_be_visible()

    # help: a long press, an owner, an end
    button = desk.get_by_role("button", name="紧急求助")
    button.click()  # a short one calls nobody
    expect(button).to_be_visible()
    button.click(delay=1300)
    expect(desk.get_by_text("等待回应")).to_be_visible()
    manager.get_by_role("button", name="我来处理").click()
    expect(desk.get_by_text("正在赶来")).to_be_visible()
    manager.get_by_role("button", name="处理完毕").click()
    expect(button).to_be_visible()


@pytest.mark.slow
def test_a_tidal_window_opens_when_somebody_agrees(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    for _ in range(8):
        body = {"request_id": request_id(), "service": "S001"}
        requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10)
    desk = face("/clerk", (1440, 900))
    sign_in(desk, town, "ZW004")
    desk.get_by_role("button", name="打开窗口").first.click()
    expect(desk.get_by_text("要等值班领导同意")).to_be_visible()
    leader = face("/manager", (1440, 900))
    sign_in(leader, town, "ZW021")
    leader.get_by_role("button", name="同意打开").click()
    expect(leader.get_by_role("button", name="同意打开")).to_have_count(0)
    desk.get_by_role("button", name="打开窗口").first.click()
    expect(desk.get_by_role("button", name="叫下一位")).to_be_enabled()


@pytest.mark.slow
def test_a_desk_on_a_day_without_business_says_so_and_works_by_the_leaders_hand(
    town: Town, face: OpenFace
) -> None:
    for _ in ("no new numbers", "the end of the day"):
        town.lead("/api/day/close")
    desk = face("/clerk", (1440, 900))
    sign_in(desk, town, "ZW001")
    desk.get_by_role("button", name="打开窗口").first.click()
    expect(desk.locator(".none .big")).to_have_text(re.compile("今日(已结束|休息)"))
    expect(desk.locator(".none").get_by_text(re.compile(r"\d\d:\d\d 开始办理"))).to_be_visible()
    expect(desk.get_by_text("请带班领导在管理台按“开始今天”")).to_be_visible()
    expect(desk.get_by_role("button", name="叫下一位")).to_be_disabled()
    expect(desk.get_by_role("button", name="点名叫号")).to_be_disabled()
    expect(desk.get_by_role("button", name="暂停服务")).to_be_enabled()
    town.lead("/api/day/open")
    expect(desk.get_by_role("button", name="叫下一位")).to_be_enabled()
    expect(desk.get_by_text("现在没有人等候")).to_be_visible()
    town.lead("/api/day/close")
    expect(desk.get_by_text("已停止取号").last).to_be_visible()
    expect(desk.get_by_role("button", name="叫下一位")).to_be_enabled()  # who holds a number is served


LATER = ("Away", "Choice", "Correct", "Further", "Keys", "Notice", "Transfer")
CAME = """(parts) => parts.every((part) => performance.getEntriesByType('resource')
  .some((r) => r.name.includes('/' + part + '-') && r.name.endsWith('.js') && r.responseStatus === 200))"""
VEILED = "(box) => getComputedStyle(box.parentElement).position === 'fixed'"


@pytest.mark.slow
def test_what_is_seldom_wanted_is_there_before_it_is_wanted(town: Town, face: OpenFace) -> None:
    """Seldom parts come by themselves after the start, however a network is cut just then, and stay."""
    tried: list[str] = []
    kiosk = town.key(kind="kiosk", kiosk="K1")
    body = {"request_id": request_id(), "service": "S001"}
    requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10)
    desk = face("/clerk", (1440, 900))

    def fails_once(route: Route) -> None:
        """Every script and every style sheet of these comes at the second try."""
        tried.append(route.request.url)
        if tried.count(route.request.url) == 1:
            route.abort()
        else:
            route.continue_()

    def never(route: Route) -> None:
        tried.append(route.request.url)
        route.abort()

    for part in LATER:
        desk.route(f"**/assets/{part}-*", fails_once)
    sign_in(desk, town, "ZW001")
    desk.get_by_role("button", name="打开窗口").first.click()
    desk.wait_for_function(CAME, arg=list(LATER), timeout=30_000)
    assert all(tried.count(url) >= 2 for url in tried)
    desk.unroute_all()
    desk.route("**/assets/**", never)
    tried.clear()
    desk.keyboard.press("Space")
    expect(desk.locator(".ticket")).to_have_text("A001")
    expect(desk.get_by_role("button", name="转办")).to_be_enabled()
    dialog = desk.get_by_role("dialog")
    for key in ("t", "?"):
        desk.keyboard.press(key)
        expect(dialog).to_be_visible()
        assert dialog.evaluate(VEILED), "its style has come as well"
        desk.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    assert tried == []


@pytest.mark.slow
def test_a_manager_compares_a_sealed_day_and_puts_it_right(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    for _ in range(2):
        body = {"request_id": request_id(), "service": "S001"}
        requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10)
    town.lead("/api/day/close")
    town.lead("/api/day/close", leave=True)
    with closing(sqlite3.connect(town.data / "wucha.db")) as database, database:
        (day,) = database.execute("SELECT day FROM day").fetchone()
        database.execute("UPDATE day SET sums = ?", [json.dumps({"taken": 3, "expired": 3})])
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    go(page, "留痕")
    page.locator("input[type=date]").fill(day)
    page.get_by_role("button", name="查看").first.click()
    sums = page.locator(".sealed")
    expect(sums.locator("tr.differs")).to_have_count(2)
    expect(sums.get_by_role("row", name="取号")).to_contain_text("32")
    amend = sums.get_by_role("button", name="更正日结")
    expect(amend).to_be_disabled()
    sums.get_by_label("为什么更正").fill("多程号码重复计算")
    page.locator("input[type=date]").fill("2026-01-05")
    page.get_by_role("button", name="查看").first.click()
    expect(page.get_by_text("还有没保存的内容，要离开吗？")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sums.get_by_label("为什么更正")).to_have_value("多程号码重复计算")
    page.locator("input[type=date]").fill(day)
    if os.environ.get("WUCHA_SHOTS"):
        page.screenshot(path=f"{os.environ['WUCHA_SHOTS']}/sealed.png")
    amend.click()
    expect(sums.get_by_text("与封存的一致。")).to_be_visible()
    expect(page.get_by_text("多程号码重复计算").first).to_be_visible()  # in the trail below
