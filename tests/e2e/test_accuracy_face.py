"""The manager's panel of promised and real waits, in the browser, over rows as the estimator leaves them."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.conftest import SHANGHAI
from tests.e2e.conftest import OpenFace
from tests.e2e.test_walk import sign_in
from tests.e2e.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(180)]

ROW = (
    "INSERT INTO promise (leg, hall, day, queue, state, low, high, rough, p50_s, at_most_s, made_at,"
    " waited_s, occasion) VALUES (?, ?, ?, ?, 'range', 9, 20, 0, 600, 1200, '2026-03-02 01:00:00', ?, ?)"
)


def town_day() -> date:
    return datetime.now(SHANGHAI).date()


def kept_promises(town: Town) -> None:
    """Three days, three queues; B breaks every fourth promise, three tickets were sent on."""
    with sqlite3.connect(town.data / "wucha.db") as base:
        (hall,) = base.execute("SELECT id FROM hall").fetchone()
        legs = iter(range(1, 10_000))
        today = town_day()
        for ago in range(3):
            day = (today - timedelta(days=ago)).isoformat()
            for queue in "ABC":
                for n in range(40):
                    late = n % (4 if queue == "B" else 12) == 0
                    waited = 1500 if late else 500 + 10 * n
                    base.execute(ROW, (next(legs), hall, day, queue, waited, "taken"))
        for _ in range(3):
            base.execute(ROW, (next(legs), hall, today.isoformat(), "A", 660, "moved"))


def test_a_manager_sees_how_well_the_waits_were_foretold(town: Town, face: OpenFace) -> None:
    kept_promises(town)
    page = face("/manager", (1440, 900))
    sign_in(page, town, "ZW024")
    panel = page.locator("section", has=page.get_by_role("heading", name="等候预计准不准"))
    expect(panel).to_contain_text("已叫到 360 人")
    expect(panel.locator("tbody tr")).to_have_count(3)
    expect(panel.locator("tr", has_text="B")).to_contain_text("75 %")
    expect(panel).to_contain_text("转号后另作的预计：3 人")
    panel.get_by_role("button", name="按日期").click()
    expect(panel.locator("tbody th").first).to_have_text(f"{town_day():%Y年%-m月%-d日}")
    panel.get_by_role("combobox").select_option("1")
    expect(panel.locator("tbody tr")).to_have_count(1)
