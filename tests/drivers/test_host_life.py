"""A host that goes on: adapters pulled and replugged, a declaration edited under it, drivers that break, and
what support gets to see of it all."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest

from drivers.declared import Declared
from drivers.host import Host
from drivers.jobs import PrintSlip, ShowText, Text
from drivers.line.clock import Clock
from drivers.line.record import Figures, Passed, Record
from drivers.spec import CONFIG, HallSpec, load
from drivers.virtual.bxk import BxkCard
from drivers.virtual.expose import OverPty
from drivers.virtual.ff68 import Ff68Keypad
from drivers.virtual.medium import Medium

STRIP = """
[host]
name = "kiosk-pc"

[line.a]
url = "{url}"

[[device]]
name = "strip-1"
model = "strip_128x16"
line = "a"
address = 1
window = "W01"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG / "profiles", tmp_path / "profiles")
    return tmp_path


class Life:
    """A running host with what it published, and patience to wait for it."""

    def __init__(self, hall: HallSpec) -> None:
        self.said: list[tuple[str, dict]] = []
        self.changed = threading.Condition()
        self.host = Host(hall, self.publish, Clock())
        self.host.start()

    def publish(self, name, facts):
        with self.changed:
            self.said.append((name, facts))
            self.changed.notify_all()

    def wait(self, true, seconds=10.0):
        began = time.monotonic()
        with self.changed:
            while not true():
                left = began + seconds - time.monotonic()
                assert left > 0, self.said[-10:]
                self.changed.wait(min(left, 0.05))
        return time.monotonic() - began

    def health(self, device):
        found = [f for name, f in self.said if name == "health" and f["device"] == device]
        return (found[-1]["state"], found[-1]["reason"]) if found else None

    def result(self, job):
        return [(f["state"], f["reason"]) for name, f in self.said if name == "result" and f["job"] == job]


@pytest.fixture
def live():
    made = []

    def make(hall: HallSpec) -> Life:
        made.append(Life(hall))
        return made[-1]

    yield make
    for one in made:
        one.host.stop()


@pytest.fixture
def adapter(tmp_path: Path):
    """A by-id name, and a hand that plugs a card on a fresh pseudo terminal behind it."""
    name, plugged = tmp_path / "usb-FTDI_1-if00", []

    def plug(*peers) -> OverPty:
        cable = Medium("x", baud=0, shared=True, clock=Clock())
        for peer in peers or (BxkCard("card", 1),):
            cable.join(peer)
        plugged.append(OverPty(cable))
        name.unlink(missing_ok=True)
        name.symlink_to(plugged[-1].url)
        return plugged[-1]

    yield name, plug
    for one in plugged:
        one.close()


def declared(folder: Path, text: str) -> Path:
    path = folder / "devices.toml"
    path.write_text(text, "utf-8")
    return path


# --- the line
def test_an_adapter_is_found_again_by_its_name_whatever_node_it_gets(folder, adapter, live):
    name, plug = adapter
    first = plug()
    one = live(load(declared(folder, STRIP.format(url=name))))
    one.wait(lambda: one.health("strip-1") == ("ok", ""))
    nodes = [first.url]
    for _ in range(2):
        name.unlink()
        first.close()
        one.wait(lambda: one.health("strip-1") == ("down", "line_lost"))
        assert one.host.lines()[0]["state"] == "fault"
        crew = one.host._where["strip-1"].crew
        one.wait(lambda crew=crew: crew._back_off > 2)
        plug(BxkCard("spare", 9))
        name.unlink()  # the old node is somebody else's now
        first = plug(card := BxkCard("card", 1))
        nodes.append(first.url)
        one.wait(lambda: one.health("strip-1") == ("ok", ""), 5.0)
    one.host.take(ShowText("t1", "W01", "请A001号"))
    one.wait(lambda: one.result("t1") == [("confirmed", "")])
    assert card.text == "请A001号"
    assert len(set(nodes)) > 1
    figures = one.host.lines()[0]
    assert (figures["losses"], figures["jobs"], figures["state"]) == (2, {"confirmed": 1}, "ready")
    assert figures["p50_ms"] <= figures["max_ms"] < 3000


def test_a_job_reaches_a_listening_line_at_once(folder, adapter, live):
    """A line of keypads listens for seconds; a job must not wait for the end of that."""
    name, plug = adapter
    plug(far := Ff68Keypad("k", 1))
    text = STRIP.replace("strip_128x16", "keypad").replace("strip-1", "keypad-1")
    one = live(load(declared(folder, text.format(url=name))))
    one.wait(lambda: one.health("keypad-1") is not None)
    took = []
    for n in range(20):
        job = {"id": f"c{n}", "kind": "show_counts", "window": "W01", "waiting": n, "number": None}
        one.host.submit(job | {"deadline_s": 5})
        took.append(one.wait(lambda n=n: one.result(f"c{n}") == [("sent", "")]))
    assert sorted(took)[10] < 0.2
    assert far.digits == " 19   "


def test_a_driver_that_breaks_is_told_and_takes_nobody_along(bench, live):
    whole = load(CONFIG / "devices.toml")
    one = live(HallSpec("hall", tuple(s for s in whole.devices if s.name in ("printer-K1", "printer-K2"))))
    one.wait(lambda: one.health("printer-K1") == one.health("printer-K2") == ("ok", ""))
    station = one.host._where["printer-K1"].crew.stations["printer-K1"]
    station.driver.perform = lambda job: {}["broken"]
    for kiosk in ("K1", "K2"):
        one.host.take(PrintSlip(f"slip-{kiosk}", kiosk, (Text("A001"),)))
    one.wait(lambda: one.result("slip-K2")[-1:] == [("confirmed", "")])
    assert one.result("slip-K1") == [("sending", ""), ("unsure", "driver_error")]
    assert ("health", "driver_error") in [(n, f.get("reason")) for n, f in one.said]
    one.wait(lambda: one.health("printer-K1") == ("ok", ""))


# --- the declaration
def demo(names) -> HallSpec:
    return HallSpec("hall", tuple(s for s in load(CONFIG / "devices.toml").devices if s.name in names))


def test_only_the_lines_that_changed_are_begun_anew(bench, live):
    one = live(demo(("strip-W01", "strip-W02", "strip-W08", "printer-K1")))
    one.wait(lambda: len({f["device"] for n, f in one.said if n == "health"}) == 4)
    one.host.present({"strips": [{"window": "W01", "text": "暂停服务", "kind": "pause"}], "keypads": []})
    far = {peer.name: peer for _, peer in bench.peers()}
    one.wait(lambda: far["strip-W01"].text == "暂停服务")
    opens = {url: crewed.crew.line.opens for url, crewed in one.host._crews.items()}
    threads = {url: crewed.thread for url, crewed in one.host._crews.items()}
    changed = one.host.reload(demo(("strip-W01", "strip-W08", "printer-K1", "keypad-W01")))
    assert changed == ["virtual://keypads/A", "virtual://strips/A"]
    assert {s["name"] for s in one.host.devices()} == {"strip-W01", "strip-W08", "printer-K1", "keypad-W01"}
    assert {peer.name for _, peer in bench.peers()} == {"strip-W01", "strip-W08", "printer-K1", "keypad-W01"}
    for url in ("virtual://strips/B", "virtual://slips/K1"):
        assert one.host._crews[url].thread is threads[url]
        assert one.host._crews[url].crew.line.opens == opens[url]
    far["strip-W01"].act("power", {})
    one.wait(lambda: far["strip-W01"].text == "暂停服务")  # its present came along
    one.host.take(ShowText("t2", "W02", "x"))
    assert one.result("t2") == [("failed", "no_device")]
    assert one.host.reload(demo(("strip-W01", "strip-W08", "printer-K1", "keypad-W01"))) == []


def test_what_waits_on_a_changed_line_waits_on(bench, clock):
    """The slip was not sent yet: it is printed by the new crew, once."""
    said = []
    host = Host(demo(("printer-K1", "strip-W01")), lambda name, facts: said.append((name, facts)), clock)
    host.take(PrintSlip("slip-1", "K1", (Text("A001"),)))
    whole = demo(("printer-K1", "strip-W01"))
    moved = [s if s.name != "printer-K1" else type(s)(**{**vars(s), "zone": "east"}) for s in whole.devices]
    assert host.reload(HallSpec("hall", tuple(moved))) == ["virtual://slips/K1"]
    for _ in range(400):
        host.step_all()
        clock.sleep(0.02)
    assert [f["state"] for n, f in said if n == "result"] == ["sending", "confirmed"]


def test_a_wrong_edit_is_told_whole_and_changes_nothing(folder, adapter):
    name, plug = adapter
    plug()
    path = declared(folder, STRIP.format(url=name))
    watch = Declared(path)
    assert watch.look() is None
    path.write_text(STRIP.format(url=name).replace("128x16", "999") + "[line.b]\n", "utf-8")
    assert watch.look() is None  # somebody may still be writing
    found = watch.look()
    assert found is not None
    assert found.hall is None
    assert len(found.troubles) == 2
    assert all(str(path) in trouble for trouble in found.troubles)
    assert watch.look() is None  # told once
    path.write_text(STRIP.format(url=name).replace("W01", "W02"), "utf-8")
    watch.look()
    again = watch.look()
    assert again is not None
    assert again.hall is not None
    assert again.hall.devices[0].window == "W02"
    (folder / "profiles" / "strip_128x16.toml").write_text("driver = 7\n", "utf-8")
    watch.look()
    assert watch.look().troubles  # profiles are watched too
    path.unlink()
    watch.look()
    assert watch.look().troubles


# --- what support sees
def test_a_record_is_read_on_from_where_one_was():
    record = Record(limit=5)
    for n in range(8):
        record.add(float(n), ">", bytes((n,)))
    assert [p.number for p in record.since(0)] == [4, 5, 6, 7, 8]
    assert [p.data for p in record.since(6)] == [b"\x06", b"\x07"]
    assert record.since(8) == []
    long = Passed(0.0, ">", bytes(2), 1, 5)
    assert long.hex == "00 00 (3 bytes not kept)"


def test_a_private_line_keeps_no_byte():
    record = Record(discreet=True)
    record.add(0.0, "<", "张三 110101".encode())
    record.note(0.0, "open /dev/x")
    assert [p.hex for p in record.since(0)] == ["(13 bytes not kept)", "open /dev/x"]
    assert all(p.data == b"" or p.way == "!" for p in record.since(0))


def test_a_trial_is_shown_and_makes_way_for_the_present(bench, clock):
    said = []
    host = Host(demo(("strip-W01",)), lambda name, facts: said.append((name, facts)), clock)
    far = {peer.name: peer for _, peer in bench.peers()}["strip-W01"]

    def run(seconds):
        until = clock.now() + seconds
        while clock.now() < until:
            host.step_all()
            clock.sleep(0.05)

    host.present({"strips": [{"window": "W01", "text": "暂停服务", "kind": "pause"}], "keypads": []})
    run(3)
    job = host.trial("strip-W01", ShowText("x", "", "地址1 W01"))
    assert host.tried(job)["state"] == "waiting"
    run(2)
    assert host.tried(job)["state"] == "confirmed"
    assert far.text == "地址1 W01"
    assert not [f for n, f in said if n == "result"]  # the hall hears nothing of it
    run(20)
    assert far.text == "暂停服务"
    with pytest.raises(KeyError):
        host.trial("strip-W99", ShowText("x", "", "y"))
    assert host.tried("trial-unknown") is None


def test_a_trial_never_displaces_a_call(bench, clock):
    host = Host(demo(("strip-W01",)), lambda *_: None, clock)
    host.take(ShowText("call", "W01", "请A001号"))
    job = host.trial("strip-W01", ShowText("x", "", "测试"))
    host.step_all()
    assert host.tried(job) == {"job": job, "state": "failed", "reason": "replaced"}


def test_figures_of_nothing_are_unknown():
    figures = Figures()
    assert (figures.facts()["p50_ms"], figures.facts()["max_ms"]) == (None, None)
    for ms in range(1, 101):
        figures.ended("confirmed", ms / 1000)
    assert (figures.facts()["p50_ms"], figures.facts()["p95_ms"], figures.facts()["max_ms"]) == (51, 96, 100)
