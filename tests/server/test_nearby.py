"""附近大厅: what other halls say is asked for calmly, believed within bounds, shown with its time, and soon
forgotten."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.serving import make_server

from server.app import App, create_app
from server.domain.nearby import FRESH, Heard, Neighbour, is_address, nearby_troubles, read_told, rows
from server.estimator import Estimator
from server.nearby import PATIENCE_S, Neighbours, ask
from server.settings import HallSettings, Settings
from tests.conftest import MONDAY_NINE, Clock
from tests.server.callers import staff
from tests.server.hall_day import HallDay

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
QUEUE: dict[str, Any] = {"name": "综合", "waiting": 4, "windows_open": 2}
TOLD: dict[str, Any] = {"day": {"state": "open", "waiting": 4}, "windows_open": 2, "queues": [QUEUE]}


def told(**changes: Any) -> bytes:
    return json.dumps({**TOLD, **changes}).encode()


def queue(state: str = "range", low: Any = 5, high: Any = 9, **more: Any) -> dict[str, Any]:
    return {**QUEUE, "estimate": {"state": state, "low": low, "high": high, "rough": False}, **more}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[" * 60_000,
        told(windows_open=-1),
        told(windows_open="2"),
        told(day={"state": "wide open", "waiting": 1}),
        told(day={"state": "open", "waiting": 10**9}),
        told(queues=[queue(low=-5)]),
        told(queues=[queue(high=99_999)]),
        told(queues=[{**QUEUE, "name": "长" * 81}]),
        told(queues=[QUEUE] * 61),
        told(junk="x" * 70_000),
    ],
)
def test_an_answer_out_of_bounds_is_none(raw: bytes) -> None:
    assert read_told(raw) is None


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(["day", "windows_open", "queues", "more"]), JSON, max_size=4))
def test_whatever_a_neighbour_says_is_read_within_bounds_or_not_at_all(changes: dict[str, Any]) -> None:
    found = read_told(told(**changes))
    if found is not None:
        assert 0 <= found.day.waiting < 100_000
        assert len(found.queues) <= 60
        assert all(len(q.name) <= 80 and q.name.isprintable() for q in found.queues)


def test_what_could_turn_a_line_around_is_taken_out_of_names() -> None:
    found = read_told(told(queues=[{**QUEUE, "name": " 综\u202e合\x07\u200b ", "name_en": "<b>A"}]))
    assert found is not None
    assert (found.queues[0].name, found.queues[0].name_en) == ("综合", "<b>A"), "the page escapes it"


def test_the_wait_is_that_of_queues_with_windows() -> None:
    def wait(*queues: dict[str, Any]) -> tuple[int, int] | None:
        found = read_told(told(queues=queues))
        assert found is not None
        return found.wait

    assert wait(queue(low=5, high=9), queue(low=20, high=31)) == (5, 31)
    assert wait(queue(low=5, high=9), queue(low=40, high=60, windows_open=0)) == (5, 9)
    assert wait(queue("soon", None, None), queue(low=3, high=4)) == (0, 4)
    assert wait(queue(low=9, high=5)) == (5, 9)
    assert wait(QUEUE, queue("unknown", None, None)) is None


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("http://10.0.3.8:8600", True),
        ("https://hall.example.gov/", True),
        ("http://[fd00::8]:8600", True),
        ("http://user:word@hall", False),
        ("http://hall/api/figures", False),
        ("http://hall?x", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("http://hall\r\nHost: x", False),
    ],
)
def test_an_address_is_scheme_host_and_port(address: str, good: bool) -> None:
    assert is_address(address) is good
    halls = (Neighbour("T1", "甲", url=address), Neighbour("T2", "乙", page=address, latitude=31.0))
    keys = [key for key, _, _ in nearby_troubles(halls)]
    assert keys == ["hall[1].longitude"] if good else ["hall[0].url", "hall[1].page", "hall[1].longitude"]


HALLS = (
    Neighbour("far", "远", distance_km=9, weekday=((MONDAY_NINE.time(), (MONDAY_NINE + FRESH).time()),)),
    Neighbour("near", "近", distance_km=1),
    Neighbour("somewhere", "不知"),
)


def test_order_by_distance_and_by_wait(hall: HallSettings) -> None:
    def heard(state: str, high: int, at: datetime = MONDAY_NINE) -> Heard:
        found = read_told(told(day={"state": state, "waiting": 1}, queues=[queue(low=1, high=high)]))
        assert found is not None
        return Heard(found, at)

    def order(known: dict[str, Heard], by: Any = "wait") -> list[str]:
        return [row.hall.id for row in rows(HALLS, known, hall.calendar, MONDAY_NINE, by)]

    assert order({}, "distance") == ["near", "far", "somewhere"]
    assert order({"somewhere": heard("open", 5), "far": heard("open", 30)}) == ["somewhere", "far", "near"]
    assert order({"somewhere": heard("closing", 5), "far": heard("open", 30)})[0] == "far"
    stale = MONDAY_NINE - FRESH - timedelta(seconds=1)
    assert order({"somewhere": heard("open", 5, stale)}) == ["near", "far", "somewhere"]
    assert order({"somewhere": heard("open", 5, MONDAY_NINE + FRESH)})[0] == "near", "from the future"
    far = {row.hall.id: row.open_by_hours for row in rows(HALLS, {}, hall.calendar, MONDAY_NINE)}
    assert far == {"far": True, "near": None, "somewhere": None}
    sunday = rows(HALLS, {}, hall.calendar, MONDAY_NINE - timedelta(days=1))
    assert {row.hall.id: row.open_by_hours for row in sunday}["far"] is False


# --- over real lines
@contextmanager
def listening(app: App) -> Iterator[str]:
    """`app` behind a real port of this machine until the end of the block."""
    server = make_server("127.0.0.1", 0, app.flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def answering(reply: bytes, hold: threading.Event | None = None) -> Iterator[str]:
    """A far end that says `reply` to whoever comes, and hangs up when `hold` is set."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            line, _ = door.accept()
            with line:
                line.recv(4096)
                line.sendall(reply)
                if hold is not None:
                    hold.wait(10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        if hold is not None:
            hold.set()
        thread.join(5)


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


@pytest.mark.parametrize(
    "reply",
    [
        http(b"", "302 Found", "Location: http://127.0.0.1:1/api/figures"),
        http(told(), "500 Oops"),
        http(b"<html>"),
        http(told(), "200 OK", "Content-Encoding: gzip"),
        http(told(junk="x" * 200_000)),
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
def test_a_neighbour_that_answers_anything_else_is_silent(reply: bytes) -> None:
    with answering(reply) as url, pytest.raises((OSError, ValueError, HTTPException)):
        ask(url)


def test_a_neighbour_that_never_ends_costs_its_patience_only() -> None:
    hold = threading.Event()
    with answering(http(told())[:-3], hold) as url, pytest.raises((OSError, ValueError)):
        ask(url, patience=0.2)


ASKING = """
import sys
from types import SimpleNamespace
from server.domain.nearby import Neighbour
from server.nearby import Hearsay, Neighbours
halls = tuple(Neighbour(str(n), "n", url=sys.argv[1]) for n in range(9))
Neighbours(SimpleNamespace(published=lambda: SimpleNamespace(nearby=halls), hearsay=Hearsay())).start()
input()
"""


def test_neighbours_that_hang_keep_no_server_from_its_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        asking = [sys.executable, "-c", ASKING, url]
        with subprocess.Popen(asking, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as server:
            door.settimeout(30)
            line, _ = door.accept()
            with line:
                assert line.recv(4096)  # it asks, and is not answered
                _, said = server.communicate(b"\n", timeout=PATIENCE_S - 2)
        assert (server.returncode, said) == (0, b"")


def test_two_halls_of_which_one_ends(
    app: App, clock: Clock, make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """One page tells how another hall stands and as of when, and says so when it does not know any more."""
    folder = tmp_path / "other"
    folder.mkdir()
    other = create_app(make_settings(data=folder, database=f"sqlite:///{folder / 'wucha.db'}"), clock)
    there = HallDay(other.house.store, other.house.hall, other.house.slip, clock).open("W01")
    for _ in range(3):
        there.take()
    Estimator(other.house).once()
    manager, phone = staff(app, "manager"), app.flask.test_client()

    def publish(n: int, items: dict[str, Any], base: int = 0) -> None:
        draft = {"request_id": f"nearby-{n}-draft", "items": items, "base": base, "rev": n - 1}
        assert manager.ask("POST", "/api/config/nearby/draft", draft).status_code == 200
        done = manager.ask(
            "POST", "/api/config/nearby", {"request_id": f"nearby-{n}", "base": base, "rev": n}
        )
        assert done.status_code == 200, done.json

    neighbours = Neighbours(app.house)
    with listening(other) as url:
        wrong = {
            "request_id": "nearby-0",
            "items": {"liuxi": {"url": f"{url}/elsewhere"}},
            "base": 0,
            "rev": 0,
        }
        assert manager.ask("POST", "/api/config/nearby/draft", wrong).json["troubles"][0]["code"] == "address"
        publish(
            2, {"liuxi": {"url": url, "latitude": 31.25, "longitude": 121.5, "page": "https://liuxi.example"}}
        )
        assert list(neighbours.once()) == ["liuxi"]
        first = phone.get("/nearby?by=wait")
        text = first.get_data(as_text=True)
        assert text.index("柳溪镇") < text.index("东关街道"), "whose wait is known comes first"
        assert "09:00 的情况" in text
        assert 'href="geo:31.250000,121.500000?q=31.250000,121.500000(' in text
        assert 'href="https://liuxi.example/take?lang=zh"' in text
        assert re.search(r"柳溪镇.*<b>3</b>.*<b>[0-9]+～[0-9]+</b>", text, re.DOTALL)
        assert "/nearby" in phone.get("/take").text
        again = phone.get("/nearby?by=wait", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    clock.forward(minutes=4)
    neighbours.once()
    assert "09:00 的情况" in phone.get("/nearby").text, "the last answer, with its time"
    clock.forward(minutes=2)
    neighbours.once()
    text = phone.get("/nearby").text
    assert "的情况" not in text
    assert text.count("暂时没有这里的实时情况") == 3
    for known in ("青禾县柳溪镇人民街7号", "0000-0000031", "14:30–17:30", "约 11.8 公里"):
        assert known in text
    publish(4, dict.fromkeys(("liuxi", "dongguan-street", "qinghe-vehicle")), base=1)
    assert neighbours.once() == {}
    assert phone.get("/nearby").status_code == 404, "a hall that names no other"
    assert "/nearby" not in phone.get("/take").text
    other.house.store.engine.dispose()
