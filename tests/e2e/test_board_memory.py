"""A board runs for weeks: two thousand calls, and a whole day played in a real hall, leave its page and its
memory as they were; those of a window screen and a pad too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, WebSocketRoute, expect

from tests.conftest import ROOT
from tests.e2e.conftest import OpenFace
from tests.e2e.town import Town, until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

WARM, CALLS = 500, 2000
BURST = 250  # between two of them the collector runs, as it does in a day: its tables grow with a burst
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
    line = Line(town.state("hall", town.key(kind="board", name="B1")))
    board = face("/hall/B1", (1920, 1080), kind="board", name="B1")
    expect(board.locator(".windows")).to_be_visible()
    board.route_web_socket("**/socket.io/**", line.open)
    board.reload()
    expect(board.locator(".windows")).to_be_visible()
    session = board.context.new_cdp_session(board)
    session.send("Performance.enable")

    def call(first: int, end: int) -> tuple[int, int]:
        for n in range(first, end):
            line.call(n)
            if n % BURST == BURST - 1:
                seen(board, n)
                weight(session)
        return weight(session)

    nodes, heap = call(1, WARM)
    call(WARM, WARM + CALLS)

    def light_again() -> bool:  # once the last flashes have ended, ten seconds on
        nodes_after, heap_after = weight(session)
        return nodes_after - nodes < NODES and heap_after - heap < HEAP

    until(light_again, 25, "a board as light as before")


SPEED = 120  # the demo's day, from 08:30 until the last one is served, takes seven or eight minutes
EVERY_S = 30
DAY_HEAP, DAY_NODES, DAY_LISTENERS = 1_000_000, 150, 20  # a page of windows, a queue's row, the compiled code
FACES = (
    ("board", "/hall/B1", ".windows", (1920, 1080), {"kind": "board", "name": "B1"}),
    ("screen", "/window/W01", ".saying", (1920, 1080), {"kind": "window_screen", "window": "W01"}),
    ("pad", "/pad/W01", ".idle", (1024, 600), {"kind": "pad", "window": "W01"}),
)


@dataclass(frozen=True)
class Weight:
    """Of a page after the collector ran: bytes of script, nodes, listeners; pushes it heard so far."""

    heap: int
    nodes: int
    listeners: int
    heard: int


class Weighed:
    """One face that is weighed again and again."""

    def __init__(self, page: Page, shows: str) -> None:
        self.page, self.heard = page, 0
        expect(page.locator(shows)).to_be_visible()  # sooner, it would lose the key that it is just given
        page.on("websocket", lambda ws: ws.on("framereceived", self._hear))
        page.reload()
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def _hear(self, _frame: object) -> None:
        self.heard += 1

    def now(self) -> Weight:
        for _ in range(2):  # what the first round lets go of, the second collects
            self._session.send("HeapProfiler.collectGarbage")
        found = {m["name"]: m["value"] for m in self._session.send("Performance.getMetrics")["metrics"]}
        heap, nodes, listeners = (int(found[n]) for n in ("JSHeapUsedSize", "Nodes", "JSEventListeners"))
        return Weight(heap, nodes, listeners, self.heard)


def test_a_played_day_leaves_board_screen_and_pad_as_light_as_after_a_minute(
    town: Town, face: OpenFace, tmp_path: Path
) -> None:
    faces = {name: Weighed(face(path, size, **device), shows) for name, path, shows, size, device in FACES}
    command = [sys.executable, "-m", "server.cli", "demo", "--speed", str(SPEED)]
    place = ["--data", str(town.data), "--port", str(town.port)]
    env = {**os.environ, "WUCHA_PASSWORD_COST": "test"}
    weights: dict[str, list[Weight]] = {name: [] for name in faces}
    with (tmp_path / "demo.log").open("wb") as log:
        playing = subprocess.Popen([*command, *place], cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            due = time.monotonic() + EVERY_S
            while playing.poll() is None:
                faces["board"].page.wait_for_timeout(250)
                if time.monotonic() >= due:
                    due += EVERY_S
                    for name, weighed in faces.items():
                        weights[name].append(weighed.now())
        finally:
            playing.terminate()
            playing.wait(timeout=30)
    assert playing.returncode == 0, (tmp_path / "demo.log").read_text("utf-8")
    for name, weighed in faces.items():
        weighed.page.wait_for_timeout(11_000 if name == "board" else 0)  # the last flashes end
        weights[name].append(weighed.now())
        print(name, *weights[name], sep="\n  ")
    assert weights["board"][-1].heard > 1000, "a day's changes came"
    for name, each in weights.items():
        first, last = each[1], each[-1]
        assert last.heap - first.heap < DAY_HEAP, f"{name}: {each}"
        assert last.nodes - first.nodes < DAY_NODES, f"{name}: {each}"
        assert last.listeners - first.listeners < DAY_LISTENERS, f"{name}: {each}"
