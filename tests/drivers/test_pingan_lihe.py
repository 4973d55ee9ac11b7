"""平安力合 cards: the maker's bytes both ways, and screens over good lines and bad ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceSilent
from drivers.jobs import Outcome, ShowText
from drivers.led.pingan_lihe import PinganScreen, Profile
from drivers.protocol import pingan_lihe
from drivers.protocol.errors import EncodeError
from drivers.protocol.pingan_lihe import Frame, Receipt, Version
from drivers.virtual.pingan import PinganCard
from tests.drivers.far import bytewise, tell
from tests.drivers.vectors import drain, flips, golden, names, piecewise

ALL = names("pingan-lihe")
STANDARD = [name for name in ALL if name != "palh-instant"]
BUS = "virtual://pingan_lihe/x?address=1,2,3"
TEXT = "请A001号到3号窗口"
CALL = ShowText("1", "W03", TEXT, number="A001", window_number="3")


def card(address=3, **options):
    return PinganCard("card", address, {key: str(value) for key, value in options.items()})


@pytest.fixture
def screen(plug):
    def make(address=1, url=BUS, **profile):
        line, far = plug(
            url + "".join(f"&{k}={profile[k]}" for k in ("screen", "ack", "text_ack") if k in profile)
        )
        return PinganScreen(f"s{address}", line, address, Profile(**profile)), far

    return make


# --- the maker's bytes
@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("palh-call-1234-w1", pingan_lihe.call(3, "1234", 3)),
        ("palh-welcome", pingan_lihe.stored(5, "welcome")),
        ("palh-pause", pingan_lihe.stored(3, "pause")),
        ("palh-version-query", pingan_lihe.version_query(3)),
        ("palh-instant", pingan_lihe.instant(3, TEXT)),
        ("palh-ack", pingan_lihe.encode(Frame(pingan_lihe.RECEIPT, 1, b"\x50"))),
    ],
)
def test_encode_equals_the_golden_bytes(name, made):
    assert made.hex(" ") == golden(name).hex(" ")
    assert len(ALL) == 6


@pytest.mark.parametrize("name", STANDARD)
def test_decode_takes_every_golden_frame(name):
    (frame,) = drain(pingan_lihe.decode, golden(name))
    assert pingan_lihe.encode(frame) == golden(name)


def test_a_receipt_is_an_answer_and_a_command_is_none():
    both = golden("palh-pause") + golden("palh-ack")
    assert drain(pingan_lihe.decode_answer, both) == [Receipt(1)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("palh-call-1234-w1", "请1234号顾客到3号窗口"),
        ("palh-pause", "暂停服务"),
        ("palh-welcome", "欢迎光临"),
        ("palh-instant", TEXT),
    ],
)
def test_the_far_end_understands_the_golden_frames(name, text):
    far = card(golden(name)[1 if name == "palh-instant" else 3], text_ack="none")
    said = tell(far, golden(name))
    assert (far.text, far.rejected) == (text, 0)
    assert drain(pingan_lihe.decode_answer, said) == (
        [] if name == "palh-instant" else [Receipt(far.address)]
    )


def test_the_far_end_says_the_golden_receipt_and_its_version():
    far = card(1)
    assert tell(far, pingan_lihe.stored(1, "pause")) == golden("palh-ack")
    (version,) = drain(pingan_lihe.decode_answer, tell(card(3), golden("palh-version-query")))
    assert version == Version(3, 0xA1, 0x21)


# --- bad cables
@pytest.mark.parametrize("name", STANDARD)
def test_decode_rejects_every_single_bit_flip(name):
    for bad in flips(golden(name)):
        assert drain(pingan_lihe.decode, bad) == [], bad.hex()


@pytest.mark.parametrize("name", [name for name in ALL if name != "palh-ack"])
def test_the_far_end_rejects_every_single_bit_flip(name):
    for at, bad in enumerate(flips(golden(name))):
        if name == "palh-instant" and at // 8 == 4:
            continue  # row or whole screen stands outside the sum: the text is the same
        for address in (3, 5):
            far = card(address)
            assert tell(far, bad) == b"", bad.hex()
            assert (far.shows, far.frames) == (0, 0), bad.hex()


def test_split_at_every_byte_and_joined():
    joined = b"".join(golden(name) for name in STANDARD)
    whole = drain(pingan_lihe.decode, joined)
    assert len(whole) == len(STANDARD)
    for cut in range(len(joined)):
        assert piecewise(pingan_lihe.decode, (joined[:cut], joined[cut:])) == whole
    assert piecewise(pingan_lihe.decode, bytewise(joined)) == whole


def test_the_far_end_takes_joined_and_split_frames_alike():
    frames = [golden("palh-instant"), golden("palh-pause"), golden("palh-call-1234-w1")]
    joined = b"".join(frames)
    together, apart = card(ack="none"), card(ack="none")  # a receipt would run into the next frame
    tell(together, joined)
    tell(apart, *bytewise(joined), pause=0.004)
    assert together.history == apart.history == [TEXT, "暂停服务", "请1234号顾客到3号窗口"]


def test_half_a_frame_is_forgotten_after_a_pause():
    far = card()
    tell(far, golden("palh-pause")[:4], golden("palh-pause"), pause=0.1)
    assert far.history == ["暂停服务"]
    assert far.rejected == 1


@given(st.binary(max_size=200))
def test_random_bytes_make_no_event_and_no_crash(noise):
    assert drain(pingan_lihe.decode_answer, noise) == []
    far = card()
    tell(far, noise)
    assert far.shows == 0


@given(st.binary(max_size=40))
def test_a_receipt_is_found_after_noise(noise):
    assert drain(pingan_lihe.decode_answer, noise + golden("palh-ack"))[-1] == Receipt(1)


@given(
    st.from_regex(r"[A-Z]?[0-9]{1,4}", fullmatch=True),
    st.integers(0, 255),
    st.integers(1, 254).filter(lambda address: address != 99),
)
def test_every_call_arrives_as_it_was_meant(number, window, address):
    """Sums that are a full hundred, ff and a0 in the data: the card goes by LEN."""
    far = card(address)
    said = tell(far, pingan_lihe.call(address, number, window))
    letter = number[0] if number[0].isalpha() else ""
    assert far.text == f"请{letter}{int(number[len(letter) :]):04}号顾客到{window}号窗口"
    assert drain(pingan_lihe.decode_answer, said) == [Receipt(address)]


@given(st.text(max_size=40), st.sampled_from(["red", "green", "yellow"]))
def test_every_text_arrives_as_it_was_meant(text, colour):
    far = card()
    tell(far, pingan_lihe.instant(3, text, colour=colour, repertoire="gbk"))
    assert far.rejected == 0
    assert len(far.history) == 1
    assert {c for _, c in far.runs} <= {colour}


@pytest.mark.parametrize(
    "make",
    [
        lambda: pingan_lihe.call(255, "1", 1),
        lambda: pingan_lihe.call(99, "1", 1),
        lambda: pingan_lihe.instant(99, "x"),
        lambda: pingan_lihe.call(1, "1", 256),
        lambda: pingan_lihe.call(1, "甲1", 1),
        lambda: pingan_lihe.call(1, "TOOLONG", 1),
        lambda: pingan_lihe.serving(1, "AB12", 1),
        lambda: pingan_lihe.instant(1, "x" * 201),
        lambda: pingan_lihe.instant(1, "x", speed=8),
        lambda: pingan_lihe.encode(Frame(0x28, 1, bytes(40))),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(EncodeError):
        make()


# --- the driver
def test_a_number_is_made_a_sentence_by_the_card_and_confirmed(screen):
    one, far = screen(say="number")
    assert one.perform(CALL) == Outcome("confirmed")
    assert [peer.text for peer in far] == ["请A0001号顾客到3号窗口", "", ""]
    assert one.perform(ShowText("2", "W03", "暂停服务", "pause")).state == "confirmed"
    assert (
        one.perform(ShowText("3", "W03", "正在办理A001", "serving", 10.0, "A001", "3")).state == "confirmed"
    )
    assert far[0].text == "正在办理A0001号"
    assert one.perform(ShowText("4", "W03", "欢迎光临", "welcome")).state == "confirmed"
    assert one.perform(ShowText("5", "W03", "x", "call", 10.0, "ZW-012", "3")).state == "confirmed"
    assert far[0].text == "请ZW-012号顾客到3号窗口"
    assert one.check().state == "ok"


def test_what_the_card_has_no_sentence_for_goes_out_as_text(screen, seen):
    one, (far, *_) = screen(say="number")
    assert one.perform(ShowText("1", "W03", "窗口未开放", "closed")) == Outcome("sent")
    assert (seen(far), far.runs[0][1]) == ("窗口未开放", "yellow")
    assert one.perform(ShowText("2", "W03", "请甲1号", "call", 10.0, "甲1", "3")) == Outcome("sent")
    assert one.perform(ShowText("3", "W03", "请1号", "call", 10.0, "1", "东厅")) == Outcome("sent")
    assert seen(far) == "请1号"


@pytest.mark.parametrize(
    ("text_ack", "state"), [("none", "sent"), ("optional", "confirmed"), ("required", "confirmed")]
)
def test_texts_with_and_without_receipt(screen, seen, text_ack, state):
    one, (far, *_) = screen(say="text", text_ack=text_ack)
    assert one.perform(CALL) == Outcome(state)
    assert seen(far) == TEXT
    assert far.life == 99


def test_glyphs_outside_the_font_are_reported(screen, seen):
    one, (far, *_) = screen(say="text")
    assert one.perform(ShowText("1", "W03", "请王喆\x16\xff号")) == Outcome("sent", "glyphs_replaced")
    assert seen(far) == "请王〓〓号"


def test_a_v11_card_is_sent_at_best(screen, seen):
    one, (far, *_) = screen(say="number", ack="none")
    assert one.perform(CALL) == Outcome("sent")
    assert seen(far) == "请A0001号顾客到3号窗口"
    assert one.check().state == "unknown"


@pytest.mark.parametrize(
    "fault", ["no_ack", "silent", "wrong_source", "half_frame", "late_ack", "baud_mismatch"]
)
def test_a_card_that_does_not_confirm(screen, bench, clock, fault):
    one, (far, *_) = screen(say="number")
    bench.act(far.name, "fault", {"fault": fault})
    began = clock.now()
    with pytest.raises(DeviceSilent):
        one.perform(CALL)
    assert clock.now() - began < 0.5  # one patience
    bench.act(far.name, "clear", {})
    assert one.perform(CALL).state == "confirmed"


@pytest.mark.parametrize("fault", ["noise_before", "sum_100", "ff_inside"])
def test_a_strange_receipt_still_counts(screen, bench, fault):
    one, (far, *_) = screen(say="number")
    bench.act(far.name, "fault", {"fault": fault})
    assert one.perform(CALL).state == "confirmed"
    both = {"fault": "ff_inside"} if fault == "sum_100" else {"fault": "sum_100"}
    bench.act(far.name, "fault", both)
    assert one.perform(CALL).state == "confirmed"


def test_a_silent_v21_card_whose_receipt_is_optional(screen, bench):
    one, (far, *_) = screen(say="number", ack="optional")
    bench.act(far.name, "fault", {"fault": "no_ack"})
    assert one.perform(CALL) == Outcome("sent")
    assert far.text == "请A0001号顾客到3号窗口"
    with pytest.raises(DeviceSilent):
        one.check()


def test_a_full_hundred_is_checksum_nought():
    far = card(97)
    assert tell(far, pingan_lihe.stored(97, "pause")).hex() == "a003146150" + "00" + "ff"


def test_a_strip_that_ignores_whole_screen_texts(bench):
    far = card()
    far.act("fault", {"fault": "ignores_50"})
    tell(far, pingan_lihe.instant(3, "全屏", whole_screen=True), golden("palh-instant"))
    assert far.history == [TEXT]
    assert far.rejected == 0


def test_a_summary_screen_keeps_a_row_per_call(screen):
    one, (far, *_) = screen(screen="summary", say="number")
    for n in range(1, 7):
        job = ShowText(str(n), f"W{n}", "x", "call", 10.0, f"A00{n}", str(n))
        assert one.perform(job).state == "confirmed"
    assert far.rows == [f"请A000{n}号顾客到{n}号窗口" for n in (6, 5, 4, 3)]
    assert one.check().state == "ok"


def test_a_summary_screen_told_texts_shows_the_whole_screen(screen, seen):
    one, (far, *_) = screen(screen="summary", say="text")
    one.perform(CALL)
    one.perform(ShowText("2", "W04", "请A002号到4号窗口"))
    assert seen(far) == "请A002号到4号窗口"


def test_a_power_cut_brings_the_welcome_of_the_flash(screen, bench):
    one, (far, *_) = screen(say="number")
    one.perform(CALL)
    bench.act(far.name, "power", {})
    assert far.text == "欢迎光临"


def test_a_noisy_line_shows_the_text_or_says_so(screen, bench):
    one, (far, *_) = screen(say="number")
    confirmed = 0
    for fault in ("drop", "noise", "stray"):
        bench.act(far.name, "fault", {"fault": fault, "value": 0.004})
    for n in range(200):
        try:
            one.perform(ShowText(str(n), "W03", "x", "call", 10.0, f"A{n:03}", "3"))
        except DeviceSilent:
            continue
        confirmed += 1
        assert far.text == f"请A{n:04}号顾客到3号窗口"
    assert 60 < confirmed < 200
