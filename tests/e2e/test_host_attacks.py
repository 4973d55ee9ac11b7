"""What happens to a device host by hand: the server dies under it, it is killed in the middle of a slip, its
list is broken while it works, a second one wants its machines, its code was used. A real printer's port
stands in this process, paced by its baud, so that paper outlives every death.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from drivers.line.clock import Clock
from drivers.virtual.expose import OverTcp
from drivers.virtual.medium import Medium
from drivers.virtual.printer import Printer
from tests.conftest import ROOT
from tests.e2e.test_kill import server_pid
from tests.e2e.town import Town, request_id, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PRINTER = """[host]
name = "{host}"

[[device]]
name = "printer-K1"
model = "slip_80mm"
line = "{url}"
kiosk = "K1"
"""


class FarHost:
    """A device host of its own beside the kiosk: its folder, its key, its process."""

    def __init__(self, town: Town, folder: Path, url: str, name: str) -> None:
        self.town, self.folder = town, folder
        folder.mkdir()
        (folder / "profiles").symlink_to(ROOT / "config" / "profiles")
        self.devices = folder / "devices.toml"
        self.devices.write_text(PRINTER.format(host=name, url=url), "utf-8")
        self.key = folder / "host.key"
        self.log = folder / "out.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *more: str) -> list[str]:
        words = ["-m", "drivers", "--server", self.town.url, "--devices", str(self.devices)]
        return [sys.executable, *words, "--key-file", str(self.key), *more]

    def enrol(self, code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command("--enrol", code), cwd=ROOT, capture_output=True, text=True, timeout=30
        )

    def start(self) -> FarHost:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(self.command(), cwd=ROOT, stdout=out, stderr=out)
        return self

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(10)

    def said(self) -> str:
        return self.log.read_text("utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A hall whose own host has one strip and nothing else."""
    own = tmp_path / "config"
    own.mkdir()
    (own / "profiles").symlink_to(ROOT / "config" / "profiles")
    strip = (
        'name = "strip-W01"\nmodel = "strip_128x16"\nline = "virtual://s/A"\naddress = 1\nwindow = "W01"\n'
    )
    (own / "devices.toml").write_text(f"[[device]]\n{strip}", "utf-8")
    made = Town(tmp_path, devices=own / "devices.toml")
    try:
        yield made.start().set_up()
    finally:
        made.stop()


@pytest.fixture
def paper() -> Iterator[tuple[Printer, str]]:
    cable = Medium("net", baud=9600, clock=Clock())
    cable.join(far := Printer("net", options={"mm_per_s": "80"}))
    exposed = OverTcp(cable)
    yield far, exposed.url
    exposed.close()


@pytest.fixture
def beside(town: Town, paper: tuple[Printer, str], tmp_path: Path) -> Iterator[FarHost]:
    made = FarHost(town, tmp_path / "beside", paper[1], "cellar")
    done = made.enrol(town.code(kind="host", name="cellar"))
    assert done.returncode == 0, done.stderr
    try:
        made.start()
        until(lambda: health(town) == ("ok", ""), what="the printer's health")
        yield made
    finally:
        made.kill()


def health(town: Town) -> tuple[str, str] | None:
    with suppress(requests.ConnectionError):
        return _health(town)
    return None


def _health(town: Town) -> tuple[str, str] | None:
    row = town.state("manager")["rows"]["devices"].get("printer-K1")
    return (row["state"], row["reason"]) if row else None


def slips(town: Town) -> dict[str, str]:
    """number -> how its newest paper stands, as the database has it."""
    query = "select t.number, s.state from slip s join ticket t on s.ticket = t.id order by s.copy"
    with closing(sqlite3.connect(f"file:{town.data / 'wucha.db'}?mode=ro", uri=True)) as base:
        return dict(base.execute(query))


def alarms(town: Town, kind: str) -> list[str]:
    """What the manager's page says of it."""
    return [a["text"]["zh"] for a in town.state("manager")["values"]["alarms"] if a["kind"] == kind]


def take(town: Town, key: dict[str, str]) -> dict[str, Any]:
    body = {"request_id": request_id(), "service": "S401"}
    reply = requests.post(f"{town.url}/api/tickets", json=body, headers=key, timeout=10)
    assert reply.status_code == 201, reply.text
    return dict(reply.json()["ticket"])


def papers_of(far: Printer, number: str) -> list[Any]:
    return [paper for paper in far.papers if any(number in str(word) for word in paper.words())]


def test_the_server_dies_with_slips_on_their_way(
    town: Town, beside: FarHost, paper: tuple[Printer, str]
) -> None:
    far, _ = paper
    key = town.key(kind="kiosk", kiosk="K1")
    numbers = [take(town, key)["number"] for _ in range(5)]
    until(lambda: far.papers[0].lines, what="the first line")
    pid = until(lambda: server_pid(town), what="the server's process")
    os.killpg(os.getpgid(pid), signal.SIGKILL)
    until(lambda: len(far.slips) >= 2, what="papers that need no server")
    until(lambda: (now := server_pid(town)) is not None and now != pid, what="the server again")
    until(lambda: health(town) == ("ok", ""), 30, "the host again")
    until(lambda: len(far.slips) >= 5, 40, "all papers")
    until(lambda: all(slips(town).get(n) == "printed" for n in numbers), 30, "all results")
    later = take(town, key)["number"]
    until(lambda: papers_of(far, later), 30, "a later paper")
    for number in [*numbers, later]:
        assert len(papers_of(far, number)) == 1, number


def test_a_host_killed_in_the_middle_of_a_slip_prints_it_no_second_time(
    town: Town, beside: FarHost, paper: tuple[Printer, str]
) -> None:
    far, _ = paper
    key = town.key(kind="kiosk", kiosk="K1")
    before = take(town, key)
    until(lambda: len(far.slips) == 1, what="a whole paper first")
    torn = take(town, key)
    until(lambda: far.papers[-1].lines, what="the middle of the second")
    beside.kill()
    count = len(far.slips)
    beside.start()
    until(lambda: slips(town).get(torn["number"]) == "unsure", 30, "unsure")
    until(lambda: health(town) == ("ok", ""), 30, "the printer's health")
    after = take(town, key)
    until(
        lambda: slips(town).get(after["number"]) == "printed" and papers_of(far, after["number"]),
        30,
        "next",
    )
    assert len(papers_of(far, torn["number"])) <= 1
    assert slips(town)[torn["number"]] == "unsure"  # a late mark proves nothing: a person decides
    (fresh,) = papers_of(far, after["number"])
    assert torn["number"] not in fresh.words(), "what was torn off does not hang on the next one's paper"
    assert len(papers_of(far, before["number"])) == 1
    assert len(far.slips) > count
    reply = requests.post(
        f"{town.url}/api/tickets/{torn['id']}/reprint",
        json={"request_id": request_id(), "kiosk": "K1"}, headers=key, timeout=10,
    )  # fmt: skip
    assert reply.ok, reply.text
    until(
        lambda: any("补打" in " ".join(p.words()) for p in papers_of(far, torn["number"])), 30, "the reprint"
    )


def test_a_second_host_gets_nothing_and_harms_nobody(
    town: Town, beside: FarHost, paper: tuple[Printer, str], tmp_path: Path
) -> None:
    far, url = paper
    cable = Medium("other", baud=0, clock=Clock())
    cable.join(stolen := Printer("other", options={"mm_per_s": "5000"}))
    port = OverTcp(cable)
    rival = FarHost(town, tmp_path / "rival", port.url, "attic")
    code = town.code(kind="host", name="attic")
    assert rival.enrol(code).returncode == 0
    used = rival.enrol(code)
    assert used.returncode == 3
    assert "登记没有成功" in used.stderr
    copied = FarHost(town, tmp_path / "copied", port.url, "cellar")
    copied.key.write_text(beside.key.read_text())
    key = town.key(kind="kiosk", kiosk="K1")
    try:
        for second in (rival, copied):
            second.start()
            until(lambda h=second: "refused: printer-K1" in h.said(), 20, "the refusal")
            assert "已由另一台设备主机（cellar" in second.said()
            until(lambda: alarms(town, "host-doubled"), what="the alarm")
            assert "printer-K1，它已由 cellar" in alarms(town, "host-doubled")[0]
            number = take(town, key)["number"]
            until(
                lambda n=number: papers_of(far, n) and slips(town).get(n) == "printed",
                30,
                "the paper",
            )
            assert stolen.papers[0].lines == []
            assert health(town) == ("ok", "")
            second.kill()
        until(lambda: not alarms(town, "host-doubled"), what="the alarm gone")
        # the first is gone: the second may come in by itself
        rival.start()
        until(lambda: rival.said().count("refused: printer-K1") == 2, 20, "the refusal again")
        beside.kill()
        until(lambda: "takes us now" in rival.said(), 30, "the second one's turn")
        number = take(town, key)["number"]
        until(lambda: papers_of(stolen, number), 30, "its paper")
        assert papers_of(far, number) == []
    finally:
        rival.kill()
        copied.kill()
        port.close()


def test_a_list_broken_while_it_works(town: Town, beside: FarHost, paper: tuple[Printer, str]) -> None:
    far, _ = paper
    key = town.key(kind="kiosk", kiosk="K1")
    good = beside.devices.read_text("utf-8")
    beside.devices.write_text(good.replace("slip_80mm", "slip_99mm") + "[[device\n", "utf-8")
    until(lambda: "declaration not taken" in beside.said(), what="the log")
    assert "devices.toml" in beside.said()
    until(lambda: alarms(town, "declaration"), what="the alarm")
    assert "devices.toml" in alarms(town, "declaration")[0]
    assert "line 9" in alarms(town, "declaration")[0]
    beside.devices.write_text(good.replace("slip_80mm", "slip_99mm"), "utf-8")
    until(lambda: "'printer-K1'.model" in beside.said(), what="the key")
    hosts = town.admin.get(f"{town.url}/api/hosts", timeout=10).json()["hosts"]
    (mine,) = [h for h in hosts if h["enrolled_as"] == "cellar"]
    assert "printer-K1'.model" in mine["troubles"][0]
    number = take(town, key)["number"]
    until(lambda: papers_of(far, number), 30, "the old list still works")
    beside.devices.write_text(good, "utf-8")
    until(lambda: not alarms(town, "declaration"), what="the alarm gone")
    assert health(town) == ("ok", "")
