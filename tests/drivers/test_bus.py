"""One pair of wires with FF 68 keypads and BX-K strips on it, and everything such a pair can do to them."""

from __future__ import annotations

import os
import threading

import pytest

from drivers.errors import LineLost
from drivers.host import Host
from drivers.jobs import ShowText
from drivers.led.onbon_bxk import OnbonStrip
from drivers.line.clock import Clock
from drivers.line.serial_line import SerialLine, Settings
from drivers.pad.events import Pressed
from drivers.pad.keypad_ff68 import KeypadBus, KeypadFf68
from drivers.protocol import ff68
from drivers.spec import DeviceSpec, HallSpec, LineSpec, load
from drivers.virtual.bxk import BxkCard
from drivers.virtual.expose import OverPty
from drivers.virtual.ff68 import Ff68Keypad
from drivers.virtual.medium import Medium
from tests.drivers.rig import Rig

BOTH = [
    ("keypad-W01", "keypad_pad5", "bus", 1, "W01"),
    ("strip-W01", "strip_128x16", "bus", 1, "W01"),
    ("keypad-W02", "keypad_pad5", "bus", 2, "W02"),
    ("strip-W02", "strip_128x16", "bus", 2, "W02"),
]
BUS = 'url = "virtual://bus/A"\nbaud = 9600\n'
ECHOING = 'url = "virtual://bus/A?fault=echo"\nbaud = 9600\necho = true\n'


@pytest.fixture
def rig(bench, clock, tmp_path):
    def make(line=BUS, rows=BOTH, seed=7):
        made = Rig(bench, clock, tmp_path, {"bus": line}, rows)
        bench.peers()[0][0].random.seed(seed)
        made.run(3)
        return made

    return make


def cable_of(rig) -> Medium:
    return rig.bench.peers()[0][0]


def works(rig, number="A012"):
    """A press is one key, a text is shown and confirmed, on both windows."""
    keys = len(rig.keys())
    for window in ("W01", "W02"):
        rig.act(f"keypad-{window}", "press", key="call")
        rig.show(number, window, job=f"{number}-{window}")
        rig.run(2.5)
    assert rig.keys()[keys:] == [("keypad-W01", "call"), ("keypad-W02", "call")]
    assert [rig.far[f"strip-W0{n}"].text for n in (1, 2)] == [f"请{number}号"] * 2
    assert [rig.results(f"{number}-W0{n}") for n in (1, 2)] == [[("confirmed", "")]] * 2


def test_both_protocols_live_on_one_pair(rig):
    one = rig()
    works(one)
    assert one.health("strip-W01") == [("ok", "")]
    assert one.health("keypad-W01") == [("unknown", "not_pressed_yet"), ("ok", "")]


def test_a_press_while_a_strip_is_talked_to_is_heard(rig, clock):
    """The keypad speaks into the answer window of the strip; its frame is not thrown away with the rest."""
    one = rig()
    one.fault("strip-W01", "silent")
    one.show("A001", "W01")
    one.host.step_all()  # takes the job
    for n in range(20):
        one.act("keypad-W02", "press", key="recall")
        one.show(f"A{n:03}", "W02", job=f"s{n}")
        one.run(0.9)
    assert one.keys() == [("keypad-W02", "recall")] * 20


def test_an_echo_nobody_declared_presses_nothing_twice_and_is_told(rig):
    one = rig(ECHOING.replace("echo = true", "echo = false"))
    works(one)
    for _ in range(3):
        one.act("keypad-W01", "press", key="recall")
        one.run(2)
    assert len(one.keys()) == 5
    assert one.health("keypad-W01")[-1] == ("warn", "echo")


@pytest.mark.parametrize("seed", range(5))
def test_collisions_spoil_bytes_and_nothing_else(rig, seed):
    """Everybody talks at once, for a while: no press is doubled, none is invented, no text is wrong."""
    one = rig(seed=seed)
    pressed = 0
    for n in range(40):
        before = len(one.keys())
        for window in ("W01", "W02"):
            one.act(f"keypad-{window}", "press", key="recall")
            one.show(f"A{n:03}", window, job=f"{n}-{window}")
        one.run(1.6)
        now = one.keys()[before:]
        assert len(now) == len(set(now)) <= 2
        pressed += len(now)
        for window in ("W01", "W02"):
            if one.results(f"{n}-{window}") == [("confirmed", "")]:
                assert one.far[f"strip-{window}"].text == f"请A{n:03}号"
    assert pressed > 70
    assert cable_of(one).faults() == []


@pytest.mark.parametrize("line", [BUS, ECHOING])
def test_a_stranger_who_talks_into_everything(rig, line):
    """Half of all messages are talked over: presses are delayed or lost, never doubled or invented."""
    one = rig(line)
    one.fault("strip-W01", "collide", value=0.5)
    one.run(20)
    assert one.keys() == []
    heard = 0
    for n in range(40):
        before = len(one.keys())
        one.act("keypad-W01", "press", key="recall")
        one.show(f"A{n:03}", "W01", job=f"s{n}")
        one.run(2)
        assert one.keys()[before:] in ([], [("keypad-W01", "recall")])
        heard += len(one.keys()) - before
        if one.results(f"s{n}") == [("confirmed", "")]:
            assert one.far["strip-W01"].text == f"请A{n:03}号"
    assert heard > 10
    one.act("strip-W01", "clear", fault="collide")
    one.run(35)
    works(one)


def test_echo_of_our_own_bytes_is_swallowed(rig):
    one = rig(ECHOING)
    works(one)
    one.host.submit(
        {"id": "r", "kind": "ask_rating", "window": "W01", "leg": 1, "until": "", "deadline_s": 5}
    )
    one.run(1)
    assert len(one.keys()) == 2  # "start rating" from us looks like the key of that name
    assert one.results("r") == [("sent", "")]


def test_an_echo_that_collides_presses_nothing(rig):
    one = rig(ECHOING)
    one.fault("keypad-W01", "noise", value=0.02)
    for n in range(60):
        one.host.submit(
            {"id": f"r{n}", "kind": "ask_rating", "window": "W01", "leg": n, "until": "", "deadline_s": 5}
        )
        one.count(n, None, "W01", f"c{n}")
        one.run(0.7)
    assert one.keys() == []


def test_noise_makes_no_event_and_is_survived(rig):
    one = rig()
    for fault in ("noise", "stray", "drop"):
        one.fault("strip-W01", fault, value=0.05)
    one.run(30)
    assert one.keys() == []
    for fault in ("noise", "stray", "drop"):
        one.act("strip-W01", "clear", fault=fault)
    assert cable_of(one).faults() == []
    one.run(35)
    works(one)


def test_a_break_holds_the_pair_down_and_is_survived(rig):
    one = rig()
    one.act("keypad-W01", "press", key="call")
    one.fault("strip-W01", "break", value=0.5)
    one.show("A001", "W02")
    one.run(4)
    assert one.keys() == [("keypad-W01", "call")]  # repeated by the keypad when the pair was free again
    works(one)


def test_a_segment_that_goes_dead_takes_those_behind_it(rig):
    one = rig()
    works(one)
    one.fault("keypad-W02", "dead_segment")
    assert cable_of(one).faults() == ["dead_segment"]
    took = one.run_until(lambda: one.health("strip-W02")[-1] == ("down", "silent"))
    assert took < 10  # N8
    keys = len(one.keys())
    one.act("keypad-W02", "press", key="call")
    one.act("keypad-W01", "press", key="call")
    one.run(2)
    assert one.keys()[keys:] == [("keypad-W01", "call")]
    assert one.health("strip-W01")[-1] == ("ok", "")
    one.act("keypad-W02", "clear", fault="dead_segment")
    one.run_until(lambda: one.health("strip-W02")[-1] == ("ok", ""))
    works(one, "A013")


def test_the_wrong_baud_is_silence_with_noise(rig):
    one = rig()
    one.fault("strip-W01", "wrong_baud")
    one.act("keypad-W01", "press", key="call")
    one.run(10)
    assert one.health("strip-W01")[-1][0] == "down"
    assert one.keys() == []
    one.act("strip-W01", "clear", fault="wrong_baud")
    one.run(35)
    works(one)


# --- the node vanishes and comes back under another name
def test_re_enumeration_is_found_by_id(rig):
    one = rig()
    cable = cable_of(one)
    assert cable.node == "ttyV0"
    one.act("keypad-W01", "press", key="call")
    one.fault("strip-W01", "renumber", value=2)
    took = one.run_until(lambda: one.health("strip-W01")[-1] == ("down", "line_lost"))
    assert took < 1.1
    assert all(one.health(name)[-1] == ("down", "line_lost") for name, *_ in BOTH)
    took = one.run_until(lambda: one.health("strip-W01")[-1] == ("ok", ""))
    assert took < 2 + 5  # F56: the right device within five seconds of its return
    assert cable.node == "ttyV1"
    one.run(2)
    assert one.keys() in ([], [("keypad-W01", "call")])
    one.said.clear()
    works(one)


def test_a_line_declared_by_its_node_stays_lost(rig):
    """Why a declaration wants by-id names."""
    one = rig('url = "virtual://dev/ttyV7"\nbaud = 9600\n')
    works(one)
    one.fault("strip-W01", "renumber", value=1)
    one.run(60)
    assert one.health("strip-W01")[-1] == ("down", "line_lost")
    assert cable_of(one).node == "ttyV0"


def test_two_adapters_that_swap_their_nodes(bench, clock, tmp_path):
    """F56: re-plugged in any order, each line finds its own devices."""
    lines = {n: f'url = "virtual://bus/{n}"\nbaud = 9600\n' for n in ("a", "b")}
    rows = [(f"strip-W0{i}", "strip_128x16", n, 1, f"W0{i}") for i, n in ((1, "a"), (2, "b"))]
    one = Rig(bench, clock, tmp_path, lines, rows)
    one.run(3)
    for turn in range(20):
        order = ("strip-W01", "strip-W02") if turn % 3 else ("strip-W02", "strip-W01")
        for n, name in enumerate(order):
            one.fault(name, "renumber", value=1 + n)
        one.run_until(
            lambda: all(one.health(name)[-1][0] == "down" for name in ("strip-W01", "strip-W02")), 1.2
        )
        one.run_until(
            lambda: all(one.health(name)[-1] == ("ok", "") for name in ("strip-W01", "strip-W02")), 8
        )
        one.show(f"A{turn:03}", "W01", job=f"a{turn}")
        one.show(f"B{turn:03}", "W02", job=f"b{turn}")
        one.run(1.5)
        assert (one.far["strip-W01"].text, one.far["strip-W02"].text) == (
            f"请A{turn:03}号",
            f"请B{turn:03}号",
        )
    assert one.results("a19") == one.results("b19") == [("confirmed", "")]


def test_a_real_node_that_comes_back_under_another_name(tmp_path):
    """ptys behind a by-id link, the host's own threads, the clock on the wall."""
    by_id = tmp_path / "usb-FTDI_USB-RS485_X-if00-port0"
    said, back, down, pressed = [], threading.Event(), threading.Event(), threading.Event()

    def publish(name, facts):
        said.append((name, facts))
        if name == "health" and facts["device"] == "strip-W01":
            (down if facts["state"] == "down" else back).set()
        if name == "key":
            pressed.set()

    keypad, card = Ff68Keypad("k", 1), BxkCard("s", 1)
    cable = Medium("real", baud=57600, shared=True, clock=Clock())
    cable.join(keypad)
    cable.join(card)
    (tmp_path / "devices.toml").write_text(
        f'[line.bus]\nurl = "{by_id}"\nbaud = 57600\n'
        '[[device]]\nname = "keypad-W01"\nmodel = "keypad_pad5"\nline = "bus"\naddress = 1\nwindow = "W01"\n'
        '[[device]]\nname = "strip-W01"\nmodel = "strip_128x16"\nline = "bus"\naddress = 1\nwindow = "W01"\n'
    )
    from drivers.spec import CONFIG

    exposed = OverPty(cable)
    os.symlink(exposed.url, by_id)
    host = Host(load(tmp_path / "devices.toml", CONFIG / "profiles"), publish)
    host.start()
    other = None
    try:
        assert back.wait(10)
        back.clear()
        exposed.close()
        assert down.wait(10)
        other = OverPty(cable)
        by_id.unlink()
        os.symlink(other.url, by_id)
        assert back.wait(10)
        with cable.changed:
            keypad.act("press", {"key": "call"})
        assert pressed.wait(10)
    finally:
        host.stop()
        exposed.close()
        if other:
            other.close()
    assert [f["key"] for name, f in said if name == "key"] == ["call"]


# --- pacing
@pytest.mark.parametrize(("baud", "bits"), [(9600, 10), (9600, 11), (57600, 10)])
def test_bytes_take_their_time_both_ways(clock, baud, bits):
    cable = Medium("x", baud=baud, bits=bits, shared=True, clock=clock)
    far = Ff68Keypad("k", 1)
    cable.join(far)
    began = clock.now()
    frame = ff68.encode(ff68.show(1, 3, "A012"))
    with cable.changed:
        cable.say("host", frame, began)
        cable.advance(began + (len(frame) - 0.5) * bits / baud)
        assert far.digits == "      "
        cable.advance(began + (len(frame) + 0.01) * bits / baud)
        assert far.digits == "  3012"
        clock.sleep(1)
        began = clock.now()
        far.act("press", {"key": "call"})
        cable.advance(began + 9.5 * bits / baud)
        assert len(cable.to_host) == 9
        cable.advance(began + 10.01 * bits / baud)
        assert len(cable.to_host) == 10


def test_parity_makes_a_byte_longer(bench, clock, tmp_path):
    one = Rig(bench, clock, tmp_path, {"bus": BUS + 'parity = "E"\n'}, BOTH)
    assert cable_of(one).byte_time == 11 / 9600


# --- the switches themselves
def test_faults_from_a_url(bench, clock, tmp_path):
    url = 'url = "virtual://bus/A?fault=echo,noise:0.5,lost_echo:2,late_ack:0.9"\nbaud = 9600\n'
    one = Rig(bench, clock, tmp_path, {"bus": url}, BOTH)
    assert cable_of(one).faults() == ["echo", "noise"]
    assert cable_of(one).noise == 0.5
    assert one.far["keypad-W02"].faults == {"lost_echo": 2}
    assert one.far["strip-W02"].faults == {"late_ack": 0.9}


def test_a_fault_nobody_knows(bench):
    with pytest.raises(LineLost, match="no fault 'tea'"):
        SerialLine("virtual://keypad_ff68/k?fault=tea").open()
    with pytest.raises(LineLost, match="no node"):
        SerialLine("virtual://dev/ttyV9").open()


def test_the_picture_tells_of_the_cable(bench, clock, tmp_path):
    one = Rig(bench, clock, tmp_path, {"bus": BUS}, BOTH)
    for fault in ("echo", "wrong_baud", "dead_segment", "drop", "noise", "stray", "collide"):
        one.fault("strip-W01", fault)
        assert bench.look()["keypad-W01"]["cable"] == [fault]
        one.act("strip-W01", "clear", fault=fault)
        assert bench.look()["keypad-W01"]["cable"] == []
    one.fault("strip-W01", "echo")
    one.fault("strip-W01", "unplug")
    assert (
        bench.look()["keypad-W02"] | {"cable": ["unplug", "echo"], "unplugged": True}
        == bench.look()["keypad-W02"]
    )
    one.act("strip-W01", "clear")
    assert bench.look()["keypad-W01"]["cable"] == []


def test_other_protocols_do_not_mix(bench, clock, tmp_path):
    from drivers.errors import SpecError

    rows = [("box-W01", "apertum_box", "bus", 32, "W01"), ("strip-W01", "strip_128x16", "bus", 1, "W01")]
    with pytest.raises(SpecError, match="another protocol"):
        Rig(bench, clock, tmp_path, {"bus": BUS}, rows)
    same = [("box-W01", "apertum_box", "bus", 32, "W01"), ("board-W01", "apertum_board", "bus", 32, "W01")]
    with pytest.raises(SpecError, match="has this address"):
        Rig(bench, clock, tmp_path, {"bus": BUS}, same)
    low = [("box-W01", "apertum_box", "bus", 31, "W01")]
    with pytest.raises(SpecError, match=r"must be in 32\.\.254"):
        Rig(bench, clock, tmp_path, {"bus": BUS}, low)


# --- the echo, byte by byte
def test_own_bytes_are_taken_out_whatever_surrounds_them(plug, bench):
    line, _ = plug("virtual://keypad_ff68/k?address=1&baud=0", Settings(echo=True))
    cable = bench.cable("keypad_ff68/k")

    def heard(sent: bytes, came: bytes) -> bytes:
        line.send(sent)
        line.read(0)
        cable.to_host.clear()
        cable.to_host += came
        return line.read(0)

    sent = bytes(range(1, 11))
    assert heard(sent, sent) == b""
    assert heard(sent, b"\xaa" + sent + b"\xbb") == b"\xaa\xbb"
    assert heard(sent, sent[:4] + b"\x99" + sent[5:] + b"\xbb") == b"\xbb"  # one spoilt
    assert heard(sent, b"\x99" + sent[1:] + b"\xbb") == b"\x99\x02\x03\xbb"  # the first one spoilt
    assert heard(sent, b"") == b""  # all lost
    line.clock.sleep(1)
    assert line.read(0) == b""
    assert heard(sent, sent + b"\xcc") == b"\xcc"


def test_a_press_that_equals_our_last_echo_is_still_heard(plug, bench):
    """Same key, same bytes: the keypad's frame and our answer to it look alike."""
    line, (far,) = plug("virtual://keypad_ff68/k?address=1&fault=echo", Settings(echo=True))
    bus = KeypadBus(line, [KeypadFf68("k", line, 1)])
    for _ in range(5):
        bench.act(far.name, "press", {"key": "call"})
        events, until = [], line.clock.now() + 1.2
        while line.clock.now() < until:
            events += bus.listen(0.05)
        assert events == [Pressed("k", "call")]


@pytest.mark.parametrize("fault", ["two_at_once", "power_burst"])
def test_a_neighbour_and_a_power_up(rig, fault):
    one = rig()
    one.fault("keypad-W01", fault, value=1)
    if fault == "power_burst":
        one.act("keypad-W01", "power")
        one.run(1)
        assert one.keys() == []
    one.act("keypad-W01", "press", key="call")
    one.run(2)
    assert one.keys() == [("keypad-W01", "call")]


def test_a_spoilt_repeat_after_a_lost_echo_calls_once(rig):
    """The first echo is lost, the repeat is spoilt, the third one comes 450 ms after the first."""
    one = rig()
    one.fault("keypad-W01", "lost_echo", value=3)
    one.act("keypad-W01", "press", key="call")
    one.run_until(lambda: one.keys())
    one.fault("keypad-W01", "bad_checksum", value=1)
    one.run(3)
    assert one.keys() == [("keypad-W01", "call")]


def test_it_beeps_when_the_first_one_comes(rig):
    one = rig()
    for n, (waiting, number) in enumerate(
        ((0, None), (1, None), (2, None), (1, "A001"), (0, None), (1, None))
    ):
        one.count(waiting, number, "W01", f"c{n}")
        one.run(0.3)
    assert (one.far["keypad-W01"].beeps, one.far["keypad-W02"].beeps) == (2, 0)


def test_through_a_pty_both_protocols(tmp_path):
    keypad, card = Ff68Keypad("k", 1), BxkCard("s", 1)
    cable = Medium("x", baud=57600, shared=True, clock=Clock())
    cable.join(keypad)
    cable.join(card)
    exposed = OverPty(cable)
    line = SerialLine(exposed.url, Settings(57600))
    try:
        line.open()
        strip = OnbonStrip("strip", line, 1)
        bus = KeypadBus(line, [KeypadFf68("keypad", line, 1)])
        assert strip.perform(ShowText("1", "W01", "请A001号")).state == "confirmed"
        with cable.changed:
            keypad.act("press", {"key": "call"})
        with line.overhearing() as heard:
            assert strip.perform(ShowText("2", "W01", "请A002号")).state in ("confirmed",)
        events = list(bus.overhear(bytes(heard)))
        until = line.clock.now() + 5
        while not events and line.clock.now() < until:
            events += bus.listen(0.1)
        assert events == [Pressed("keypad", "call")]
        assert card.text == "请A002号"
    finally:
        line.close()
        exposed.close()


def test_a_host_declared_in_code_hangs_its_far_ends_on_the_bench(bench, clock):
    """Two devices of two protocols, without a file."""
    from drivers.pad import keypad_ff68
    from drivers.spec import MODELS

    line = LineSpec("virtual://bus/B", Settings(9600))
    spec = DeviceSpec(
        "keypad-W01", "keypad", "keypad_ff68", "keypad", line, keypad_ff68.Profile(pad=False), 1, "W01"
    )
    Host(HallSpec("h", (spec,)), lambda *_: None, clock)
    assert [peer.name for _, peer in bench.peers()] == ["keypad-W01"]
    assert "keypad_ff68" in MODELS
