"""Slips on paper, judged by the far end: what is on it, how many pieces, and what the driver dared to say."""

from __future__ import annotations

import base64
import json
import random
import zlib

import pytest

from drivers.fonts import find_fonts
from drivers.jobs import Feed, Outcome, PrintSlip, Qr, Rule, Text
from drivers.line.serial_line import Settings
from drivers.printer.escpos import EscposPrinter
from drivers.printer.profile import Profile
from drivers.printer.raster import Artist, qr_rows
from drivers.printer.slip import compose

PARTS = (
    Text("青禾县政务服务中心", 1, "center"),
    Text("A001", 4, "center", True),
    Text("前面等候 3 人"),
    Rule(),
    Qr("http://127.0.0.1:8600/t/abcdefgh"),
    Feed(1),
)
WORDS = ["青禾县政务服务中心", "A001", "前面等候 3 人", "-" * 48]
URL = "virtual://escpos/p"


def slip(job_id="slip-1", parts=PARTS):
    return PrintSlip(job_id, "K1", parts)


@pytest.fixture
def make(plug):
    def printer(url=URL, profile=None, artist=None, baud=9600):
        line, (far,) = plug(url, Settings(baud=baud))
        return EscposPrinter("printer-K1", line, profile or Profile(), artist), far

    return printer


def act(bench, far, act, **facts):
    bench.act(far.name, act, facts)


@pytest.mark.parametrize("query", ["?baud=0", "?baud=9600", "?baud=115200"])
def test_a_slip_is_confirmed_when_it_is_cut(make, query):
    printer, far = make(URL + query)
    assert printer.perform(slip()) == Outcome("confirmed")
    (paper,) = far.slips
    assert [word for word in paper.words() if word] == WORDS
    assert [line["qr"] for line in paper.lines if "qr" in line] == [PARTS[4].qr]
    assert far.rejects == 0
    assert printer.health.state == "ok"


def test_a_long_slip_takes_the_time_of_wire_and_paper(make, clock):
    printer, far = make()
    began = clock.now()
    assert printer.perform(slip(parts=tuple(Text("民" * 24) for _ in range(30)))).state == "confirmed"
    assert clock.now() - began > 1.5  # 30 x 50 bytes at 960 bytes a second
    assert len(far.slips[0].words()) == 30


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("paper_out", "paper_out"),
        ("cover_open", "cover_open"),
        ("head", "head"),
        ("offline", "offline"),
        ("silent", "silent"),
    ],
)
def test_trouble_before_the_slip_sends_nothing(make, bench, far_fault, fault, reason):
    printer, far = make()
    far_fault(far, fault)
    assert printer.perform(slip()) == Outcome("failed", reason)
    assert far.received <= 3 * 8 + 3  # questions only
    bench.act(far.name, "clear", {})
    assert printer.perform(slip("slip-2")) == Outcome("confirmed")
    assert len(far.slips) == 1


@pytest.fixture
def far_fault(bench):
    return lambda far, fault, **facts: bench.act(far.name, "fault", {"fault": fault} | facts)


@pytest.mark.parametrize("policy", ["reprints", "continues", "drops"])
@pytest.mark.parametrize("left", [1, 9, 20, 30])
def test_paper_out_in_mid_slip(make, bench, far_fault, clock, policy, left):
    printer, far = make()
    far_fault(far, "after_reload", value=policy)
    far_fault(far, "run_out", value=left)
    assert printer.perform(slip()) == Outcome("unsure", "paper_out")
    assert printer.health.reason == "paper_out"
    assert printer.perform(slip("slip-2")) == Outcome("failed", "paper_out")
    act(bench, far, "refill")
    assert printer.perform(slip("slip-3")) == Outcome("confirmed")
    whole = [paper for paper in far.slips if [w for w in paper.words() if w] == WORDS]
    assert len(whole) == (2 if policy == "reprints" else 1)  # the driver itself never repeats
    assert whole[-1] is far.slips[-1]


def test_near_end_warns_and_prints(make, far_fault):
    printer, far = make()
    far_fault(far, "near_end")
    far_fault(far, "near_end_offline")
    assert printer.perform(slip()) == Outcome("confirmed")
    assert (printer.health.state, printer.health.reason) == ("warn", "near_end")


@pytest.mark.parametrize(
    ("fault", "reason"), [("cutter", "cutter"), ("cover_open", "cover_open"), ("head", "head")]
)
def test_trouble_in_mid_slip_is_unsure(make, bench, far_fault, clock, fault, reason):
    printer, far = make()
    if fault == "cutter":
        far_fault(far, fault)  # shows only when it is to cut
    else:
        far.tick = lambda now, tick=far.tick: (
            tick(now),
            far.faults.add(fault) if far.papers[-1].mm > 8 else None,
        )
    assert printer.perform(slip()) == Outcome("unsure", reason)
    assert printer.check().reason == reason
    if fault != "cutter":
        del far.tick
    bench.act(far.name, "clear", {"fault": fault})
    printer.check()
    printer.check()
    assert printer.perform(slip("slip-2")) == Outcome("confirmed")


def test_half_dead_printer_is_unsure_within_five_seconds(make, far_fault, clock):
    printer, far = make()
    far.receive = lambda byte, at, receive=far.receive: (
        far.faults.add("silent") if far.received > 40 else None,
        receive(byte, at),
    )
    began = clock.now()
    assert printer.perform(slip(parts=(Text("A001"), Text("A" * 60)))) == Outcome("unsure", "silent")
    assert clock.now() - began < 5.5
    assert printer.health.state == "unknown"


@pytest.mark.parametrize("fault", ["garbage", "duplicate_status", "chinese_off", "cut_needs_line_start"])
def test_moody_printers_still_print(make, far_fault, fault):
    printer, far = make()
    far_fault(far, fault)
    assert printer.perform(slip()) == Outcome("confirmed")
    assert [word for word in far.slips[0].words() if word] == WORDS


def test_noise_never_changes_the_health_of_an_idle_printer(make, bench, clock):
    printer, far = make()
    assert printer.check().state == "ok"
    far._cable.random.seed(3)
    for _ in range(200):
        far._cable.say(far.name, bytes(far._cable.random.randrange(256) for _ in range(9)), clock.now())
        clock.sleep(0.1)
        assert printer.check().state == "ok"


@pytest.mark.parametrize(
    ("qr", "after"), [("native", n) for n in range(0, 226, 3)] + [("raster", n) for n in range(0, 9000, 701)]
)
def test_cable_pulled_at_any_byte(make, bench, clock, qr, after):
    """Unsure or failed, never confirmed; the next slip is whole and alone on its paper."""
    printer, far = make(profile=Profile(qr=qr))
    receive, cable = far.receive, far._cable

    def pull(byte, at):
        receive(byte, at)
        if far.received == 7 + after:  # two questions first
            cable.unplug()

    far.receive = pull
    outcome = printer.perform(slip())
    assert outcome in (Outcome("unsure", "line_lost"), Outcome("failed", "line_lost"))
    far.receive = receive
    clock.sleep(5)
    bench.act(far.name, "replug", {})
    printer._line.open()
    assert printer.perform(slip("slip-2")) == Outcome("confirmed")
    assert [word for word in far.slips[-1].words() if word] == WORDS
    assert [word for word in far.slips[-1].words()].count("A001") == 1


def test_names_outside_the_repertoire_are_drawn(make):
    if not find_fonts():
        pytest.skip("no Chinese font on this machine")
    printer, far = make(URL + "?font=gb2312", Profile(repertoire="gb2312"))
    assert (
        printer.perform(slip(parts=(Text("王喆 先生", 2, "center"), Text("普通一行")))).state == "confirmed"
    )
    (paper,) = far.slips
    drawn = [line for line in paper.lines if "raster" in line]
    assert len(drawn) == 1
    assert any(char in "123456789abcdef" for char in drawn[0]["raster"])
    assert paper.words() == ["普通一行"]
    assert far.rejects == 0


@pytest.mark.parametrize("char", ["㛃", "𬭎", "😀", "\U0003ffff"])
def test_without_a_font_a_mark_stands_in_and_is_reported(make, char):
    printer, far = make(URL + "?font=gb2312", Profile(repertoire="gb2312"), Artist(fonts=[]))
    outcome = printer.perform(slip(parts=(Text(f"王{char}"),)))
    (paper,) = far.slips
    assert outcome.state == "confirmed"
    assert "?" not in "".join(paper.words())
    if char == "\U0003ffff":
        assert paper.words() == ["王"]
    else:
        assert outcome.reason == "glyphs_replaced"
        assert paper.words() == ["王〓"]


def test_control_bytes_in_a_name_are_no_commands(make):
    printer, far = make()
    nasty = "".join(map(chr, range(32))) + "王\x1bi\x1d\x56\x00\x10\x04\x01\x7f\x9b明\u202e"
    assert printer.perform(slip(parts=(Text(nasty), Text("完"))))
    (paper,) = far.slips
    assert paper.words() == ["王iV明", "完"]


@pytest.mark.parametrize("dots", [384, 576])
def test_raster_qr_fits_the_paper(make, dots):
    printer, far = make(f"{URL}?dots={dots}&baud=115200", Profile(dots=dots, qr="raster"), baud=115200)
    assert printer.perform(slip(parts=(Qr("http://hall.example/t/" + "x" * 100, 16),))).state == "confirmed"
    assert far.rejects == 0
    assert all(line["width"] == dots for line in far.slips[0].lines if "raster" in line)


def test_what_does_not_fit_fails_before_anything_is_sent(make):
    printer, far = make(profile=Profile(dots=48, qr="raster"))
    assert printer.perform(slip(parts=(Qr("x" * 400),))) == Outcome("failed", "encode")
    assert far.received == 0
    assert qr_rows("x" * 400, 6, "M", 48) == (0, [])


def test_a_printer_that_never_answers_is_sent_at_best(make):
    printer, far = make(URL + "?faults=silent", Profile(answers=False))
    assert printer.perform(slip()) == Outcome("sent")
    assert printer.check().state == "unknown"


def test_a_long_text_is_wrapped_to_the_paper():
    made = compose((Text("政" * 30, 2),), Profile(dots=384), Artist([]))
    assert made.data.count("政".encode("gb18030") * 8 + b"\n") == 3


@pytest.mark.parametrize("late", [0.1, 0.25, 0.31, 0.45, 0.7, 2.0])
@pytest.mark.parametrize("fault", ["", "cover_open", "near_end"])
def test_late_answers_are_unknown_at_worst(make, far_fault, late, fault):
    printer, far = make()
    truth = {"": "", "cover_open": "cover_open", "near_end": "near_end"}[fault]
    if fault:
        far_fault(far, fault)
    far_fault(far, "late", value=late)
    for _ in range(6):
        assert printer.check().reason in (truth, "silent", "")
    outcome = printer.perform(slip())
    assert outcome.reason in (truth if truth != "near_end" else "", "silent")
    assert late > 0.7 or outcome.state == ("failed" if truth == "cover_open" else "confirmed")


@pytest.mark.parametrize("pause", [0, 0.4, 1.0, 2.9, 10])
@pytest.mark.parametrize("power", [False, True])
def test_a_silent_spell_leaves_nothing_behind(make, bench, far_fault, clock, pause, power):
    """Whatever was asked while nobody answered, the first slip after it is confirmed, and so are the rest."""
    printer, far = make()
    printer.check()
    far.receive = lambda byte, at, receive=far.receive: (
        far.faults.add("silent") if far.received == 60 else None,
        receive(byte, at),
    )
    assert printer.perform(slip()) == Outcome("unsure", "silent")
    for n in range(3):
        assert printer.check().reason == "silent"
        assert printer.perform(slip(f"lost-{n}")) == Outcome("failed", "silent")
        clock.sleep(1)
    if power:
        act(bench, far, "power")
    act(bench, far, "clear", fault="silent")
    clock.sleep(pause)
    cut = len(far.slips)
    for n in range(1, 6):
        began = clock.now()
        assert printer.perform(slip(f"slip-{n}")) == Outcome("confirmed")
        assert clock.now() - began < (6 if n == 1 else 2.5)
        assert printer.health.state == "ok"
        assert len(far.slips) == cut + n
        clock.sleep(0.5)
        assert printer.check().state == "ok"


def test_one_lost_answer_costs_no_more_than_its_time(make, clock):
    printer, far = make()
    say, said = far._say, []
    far._say = lambda data: said.append(data) or (say(data) if len(said) not in (2, 9) else None)
    for n in range(4):
        assert printer.perform(slip(f"slip-{n}")) == Outcome("confirmed")
    began = clock.now()
    assert printer.check().state == "ok"
    assert clock.now() - began < 0.5


def test_the_bench_page_sees_the_dots_of_the_last_twenty_slips(make, bench):
    """And all of it fits in one message to the server."""
    printer, far = make(f"{URL}?dots=384&baud=115200", Profile(dots=384, qr="raster"), baud=115200)
    for n in range(24):
        parts = (
            *PARTS[:4],
            *(Text(f"请留意叫号，过号作废{i}") for i in range(8)),
            Qr(f"http://127.0.0.1:8600/t/{n:08}"),
        )
        assert printer.perform(slip(f"slip-{n}", parts)) == Outcome("confirmed")
    picture = bench.look()[far.name]
    assert len(picture["papers"]) == 20
    for seen, paper in zip(picture["papers"], far.slips[-20:], strict=True):
        dots = [zlib.decompress(base64.b64decode(x["packed"])).hex() for x in seen["lines"] if "packed" in x]
        assert dots
        assert dots == [line["raster"] for line in paper.lines if "raster" in line]
    assert len(json.dumps({"device": far.name, "model": picture})) < 60_000


def test_dots_that_fit_in_no_message_leave_their_place(make, bench):
    printer, far = make(URL + "?baud=0")
    noise = random.Random(5).randbytes(72 * 1200)
    printer._line.send(
        b"\x1d\x76\x30\x00" + (72).to_bytes(2, "little") + (1200).to_bytes(2, "little") + noise
    )
    printer._line.send(b"A001\n\x1d\x56\x00")
    clock = printer._line.clock
    clock.sleep(5)
    bench.look()
    clock.sleep(5)
    (paper, *_) = bench.look()[far.name]["papers"]
    assert paper["lines"][0] == {"raster_dropped": True, "width": 576, "height": 1200, "align": "left"}
    assert paper["lines"][1]["text"] == "A001"
