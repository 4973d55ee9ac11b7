"""The accessibility check itself: it finds what is wrong, and passes what is right."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.axe import accessible, violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]

GOOD = '<!doctype html><html lang="zh-CN"><title>大厅</title><main><button>取号</button></main></html>'
BAD = (
    '<!doctype html><html><title>大厅</title><main><p style="color:#aaa;background:#fff">灰字</p>'
    '<button style="width:9px;height:9px;padding:0"></button>'
    '<button style="width:9px;height:9px;padding:0;margin:0">x</button></main></html>'
)


def test_it_finds_what_is_wrong_and_passes_what_is_right(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(BAD)
    found = {v["id"] for v in violations(page)}
    assert {"html-has-lang", "color-contrast", "button-name", "target-size"} <= found
    assert "html-has-lang" not in {v["id"] for v in violations(page, off=("html-has-lang",))}
    with pytest.raises(AssertionError, match="grey words: .*rules broken"):
        accessible(page, "grey words")
    page.set_content(GOOD)
    accessible(page, "a good page")
    page.close()
