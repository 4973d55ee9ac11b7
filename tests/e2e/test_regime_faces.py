"""The regimes as people work with them: several matters at the kiosk, the desk at a glance, orders, leave and
the trail."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from playwright.sync_api import expect

from server.clock import now
from tests.conftest import SHANGHAI
from tests.e2e.axe import accessible
from tests.e2e.clerk import Clerk
from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_touch_access import seen
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]


def local(hours: float) -> str:
    """So many hours from now as a datetime-local field takes it."""
    return f"{now().astimezone(SHANGHAI) + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def test_A8_three_matters_one_number_at_the_kiosk(town: Town, face: OpenFace) -> None:
    kiosk = face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1")
    kiosk.get_by_text("城乡居民养老保险参保登记", exact=True).first.click()
    seen(kiosk, "guide")
    kiosk.get_by_role("button", name="再选一项").click()
    expect(kiosk.get_by_text("已选 1 项")).to_be_visible()
    seen(kiosk, "basket")
    kiosk.get_by_text("居民身份证换领", exact=True).first.click()
    kiosk.get_by_role("button", name="2 项一起取一个号").click()
    expect(kiosk.get_by_text("同号接着办：居民身份证换领")).to_be_visible()
    seen(kiosk, "number")
    link = requests.get(f"{town.url}/api/hall", timeout=10)
    assert link.json()["several"] is True


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720)])
def test_the_desk_shows_todays_appointments_without_scrolling(
    town: Town, face: OpenFace, size: tuple[int, int]
) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    for _ in range(7):
        body = {"request_id": request_id(), "service": "S001", "lang": "zh"}
        assert requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10).ok
    desk = face("/clerk", size)
    sign_in(desk, town, "ZW001")
    desk.get_by_role("button", name="打开窗口").first.click()
    call = desk.get_by_role("button", name="叫下一位")
    for end in ("finish", "finish", "finish", "finish", "hold"):
        expect(call).to_be_enabled()
        call.click()
        desk.get_by_role("button", name="开始办理").click()
        if end == "hold":
            desk.get_by_role("button", name="挂起").click()
            continue
        done = desk.get_by_role("button", name="办结").first
        expect(done).to_be_enabled()
        done.click()
        desk.get_by_role("dialog").get_by_role("button").first.click()
    expect(desk.get_by_text("今日预约")).to_be_in_viewport(ratio=1)
    expect(desk.get_by_placeholder("签到码")).to_be_in_viewport(ratio=1)
    accessible(desk, f"desk-{size[0]}")
    side = desk.locator("aside.side")
    assert side.evaluate("e => e.scrollHeight <= e.clientHeight"), "the side column needs no scrolling"


def test_A5_a_manager_defines_a_window_class_by_hand(town: Town, face: OpenFace) -> None:
    office = face("/manager", (1440, 900))
    sign_in(office, town, "ZW024")
    go(office, "窗口与事项")
    before = office.locator(".classes > li").count()
    office.get_by_role("button", name="加一类").click()
    one = office.locator(".classes > li").nth(before)
    one.get_by_label("名称", exact=True).fill("民生服务类")
    one.get_by_label("名称", exact=True).blur()
    one.get_by_label("队列").fill("B C")
    one.get_by_label("队列").blur()
    one.get_by_role("button", name="5", exact=True).click()
    one.scroll_into_view_if_needed()
    accessible(office, "classes")
    office.get_by_role("button", name="比较").click()
    expect(office.get_by_role("status").get_by_text("民生服务类")).to_be_visible()
    office.get_by_role("button", name="发布").click()
    expect(office.get_by_text("第 1 版").first).to_be_visible()
    shown = requests.get(f"{town.url}/api/hall", timeout=10).json()["classes"]
    assert "民生服务类" in [c["name"] for c in shown]
    Clerk(town, "ZW005", "W05")
    kiosk = face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1")
    kiosk.get_by_text("城乡居民养老保险参保登记", exact=True).first.click()
    expect(kiosk.get_by_text("民生服务类")).to_be_visible()
    seen(kiosk, "kiosk")
    assert "民生服务类" in requests.get(f"{town.url}/figures", timeout=10).text


def test_leave_is_granted_knowing_the_bookings_and_they_are_moved_by_hand(town: Town, face: OpenFace) -> None:
    day = requests.get(f"{town.url}/api/slots?service=S001", timeout=10).json()["days"][0]
    links = []
    for slot in (s for s in day["slots"] if s["time"] in ("10:00", "14:00")):
        for _ in range(slot["places"]):
            body = {"request_id": request_id(), "service": "S001", "at": slot["at"]}
            made = requests.post(f"{town.url}/api/appointments", json=body, timeout=10)
            links.append(made.json()["link"])
            confirmed = f"{town.url}/api/booking/{links[-1]}/confirm"
            assert requests.post(confirmed, json={"request_id": request_id()}, timeout=10).ok
    clerk = face("/manager", (1440, 900))
    sign_in(clerk, town, "ZW002")
    clerk.get_by_role("button", name="请假", exact=True).first.click()
    clerk.get_by_label("从", exact=True).fill(day["date"] + "T08:00")
    clerk.get_by_label("到", exact=True).fill(day["date"] + "T18:00")
    clerk.get_by_role("button", name="请假", exact=True).last.click()
    expect(clerk.get_by_text("待批")).to_be_visible()
    leader = face("/manager", (1440, 900))
    sign_in(leader, town, "ZW021")
    go(leader, "请假")
    expect(leader.get_by_text("这些预约多于名额")).to_be_visible()
    accessible(leader, "before")
    leader.get_by_role("button", name="同意", exact=True).click()
    go(leader, "现场")
    over = leader.locator(".overbooked")
    expect(over).to_be_visible(timeout=15_000)
    many = over.get_by_role("button", name="改约或取消…").count()
    over.get_by_role("button", name="改约或取消…").first.click()
    over.get_by_label("原因（预约人可见）").fill("窗口人员请假")
    accessible(leader, "over")
    over.get_by_role("button", name="改约", exact=True).click()
    expect(over.get_by_role("button", name="改约或取消…")).to_have_count(many - 1)
    said = [requests.get(f"{town.url}/api/booking/{x}", timeout=10).json()["appointment"] for x in links]
    assert [a["said"] for a in said].count("窗口人员请假") == 1
    (moved,) = [x for x, a in zip(links, said, strict=True) if a["said"]]
    phone = face(f"/b/{moved}", (390, 844))
    expect(phone.get_by_text("由大厅调整，原因：窗口人员请假")).to_be_visible()


def test_C4_B3_orders_leave_and_trail_in_the_browser(town: Town, face: OpenFace) -> None:
    guide = face("/manager", (1440, 900))
    sign_in(guide, town, "ZW025")
    go(guide, "上门与代办")
    guide.get_by_role("button", name="新建服务单").click()
    guide.get_by_label("事项").select_option("S001")
    guide.get_by_label("姓名或单位").fill("王小明")
    guide.get_by_label("地址").fill("惠民路8号")
    accessible(guide, "order-new")
    guide.get_by_role("button", name="建立服务单").click()
    expect(guide.get_by_text("只有服务组能看办理人和地址")).to_be_visible()
    guide.get_by_label("约定时间").fill(local(5))
    guide.get_by_role("button", name="严冬梅", exact=True).click()
    guide.get_by_role("button", name="约定", exact=True).click()
    guide.get_by_role("button", name="查看办理人和地址").click()
    expect(guide.get_by_text("惠民路8号")).to_be_visible()
    accessible(guide, "order")

    guide.get_by_role("button", name="请假", exact=True).first.click()
    guide.get_by_label("从", exact=True).fill(local(24))
    guide.get_by_label("到", exact=True).fill(local(48))
    guide.get_by_role("button", name="请假", exact=True).last.click()
    expect(guide.get_by_text("待批")).to_be_visible()

    manager = face("/manager", (1440, 900))
    sign_in(manager, town, "ZW024")
    manager.get_by_role("button", name="请假", exact=True).first.click()
    manager.get_by_role("button", name="同意", exact=True).click()
    expect(guide.get_by_text("已同意")).to_be_visible(timeout=15_000)
    accessible(manager, "leave")
    go(manager, "上门与代办")
    manager.get_by_text("公司设立登记").first.click()
    expect(manager.get_by_text("只有服务组能看办理人和地址")).to_be_visible()
    go(manager, "留痕")
    expect(manager.get_by_text("order.client")).to_be_visible()
    expect(manager.get_by_text("惠民路8号")).to_have_count(0)
    accessible(manager, "trail")


def test_F16_F7_a_guide_verifies_a_class_and_prints_again(town: Town, face: OpenFace) -> None:
    kiosk = town.key(kind="kiosk", kiosk="K1")
    body = {"request_id": request_id(), "service": "S001", "priority": "elder"}
    assert requests.post(f"{town.url}/api/tickets", json=body, headers=kiosk, timeout=10).ok
    until(lambda: "printer" in str(town.state("manager")["rows"]["devices"]), what="the kiosks' printers")
    guide = face("/manager", (1440, 900))
    sign_in(guide, town, "ZW025")
    guide.get_by_label("号码").fill("a001")
    guide.get_by_role("button", name="查找", exact=True).click()
    expect(guide.get_by_text("老年人").first).to_be_visible()
    guide.get_by_label("优先类别").select_option("ordinary")
    guide.get_by_label("核验说明").fill("没有证件")
    guide.get_by_role("button", name="改类别").click()
    expect(guide.get_by_text("A001 的类别已改")).to_be_visible()
    guide.get_by_label("在哪台取号机打印").select_option("K2")
    guide.get_by_role("button", name="补打").click()
    expect(guide.get_by_text("A001 正在补打")).to_be_visible()
    accessible(guide, "number")
