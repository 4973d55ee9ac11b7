"""The device host is killed: it comes back by itself, strips are told the present, no paper is printed
twice."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
import requests

from tests.e2e.test_walk import paper_of
from tests.e2e.town import Town, request_id, until

pytestmark = pytest.mark.timeout(120)


def host_pid(town: Town) -> int | None:
    assert town.process is not None
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(town.process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (line.strip().partition(" ") for line in listed.stdout.splitlines())
    return next((int(pid) for pid, _, args in lines if "-m drivers" in args), None)


def test_the_device_host_comes_back_and_is_told_the_present(town: Town) -> None:
    bench = town.bench()
    headers = town.key(kind="kiosk", kiosk="K1")

    def take() -> dict[str, object]:
        body = {"request_id": request_id(), "service": "S401"}
        reply = requests.post(f"{town.url}/api/tickets", json=body, headers=headers, timeout=10)
        assert reply.status_code == 201, reply.text
        return dict(reply.json()["ticket"])

    first = take()
    until(lambda: paper_of(bench, "printer-K1", str(first["number"])), what="the first paper")
    until(lambda: bench.models["strip-W10"]["text"], what="the strip")
    before = until(lambda: host_pid(town), what="the device host")
    os.kill(before, signal.SIGKILL)
    second = take()  # while no host is there: the number stands, the slip waits
    until(lambda: (pid := host_pid(town)) is not None and pid != before, what="the host again")
    bench.models.clear()
    paper = until(lambda: paper_of(bench, "printer-K1", str(second["number"])), 30, "the owed paper")
    assert paper["end"] == "cut"
    assert paper_of(bench, "printer-K1", str(first["number"])) is None, (
        "what was printed is not printed again"
    )
    until(lambda: bench.models.get("strip-W10", {}).get("text") == "窗口未开放", what="the strip's present")
    until(lambda: town.state("manager")["rows"]["devices"]["printer-K1"]["state"] == "ok", what="health")
    bench.close()
