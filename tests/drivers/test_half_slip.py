"""A host is killed in the middle of a slip, on a real pty at 9600 baud: what the printer still holds, or
waits for, is cut off before the next one, and nothing is printed twice."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
import zlib

import pytest

from drivers.begun import FILE, Begun
from drivers.host import Host
from drivers.jobs import job_from_dict
from drivers.line.clock import Clock
from drivers.printer.profile import Profile
from drivers.printer.raster import Artist
from drivers.printer.slip import compose
from drivers.spec import CONFIG, load
from drivers.virtual.expose import OverPty
from drivers.virtual.medium import HOST, Medium
from drivers.virtual.printer import Printer
from tests.drivers.rig import Rig

DOTS = base64.b64encode(zlib.compress(b"\x55" * 40 * 24)).decode()
PICTURE = [{"text": "A001", "size": 4}, {"image": DOTS, "width": 320}, {"text": "A001"}]
WORDS = [{"text": "A001", "size": 4}, *({"text": f"请到{n}号窗口办理业务"} for n in range(20))]
QR = [
    {"text": "A001", "size": 4},
    {"qr": "http://127.0.0.1:8600/t/" + "a" * 300, "size": 3},
    {"text": "A001"},
]
#: A host without a server, that is given one slip.
ALONE = """
import json, sys
from pathlib import Path
from drivers.begun import Begun
from drivers.host import Host
from drivers.spec import CONFIG, load
host = Host(load(Path(sys.argv[1]), CONFIG / "profiles"), lambda *_: None, begun=Begun(Path(sys.argv[2])))
host.start()
host.submit(json.loads(sys.stdin.readline()))
sys.stdin.read()
"""


def slip(job: str, parts: list[dict[str, object]]) -> dict[str, object]:
    return {"id": job, "kind": "print_slip", "kiosk": "K1", "deadline_s": 30, "parts": parts}


def until(is_so, what: str, most: float = 20.0) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < most, what
        time.sleep(0.005)


@pytest.mark.parametrize("parts", [PICTURE, WORDS, QR], ids=["picture", "words", "qr"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.99, 1.0])
def test_what_somebody_else_left_in_the_printer_is_cut_off_first(bench, clock, tmp_path, parts, share):
    begun = Begun(tmp_path / "before")
    begun.began("it", "s1")
    begun.close()
    lines = {"x": 'url = "virtual://one/p"\nbaud = 9600\n'}
    rows = [("it", "slip_80mm", "x", 0, "K1")]
    one = Rig(bench, clock, tmp_path, lines, rows, Begun(tmp_path / "before"))
    job = job_from_dict(slip("s1", parts))
    data = compose(job.parts, Profile(), Artist(), 240).data
    bench.peers()[0][0].say(HOST, data[: round(len(data) * share)], clock.now())
    one.host.submit(slip("s2", [{"text": "A002", "size": 4}, {"text": "完"}]))
    one.run_until(lambda: one.results("s2")[-1:] not in ([], [("sending", "")]), 60)
    assert one.results("s2")[-1] == ("confirmed", "")
    assert one.far["it"].slips[-1].words() == ["A002", "完"]
    assert one.far["it"].rejects <= 1, "half a character at most"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "after"),
    [(PICTURE, 20), (PICTURE, 300), (WORDS, 400), (QR, 200)],
    ids=["start", "picture", "words", "qr"],
)
def test_the_next_slip_is_alone_on_its_paper(tmp_path, parts, after):
    cable, far = Medium("half", baud=9600, clock=Clock()), Printer("p", 1, {})
    cable.join(far)
    pty = OverPty(cable)
    devices, data = tmp_path / "devices.toml", tmp_path / "data"
    devices.write_text(
        f'[line.slips]\nurl = "{pty.url}"\nbaud = 9600\n'
        '[[device]]\nname = "p1"\nmodel = "slip_80mm"\nline = "slips"\nkiosk = "K1"\n',
        "utf-8",
    )
    words = [sys.executable, "-c", ALONE, str(devices), str(data)]
    said: list[dict[str, object]] = []

    def hear(name: str, facts: dict[str, object]) -> None:
        if name == "result":
            said.append(facts)

    host = None
    dead = subprocess.Popen(words, stdin=subprocess.PIPE, text=True, cwd=CONFIG.parent)
    try:
        assert dead.stdin is not None
        dead.stdin.write(json.dumps(slip("s1", parts)) + "\n")
        dead.stdin.flush()
        until(lambda: far.received > 12 + after, "the slip never came")
        os.kill(dead.pid, signal.SIGKILL)
        dead.wait(5)
        assert not far.slips
        host = Host(load(devices, CONFIG / "profiles"), hear, begun=Begun(data))
        host.start()
        assert said == [{"job": "s1", "state": "unsure", "reason": "host_restarted"}]
        host.submit(slip("s1", parts))
        host.submit(slip("s2", [{"text": "A002", "size": 4}, {"text": "完"}]))
        until(lambda: said[-1]["job"] == "s2" and said[-1]["state"] != "sending", "the second slip")
        assert said[-1]["state"] == "confirmed", said
        assert far.slips[-1].words() == ["A002", "完"], "alone on its paper"
        assert far.rejects == 0
        assert [r["state"] for r in said if r["job"] == "s1"] == ["unsure", "unsure"]
        assert sum("A001" in paper.words() for paper in far.slips) <= 1
    finally:
        if dead.poll() is None:
            dead.kill()
            dead.wait(5)
        dead.stdin.close()
        if host is not None:
            host.stop()
        pty.close()


def test_what_was_begun_is_known_to_the_next_one_until_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("drivers.begun.LONG", 20)
    first = Begun(tmp_path)
    first.began("p1", "s1")
    first.began("p2", "s2")
    first.ended("p1")
    first.close()
    second = Begun(tmp_path)
    assert second.left == {"p2": "s2"}
    second.ended("p2")
    second.close()
    third = Begun(tmp_path)
    assert third.left == {}
    for n in range(20):
        third.began("p1", f"s{n}")
        third.ended("p1")
    third.began("p1", "last")
    third.close()
    assert (tmp_path / FILE).read_bytes().count(b"\n") <= 21
    assert Begun(tmp_path).left == {"p1": "last"}


def test_a_torn_or_broken_note_stops_nobody(tmp_path):
    (tmp_path / FILE).write_bytes(b'{"device":"p1","slip":"s1"}\n{"device":"p1","sl')
    one = Begun(tmp_path)
    assert one.left == {"p1": "s1"}
    one.close()
    (tmp_path / FILE).write_bytes(b"rubbish\n")
    other = Begun(tmp_path)
    other.began("p1", "s2")
    other.close()
    assert Begun(tmp_path).left == {"p1": "s2"}


def test_F19_the_last_number_on_paper_is_kept_over_deaths_and_a_file_begun_anew(tmp_path, monkeypatch):
    one = Begun(tmp_path)
    assert one.printed() == []
    for seq in (3, 12, 7):
        one.began("p1", f"slip-{seq}@2026-03-02.A.{seq}")
        one.ended("p1")
    one.began("p2", "slip-20-0badcafe@2026-03-02.窗.口.4")
    one.close()
    two = Begun(tmp_path)
    known = [("2026-03-02", "A", 12), ("2026-03-02", "窗.口", 4)]
    assert (two.printed(), set(two.left)) == (known, {"p2"})
    monkeypatch.setattr("drivers.begun.LONG", 20)
    for _ in range(30):
        two.began("p1", "slip-9")  # a paper without a number
    two.began("p1", "slip-30@2026-03-01.A.99")
    two.close()
    three = Begun(tmp_path)
    assert three.printed() == [("2026-03-01", "A", 99), *known]
    three.began("p1", "slip-31@2026-03-03.A.1")
    assert three.printed() == [*known, ("2026-03-03", "A", 1)], "two days are enough"
    assert len((tmp_path / FILE).read_bytes().splitlines()) < 30
    three.close()
