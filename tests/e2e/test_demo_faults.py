"""`wucha demo --faults` in a running hall with one of every machine: each cable is pulled, staff sees it in
time, no number is lost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.demo.verdict import judge
from tests.e2e.every_machine import MACHINES, declare
from tests.e2e.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]

CABLES = {f"virtual://{line}" for _, _, line, _, _ in MACHINES}


def morning() -> str:
    """Three quarters of an hour at one window: somebody every three minutes, every fourth by appointment."""
    lines = ['name = "short"', "date = 2026-03-02"]
    for number in range(1, 15):
        hours = '[["09:00:00", "09:45:00"]]' if number == 1 else "[]"
        lines += ["[[window]]", f'id = "W{number:02d}"', f"hours = {hours}"]
    for i in range(12):
        lines += ["[[arrival]]", f"at = 09:{3 * i:02d}:00", 'service = "S003"', "minutes = 3.0"]
        if i % 4 == 0:
            lines += ['priority = "appointment"', f"slot = 09:{3 * i + 2:02d}:00"]
    return "\n".join(lines)


@pytest.fixture
def small_town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path, devices=declare(tmp_path))
    try:
        yield made.start().set_up()
    finally:
        made.stop()


def test_every_cable_is_pulled_and_no_number_is_lost(small_town: Town, tmp_path: Path) -> None:
    scenario = tmp_path / "short.toml"
    scenario.write_text(morning(), "utf-8")
    command = [sys.executable, "-m", "server.cli", "demo", "--speed", "200", "--faults"]
    place = ["--scenario", str(scenario), "--data", str(small_town.data), "--port", str(small_town.port)]
    env = {**os.environ, "WUCHA_PASSWORD_COST": "test"}
    done = subprocess.run([*command, *place], cwd=ROOT, env=env, capture_output=True, text=True, timeout=220)
    report = judge(done)
    rows = dict(re.findall(r"^  (\S+(?: \w+)?) +([\d.]+) s +\d+ s +[\d.]+ s +\d+", report, re.MULTILINE))
    assert rows.keys() >= CABLES | {"printer-K1 paper_out", "printer-K2 paper_out", "strip-W01 silent"}
    assert rows.keys() >= {"strip-W02 silent", "strip-W04 silent", "digits-W11 silent", "keypad-W02 silent"}
    assert "reader-K1 silent" in rows
    papers = dict(re.findall(r"(\w+) (\d+)", report.partition("papers:")[2].partition("\n")[0]))
    held = re.search(r"numbers (\d+)", report)
    assert held is not None
    assert held[1] == "12"
    assert sum(map(int, papers.values())) == int(held[1]), "one paper is owed for each number"
