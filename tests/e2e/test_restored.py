"""A backup is restored in the middle of the day, with paper in people's hands and hosts that go on living."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import requests

from server.store.marks import NAME
from tests.conftest import ROOT
from tests.e2e.test_offline import Apart, AtTheDoor, apart
from tests.e2e.town import request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
__all__ = ["apart"]


class Kiosk:
    """Takes numbers whose paper comes out."""

    def __init__(self, town: Apart) -> None:
        self.town, self.headers = town, town.key(kind="kiosk", kiosk="K1")

    def take(self) -> str:
        body = {"request_id": request_id(), "service": "S401"}
        reply = requests.post(f"{self.town.url}/api/tickets", json=body, headers=self.headers, timeout=10)
        assert reply.status_code == 201, reply.text
        number = str(reply.json()["ticket"]["number"])
        bench = self.town.bench()
        try:
            printer = bench.models
            until(lambda: number in str(printer.get("printer-K1", {}).get("papers")), what=number)
        finally:
            bench.close()
        return number


def wucha(town: Apart, *words: str) -> str:
    env = {**os.environ, "WUCHA_CONFIG": str(town.config)}
    command = [sys.executable, "-m", "server.cli", "--data", str(town.data), *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def alarms(town: Apart) -> list[Any]:
    return [row for row in town.state("manager")["values"]["alarms"] if row["kind"] == "numbers-lost"]


def test_F19_what_a_host_gave_alone_is_told_again_and_new_paper_comes_out(
    apart: Callable[..., Apart],
) -> None:
    town = apart()
    door, kiosk, copy = AtTheDoor(town), Kiosk(town), str(town.data.parent / "copy.wucha")
    until(door.ready, what="the door with numbers behind it")
    assert [kiosk.take(), kiosk.take()] == ["E001", "E002"]
    wucha(town, "backup", copy)
    town.kill("server")
    wish = {"request_id": request_id(), "service": "S401", "lang": "zh"}
    alone = door.ask("/numbers", wish)[1]["ticket"]
    town.start_server()
    until(lambda: any(row[2] == alone["link"] for row in town.tickets()), what="the number given alone")
    assert kiosk.take() == "E003"
    town.kill("server")

    said = wucha(town, "restore", copy)
    assert "E003" in said
    assert not any(row[2] == alone["link"] for row in town.tickets())
    town.start_server()
    until(lambda: any(row[2] == alone["link"] for row in town.tickets()), 60, "the same number once more")
    assert kiosk.take() == "E004"  # on paper, though its slip has the id of a lost one
    (alarm,) = alarms(town)
    assert "E003" in alarm["text"]["zh"]
    assert town.is_sound()


def test_F19_a_host_knows_how_far_the_paper_had_got(apart: Callable[..., Apart]) -> None:
    """Nothing is left on the server, and who restores says wrongly that no number was given."""
    town = apart(offline=False)
    kiosk, copy = Kiosk(town), str(town.data.parent / "copy.wucha")
    held = {kiosk.take()}
    wucha(town, "backup", copy)
    held |= {kiosk.take() for _ in range(4)}
    town.kill("server")
    for path in (*town.data.glob("wucha.db*"), town.data / NAME):
        path.unlink()
    wucha(town, "restore", copy, "--none-given")
    town.start_server()
    (alarm,) = until(lambda: alarms(town), 60, "the alarm")
    assert "E002～E005" in alarm["text"]["zh"]
    assert kiosk.take() == "E006" not in held
    assert town.is_sound()
