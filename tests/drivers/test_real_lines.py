"""The same drivers through real ptys and real sockets, and a line pulled out of the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from drivers.errors import DeviceGarbled, DeviceSilent, LineLost, LineTaken
from drivers.jobs import Outcome, PrintSlip, ShowCounts, ShowText, Text
from drivers.led.alpha import AlphaSign
from drivers.led.apertum_board import ApertumBoard
from drivers.led.led_frame import FrameScreen
from drivers.led.modbus_led import ModbusLed
from drivers.led.modbus_led import Profile as ModbusProfile
from drivers.led.onbon_bxk import OnbonStrip
from drivers.led.pingan_lihe import PinganScreen
from drivers.line.clock import Clock
from drivers.line.serial_line import SerialLine, Settings
from drivers.pad.apertum_box import ApertumBox, ApertumBus
from drivers.pad.events import Pressed
from drivers.pad.keypad_ff68 import KeypadBus, KeypadFf68
from drivers.pad.keypad_polled import KeypadPolled, PolledBus
from drivers.pad.keypad_polled import Profile as PolledProfile
from drivers.printer.escpos import EscposPrinter
from drivers.reader.idcard_sam import IdCardReader
from drivers.reader.scanner import CodeScanned, Scanner
from drivers.virtual.apertum import ApertumBoard as FarBoard
from drivers.virtual.apertum import ApertumBox as FarBox
from drivers.virtual.bench import PEERS
from drivers.virtual.bxk import BxkCard
from drivers.virtual.expose import OverPty, OverTcp
from drivers.virtual.ff68 import Ff68Keypad
from drivers.virtual.medium import Medium
from drivers.virtual.modbus import ModbusDisplay
from drivers.virtual.polled import PolledKeypad as PolledFar
from drivers.virtual.printer import Printer
from drivers.virtual.sam import SamReader
from drivers.virtual.scanner import CodeScanner
from tests.conftest import ROOT

SLIP = PrintSlip("slip-1", "K1", (Text("无差别综合受理"), Text("A001", 4), Text("\x11\x13王\n")))


@pytest.fixture(params=[OverPty, OverTcp])
def expose(request):
    made = []

    def make(*peers, shared=False, baud=0):
        cable = Medium("x", baud=baud, shared=shared, clock=Clock())
        for peer in peers:
            cable.join(peer)
        exposed = request.param(cable)
        line = SerialLine(exposed.url, Settings(baud=115200))
        line.open()
        made.append((exposed, line))
        return line, exposed, cable

    yield make
    for exposed, line in made:
        line.close()
        exposed.close()


def arrived(cable, is_so, seconds=5):
    """What nobody answers is on its way when the driver is done with it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not is_so():
        with cable.changed:
            cable.advance(cable.clock.now())


def test_a_slip(expose):
    line, _, _ = expose(far := Printer("p", options={"mm_per_s": "5000"}))
    assert EscposPrinter("p", line).perform(SLIP) == Outcome("confirmed")
    assert far.slips[0].words() == ["无差别综合受理", "A001", "王"]


def test_paper_out_before_a_slip(expose):
    line, _, cable = expose(far := Printer("p"))
    with cable.changed:
        far.act("fault", {"fault": "paper_out"})
    assert EscposPrinter("p", line).perform(SLIP) == Outcome("failed", "paper_out")
    assert far.papers[-1].lines == []


def test_strips(expose):
    cards = [BxkCard(f"s{n}", n) for n in (1, 2)]
    line, _, _ = expose(*cards, shared=True)
    assert OnbonStrip("s2", line, 2).perform(ShowText("1", "W02", "Z[アΑ请")) == Outcome("confirmed")
    assert [card.text for card in cards] == ["", "Z[アΑ请"]
    with pytest.raises(DeviceSilent):
        OnbonStrip("s3", line, 3).perform(ShowText("1", "W03", "x"))


def test_screens_of_every_other_protocol(expose, declare):
    """Real bytes: receipts of Ping An Li He, the nibble bus, A0 90, an Alpha sign, frames nobody answers."""
    call = ShowText("1", "W03", "请A001号到3号窗口", number="A001", window_number="3")
    for driver, model, options, state, text in (
        (PinganScreen, "strip_pingan_number", {}, "confirmed", "请A0001号顾客到3号窗口"),
        (PinganScreen, "strip_pingan", {}, "sent", "请A001号到3号窗口"),
        (AlphaSign, "sign_alpha", {}, "sent", "A001 -> 3"),
        (FrameScreen, "frame_a090", {"far": "a090"}, "confirmed", "请A001号到3号窗口"),
        (FrameScreen, "frame_ruize", {"far": "nibble"}, "sent", "请A001号到3号窗口"),
        (FrameScreen, "frame_yinda", {"far": "yinda"}, "sent", "请A001号到3号窗口"),
        (FrameScreen, "frame_led485", {"far": "led485"}, "sent", "A001"),
    ):
        (spec,) = declare((model, 3, "/dev/x", "W03")).devices
        made = spec.profile
        far = [PEERS[driver.model](f"s{n}", n, options) for n in (3, 4)]
        line, _, cable = expose(*far, shared=True)
        assert driver("s3", line, 3, made).perform(call) == Outcome(state), model
        arrived(cable, lambda far=far, text=text: far[0].text == text)
        assert [one.text for one in far] == [text, ""], model
        if model == "frame_ruize":
            assert driver("s4", line, 4, made).check().state == "ok"
        if state == "confirmed":
            with pytest.raises(DeviceSilent):
                driver("s5", line, 5, made).perform(call)


def test_keypads(expose):
    line, _, cable = expose(far := Ff68Keypad("k", 1), shared=True)
    bus = KeypadBus(line, [KeypadFf68("keypad-1", line, 1)])
    with cable.changed:
        far.act("press", {"key": "recall"})
    events, until = [], time.monotonic() + 5
    while not events and time.monotonic() < until:
        events += bus.listen(0.1)
    assert events == [Pressed("keypad-1", "recall")]


def test_a_card(expose):
    line, _, cable = expose(far := SamReader("r"))
    reader = IdCardReader("reader-K1", line)
    assert reader.check().state == "ok"
    with cable.changed:
        far.act("lay", {"card": "hmt"})
    events, until = [], time.monotonic() + 10
    while not events and time.monotonic() < until:
        events += reader.listen(0.05)
    assert [(event.kind, event.number, event.name) for event in events] == [
        ("hmt", "810000199201300029", "陈**")
    ]


def test_a_code(expose):
    line, _, cable = expose(far := CodeScanner("s"))
    scanner = Scanner("scanner-K1", line)
    with cable.changed:
        far.act("scan", {"code": "12345678"})
    events, until = [], time.monotonic() + 5
    while not events and time.monotonic() < until:
        events += scanner.listen(0.1)
    assert events == [CodeScanned("scanner-K1", "12345678")]


def heard(bus, seconds=5):
    events, until = [], time.monotonic() + seconds
    while not events and time.monotonic() < until:
        events += bus.listen(0.1)
    return events


def test_number_displays(expose):
    displays = [ModbusDisplay(f"d{n}", n) for n in (1, 2)]
    line, _, cable = expose(*displays, shared=True, baud=9600)
    one = ModbusLed("d2", line, 2, ModbusProfile(patience_s=1.0))
    assert one.perform(ShowText("1", "W02", "x", number="A012")) == Outcome("confirmed")
    assert [far.text for far in displays] == ["", "A012"]
    with cable.changed:
        displays[1].act("fault", {"fault": "bad_crc"})
    with pytest.raises(DeviceGarbled):
        one.perform(ShowText("1", "W02", "x", number="A013"))
    with pytest.raises(DeviceSilent):
        ModbusLed("d3", line, 3).check()


def test_boxes_and_boards(expose):
    box, board = FarBox("b", 32), FarBoard("s", 33)
    line, _, cable = expose(box, board, shared=True, baud=57600)
    assert ApertumBoard("s", line, 33).perform(ShowText("1", "W01", "x", number="A012")).state == "sent"
    assert board.text == "A012"
    near = ApertumBox("b", line, 32)
    near.perform(ShowCounts("2", "W01", 3, "A012"))
    arrived(cable, lambda: box.words == "012")  # a press in the midst of it would spoil both
    with cable.changed:
        box.act("press", {"key": "end"})
    assert heard(ApertumBus(line, [near])) == [Pressed("b", "end")]
    assert box.words == "012"


def test_polled_keypads(expose):
    far = PolledFar("k", 7)
    line, _, cable = expose(far, shared=True, baud=9600)
    near = KeypadPolled("k", line, 7, PolledProfile(answer_s=1.0))
    with cable.changed:
        far.act("press", {"key": "transfer", "digits": "3"})
    assert heard(PolledBus(line, [near])) == [Pressed("k", "transfer", "3")]
    assert near.perform(ShowCounts("1", "W01", 5, "A012")) == Outcome("confirmed")
    assert far.number == "A012"


def test_pulled_out_and_plugged_in_again(expose):
    line, exposed, _ = expose(Printer("p"))
    printer = EscposPrinter("p", line)
    assert printer.check().state == "ok"
    exposed.close()
    with pytest.raises(LineLost):
        [printer.check() for _ in range(5)]
    assert not line.is_open
    with pytest.raises(LineLost):
        line.open()


def test_a_port_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for url in ("/dev/serial/by-id/none", f"socket://127.0.0.1:{port}", "nonsense://x", "virtual://x"):
        line = SerialLine(url)
        if url == "virtual://x":
            line.open()
            line.close()
        else:
            with pytest.raises(LineLost):
                line.open()
        with pytest.raises(LineLost):
            line.send(b"x")
        with pytest.raises(LineLost):
            line.read(0)


OPENS = """
from drivers.errors import LineLost
from drivers.line.serial_line import SerialLine
import os
import sys
if os.getuid() == 0:  # as somebody who has no right
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    SerialLine(sys.argv[1]).open()
except LineLost as error:
    print(error.reason)
"""


def test_a_port_that_is_forbidden_or_held_says_so():
    """Two hosts, or an old program, on one port: the second is told, the first goes on."""
    cable = Medium("x", baud=0, clock=Clock())
    exposed = OverPty(cable)
    first = SerialLine(exposed.url)
    first.open()
    with pytest.raises(LineTaken):
        SerialLine(first.url).open()
    first.send(b"x")
    first.close()
    os.chmod(first.url, 0)
    told = subprocess.run(
        [sys.executable, "-c", OPENS, first.url], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    exposed.close()
    assert told.stdout.strip() == "no_right", told.stderr


def test_the_record_keeps_what_passed_by(plug):
    line, _ = plug("virtual://escpos/p")
    EscposPrinter("p", line).check()
    said = "\n".join(line.record.lines())
    assert "> 10 04 01" in said
    assert "< 12" in said
    for _ in range(1000):
        line.record.add(1.0, ">", bytes(10_000))
    assert len(line.record.lines()) == 400
