"""All 128 golden vectors, each in every direction it has: what we send, our encoders make and the far end
takes; what a device says, our decoders read and the far end says by itself.

`CLAIMED` names the files that make or read the vectors of a protocol. Asserted here is the far ends' side of
those protocols whose own tests begin at the driver; no encoder of ours stands between.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drivers.line.clock import JumpClock
from drivers.virtual.apertum import ApertumBoard, ApertumBox
from drivers.virtual.bxk import BxkCard
from drivers.virtual.cards import DemoCard
from drivers.virtual.ff68 import Ff68Keypad
from drivers.virtual.medium import HOST, Medium
from drivers.virtual.modbus import ModbusDisplay
from drivers.virtual.sam import SamReader
from tests.drivers.far import tell
from tests.drivers.vectors import VECTORS, golden, names

#: protocol -> the files that use its vectors, one way and the other
CLAIMED = {
    "onbon-bxk": ("test_protocols", "test_all_vectors"),
    "pingan-lihe": ("test_pingan_lihe",),
    "ruize-nibble": ("test_led_frame",),
    "a090-dualcolor": ("test_led_frame",),
    "yinda-fe-crc": ("test_led_frame",),
    "ascii-40-cr": ("test_led_frame",),
    "led485-ascii": ("test_led_frame",),
    "alpha": ("test_alpha",),
    "modbus-led485": ("test_bus_protocols", "test_all_vectors"),
    "apertum-rs485": ("test_bus_protocols", "test_all_vectors"),
    "ff68-keypad": ("test_protocols", "test_all_vectors"),
    "sam-idcard": ("test_idcard", "test_all_vectors"),
    "gb11643": ("test_idcard",),
    "escpos": ("test_protocols", "test_escpos_vectors"),
}
#: vectors of frames we never send: somebody else's recordings, and one that is wrong on purpose
NOT_OURS = {"bxk-doc-sample-012345", "bxk-capture-1", "bxk-bad-crc"}
#: files that take every vector of a protocol by `names(...)`, and so name none
WHOLE = {
    "onbon-bxk": 'names("onbon-bxk")',
    "ff68-keypad": 'names("ff68-keypad")',
    "sam-idcard": 'names("sam-idcard"',
    "gb11643": 'names("gb11643")',
    "escpos": 'names("escpos"',
}
HERE = Path(__file__).parent


def test_no_vector_is_forgotten():
    """What we send is named where it is made; what is said to us is named or taken with its protocol."""
    assert len(VECTORS) == 128
    assert set(CLAIMED) == {row["protocol"] for row in VECTORS.values()}
    forgotten = []
    for name, row in VECTORS.items():
        text = "".join((HERE / f"{file}.py").read_text("utf-8") for file in CLAIMED[row["protocol"]])
        ours = row["direction"].startswith("host->") and name not in NOT_OURS
        stem = re.sub(r"(ep-dle-eot-)\d", r"\1{n}", name)  # the four questions are made in one row
        if f'"{stem}"' not in text and (ours or WHOLE.get(row["protocol"], "nowhere") not in text):
            forgotten.append(name)
    assert forgotten == []


def test_every_command_has_both_sides():
    """Of each protocol whose far end is judged here, no command and no answer is left out."""
    commands = {name for name, row in VECTORS.items() if row["direction"].startswith("host->")}
    judged = {"onbon-bxk", "modbus-led485", "apertum-rs485", "ff68-keypad", "sam-idcard"}
    wanted = {name for name in commands if VECTORS[name]["protocol"] in judged}
    assert set(TAKEN) | {"bxk-bad-crc", "kp-eval-ack"} == wanted
    answers = {name for protocol in judged for name in names(protocol)} - commands
    assert set(SAID) == answers


# --- what we send: the far end takes it
def _box() -> ApertumBox:
    return ApertumBox("box", 0x20)


#: vector -> (far end, what is seen on it afterwards)
TAKEN = {
    "bxk-dyn-static-cn": (lambda: BxkCard("c"), {"text": "请A001号到3号窗口"}),
    "bxk-dyn-escapes": (lambda: BxkCard("c"), {"text": "Z[アΑ"}),
    "bxk-screen-on": (lambda: BxkCard("c"), {"on": True}),
    "bxk-screen-off": (lambda: BxkCard("c"), {"on": False}),
    "bxk-clear": (lambda: BxkCard("c"), {"areas": []}),
    "bxk-ping": (lambda: BxkCard("c"), {"frames": 1}),
    "bxk-brightness-8": (lambda: BxkCard("c"), {"brightness": 8}),
    "bxk-doc-sample-012345": (
        lambda: BxkCard("c", options={"width": "192", "height": "32", "x_unit": "byte"}),
        {"frames": 1, "text": "012345QRSTTV'B"},
    ),
    "bxk-capture-1": (lambda: BxkCard("c"), {"frames": 1}),
    "mb-value-123": (lambda: ModbusDisplay("d"), {"text": " 123"}),
    "mb-string-A001": (lambda: ModbusDisplay("d"), {"text": "A001"}),
    "mb-decimal-point": (lambda: ModbusDisplay("d"), {"point": 1}),
    "apt-board": (lambda: ApertumBoard("b", 0x21), {"text": "A001"}),
    "apt-led-blink-green": (_box, {"lamp": "green_slow"}),
    "apt-poll": (_box, {}),
    "apt-set-address": (_box, {"address": 0x22}),
    "apt-remote-display": (_box, {"digits": "A01", "blinks": True}),
    "kp-show-001": (lambda: Ff68Keypad("k"), {"waiting": "", "number": "001"}),
    "kp-beep": (lambda: Ff68Keypad("k"), {"beeps": 1}),
    "kp-start-eval": (lambda: Ff68Keypad("k", 2), {"asked": True}),
    "sam-reset": (lambda: SamReader("r"), {}),
    "sam-status": (lambda: SamReader("r"), {}),
    "sam-find": (lambda: SamReader("r"), {}),
    "sam-select": (lambda: SamReader("r"), {}),
    "sam-read": (lambda: SamReader("r"), {}),
    "sam-baud-9600": (lambda: SamReader("r"), {}),
}


@pytest.mark.parametrize("name", TAKEN)
def test_the_far_end_takes_what_we_send(name):
    make, seen = TAKEN[name]
    far = make()
    said = tell(far, golden(name))
    picture = far.look()
    assert {key: picture[key] for key in seen} == seen
    assert picture.get("rejected", 0) == 0
    if name.startswith("sam-"):
        assert far.commands == [golden(name)[7:9].hex()]
        assert said
    if name == "apt-poll":
        assert far.polls == 1
    if name == "bxk-capture-1":
        assert said == b""  # no answer was wanted


def test_a_wrong_crc_is_not_taken():
    far = BxkCard("c")
    assert tell(far, golden("bxk-bad-crc")) == b""
    assert (far.frames, far.rejected) == (0, 1)


def test_a_rating_is_sent_until_it_is_acknowledged():
    rate, two_seconds = ("rate", {"value": 0}), [b""] * 40
    heard, unheard = Ff68Keypad("k", 3), Ff68Keypad("k", 3)
    _after(heard, rate, golden("kp-eval-ack"), *two_seconds)
    _after(unheard, rate, *two_seconds)
    assert (heard.sent, heard.unanswered, heard.rejected) == (1, 0, 0)
    assert (unheard.sent > 1, unheard.unanswered) == (True, 1)


# --- what a device says: the far end says it by itself
def _after(far, *deeds) -> bytes:
    """What `far` says after acts and commands, one after another."""
    cable = Medium("alone", baud=0, shared=True, clock=JumpClock())
    cable.join(far)
    for deed in deeds:
        cable.to_host.clear()
        if isinstance(deed, bytes):
            cable.say(HOST, deed, cable.clock.now())
        else:
            far.act(*deed)
        cable.clock.sleep(0.05 if far.model == "keypad_ff68" else 3)
        cable.advance(cable.clock.now())
    return bytes(cable.to_host)


def _card(name: str) -> SamReader:
    """A reader on whose glass lies the very card that was recorded."""
    far, record = SamReader("r"), golden(name)[14 : 14 + 256]
    card = DemoCard("x", "x", " ", {})
    object.__setattr__(card, "record", lambda letter=None: record)
    far.cards["x"] = card
    return far


FIND, SELECT, READ = (golden(f"sam-{word}") for word in ("find", "select", "read"))
LAY = ("lay", {"card": "x"})
SAID = {
    "bxk-ack": lambda: _after(BxkCard("c"), golden("bxk-ping")),
    "mb-string-A001-reply": lambda: _after(ModbusDisplay("d"), golden("mb-string-A001")),
    "apt-key-call": lambda: _after(_box(), ("press", {"key": "call_or_recall"})),
    "kp-key-call": lambda: _after(Ff68Keypad("k"), ("press", {"key": "call"})),
    "kp-eval-upload": lambda: _after(Ff68Keypad("k", 3), ("rate", {"value": 0})),
    "sam-ok": lambda: _after(SamReader("r"), golden("sam-status")),
    "sam-find-ok": lambda: _after(_card("sam-read-mainland"), LAY, FIND),
    "sam-select-ok": lambda: _after(_card("sam-read-mainland"), LAY, FIND, SELECT),
    "sam-select-fail": lambda: _after(SamReader("r"), SELECT),
    "sam-read-fail": lambda: _after(SamReader("r"), READ),
    "sam-read-mainland": lambda: _after(_card("sam-read-mainland"), LAY, FIND, SELECT, READ),
    "sam-read-foreign-2023": lambda: _after(_card("sam-read-foreign-2023"), LAY, FIND, SELECT, READ),
}


@pytest.mark.parametrize("name", SAID)
def test_the_far_end_says_what_was_recorded(name):
    said, want = SAID[name](), golden(name)
    if len(want) == 1295:  # the photo was recorded, ours is blank: the sum differs with it
        said, want = said[: 14 + 256], want[: 14 + 256]
    assert said.hex(" ") == want.hex(" ")
