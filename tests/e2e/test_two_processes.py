"""A city: two server processes on PostgreSQL and Redis. What one commits, the other's listeners see (I22,
D4)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio

from server.actions.enrol import enrol, make_code
from server.domain.actors import SYSTEM
from server.settings import HallSettings
from server.store.engine import open_engine
from server.store.setup import ensure_hall, migrate
from server.store.unit import Store
from server.store.verify import check
from tests import postgres, redis_server
from tests.conftest import ROOT, Clock
from tests.e2e.town import free_port, request_id, until
from tests.server.test_push import apply

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.timeout(120)]


@dataclass
class City:
    """Two processes, the keys of its devices."""

    urls: tuple[str, str]
    kiosk: str
    board: str
    database: str


@dataclass
class Screen:
    """A board that only listens, as a browser does."""

    url: str
    key: str
    state: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = socketio.Client()
        self.client.on("snapshot", self._whole, namespace="/hall")
        self.client.on("changes", self._change, namespace="/hall")
        self.client.connect(self.url, auth={"key": self.key}, namespaces=["/hall"], transports=["websocket"])

    def _whole(self, message: dict[str, Any]) -> None:
        self.state = {k: message[k] for k in ("revision", "rows", "values")}

    def _change(self, message: dict[str, Any]) -> None:
        if not self.state:
            return
        if message["since"] > self.state["revision"]:
            self.client.emit("resync", namespace="/hall")
        else:
            self.state = apply(self.state, message)


@pytest.fixture
def city(tmp_path: Path, pg_url: str, hall: HallSettings) -> Iterator[City]:
    if postgres.binaries() is None or redis_server.program() is None:
        pytest.skip(redis_server.SKIPPED)
    from tests.conftest import fresh_pg

    database = fresh_pg(pg_url)
    engine = open_engine(database)
    migrate(engine)
    ensure_hall(engine, hall.id, Clock()())
    store = Store(engine, hall.id, Clock())
    keys = {}
    for kind, place in (("kiosk", {"kiosk": "K1"}), ("board", {"name": "B1"})):
        with store.unit(SYSTEM) as unit:
            wish = {"window": None, "kiosk": None, "name": None, **place}
            code, _ = make_code(unit, hall, kind, wish["window"], wish["kiosk"], wish["name"])
        with store.unit(SYSTEM) as unit:
            keys[kind], _ = enrol(unit, code)
    with redis_server.running() as redis:
        ports = (free_port(), free_port())
        children = []
        for n, port in enumerate(ports):
            env = {**os.environ, "WUCHA_DATABASE": database, "WUCHA_REDIS": redis, "WUCHA_PORT": str(port)}
            env |= {"WUCHA_DATA": str(tmp_path / f"data{n}"), "WUCHA_PASSWORD_COST": "test"}
            log = (tmp_path / f"server{n}.log").open("wb")
            command = [sys.executable, "-m", "server.serve"]
            children.append(subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log))
        urls = (f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}")
        try:
            for url in urls:
                until(lambda url=url: _answers(url), 40, f"{url}\n{(tmp_path / 'server0.log').read_text()}")
            yield City(urls, keys["kiosk"], keys["board"], database)
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.mark.slow
def test_a_board_at_one_process_sees_what_the_other_commits(city: City, hall: HallSettings) -> None:
    screens = [Screen(url, city.board) for url in city.urls]
    for screen in screens:
        until(lambda s=screen: s.state, what="the first picture")
    headers = {"Authorization": f"Bearer {city.kiosk}"}
    numbers = []
    for n in range(12):
        body = {"request_id": request_id(), "service": "S001"}
        reply = requests.post(f"{city.urls[n % 2]}/api/tickets", json=body, headers=headers, timeout=10)
        assert reply.status_code == 201, reply.text
        numbers.append(reply.json()["ticket"]["number"])
    assert numbers == [f"A{n:03d}" for n in range(1, 13)], "two processes, one line of numbers"
    for screen in screens:
        until(
            lambda s=screen: s.state["rows"]["queues"]["A"]["waiting"] == 12, what="the waiting on the board"
        )
        fresh = requests.get(
            f"{screen.url}/api/state/hall", headers={"Authorization": f"Bearer {city.board}"}, timeout=10
        ).json()
        assert screen.state["rows"] == fresh["rows"]
        screen.client.disconnect()
    assert check(open_engine(city.database), hall.id) == []


@pytest.mark.slow
def test_the_same_request_to_both_processes_is_one_ticket(city: City) -> None:
    headers = {"Authorization": f"Bearer {city.kiosk}"}
    body = {"request_id": request_id(), "service": "S001"}
    answers = [
        requests.post(f"{u}/api/tickets", json=body, headers=headers, timeout=10).json() for u in city.urls
    ]
    assert answers[0] == answers[1]
