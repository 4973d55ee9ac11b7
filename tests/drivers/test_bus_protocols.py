"""Modbus displays, Apertum boxes and polled keypads: wire formats against golden bytes and bad cables."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

from drivers.protocol import apertum, ff68, modbus_led, polled
from drivers.protocol.errors import EncodeError
from drivers.protocol.modbus_led import Answer
from tests.drivers.vectors import drain, flips, golden, piecewise

STATE = polled.form("02 53 {address} {state} {value} {sum} 03")
POLLED = partial(polled.decode, STATE)
SAID = [polled.State(1, "U"), polled.State(2, "M", 12), polled.State(255, "Y", 4)]


def state(one: polled.State) -> bytes:
    return polled.encode(STATE, one.address, state=one.state, value=one.value)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("mb-value-123", modbus_led.number(1, 123)),
        ("mb-decimal-point", modbus_led.point(1, 1)),
        ("mb-string-A001", modbus_led.text(1, "A001")),
        ("apt-board", apertum.board(0x21, "A001")),
        ("apt-led-blink-green", apertum.lamp(0x20, "green_slow")),
        ("apt-poll", apertum.poll(0x20)),
        ("apt-set-address", apertum.move(0x20, 0x22)),
        ("apt-remote-display", apertum.display(0x20, "A01", blinks=True)),
    ],
)
def test_encode_equals_the_golden_bytes(name, made):
    assert made.hex(" ") == golden(name).hex(" ")


def test_golden_answers_are_understood():
    reply = Answer(1, 0x10, 0x70, 2)
    assert drain(modbus_led.decode, golden("mb-string-A001-reply")) == [reply]
    assert modbus_led.expected(golden("mb-string-A001")) == reply
    echo = golden("mb-value-123")  # a write of one register is answered by itself
    assert drain(modbus_led.decode, echo) == [modbus_led.expected(echo)]
    assert drain(apertum.decode, golden("apt-key-call")) == [apertum.Pressed(0x20, 1)]


def test_exceptions_have_words():
    frame = FramerRTU(DecodePDU(is_server=True)).encode(b"\x90\x02", 1, 0)
    (answer,) = drain(modbus_led.decode, frame)
    assert (answer.unit, answer.function, answer.error, answer.word) == (1, 16, 2, "wrong register")


def test_settings_of_a_display():
    assert modbus_led.move(1, 7)[:6].hex() == "010600020007"
    assert modbus_led.set_baud(1, 115200)[:6].hex() == "010600030008"
    assert modbus_led.number(1, -2)[:6].hex() == "01060000fffe"
    assert modbus_led.text(1, "A12")[7:-2] == b"A12 "


MODBUS = [golden("mb-value-123"), golden("mb-string-A001-reply"), golden("mb-decimal-point")]


@pytest.mark.parametrize(
    ("decode", "frame"),
    [(modbus_led.decode, frame) for frame in MODBUS] + [(POLLED, state(one)) for one in SAID],
)
def test_every_single_bit_flip_is_rejected(decode, frame):
    assert len(drain(decode, frame)) == 1
    for bad in flips(frame):
        assert drain(decode, bad) == [], bad.hex()


KEYS = [bytes((1, 0x20 + n, key, 7)) for n, key in enumerate((0x31, 0x32, 0x33, 0x34))]


@pytest.mark.parametrize(
    ("decode", "frames"),
    [(modbus_led.decode, MODBUS), (apertum.decode, KEYS), (POLLED, [state(one) for one in SAID])],
)
def test_split_at_every_byte_and_joined(decode, frames):
    joined = b"".join(frames)
    whole = drain(decode, joined)
    assert len(whole) == len(frames)
    for cut in range(len(joined)):
        assert piecewise(decode, (joined[:cut], joined[cut:])) == whole
    assert piecewise(decode, (bytes((byte,)) for byte in joined)) == whole


@given(st.lists(st.one_of(st.sampled_from(MODBUS), st.binary(max_size=12)), max_size=8), st.data())
def test_modbus_in_any_pieces_is_the_same(parts, data):
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = piecewise(modbus_led.decode, pieces)
    assert found == drain(modbus_led.decode, stream)
    if not any(0 in part or any(byte in part for byte in (6, 16, 0x86, 0x90)) for part in parts):
        assert found == []


@given(st.binary(max_size=200))
def test_random_bytes_make_no_event_and_no_crash(noise):
    """A checksum refuses them all. Apertum has none: what it takes stands there, four bytes between ends."""
    assert drain(modbus_led.decode, noise) == []
    assert drain(POLLED, noise) == []
    pieces = noise.split(b"\x07")[:-1]
    wanted = [
        apertum.Pressed(p[1], p[2] - 0x30)
        for p in pieces
        if len(p) == 3 and p[0] == 1 and 0x20 <= p[1] <= 0xFE and 0x31 <= p[2] <= 0x34
    ]
    assert [x for x in drain(apertum.decode, noise) if isinstance(x, apertum.Pressed)] == wanted


@pytest.mark.parametrize(
    "bytes_of_two",
    ["0120313107", "010120313107", "012021313107", "01203107"[:-2] + "0120310707", "0120403107", "02203107"],
)
def test_what_is_not_exactly_a_key_frame_is_two_boxes_at_once(bytes_of_two):
    found = drain(apertum.decode, bytes.fromhex(bytes_of_two))
    assert not any(isinstance(one, apertum.Pressed) for one in found)


def test_a_long_clash_is_the_same_in_any_pieces():
    noise = bytes(40) + b"\x07"
    assert drain(apertum.decode, noise) == piecewise(apertum.decode, (noise[:39], noise[39:])) != []


def test_a_box_that_speaks_after_a_clash_is_heard():
    assert drain(apertum.decode, bytes.fromhex("0120313107") + KEYS[1])[-1] == apertum.Pressed(0x21, 2)


@given(st.binary(max_size=60).filter(lambda noise: 2 not in noise))
def test_a_polled_state_is_found_after_noise(noise):
    assert SAID[1] in drain(POLLED, noise + state(SAID[1]))


def test_a_state_that_only_looks_like_one():
    good = state(polled.State(1, "P", 3))
    for at, byte in ((3, ord("p")), (4, ord("x"))):
        bad = bytearray(good)
        bad[at] = byte
        bad[-2] = sum(bad[:-2]) % 256
        assert drain(POLLED, bytes(bad)) == []


def test_counts_and_numbers_of_a_poll():
    poll = polled.form("02 50 {address} {waiting} {sum} 03")
    number = polled.form("{address} {number}")
    assert polled.encode(poll, 3, waiting=7) == b"\x02P\x03  7" + bytes((0xCC, 3))
    assert polled.encode(poll, 3, waiting=4000)[3:6] == b"999"
    assert polled.encode(number, 3, number="A-0012号") == b"\x030012"
    assert polled.encode(number, 3) == b"\x03    "


@pytest.mark.parametrize("template", ["", "2", "zz", "{nothing}", "02{address}"])
def test_a_template_nobody_can_read(template):
    with pytest.raises(EncodeError):
        polled.form(template)


@pytest.mark.parametrize(
    "make",
    [
        lambda: modbus_led.number(0, 1),
        lambda: modbus_led.number(248, 1),
        lambda: modbus_led.number(1, 40000),
        lambda: modbus_led.text(1, ""),
        lambda: modbus_led.text(1, "A00100002"),
        lambda: modbus_led.text(1, "请"),
        lambda: modbus_led.text(1, "A\x00"),
        lambda: modbus_led.set_baud(1, 300),
        lambda: modbus_led.move(1, 0),
        lambda: modbus_led.write(1, 70000, 1),
        lambda: modbus_led.write(1, 0, 70000),
        lambda: apertum.board(0x1F, "A"),
        lambda: apertum.board(0x20, "请A001"),
        lambda: apertum.board(0x20, "A\x07"),
        lambda: apertum.board(0x20, ""),
        lambda: apertum.lamp(0x20, "blue"),
        lambda: apertum.display(0x20, "A001"),
        lambda: apertum.poll(0xFF),
        lambda: polled.encode(STATE, 1, state="u"),
        lambda: polled.encode(STATE, 256),
        lambda: polled.encode(STATE, 1, value=100),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(EncodeError):
        make()


def test_ff68_beep_is_no_key():
    """The host's own frames on an echoing pair must not read as presses, as far as they can be told apart."""
    assert ff68.meaning(ff68.beep(1)) is None
    assert ff68.meaning(ff68.show(1, 3, "A001")) is None
