"""Alpha signs: two libraries' bytes, and a sign that reads them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.jobs import Outcome, ShowText
from drivers.led.alpha import AlphaSign, Profile
from drivers.protocol import alpha
from drivers.protocol.errors import EncodeError
from drivers.virtual.alpha import AlphaReceiver
from tests.drivers.far import bytewise, tell
from tests.drivers.vectors import flips, golden, names

CALL = ShowText("1", "W03", "请A001号到3号窗口", number="A001", window_number="3")
PRINTABLE = string.ascii_letters + string.digits + " ->:.,"


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("alpha-hold", alpha.text(0, "A001")),
        ("alpha-hold-chk", alpha.text(3, "A001 -> 3", check=True)),
        ("alpha-priority-clear", alpha.end_priority(0)),
        ("alpha-clear-memory", alpha.clear_memory(0)),
        ("alpha-string", alpha.string(0, "A002")),
    ],
)
def test_encode_equals_the_golden_bytes(name, made):
    assert made.hex(" ") == golden(name).hex(" ")
    assert len(names("alpha")) == 5


def test_the_far_end_understands_the_golden_frames():
    sign = AlphaReceiver("sign", 3)
    said = tell(sign, *(golden(name) for name in ("alpha-hold", "alpha-hold-chk", "alpha-string")))
    assert sign.history == ["A001", "A001 -> 3"]
    assert sign.strings == {"1": "A002"}
    tell(sign, alpha.text(3, "FIRE", label="0", colour="yellow"))
    assert sign.runs == [("FIRE", "yellow")]
    tell(sign, golden("alpha-priority-clear"))
    assert sign.text == "A001 -> 3"
    tell(sign, golden("alpha-clear-memory"))
    assert (sign.text, sign.strings, sign.rejected, said) == ("", {}, 0, b"")


def test_the_far_end_rejects_every_single_bit_flip_of_a_frame_with_a_sum():
    frame = golden("alpha-hold-chk")
    covered = range(frame.index(2), len(frame))
    for at, bad in enumerate(flips(frame)):
        sign = AlphaReceiver("sign", 3)
        tell(sign, bad)
        if at // 8 == frame.index(3):
            continue  # without 03 there is no sum, which is a frame too
        if at // 8 in covered:
            assert sign.shows == 0, bad.hex()
        else:  # type and address stand outside the sum: another sign may be meant, but never another text
            assert sign.text in ("", "A001 -> 3"), bad.hex()


def test_split_and_joined_frames_are_taken_alike():
    joined = golden("alpha-hold") + golden("alpha-hold-chk") + golden("alpha-string")
    together, apart = AlphaReceiver("a", 3), AlphaReceiver("b", 3)
    tell(together, joined)
    tell(apart, *bytewise(joined), pause=0.004)
    assert together.history == apart.history == ["A001", "A001 -> 3"]
    assert together.strings == apart.strings
    for cut in range(1, len(joined)):
        cutted = AlphaReceiver("c", 3)
        tell(cutted, joined[:cut], joined[cut:])
        assert cutted.history == together.history


def test_a_frame_cut_short_does_not_spoil_the_next():
    sign = AlphaReceiver("sign", 3)
    tell(sign, golden("alpha-hold")[:12], golden("alpha-hold-chk"))
    assert sign.history == ["A001 -> 3"]
    assert sign.rejected == 1


@given(st.binary(max_size=200))
def test_random_bytes_show_nothing_and_do_not_crash(noise):
    sign = AlphaReceiver("sign", 3)
    tell(sign, noise)
    assert sign.shows == 0


@given(
    st.text(alphabet=PRINTABLE, min_size=1, max_size=60),
    st.sampled_from(["rotate", "hold", "flash"]),
    st.sampled_from([None, "red", "green", "yellow"]),
    st.booleans(),
)
def test_every_text_arrives_as_it_was_meant(words, mode, colour, check):
    sign = AlphaReceiver("sign", 200)
    tell(sign, alpha.text(200, words, mode=mode, colour=colour, check=check))
    assert sign.runs == [(words, colour or "red")]
    assert sign.look()["mode"] == alpha.MODES[mode].decode()


@pytest.mark.parametrize(
    "make",
    [
        lambda: alpha.text(256, "x"),
        lambda: alpha.text(1, "x" * 126),
        lambda: alpha.text(1, "x", label="AB"),
        lambda: alpha.text(1, "x", label="\x04"),
        lambda: alpha.clear_memory(1, kind="ZZ"),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(EncodeError):
        make()


@pytest.fixture
def sign(plug):
    def make(**profile):
        line, far = plug("virtual://alpha/x?address=3,4")
        return AlphaSign("sign-3", line, 3, Profile(**profile)), far

    return make


def test_the_driver_says_it_in_ascii(sign, clock, seen):
    one, far = sign()
    began = clock.now()
    assert one.perform(CALL) == Outcome("sent")
    assert clock.now() - began < 0.2
    assert [seen(peer) for peer in far] == ["A001 -> 3", ""]
    assert one.check().state == "unknown"
    one.perform(ShowText("2", "W03", "暂停服务", "pause"))
    assert seen(far[0]) == "PAUSED"
    assert far[0].runs == [("PAUSED", "yellow")]
    assert one.perform(ShowText("3", "W03", "x", "call", 10.0, "甲01", "3")) == Outcome(
        "sent", "glyphs_replaced"
    )
    assert seen(far[0]) == "_01 -> 3"


def test_long_texts_run_and_a_call_may_flash(sign, bench):
    one, (far, _) = sign(characters=5, flash=True)
    one.perform(CALL)
    assert bench.look()[far.name]["mode"] == "a"
    bench.forget()
    one, (far, _) = sign(characters=20, flash=True)
    one.perform(CALL)
    assert bench.look()[far.name]["mode"] == "c"


@pytest.mark.parametrize("fault", ["silent", "baud_mismatch"])
def test_a_sign_that_hears_nothing_is_still_sent_at_best(sign, bench, fault):
    one, (far, _) = sign()
    bench.act(far.name, "fault", {"fault": fault})
    assert one.perform(CALL) == Outcome("sent")
    assert far.text == ""


def test_files_survive_a_power_cut(sign, bench, seen):
    one, (far, _) = sign()
    one.perform(CALL)
    assert seen(far) == "A001 -> 3"
    bench.act(far.name, "power", {})
    assert far.text == "A001 -> 3"
