"""A board runs for weeks: two thousand calls leave its page and its memory as they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, WebSocketRoute, expect

from tests.e2e.conftest import OpenFace
from tests.e2e.town import Town, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(120)]

WARM, CALLS = 300, 2000
NODES, HEAP = 40, 1_000_000  # what may differ: a page of windows, what the collector left


class Line:
    """The server's end of the board's socket: the real first picture, then as many calls as one likes."""

    def __init__(self, picture: dict[str, Any]) -> None:
        self.picture, self.revision = picture, int(picture["revision"])
        self.windows = sorted(picture["rows"]["windows"])
        self.calls: list[dict[str, Any]] = []
        self.socket: WebSocketRoute | None = None

    def open(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        hello = {"sid": "b", "upgrades": [], "pingInterval": 600_000, "pingTimeout": 600_000}
        socket.on_message(self._answer)
        socket.send("0" + json.dumps(hello))

    def _answer(self, message: str | bytes) -> None:
        assert self.socket is not None
        if str(message).startswith("40/hall"):
            self.socket.send('40/hall,{"sid":"b"}')
            self.socket.send("42/hall," + json.dumps(["snapshot", self.picture]))

    def call(self, n: int) -> None:
        """Number n is called to the next window in turn, whose last one has left."""
        assert self.socket is not None
        window = self.picture["rows"]["windows"][self.windows[n % len(self.windows)]]
        number, at = f"A{n % 1000:03}", self.picture["at"]
        call = {"id": n, "number": number, "window": window["number"], "window_id": window["id"], "n": 1}
        self.calls = [{**call, "at": at}, *self.calls][:24]
        row = {**window, "state": "open", "ticket": {"number": number, "state": "called"}}
        before = self.picture["rows"]["windows"][self.windows[(n - 1) % len(self.windows)]]
        seated = {
            **before,
            "state": "open",
            "ticket": {"number": f"A{(n - 1) % 1000:03}", "state": "serving"},
        }
        facts = {
            "call": n,
            "number": number,
            "window": window["id"],
            "window_number": window["number"],
            "n": 1,
        }
        change = {
            "since": self.revision,
            "revision": self.revision + 1,
            "at": at,
            "events": [{"name": "ticket.called", **facts}],
            "rows": {"windows": {window["id"]: row, before["id"]: seated}},
            "values": {"calls": self.calls},
        }
        self.revision += 1
        self.socket.send("42/hall," + json.dumps(["changes", change]))


def weight(session: CDPSession) -> tuple[int, int]:
    """Nodes and bytes of the page after the collector ran."""
    session.send("HeapProfiler.collectGarbage")
    found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return int(found["Nodes"]), int(found["JSHeapUsedSize"])


def seen(page: Page, n: int) -> None:
    expect(page.locator(".first .who")).to_have_text(f"A{n % 1000:03}", timeout=30_000)


def test_two_thousand_calls_leave_nothing_behind(town: Town, face: OpenFace) -> None:
    board = face("/hall/B1", (1920, 1080), kind="board", name="B1")
    expect(board.locator(".windows")).to_be_visible()
    line = Line(town.state("hall", town.key(kind="board", name="B1")))
    board.route_web_socket("**/socket.io/**", line.open)
    board.reload()
    expect(board.locator(".windows")).to_be_visible()
    session = board.context.new_cdp_session(board)
    session.send("Performance.enable")
    for n in range(1, WARM):
        line.call(n)
    seen(board, WARM - 1)
    nodes, heap = weight(session)
    for n in range(WARM, WARM + CALLS):
        line.call(n)
    seen(board, WARM + CALLS - 1)

    def light_again() -> bool:  # once the last flashes have ended, ten seconds on
        nodes_after, heap_after = weight(session)
        return nodes_after - nodes < NODES and heap_after - heap < HEAP

    until(light_again, 25, "a board as light as before")
