"""One of every machine in a running hall: a call is on its strip and on the screens that show all windows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from drivers.spec import CONFIG, MODELS, load
from tests.e2e.every_machine import declare
from tests.e2e.town import Town, request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path, devices=declare(tmp_path))
    try:
        yield made.start().set_up()
    finally:
        made.stop()


def test_it_really_is_every_driver(tmp_path: Path) -> None:
    hall = load(declare(tmp_path))
    assert {spec.driver for spec in hall.devices} == set(MODELS)
    described = {path.stem for path in (CONFIG / "profiles").glob("frame_*.toml")}
    assert described <= {spec.model for spec in hall.devices}


def test_screens_of_all_windows_show_every_call(town: Town) -> None:
    bench = town.bench()
    key = town.key(kind="kiosk", kiosk="K1")
    numbers = []
    for _ in range(2):
        body = {"request_id": request_id(), "service": "S003"}
        reply = requests.post(f"{town.url}/api/tickets", json=body, headers=key, timeout=10)
        assert reply.status_code == 201, reply.text
        numbers.append(reply.json()["ticket"]["number"])
    open_window(town, "W01", "ZW001")
    until(lambda: bench.models["strip-W01"]["text"], what="the strip told that the window is open")
    bench.act("keypad-W01", "press", key="call")
    until(lambda: numbers[0] in str(bench.models["strip-W01"]["text"]), what="the call on its strip")

    def rows(screen: str) -> list[str]:
        return [str(row) for row in bench.models[screen]["rows"]]

    until(lambda: any(numbers[0] in row for row in rows("summary-bx")), what="the call on the BX screen")
    digits = numbers[0][0] + "0" + numbers[0][1:]
    until(lambda: any(digits in row for row in rows("summary-pa")), what="the call on the other screen")
    # a screen that was away is told the present by the server when the host comes back to it
    bench.act("summary-bx", "power")
    until(lambda: rows("summary-bx") == [], what="dark")
    until(lambda: any(numbers[0] in row for row in rows("summary-bx")), 90, what="told again")
    bench.close()


def open_window(town: Town, window: str, person: str) -> None:
    """Sign in with the one-time password, replace it, and open the window."""
    clerk, origin = requests.Session(), {"Origin": town.url}
    words = {"password": town.staff[person]["once_password"], "new_password": "an-honest-word-2026"}
    reply = clerk.post(f"{town.url}/api/session", json={"staff": person, **words}, headers=origin, timeout=10)
    assert reply.ok, reply.text
    headers = {**origin, "X-Wucha-CSRF": reply.json()["csrf"]}
    path = f"{town.url}/api/windows/{window}/open"
    reply = clerk.post(path, json={"request_id": request_id()}, headers=headers, timeout=10)
    assert reply.ok, reply.text
