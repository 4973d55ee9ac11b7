"""A scanner that types, as the browser sees one: by the times its keys carry they are 5 ms apart, however
busy the machine is that sends them."""

from __future__ import annotations

import time

from playwright.sync_api import Page

GAP_S = 0.005
ENTER = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}


def scan(page: Page, code: str) -> None:
    """Type `code`, of digits, and Enter."""
    session, now = page.context.new_cdp_session(page), time.time()
    keys = [{"key": digit, "code": f"Digit{digit}", "text": digit} for digit in code]
    for n, key in enumerate([*keys, ENTER]):
        when = {"timestamp": now + n * GAP_S}
        session.send("Input.dispatchKeyEvent", {"type": "keyDown", **key, **when})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key, **when, "text": ""})
    session.detach()
