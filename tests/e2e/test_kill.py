"""kill -9 of the real server in a loop, under load: nothing acknowledged is lost, nothing is doubled (P1, P2,
I11, N3)."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from server.settings import read_hall
from server.store.engine import open_engine
from server.store.verify import check
from tests.conftest import ROOT
from tests.e2e.town import Town, request_id, until

BACK_S = 10.0  # N3
SERVICES = ("S001", "S101", "S201", "S204", "S401")  # five queues of 999 numbers each


def server_pid(town: Town) -> int | None:
    """The process that serves now: the worker of gunicorn under our own supervisor."""
    assert town.process is not None
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(town.process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in listed.stdout.splitlines():
        pid, _, args = line.strip().partition(" ")
        if "server.serve" in args:
            return int(pid)
    return None


class Kiosk:
    """Takes numbers as fast as it is answered; an intent without an answer is sent again with the same
    request_id."""

    def __init__(self, town: Town, name: str) -> None:
        self.town, self.headers = town, town.key(kind="kiosk", kiosk=name)
        self.given: dict[str, str] = {}
        self.stop = threading.Event()

    def work(self) -> None:
        while not self.stop.is_set():
            intent = request_id()
            while not self.stop.is_set():
                body = {"request_id": intent, "service": SERVICES[len(self.given) % len(SERVICES)]}
                try:
                    reply = requests.post(
                        f"{self.town.url}/api/tickets", json=body, headers=self.headers, timeout=5
                    )
                except requests.RequestException:
                    self.stop.wait(0.02)
                    continue
                if reply.status_code == 201:
                    self.given[intent] = reply.json()["ticket"]["number"]
                    self.stop.wait(0.05)
                    break
                assert reply.status_code in (409, 503), reply.text
                if reply.json()["refused"] == "numbers-exhausted":
                    return


def kill_in_a_loop(tmp_path: Path, kills: int) -> None:
    town = Town(tmp_path).start()
    try:
        town.set_up()
        kiosks = [Kiosk(town, f"K{n}") for n in (1, 2)]
        with ThreadPoolExecutor(len(kiosks)) as pool:
            for kiosk in kiosks:
                pool.submit(kiosk.work)
            slowest = 0.0
            for n in range(kills):
                before = sum(len(k.given) for k in kiosks)
                until(lambda b=before + n % 5: sum(len(k.given) for k in kiosks) > b, BACK_S * 2, "numbers")
                pid = until(lambda: server_pid(town), what="the server's process")
                group = os.getpgid(pid)
                killed = time.monotonic()
                os.killpg(group, signal.SIGKILL)
                after = sum(len(k.given) for k in kiosks)
                until(
                    lambda a=after: sum(len(k.given) for k in kiosks) > a,
                    BACK_S * 2,
                    "the first number after a kill",
                )
                slowest = max(slowest, time.monotonic() - killed)
            for kiosk in kiosks:
                kiosk.stop.set()
    finally:
        town.stop()
    print(f"{kills} kills, slowest back after {slowest:.1f} s")
    given = [number for kiosk in kiosks for number in kiosk.given.values()]
    assert len(set(given)) == len(given), "no number twice"
    database = tmp_path / "wucha.db"
    with sqlite3.connect(database) as connection:
        stored = {row[0] for row in connection.execute("SELECT number FROM ticket")}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert set(given) <= stored, "nothing acknowledged is lost"
    assert (
        check(open_engine(f"sqlite:///{database}"), read_hall(ROOT / "config" / "demo", ROOT / "config").id)
        == []
    )


@pytest.mark.timeout(120)
def test_three_kills(tmp_path: Path) -> None:
    kill_in_a_loop(tmp_path, 3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_kills(tmp_path: Path) -> None:
    kill_in_a_loop(tmp_path, 50)
