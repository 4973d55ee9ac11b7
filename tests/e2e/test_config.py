"""A manager configures the hall in the browser: a mistake is named at its field, the draft is compared,
published, seen at the kiosk's service without a restart, and taken back; every page of it is usable for
everybody, light and dark, on a desk and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from PIL import Image
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.axe import accessible
from tests.e2e.conftest import OpenFace
from tests.e2e.office import area, go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]
AREAS = (
    "事项",
    "队列",
    "开放时间",
    "节假日与调休",
    "特殊日子",
    "部门",
    "人员",
    "值岗 A/B 角",
    "排班",
    "窗口",
    "平面图",
    "大屏版面",
    "大屏通知",
    "大屏图片视频",
    "附近大厅",
)


def settings(page: Page) -> None:
    go(page, "设置")
    expect(page.get_by_role("heading", name="设置")).to_be_visible()


def offered(town: Town, service: str) -> dict[str, object] | None:
    services = requests.get(f"{town.url}/api/services", timeout=10).json()["services"]
    return next((s for s in services if s["id"] == service), None)


def test_faces_that_were_cut_off_show_what_was_published_meanwhile(town: Town, face: OpenFace) -> None:
    kiosk = face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1")
    pad = face("/pad/W01", (1024, 600), kind="pad", window="W01")
    office = face("/manager", (1440, 900))
    sign_in(office, town, "ZW024")
    settings(office)
    expect(kiosk.get_by_text("居民身份证换领", exact=True).first).to_be_visible()
    expect(pad.get_by_text("12345").first).to_be_visible()
    asked: list[str] = []
    for page in (kiosk, pad):
        page.context.set_offline(True)
        page.on("request", lambda request: asked.append(request.url))
    publish = """async ([area, items]) => {
      const csrf = (await (await fetch('/api/session')).json()).csrf
      for (const [path, more] of [['/draft', { items, rev: 0 }], ['', { rev: 1 }]]) {
        const headers = { 'Content-Type': 'application/json', 'X-Wucha-CSRF': csrf }
        const body = JSON.stringify({ request_id: crypto.randomUUID(), base: 0, ...more })
        const said = await fetch('/api/config/' + area + path, { method: 'POST', body, headers })
        if (!said.ok) throw await said.text()
      }
    }"""
    office.evaluate(publish, ["services", {"S401": {"name": "换领身份证"}}])
    for page in (kiosk, pad):
        page.context.set_offline(False)
    expect(kiosk.get_by_text("换领身份证", exact=True).first).to_be_visible()
    kept = "() => JSON.parse(localStorage.getItem('wucha:hall')).version"
    version = requests.get(f"{town.url}/api/hall", timeout=10).json()["version"]
    until(lambda: pad.evaluate(kept) == version, what="the pad's facts of the new version")
    kiosk.wait_for_timeout(1500)
    count = [sum(url.endswith(path) for url in asked) for path in ("/api/hall", "/api/services")]
    assert count == [2, 1], "each asked once for what it keeps"


def test_a_manager_drafts_compares_publishes_and_goes_back(town: Town, face: OpenFace) -> None:
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    settings(page)
    accessible(page, "services-zh")
    page.get_by_role("searchbox").fill("S101")
    page.get_by_role("button", name="修改 S101").click()
    page.get_by_label("名称", exact=False).first.fill("")
    page.get_by_label("标准办理分钟").fill("999")
    page.get_by_role("button", name="存草稿").or_(page.get_by_role("button", name="保存草稿")).click()
    expect(page.get_by_text("这一项要填写。")).to_be_visible()
    expect(page.get_by_text("应在 0.5 到 480 之间。")).to_be_visible()
    accessible(page, "a form with mistakes")
    page.get_by_label("名称", exact=False).first.fill("参保登记（新）")
    page.get_by_label("标准办理分钟").fill("12")
    page.get_by_label("暂停取号").check()
    page.get_by_role("button", name="保存草稿").click()
    compared = page.get_by_role("region", name="改动对照").first
    expect(compared).to_contain_text("参保登记（新）")
    accessible(page, "the draft compared")
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("第 1 版已发布，立即生效")).to_be_visible()
    until(lambda: offered(town, "S101") is None, what="no more numbers for S101")

    page.get_by_role("button", name="恢复这一版 0").click()
    expect(page.get_by_role("region", name="改动对照").first).to_contain_text("城乡居民养老保险参保登记")
    accessible(page, "going back, compared")
    page.get_by_role("button", name="恢复这一版", exact=True).first.click()
    expect(page.get_by_text("已恢复为第 0 版的内容")).to_be_visible()
    until(lambda: offered(town, "S101"), what="S101 again")
    accessible(page, "history-zh")

    area(page, "队列")
    page.get_by_role("button", name="修改 A ").click()
    page.get_by_label("最大号").fill("500")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_label("何时生效").select_option("next_day")
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("起生效").first).to_be_visible()
    accessible(page, "queues-waiting-zh")
    page.get_by_role("button", name="撤回").click()
    expect(page.get_by_text("已撤回，不会生效")).to_be_visible()


def test_a_manager_draws_the_plan_that_kiosks_and_the_live_page_show(town: Town, face: OpenFace) -> None:
    def stands(window: str) -> tuple[float, float]:
        floors = requests.get(f"{town.url}/api/hall", timeout=10).json()["plan"]
        return next((s["x"], s["y"]) for f in floors for s in f["spot"] if s["id"] == window)

    kiosk = face("/touch/K1", (1080, 1920), kind="kiosk", kiosk="K1")
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    settings(page)
    area(page, "平面图")
    third = page.get_by_role("button", name="3 无差别综")
    expect(third).to_have_accessible_name("3 无差别综…，横 11.6，纵 4.2")
    shifts = page.evaluate("""() => { window.shifted = 0; new PerformanceObserver((all) => {
        for (const one of all.getEntries()) if (!one.hadRecentInput) window.shifted += one.value
    }).observe({ type: 'layout-shift', buffered: false }) }""")
    assert shifts is None
    box = third.bounding_box()
    unit = page.locator(".draw svg").bounding_box()
    assert box is not None
    assert unit is not None
    scale = unit["width"] / 40
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 20 + 1.9 * scale, box["y"] + 20 + 3.9 * scale, steps=5)
    page.mouse.up()
    expect(third).to_have_accessible_name("3 无差别综…，横 13.5，纵 8")

    fourth = page.get_by_role("button", name="4 无差别综")  # the keys alone
    fourth.focus()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    expect(fourth).to_have_accessible_name("4 无差别综…，横 15.5，纵 9 3 号窗口和4 号窗口叠在一起")
    wrong = page.locator(".draw .wrong")
    expect(wrong).to_contain_text("3 号窗口和4 号窗口叠在一起")
    expect(wrong).to_contain_text("4 号窗口和大屏 B1叠在一起")
    expect(page.locator(".draw .struck")).to_have_count(3)
    accessible(page, "two windows on one place")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("平面图上 W03 和 W04 叠在一起，请挪开。")).to_be_visible()
    expect(page.get_by_text("平面图上 W04 和 B1 叠在一起，请挪开。")).to_be_visible()
    expect(page.get_by_role("button", name="发布")).to_be_disabled()
    fourth.focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    for _ in range(6):
        page.keyboard.press("Control+z")
    expect(fourth).to_have_accessible_name("4 无差别综…，横 15.7，纵 4.2")
    expect(page.locator(".draw .struck")).to_have_count(0)

    page.get_by_label("添加…").select_option("取号机")
    page.get_by_label("编号", exact=True).fill("K9")
    page.get_by_label("横", exact=True).fill("30.2")
    page.get_by_label("纵", exact=True).fill("20")
    page.keyboard.press("Tab")
    kept = page.get_by_role("button", name="取号机 K9，横 30，纵 20")
    expect(kept).to_have_attribute("aria-pressed", "true")
    page.locator(".draw aside select").first.select_option("2 号窗口")  # to another floor
    page.locator(".draw aside select").last.select_option("2")
    expect(page.get_by_role("button", name="2 无差别综")).to_have_attribute("aria-pressed", "true")
    accessible(page, "a window that moved to another floor")
    page.get_by_role("button", name="保存草稿").click()
    compared = page.get_by_role("region", name="改动对照").first
    expect(compared).to_contain_text("3 号窗口（11.6, 4.2）")
    expect(compared).to_contain_text("3 号窗口（13.5, 8）")
    expect(compared).not_to_contain_text("10 号窗口")
    assert page.evaluate("window.shifted") < 0.02
    accessible(page, "the plan compared")
    expect(kiosk.locator(".service").first).to_be_visible()
    assert stands("W03") == (11.6, 4.2)
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("第 1 版已发布，立即生效")).to_be_visible()
    until(lambda: stands("W03") == (13.5, 8), what="the plan as it was drawn")
    kept = "JSON.parse(localStorage.getItem('wucha:hall')).plan[0].spot.some((s) => s.id === 'K9')"
    until(lambda: kiosk.evaluate(kept), what="the kiosk's map as it was published")

    go(page, "现场")
    page.get_by_role("button", name="二楼 服务区").click()
    expect(page.locator(".sheet").get_by_role("button", name=re.compile("^2 "))).to_be_visible()
    settings(page)
    area(page, "平面图")
    page.get_by_role("button", name="恢复这一版 0").click()
    page.get_by_role("button", name="恢复这一版", exact=True).first.click()
    until(lambda: stands("W03") == (11.6, 4.2), what="the plan of the files again")


def test_a_finger_moves_a_window_on_the_phone(town: Town, face: OpenFace) -> None:
    page = face("/manager", (390, 844))
    sign_in(page, town, "ZW024")
    settings(page)
    area(page, "平面图")
    first = page.get_by_role("button", name="1 无差别综", exact=False).first
    first.scroll_into_view_if_needed()
    box = first.bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    at = {"x": box["x"] + 30, "y": box["y"] + 30}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    for n in range(1, 5):
        point = {"x": at["x"] + 10 * n, "y": at["y"] + 20 * n}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(first).not_to_have_accessible_name("1 无差别综…，横 3.4，纵 4.2")
    expect(page.get_by_role("button", name="撤销")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    accessible(page, "the plan on a phone")
    page.get_by_role("button", name="撤销").click()
    expect(first).to_have_accessible_name("1 无差别综…，横 3.4，纵 4.2")


@pytest.mark.slow
def test_what_is_not_saved_is_asked_about_before_it_is_lost(town: Town, face: OpenFace) -> None:
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    settings(page)
    area(page, "平面图")
    third = page.get_by_role("button", name="3 无差别综")
    third.focus()
    page.keyboard.press("Shift+ArrowDown")
    moved = third.get_attribute("aria-label")
    ask = page.get_by_role("alertdialog", name="还有没保存的内容")
    stay, lose = (ask.get_by_role("button", name=word) for word in ("取消", "不保存，离开"))
    for leave in (
        lambda: go(page, "设备"),
        lambda: area(page, "人员"),
        lambda: page.get_by_role("button", name="退出登录").click(),
    ):
        leave()
        expect(ask).to_be_visible()
        accessible(page, "what is not saved is asked about")
        stay.click()
        expect(ask).to_have_count(0)
        assert third.get_attribute("aria-label") == moved
    heard: list[str] = []

    def hear(dialog: Dialog) -> None:
        heard.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", hear)
    page.close(run_before_unload=True)
    until(lambda: page.wait_for_timeout(50) or heard, what="the browser's own question")
    assert heard == ["beforeunload"]
    assert third.get_attribute("aria-label") == moved
    area(page, "事项")
    lose.click()
    for typed in ("别名", ""):  # a form that was changed asks as the drawing does, one that was not goes
        page.get_by_role("searchbox").fill("S101")
        page.get_by_role("button", name="修改 S101").click()
        if typed:
            page.get_by_label("名称", exact=False).first.fill(typed)
        page.get_by_role("button", name="返回").click()
        if typed:
            lose.click()
        expect(page.get_by_role("searchbox")).to_be_visible()
        expect(ask).to_have_count(0)
    go(page, "设备")
    expect(page.get_by_role("searchbox")).to_have_count(0)


def test_two_managers_do_not_overwrite_each_other(town: Town, face: OpenFace) -> None:
    one = face("/manager", (1440, 900))
    sign_in(one, town, "ZW024")
    settings(one)
    area(one, "大屏通知")
    one.get_by_role("button", name="修改 N1").click()
    one.get_by_label("中文").fill("甲写的通知")
    session = requests.Session()
    for cookie in one.context.cookies():
        session.cookies.set(str(cookie["name"]), str(cookie["value"]))
    csrf = session.get(f"{town.url}/api/session", timeout=10).json()["csrf"]
    body = {"request_id": "elsewhere-1", "items": {"N1": {"zh": "乙写的通知"}}, "base": 0, "rev": 0}
    headers = {"X-Wucha-CSRF": csrf}
    said = session.post(f"{town.url}/api/config/notices/draft", json=body, headers=headers, timeout=10)
    assert said.status_code == 200, said.text
    one.get_by_role("button", name="保存草稿").click()
    expect(one.get_by_role("alert")).to_contain_text("刚改过这份草稿")
    accessible(one, "a draft that somebody else changed")
    one.get_by_role("button", name="重新载入").click()
    expect(one.get_by_role("region", name="改动对照").first).to_contain_text("乙写的通知")


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
def test_every_area_is_usable_for_everybody(town: Town, face: OpenFace, size: tuple[int, int]) -> None:
    page = face("/manager", size)
    sign_in(page, town, "ZW024")
    settings(page)
    where = "desk" if size[0] > 1000 else "phone"
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
        for name in AREAS:
            area(page, name)
            expect(page.locator(".area .history")).to_be_visible()
            wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} is {wide} px too wide"
            accessible(page, f"{name}, {theme}")
            rows = page.locator(".list button", has_text="修改")
            (rows.first if rows.count() else page.locator(".tools button", has_text="新增")).click()
            expect(page.locator(".form")).to_be_visible()
            wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"the form of {name} is {wide} px too wide"
            accessible(page, f"the form of {name}, {theme}")
            page.get_by_role("button", name="返回列表").click()
    page.locator("header").get_by_role("button", name="EN").or_(
        page.locator("header").get_by_text("English")
    ).first.click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    accessible(page, f"{where}-dark-english")


def by_the_week(page: Page) -> None:
    """Next week as it is copied and swapped in the draft: seen in the week's table, with what clashes."""
    heads = page.get_by_role("region", name="一周排班").locator("thead th")
    for _ in range(8):
        monday = heads.nth(1).inner_text()
        page.get_by_role("button", name="后一周").click()
        expect(heads.nth(1)).not_to_have_text(monday)
        if not any("rest" in str(heads.nth(n).get_attribute("class")) for n in range(1, 6)):
            break  # a week without holidays
    page.get_by_role("button", name="两人对调…").click()
    page.get_by_label("甲", exact=True).select_option("ZW002")
    page.get_by_label("乙", exact=True).select_option("ZW021")
    accessible(page, "two people who change places")
    page.get_by_role("button", name="放进草稿").click()
    draft = page.get_by_role("region", name="改动对照").first
    expect(draft.locator(".wrong li").first).to_be_visible()
    expect(draft.get_by_role("button", name="发布")).to_be_disabled()
    accessible(page, "roster-swap-zh")
    draft.get_by_role("button", name="放弃草稿").click()
    expect(draft).to_have_count(0)

    page.get_by_role("button", name="两人对调…").click()
    page.get_by_label("甲", exact=True).select_option("ZW002")
    page.get_by_label("乙", exact=True).select_option("ZW003")
    page.get_by_role("button", name="放进草稿").click()
    expect(page.get_by_role("button", name="按草稿")).to_have_attribute("aria-pressed", "true")
    second = page.get_by_role("region", name="一周排班").locator("tbody tr").nth(2)
    expect(second.locator("td").first).to_contain_text("王雪")
    accessible(page, "the week as the draft would have it")
    page.get_by_role("button", name="现在生效的").click()
    expect(second.locator("td").first).not_to_contain_text("王雪")
    page.get_by_role("button", name="复制这一周…").click()
    page.get_by_label("复制到哪一周（选其中任一天）").fill("2099-03-05")
    accessible(page, "a week that is copied")
    page.get_by_role("button", name="放进草稿").click()
    expect(draft).to_contain_text("2099年3月2日–3月6日 08:30–12:00 王雪")
    expect(page.get_by_role("button", name="按草稿")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_text("第 2 版已发布，立即生效")).to_be_visible()


def test_a_roster_a_photo_and_a_film_by_hand(town: Town, face: OpenFace, tmp_path: Path) -> None:
    """Who sits where on a day, told when it clashes; a face for a badge; a picture for the boards."""
    photo = tmp_path / "face.png"
    Image.new("RGB", (600, 800), (60, 110, 160)).save(photo)
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    settings(page)
    area(page, "排班")
    week = page.get_by_role("region", name="一周排班")
    expect(week.get_by_text("秦雨").first).to_be_visible()
    accessible(page, "roster-week-zh")
    week.get_by_role("button", name="2", exact=True).click()
    page.get_by_role("button", name="加一行 个别日子").click()
    page.get_by_label("个别日子 1 日期").fill("2099-03-03")
    page.get_by_label("个别日子 1 人员").select_option("ZW005")
    page.get_by_label("个别日子 1 原因").fill("调班")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator(".form .trouble").filter(has_text="孙丽")).not_to_have_count(0)
    accessible(page, "a roster that clashes")
    page.get_by_label("个别日子 1 人员").select_option("ZW017")
    page.get_by_role("button", name="保存草稿").click()
    # the first draft, with its clash, reads nearly the same
    expect(page.locator(".form .trouble").filter(has_text="孙丽")).to_have_count(0)
    expect(page.get_by_role("region", name="改动对照").first).to_contain_text("秦雨")
    accessible(page, "roster-compare-zh")
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("第 1 版已发布，立即生效")).to_be_visible()
    by_the_week(page)

    area(page, "人员")
    page.get_by_role("searchbox").fill("ZW001")
    page.get_by_role("button", name="修改 ZW001").click()
    page.get_by_label("选择文件 工牌照片").set_input_files(photo)
    expect(page.get_by_role("img", name="工牌照片")).to_be_visible()
    accessible(page, "a photo")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="发布").click()
    expect(page.locator(".list img").first).to_be_visible()

    area(page, "大屏图片视频")
    page.locator(".tools button", has_text="新增").click()
    page.get_by_label("标题", exact=False).first.fill("办事流程")
    wrong = tmp_path / "text.png"
    wrong.write_bytes(b"no picture")
    page.get_by_label("选择文件 图片或视频").set_input_files(wrong)
    expect(page.get_by_role("alert")).to_contain_text("格式不对")
    page.get_by_label("选择文件 图片或视频").set_input_files(photo)
    expect(page.get_by_role("img", name="图片或视频")).to_be_visible()
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="发布").click()
    expect(page.locator(".list img").first).to_be_visible()
    accessible(page, "media-zh")
    board = f"{town.url}/api/boards/B1"  # the draft shows its picture before it is published
    shown = until(lambda: requests.get(board, timeout=10).json()["media"], what="the picture on a board")
    assert shown[0]["src"].startswith("/uploads/")

    page.locator("header").get_by_role("button", name="EN").or_(
        page.locator("header").get_by_text("English")
    ).first.click()
    for size in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"the English menu is {wide} px too wide"
        nav = page.locator("header nav")
        assert nav.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), "no tab has to be scrolled to"
        page.locator("header nav .group > button").first.click()
        accessible(page, f"the open menu, {size[0]}")
        page.keyboard.press("Escape")
        expect(page.locator("header nav ul:visible")).to_have_count(0)
