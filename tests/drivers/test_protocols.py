"""Wire formats against golden bytes, both ways, and against everything a bad cable can do to them."""

from __future__ import annotations

import pytest
from escpos.printer import Dummy
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocol import charset, checksums, escpos, ff68, onbon_bxk
from drivers.protocol.errors import EncodeError
from drivers.protocol.onbon_bxk import Area, Packet
from tests.drivers.vectors import VECTORS, drain, flips, golden, names, piecewise

BXK = [name for name in names("onbon-bxk") if name != "bxk-bad-crc"]
FF68 = names("ff68-keypad")
DYNAMIC = Area("请A001号到3号窗口", 128, 16)


def test_checksums():
    assert checksums.crc16_arc(b"123456789") == 0xBB3D
    assert checksums.sum8(b"\xff\x02") == 1


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("bxk-ping", onbon_bxk.ping(1)),
        ("bxk-clear", onbon_bxk.clear(1)),
        ("bxk-screen-on", onbon_bxk.power(1, True)),
        ("bxk-screen-off", onbon_bxk.power(1, False)),
        ("bxk-brightness-8", onbon_bxk.brightness(1, 8)),
        ("bxk-dyn-static-cn", onbon_bxk.dynamic(1, DYNAMIC)),
        ("bxk-dyn-escapes", onbon_bxk.dynamic(1, Area("Z[アΑ", 64, 16, stay=0))),
        ("bxk-ack", onbon_bxk.encode(Packet(0x8000, 1, bytes((0xA0, 0, 0, 0, 0))))),
        ("kp-show-001", ff68.encode(ff68.show(1, None, "A001"))),
        ("kp-beep", ff68.encode(ff68.beep(1))),
        ("kp-start-eval", ff68.encode(ff68.start_rating(2))),
        ("kp-eval-ack", ff68.encode(ff68.answer(ff68.Frame(3, 0x11, b"\0")))),
        ("kp-key-call", ff68.encode(ff68.answer(ff68.Frame(1, 1, b"\x0c")))),
        ("ep-init", escpos.INIT),
        ("ep-kanji-on", escpos.CHINESE_ON),
        ("ep-kanji-off", escpos.CHINESE_OFF),
        ("ep-size-1", escpos.size(1, 1)),
        ("ep-size-2x2", escpos.size(2, 2)),
        ("ep-size-4x3", escpos.size(4, 3)),
        ("ep-align-center", escpos.align("center")),
        ("ep-bold-on", escpos.bold(True)),
        ("ep-feed-3", escpos.feed(3)),
        ("ep-cut-full", escpos.cut("full")),
        ("ep-cut-partial", escpos.cut("partial")),
        ("ep-cut-feed-partial", escpos.cut("feed_partial")),
        ("ep-qr-native", escpos.qr(b"https://t.cn/A001", 6, "L")),
        ("ep-raster", escpos.raster([b"\x88\x88", b"\x44\x44", b"\x22\x22", b"\x11\x11"])),
        ("ep-gs-r", escpos.END_MARK),
        ("ep-asb-off", escpos.AUTO_STATUS_OFF),
        ("ep-enq-1", escpos.RETRY_LINE),
        ("ep-enq-2", escpos.DROP_BUFFER),
        *[(f"ep-dle-eot-{n}", escpos.ask(n)) for n in (1, 2, 3, 4)],
        ("ep-gbk-fe-lead", "王䶮".encode("gb18030")),
    ],
)
def test_encode_equals_the_golden_bytes(name, made):
    assert made.hex(" ") == golden(name).hex(" ")


def test_a_whole_slip_equals_the_golden_bytes():
    made = (
        escpos.INIT
        + escpos.CHINESE_ON
        + escpos.align("center")
        + escpos.size(2, 2)
        + charset.encode("无差别综合受理\n"[:-1], "gb2312")
        + b"\n"
        + escpos.size(4, 4)
        + b"A001\n"
        + escpos.size(1, 1)
        + charset.encode("前面等候 3 人", "gb2312")
        + b"\n"
        + escpos.qr(b"https://q.example/A001", 6, "M")
        + escpos.feed(3)
        + escpos.cut("feed_partial")
        + escpos.END_MARK
    )
    assert made.hex(" ") == golden("ep-ticket-1").hex(" ").replace("1d 72 31", "1d 72 01")


def test_an_independent_encoder_draws_the_same_qr():
    other = Dummy()
    other.qr("https://t.cn/A001", native=True, size=6, ec=1)
    assert escpos.qr(b"https://t.cn/A001", 6, "M") in other.output


@pytest.mark.parametrize("name", BXK)
def test_bxk_decodes_every_golden_frame(name):
    (packet,) = drain(onbon_bxk.decode, golden(name))
    assert (
        onbon_bxk.encode(packet) == golden(name)
        or packet.device_type != 0xFE
        or name == "bxk-doc-sample-012345"
    )


def test_bxk_ack_is_an_answer_and_a_command_is_none():
    (answer,) = drain(onbon_bxk.decode_answer, golden("bxk-clear") + golden("bxk-ack"))
    assert answer.ok
    assert answer.address == 1


@pytest.mark.parametrize("name", FF68)
def test_ff68_decodes_every_golden_frame(name):
    (frame,) = drain(ff68.decode, golden(name))
    assert ff68.encode(frame) == golden(name)


@pytest.mark.parametrize(
    ("data", "meaning"),
    [
        (b"\x0c", ff68.Key(1, "call")),
        (b"\x0d", ff68.Key(1, "recall")),
        (b"\x0b", ff68.Key(1, "rate")),
        (b"\x06\x0f", ff68.Key(1, "no_show")),
        (b"\x00\x0f", ff68.Key(1, "hold")),
        (b"\x03\x0f", ff68.Key(1, "unhold")),
        (b"\x12", ff68.Key(1, "pause")),
        (b"\x02\x05\x13", ff68.Key(1, "transfer", "25")),
        (b"\x0e", None),
        (b"\x11", None),
        (b"\x0f", None),
        (b"\x07\x0f", None),
        (b"\x77", None),
        (b"\x33\x13", None),
        (b"", None),
    ],
)
def test_ff68_keys(data, meaning):
    assert ff68.meaning(ff68.Frame(1, 1, data)) == meaning


@pytest.mark.parametrize(
    ("waiting", "number", "digits"),
    [
        (None, None, "0a0a0a0a0a0a"),
        (7, "A012", "0a0a07000102"),
        (1234, "1234", "090909020304"),
        (0, "A", "0a0a000a0a0a"),
    ],
)
def test_ff68_six_digits(waiting, number, digits):
    assert ff68.show(1, waiting, number).data.hex() == digits


@pytest.mark.parametrize("name", BXK)
def test_bxk_rejects_every_single_bit_flip(name):
    frame = golden(name)
    (good,) = drain(onbon_bxk.decode, frame)
    for at, bad in enumerate(flips(frame)):
        if at < 8 * 8:
            continue  # in the lead: fewer a5 are still a lead
        assert good not in drain(onbon_bxk.decode, bad)[:1] or bad.lstrip(b"\xa5") == frame.lstrip(b"\xa5"), (
            bad.hex()
        )
        assert drain(onbon_bxk.decode, bad) == [], bad.hex()


@pytest.mark.parametrize("name", FF68)
def test_ff68_rejects_every_single_bit_flip(name):
    for bad in flips(golden(name)):
        assert drain(ff68.decode, bad) == [], bad.hex()


def test_bxk_bad_crc_is_rejected():
    assert drain(onbon_bxk.decode, golden("bxk-bad-crc")) == []


@pytest.mark.parametrize(("decode", "frames"), [(onbon_bxk.decode, BXK), (ff68.decode, FF68)])
def test_split_at_every_byte_and_joined(decode, frames):
    joined = b"".join(golden(name) for name in frames)
    whole = drain(decode, joined)
    assert len(whole) == len(frames)
    for cut in range(len(joined)):
        assert piecewise(decode, (joined[:cut], joined[cut:])) == whole
    assert piecewise(decode, (bytes((byte,)) for byte in joined)) == whole


@pytest.mark.parametrize("lost", range(8))
def test_bxk_takes_fewer_leading_bytes(lost):
    assert len(drain(onbon_bxk.decode, golden("bxk-ack")[lost:])) == (1 if lost < 8 else 0)


@given(st.binary(max_size=200))
def test_random_bytes_make_no_event_and_no_crash(noise):
    assert drain(onbon_bxk.decode, noise) == []
    assert drain(ff68.decode, noise) == []
    drain(escpos.decode, noise)


@given(st.binary(max_size=60).filter(lambda noise: 0xFF not in noise))
def test_ff68_is_found_after_noise(noise):
    assert ff68.Frame(1, 1, b"\x0c") in drain(ff68.decode, noise + golden("kp-key-call"))


@given(st.binary(max_size=60))
def test_bxk_is_found_after_noise(noise):
    assert len(drain(onbon_bxk.decode, noise + golden("bxk-ack"))) == 1


@given(st.text(max_size=60), st.sampled_from(sorted(charset.REPERTOIRES)))
def test_text_is_always_safe_bytes(text, repertoire):
    data = charset.encode(charset.clean(text), repertoire)
    assert not any(byte < 0x20 or byte == 0x7F for byte in data)
    assert data.decode("gb18030").count("?") == text.count("?")
    assert "".join(charset.wrap(charset.clean(text), 20)) == charset.clean(text)


@pytest.mark.parametrize(
    ("char", "fits"),
    [
        ("王", "111"),
        ("喆", "011"),
        ("祎", "011"),
        ("㛃", "001"),
        ("䶮", "000"),
        ("𬭎", "001"),
        ("A", "111"),
        ("\n", "000"),
        ("：", "111"),
        ("·", "111"),  # 买买提·艾力
        ("—", "111"),
        ("―", "011"),
        ("\ud800", "000"),
        ("é", "111"),
        ("¥", "001"),
    ],
)
def test_repertoires(char, fits):
    assert "".join(str(int(charset.fits(char, r))) for r in ("gb2312", "gbk", "gb18030")) == fits


def test_control_characters_and_markup_are_taken_out():
    assert charset.clean("王\x1b@\x1dV\0小\u202e\n明\\C1", drop="\\") == "王@V小明C1"


@pytest.mark.parametrize(
    "make",
    [
        lambda: ff68.encode(ff68.beep(0)),
        lambda: ff68.encode(ff68.Frame(1, 2, bytes(20))),
        lambda: onbon_bxk.ping(0),
        lambda: onbon_bxk.ping(70000),
        lambda: onbon_bxk.brightness(1, 16),
        lambda: escpos.size(0, 9),
        lambda: onbon_bxk.dynamic(1, Area("x", 130, 16)),
        lambda: onbon_bxk.dynamic(1, Area("x", 128, 16, id=255)),
        lambda: escpos.feed(256),
        lambda: escpos.qr(b""),
        lambda: escpos.raster([b"a", b"bc"]),
        lambda: escpos.ask(5),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(EncodeError):
        make()


def test_x_units():
    plain, byte, flag = (
        onbon_bxk.dynamic(1, DYNAMIC, x_unit=unit) for unit in ("pixel", "byte", "pixel_flag")
    )
    (a,), (b,), (c,) = (drain(onbon_bxk.decode, frame) for frame in (plain, byte, flag))
    assert (a.data[14:16].hex(), b.data[14:16].hex(), c.data[14:16].hex()) == ("8000", "1000", "8080")


@pytest.mark.parametrize("name", [n for n in names("escpos", "printer->host") if n[:5] in ("ep-st",)])
def test_escpos_status_answers(name):
    (heard,) = drain(escpos.decode, golden(name))
    assert heard == escpos.RealTime(golden(name)[0])
    n = VECTORS[name]["request"][-1]
    field = {"1": "printer", "2": "offline", "3": "error", "4": "paper"}[n]
    ok = {"printer": 0x12, "offline": 0x12, "error": 0x12, "paper": 0x12}
    trouble = {
        "1a1": "offline",
        "1e1": "offline",
        "162": "cover_open",
        "322": "paper_out",
        "1a3": "cutter",
        "724": "paper_out",
    }
    assert escpos.Status(**ok | {field: heard.value}).trouble == trouble.get(golden(name).hex() + n, "")


def test_near_end_that_says_offline_can_still_print():
    status = escpos.Status(printer=0x1A, offline=golden("ep-p801-st2-near-end")[0], error=0x12, paper=0x1E)
    assert status.trouble == ""
    assert status.near_end


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("ep-gsr-00", (False, False)),
        ("ep-gsr-03", (True, False)),
        ("ep-gsr-0c", (False, True)),
        ("ep-gsr-0f", (True, True)),
    ],
)
def test_escpos_end_mark(name, mark):
    assert drain(escpos.decode, golden(name)) == [escpos.Marked(*mark)]


@pytest.mark.parametrize("name", ["ep-asb-ok", "ep-asb-paper-out", "ep-asb-cutter", "ep-asb-near-end"])
def test_escpos_automatic_status_is_told_apart(name):
    answers = drain(escpos.decode, golden(name) + b"\x11\x12\x13\x00")
    assert answers == [escpos.AutoStatus(golden(name)), escpos.RealTime(0x12), escpos.Marked(False, False)]
    assert piecewise(escpos.decode, (bytes((b,)) for b in golden(name))) == [escpos.AutoStatus(golden(name))]
