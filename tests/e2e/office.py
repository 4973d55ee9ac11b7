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


def area(page: Page, name: str) -> None:
    """Open an area of the settings: by its button, on a phone by the list to choose from."""
    button = page.locator(".config > nav button").filter(has_text=re.compile(f"^{re.escape(name)}")).first
    expect(button).to_be_attached()
    if button.is_visible():
        return button.click()
    option = page.locator(".config > .pick option").filter(has_text=re.compile(f"^{re.escape(name)}")).first
    page.locator(".config > .pick").select_option(option.get_attribute("value"))
