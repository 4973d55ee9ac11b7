"""What comes out of the far end dot by dot, for every profile; codes are read back, not compared with
ours."""

from __future__ import annotations

import base64
import zlib

import pytest

from drivers.jobs import Barcode, Feed, Image, Outcome, PrintSlip, Qr, Rule, Text
from drivers.line.serial_line import Settings
from drivers.printer.escpos import EscposPrinter
from drivers.printer.profile import Profile
from drivers.printer.raster import Artist, qr_matrix
from drivers.printer.slip import compose
from drivers.protocol.errors import EncodeError
from drivers.virtual.code128 import WIDTHS, bars

LOGO = [bytes((0xF0, 0x0F)) if y % 2 else bytes((0xAA, 0x55)) for y in range(10)]
PACKED = base64.b64encode(zlib.compress(b"".join(LOGO))).decode()


@pytest.fixture
def printed(plug):
    """The paper of one slip, printed through the driver over a virtual line."""

    def make(*parts, profile=None, query=""):
        profile = profile or Profile()
        wanted = ("dots", "qr", "hanzi_size", "presenter")
        options = "&".join(f"{name}={getattr(profile, name)}" for name in wanted)
        line, (far,) = plug(f"virtual://escpos/p?baud=115200&{options}{query}", Settings(baud=115200))
        outcome = EscposPrinter("p", line, profile).perform(PrintSlip("slip-1", "K1", parts))
        assert outcome.state == "confirmed"
        assert far.rejects == 0
        return far.slips[0], outcome

    return make


def ink(rows):
    """Columns and rows that hold black dots: (left, top, right, bottom)."""
    grid = [int.from_bytes(row, "big") for row in rows]
    wide = len(rows[0]) * 8
    used = [y for y, row in enumerate(grid) if row]
    every = 0
    for row in grid:
        every |= row
    return wide - every.bit_length(), used[0], wide - (every & -every).bit_length(), used[-1]


def test_paper_is_as_long_as_it_was_moved(printed):
    paper, outcome = printed(Text("青禾县"), Text("A001", 4, "center", True), Rule(), Feed(2))
    dots = paper.dots()
    assert len(dots) == round(paper.mm * 8)
    assert all(len(row) == 72 for row in dots)
    assert abs(outcome.mm - paper.mm) < 1


@pytest.mark.parametrize("align", ["left", "center", "right"])
@pytest.mark.parametrize("dots", [384, 512, 576])
def test_characters_stand_where_they_belong(printed, align, dots):
    paper, _ = printed(Text("88", 4, align), profile=Profile(dots=dots))
    left, _, right, bottom = ink(paper.dots())
    width = 2 * 12 * 4
    at = {"left": 0, "center": (dots - width) // 2, "right": dots - width}[align]
    assert at <= left < right < at + width
    assert bottom < 24 * 4


def test_large_type_is_the_same_dots_repeated(printed, bench):
    small, _ = printed(Text("民8"))
    bench.forget()
    large, _ = printed(Text("民8", 3))
    a = [int.from_bytes(row, "big") >> (576 - 36) for row in small.dots()[:24]]
    b = [int.from_bytes(row, "big") >> (576 - 108) for row in large.dots()[:72]]
    for y, row in enumerate(b):
        for x in range(108):
            assert row >> (107 - x) & 1 == a[y // 3] >> (35 - x // 3) & 1


@pytest.mark.parametrize("qr", ["native", "raster"])
@pytest.mark.parametrize("dots", [384, 576])
def test_a_qr_code_is_the_code_that_was_asked_for(printed, qr, dots):
    content = "http://127.0.0.1:8600/t/abcdefgh"
    paper, _ = printed(Qr(content, 6), profile=Profile(dots=dots, qr=qr))
    rows = paper.dots()
    left, top, right, _ = ink(rows)
    matrix = qr_matrix(content, "M")
    assert right - left + 1 == len(matrix) * 6
    assert abs(left - (dots - 6 * len(matrix)) // 2) <= 8
    for y, line in enumerate(matrix):
        row = int.from_bytes(rows[top + 6 * y + 3], "big")
        seen = [bool(row >> (dots - 1 - left - 6 * x - 3) & 1) for x in range(len(matrix))]
        assert seen == line


def test_modules_of_58_mm_draw_their_own_qr(printed):
    paper, _ = printed(Qr("https://t.cn/A001"), profile=Profile(dots=384, qr="gs_k97"))
    assert [line["qr"] for line in paper.lines if "qr" in line] == ["https://t.cn/A001"]
    assert any(paper.rows)


def test_a_printer_that_knows_no_qr_prints_none(plug):
    """Why a profile says "raster": cheap printers pass over GS ( k without a word."""
    line, (far,) = plug("virtual://escpos/p?baud=115200&qr=raster", Settings(baud=115200))
    assert EscposPrinter("p", line, Profile()).perform(PrintSlip("s", "K1", (Qr("x"),))) == Outcome(
        "confirmed"
    )
    assert not [line for line in far.slips[0].lines if "qr" in line]


@pytest.mark.parametrize("raster", ["gs_v0", "gs_l"])
def test_an_image_is_burnt_dot_by_dot(printed, raster):
    paper, _ = printed(Image(PACKED, 16, "center"), profile=Profile(raster=raster))
    rows = paper.dots()
    assert [row[35:37] for row in rows[:10]] == LOGO
    assert not any(any(row[:35] + row[37:]) for row in rows)


@pytest.mark.parametrize(
    "packed", ["@@", base64.b64encode(b"no").decode(), base64.b64encode(zlib.compress(b"abc")).decode()]
)
def test_a_spoilt_image_is_refused_before_anything_is_sent(packed):
    with pytest.raises(EncodeError):
        compose((Image(packed, 16),), Profile(), Artist([]))


def test_an_image_that_unpacks_to_too_much_is_refused():
    bomb = base64.b64encode(zlib.compress(bytes(10_000_000))).decode()
    with pytest.raises(EncodeError):
        compose((Image(bomb, 16),), Profile(), Artist([]))


def test_a_bar_code(printed):
    paper, _ = printed(Barcode("A001"))
    assert [line["barcode"] for line in paper.lines if "barcode" in line] == ["A001"]
    row = int.from_bytes(paper.dots()[5], "big")
    seen = f"{row:0576b}".strip("0")[1::3]
    assert seen.rstrip("0") == bars("A001")


def test_the_symbols_of_code128():
    """The public table: 106 symbols of eleven modules and the stop, no two alike."""
    assert len(WIDTHS) == len(set(WIDTHS)) == 107
    assert {sum(map(int, word)) for word in WIDTHS[:-1]} == {11}
    assert sum(map(int, WIDTHS[-1])) == 13
    assert bars("A")[:11] == "11010010000"  # start B
    assert bars("A")[11:22] == "10100011000"


@pytest.mark.parametrize("hanzi_size", ["gs", "fs"])
def test_chinese_grows_on_every_firmware(printed, hanzi_size):
    paper, _ = printed(Text("民", 2), profile=Profile(hanzi_size=hanzi_size))
    _, _, right, bottom = ink(paper.dots())
    assert right > 24
    assert bottom > 24


def test_without_it_old_firmware_leaves_chinese_small(plug):
    line, (far,) = plug("virtual://escpos/p?baud=115200&hanzi_size=fs", Settings(baud=115200))
    EscposPrinter("p", line, Profile()).perform(PrintSlip("s", "K1", (Text("民", 2),)))
    assert ink(far.slips[0].dots())[2] < 24


def test_underlined_words_have_their_line(printed):
    paper, _ = printed(Text("补打 A001", underline=True), Text("A001"))
    row = int.from_bytes(paper.dots()[23], "big")
    assert row >> (576 - 108) == (1 << 108) - 1
    assert not any(paper.dots()[53])


@pytest.mark.parametrize("cut", ["full", "partial", "feed_full", "feed_partial", "esc_i", "esc_m"])
def test_every_way_to_cut_cuts_once(printed, cut):
    paper, _ = printed(Text("A001"), profile=Profile(cut=cut))
    assert paper.end == "cut"
    assert paper.mm > 15  # the text is past the knife


def test_tones_after_a_slip(plug):
    line, (far,) = plug("virtual://escpos/p?baud=115200", Settings(baud=115200))
    assert (
        EscposPrinter("p", line, Profile(tones=2)).perform(PrintSlip("s", "K1", (Text("A"),))).state
        == "confirmed"
    )
    assert far.beeps == 2


def test_a_line_longer_than_the_paper_goes_on_below(plug, clock):
    line, (far,) = plug("virtual://escpos/p?baud=0&dots=384")
    line.send(b"A" * 40 + b"\n\x1dV\x00")
    clock.sleep(3)
    far._cable.advance(clock.now())
    assert far.slips[0].words() == ["A" * 32, "A" * 8]
