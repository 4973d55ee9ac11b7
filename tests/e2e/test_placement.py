"""A manager moves a service to the comprehensive windows in the browser: refused without mandate,
done with it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenFace
from tests.e2e.office import go
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_A1_a_manager_moves_a_service_by_hand(town: Town, face: OpenFace) -> None:
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    go(page, "窗口与事项")
    page.get_by_role("searchbox", name="按事项或部门查找").fill("S101")
    row = page.locator("li", has_text="S101")
    row.get_by_role("combobox").select_option("A")
    page.get_by_role("button", name="比较").click()
    expect(page.get_by_role("alert")).to_contain_text("委托受理")
    page.get_by_role("combobox", name="委托受理").select_option("S101")
    page.get_by_role("textbox", name="协议文号").fill("青政服委〔2026〕2号")
    page.get_by_role("button", name="登记授权").click()
    page.get_by_role("button", name="比较").click()
    expect(page.get_by_role("status").filter(has_text="B → A")).to_be_visible()
    page.get_by_role("button", name="发布").click()
    expect(page.get_by_text("第 1 版已发布")).to_be_visible()
    expect(page.get_by_role("heading", name="窗口与事项")).to_contain_text("第 1 版")
