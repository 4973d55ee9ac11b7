"""The manager's face by hand: its tabs stand in groups."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def go(page: Page, tab: str) -> None:
    """Open a tab by its name, through the menu it is in."""
    button = page.locator("header nav button").filter(has_text=re.compile(f"^{tab}$"))
    expect(button).to_have_count(1)
    if not button.is_visible():
        button.locator("xpath=ancestor::div[contains(@class, 'group')]/button").click()
    button.click()
